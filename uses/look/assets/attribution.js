// Gradient × input: which tokens speak for what follows the token in hand.
const paintAttribution = makeStrip(byId("attribution-strip"), "Text, coloured by attribution");
const rowMost = data.tokens.map((_, position) => Math.max(...(attribution(position)?.values.map(Math.abs) ?? [0]), 1e-12));
const attributionMap = makeMap(byId("attribution-map"), "Attribution of all predictions", (row, column) => {
  const found = attribution(row);
  if (!found) return ["not computed behind ", named(label(row))];
  return [named(label(column)), ` (${column}) for what follows `, named(label(row)), ` (${row}): ${inNats(found.values[column])} nats`];
});

let attributionDrawn = false;
function drawAttributionMap() {
  if (attributionDrawn) return;
  attributionDrawn = true;
  const rows = data.tokens.map((_, position) => attribution(position)?.values);
  attributionMap.draw(blueOrange, (row, column) => 0.5 + (rows[row]?.[column] ?? 0) / rowMost[row] / 2);
}

function attributionList(values, most) {
  const rows = values.map((value, index) => ({ value, index }));
  rows.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  return bars(rows.slice(0, 10).map(({ value, index }) => ({
    text: label(index), title: `token ${index}`, length: Math.abs(value) / most, number: inNats(value), kind: value < 0 ? "minus" : "plus",
  })));
}

view("view-attribution", () => {
  drawAttributionMap();
  const token = current();
  const found = attribution(token);
  attributionMap.point(token);
  if (!found) {
    fill(byId("attribution-target"), "Not computed behind ", named(label(token)), "; --attribution computes more.");
    fill(byId("attribution-list"));
    paintAttribution(() => ({ says: "not computed" }));
    return;
  }
  const last = token + 1 === size;
  const { probability } = last ? lens(layers, token).guesses[0] : lens(layers, token);
  fill(byId("attribution-target"), "Behind ", named(label(token)), last ? " the likeliest token is " : " follows ",
    named(last ? name(found.target) : label(token + 1)), `, to which the model gave ${percent(probability)}. In nats of its log-probability:`);
  fill(byId("attribution-list"), attributionList(found.values, rowMost[token]));
  paintAttribution((index) => {
    const value = found.values[index] ?? 0;
    const share = Math.abs(value) / rowMost[token];
    const says = index <= token ? `${inNats(value)} nats` : "later";
    return { [value < 0 ? "cool" : "hot"]: share, later: index > token + 1, wanted: index === token + 1, says };
  });
});
