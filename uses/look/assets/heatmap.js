// Square pictures of weights: rows are positions, columns the tokens that they look at.

// Cividis (Nuñez, Anderton and Renslow 2018), the same to all kinds of colour vision.
const cividis = [
  [0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115],
  [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56],
];
const blueOrange = [[0, 114, 178], [140, 190, 225], [245, 245, 242], [245, 190, 110], [213, 94, 0]];

// The colour of a share of a palette.
function colour(palette, share) {
  const at = clamp(share, 0, 1) * (palette.length - 1);
  const low = palette[Math.floor(at)];
  const high = palette[Math.ceil(at)];
  return low.map((value, i) => Math.round(value + (high[i] - value) * (at % 1)));
}

// Paints `value(row, column)`, 0 to 1, on a canvas of `side` pixels; above the diagonal, nothing.
// A pixel that stands for several numbers shows the greatest.
function paintSquare(canvas, palette, value, side) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  const most = new Float32Array(side * side).fill(-1);
  for (let row = 0; row < size; row++) {
    const y = Math.floor((row * side) / size);
    for (let column = 0; column <= row; column++) {
      const at = y * side + Math.floor((column * side) / size);
      const found = value(row, column);
      if (found > most[at]) most[at] = found;
    }
  }
  for (let at = 0; at < most.length; at++) {
    if (most[at] < 0) continue;
    image.data.set([...colour(palette, most[at]), 255], at * 4);
  }
  context.putImageData(image, 0, 0);
}

// A picture that can be pointed at and walked through; `read(row, column)` says what is there.
function makeMap(host, purpose, read) {
  const canvas = element("canvas", { role: "img", "aria-label": `${purpose}; the arrow keys move` });
  canvas.tabIndex = 0;
  const across = element("div", { class: "across" });
  const down = element("div", { class: "down" });
  const reading = element("p", { class: "reading quiet", "aria-live": "polite" });
  host.append(element("div", { class: "map" }, canvas, across, down), reading);
  let [row, column] = [0, 0];

  function point(nextRow, nextColumn) {
    row = clamp(nextRow, 0, size - 1);
    column = clamp(nextColumn, 0, row);
    const share = 100 / size;
    Object.assign(across.style, { top: `${row * share}%`, height: `${share}%` });
    Object.assign(down.style, { left: `${column * share}%`, width: `${share}%` });
    fill(reading, ...read(row, column));
  }
  function under(event) {
    const box = canvas.getBoundingClientRect();
    return [Math.floor(((event.clientY - box.top) / box.height) * size), Math.floor(((event.clientX - box.left) / box.width) * size)];
  }
  canvas.addEventListener("pointermove", (event) => point(...under(event)));
  canvas.addEventListener("click", (event) => select({ token: clamp(under(event)[0], 0, size - 1) }));
  canvas.addEventListener("keydown", (event) => {
    const step = steps(event.key);
    if (event.key === "Enter") select({ token: row });
    if (!step) return;
    event.preventDefault();
    point(row + step[1], column + step[0]);
  });

  return {
    draw: (palette, value) => paintSquare(canvas, palette, value, size),
    point: (nextRow, nextColumn = column) => point(nextRow, nextColumn),
  };
}
