// Attention: all heads as small pictures, and one of them with the text.
const headCells = [];

// Where more than half of a head's weight goes, if that has a name.
function habit({ first, previous, itself }) {
  const [share, words] = [[previous, "token before"], [first, "first token"], [itself, "itself"]].sort((a, b) => b[0] - a[0])[0];
  return share > 0.5 ? words : "";
}

function chooseHead(layer, head, focus) {
  select({ layer: clamp(layer, 0, layers - 1), head: clamp(head, 0, heads - 1) });
  if (focus) headCells[selection.layer * heads + selection.head].focus();
}

for (let layer = 0; layer < layers; layer++) {
  const row = element("div", { role: "row" }, element("div", { role: "rowheader" }, `layer ${layer}`));
  for (let head = 0; head < heads; head++) {
    const figures = data.heads[layer][head];
    const words = habit(figures);
    const says = `layer ${layer}, head ${head}: entropy ${figures.entropy.toFixed(2)} bits${words && `, mostly ${words}`}`;
    const cell = element("div", { role: "gridcell", "aria-label": says }, element("canvas", { "aria-hidden": "true" }));
    cell.append(element("div", {}, `${figures.entropy.toFixed(2)} bits`), element("div", { class: "quiet" }, words || "\u00a0"));
    cell.tabIndex = -1;
    cell.addEventListener("click", () => chooseHead(layer, head, false));
    cell.addEventListener("focus", () => chooseHead(layer, head, false));
    cell.addEventListener("keydown", (event) => {
      const step = steps(event.key);
      if (!step) return;
      event.preventDefault();
      chooseHead(layer + step[1], head + step[0], true);
    });
    headCells.push(cell);
    row.append(cell);
  }
  byId("heads").append(row);
}

const paintAttention = makeStrip(byId("attention-strip"), "Text, coloured by attention");
const attentionMap = makeMap(byId("attention-map"), "Attention weights of the head", (row, column) => [
  named(label(row)), ` (${row}) looks at `, named(label(column)), ` (${column}): ${percent(attention(selection.layer, selection.head, row, column))}`,
]);
let direction = "from";
for (const choice of document.querySelectorAll('input[name="direction"]')) {
  choice.addEventListener("change", () => {
    direction = choice.value;
    views.get("view-attention")();
  });
}

let headsDrawn = false;
function drawHeads() {
  if (headsDrawn) return;
  headsDrawn = true;
  for (const [index, cell] of headCells.entries()) {
    paintSquare(cell.firstChild, cividis, (row, column) => Math.sqrt(attentionShare(index, row, column)), Math.min(size, 72));
  }
}

// The weights of a token as a list, the greatest first.
function weightList(weights) {
  const rows = weights.map((share, index) => ({ share, index })).filter(({ share }) => share > 0);
  rows.sort((a, b) => b.share - a.share);
  const row = ({ share, index }) => ({ text: label(index), title: `token ${index}`, length: share, number: percent(share) });
  return bars(rows.slice(0, 10).map(row));
}

let headDrawn = null;
view("view-attention", () => {
  drawHeads();
  const { layer, head } = selection;
  for (const [index, cell] of headCells.entries()) cell.setAttribute("aria-selected", String(index === layer * heads + head));
  rove(headCells, layer * heads + head);
  if (headDrawn !== layer * heads + head) {
    headDrawn = layer * heads + head;
    attentionMap.draw(cividis, (row, column) => Math.sqrt(attention(layer, head, row, column)));
  }
  const figures = data.heads[layer][head];
  byId("head-title").textContent = `Layer ${layer}, head ${head}`;
  byId("head-figures").textContent =
    `Entropy ${figures.entropy.toFixed(3)} bits. On average ${percent(figures.first)} of the weight is on the first token, ${percent(figures.previous)} on the token before, ` +
    `${percent(figures.itself)} on the token itself; ${figures.distance.toFixed(1)} tokens back.`;
  const token = current();
  const share = (index) => (direction === "from" ? attention(layer, head, token, index) : attention(layer, head, index, token));
  paintAttention((index) => ({
    cool: Math.sqrt(share(index)),
    later: direction === "from" ? index > token : index < token,
    says: percent(share(index)),
  }));
  attentionMap.point(token);
  fill(byId("attention-token"), named(label(token)), direction === "from" ? " looks at" : " is looked at by");
  fill(byId("attention-list"), weightList(data.tokens.map((_, index) => share(index))));
});
