// The logit lens as a table: a row for each state of the residual stream, a column for each token.
const lensCells = [];
const stateName = (state) => (state === 0 ? "embedding" : `after block ${state - 1}`);

// The colour of a cell, 0 to 1, by what the user chose.
const lensColours = {
  guess: (found) => found.guesses[0].probability,
  target: (found) => found.probability ?? 0,
  rank: (found) => (found.rank === null ? 0 : 1 - Math.log10(found.rank + 1) / Math.log10(model.vocab_size)),
};

function buildLens() {
  const head = element("tr", {}, element("th", { scope: "col" }, "behind"));
  for (let position = 0; position < size; position++) head.append(element("th", { scope: "col", title: `token ${position}` }, label(position)));
  const body = element("tbody");
  for (let state = layers; state >= 0; state--) {
    const row = element("tr", {}, element("th", { scope: "row" }, state === layers ? "output" : stateName(state)));
    for (let position = 0; position < size; position++) {
      const found = lens(state, position);
      const cell = element("td", { "data-state": state, "data-token": position }, name(found.guesses[0].id));
      cell.tabIndex = -1;
      cell.classList.toggle("right", found.rank === 0);
      lensCells[state * size + position] = cell;
      row.append(cell);
    }
    body.append(row);
  }
  const table = element("table", { role: "grid", "aria-label": "First guess by layer and token" }, element("thead", {}, head), body);
  byId("lens-table").append(table);
  listen(table);
}

function listen(table) {
  const chosen = (event) => {
    const cell = event.target.closest("td");
    return cell && { state: Number(cell.dataset.state), token: Number(cell.dataset.token), hover: null };
  };
  const take = (event) => {
    const change = chosen(event);
    if (change) select(change);
  };
  for (const kind of ["focusin", "click"]) table.addEventListener(kind, take);
  table.addEventListener("pointermove", (event) => moved(event) && take(event));
  table.addEventListener("keydown", (event) => {
    const step = steps(event.key);
    if (!step || !chosen(event)) return;
    event.preventDefault();
    const state = clamp(selection.state - step[1], 0, layers);
    lensCells[state * size + clamp(selection.token + step[0], 0, size - 1)].focus();
  });
}

function colourLens() {
  const kind = byId("lens-colour").value;
  byId("lens-low").textContent = kind === "rank" ? "last" : "0 %";
  byId("lens-high").textContent = kind === "rank" ? "first" : "100 %";
  for (const [at, cell] of lensCells.entries()) {
    const found = lens(Math.floor(at / size), at % size);
    cell.style.setProperty("--chill", clamp(lensColours[kind](found), 0, 1).toFixed(3));
    cell.setAttribute("aria-label", `${cell.textContent}, ${percent(found.guesses[0].probability)}`);
  }
}
byId("lens-colour").addEventListener("change", colourLens);

// How the token that follows fares from the output down to the embedding.
function wayOf(position) {
  const states = Array.from({ length: layers + 1 }, (_, state) => layers - state);
  return bars(states.map((state) => {
    const { probability, rank } = lens(state, position);
    return { text: state === layers ? "output" : stateName(state), length: probability, number: `${percent(probability)}, ${ordinal(rank)}`, actual: state === selection.state };
  }));
}

let lensChosen = null;
view("view-lens", () => {
  if (lensCells.length === 0) {
    buildLens();
    colourLens();
  }
  const { state } = selection;
  const position = selection.token;
  const cell = lensCells[state * size + position];
  lensChosen?.classList.remove("chosen");
  lensChosen = cell;
  cell.classList.add("chosen");
  rove(lensCells, state * size + position);
  const found = lens(state, position);
  fill(byId("lens-cell"), `${state === layers ? "The output" : `The state ${state === 0 ? "of the embedding" : stateName(state)}`} behind `, named(label(position)));
  fill(byId("lens-list"), guessTable(state, position));
  const follows = found.target !== null;
  fill(byId("lens-target"), ...(follows ? ["What follows: ", named(label(position + 1)), `, ${percent(found.probability)}, the ${ordinal(found.rank)} guess here.`] : ["The last token: nothing follows."]));
  fill(byId("lens-way"), ...(follows ? [named(label(position + 1)), " by layer"] : []));
  fill(byId("lens-layers"), ...(follows ? [wayOf(position)] : []));
});
