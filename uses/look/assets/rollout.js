// Attention rollout up to a block.
const paintRollout = makeStrip(byId("rollout-strip"), "Text, coloured by rollout");
const rolloutLayer = byId("rollout-layer");
rolloutLayer.max = layers - 1;
rolloutLayer.value = layers - 1;
const upTo = () => Number(rolloutLayer.value);
const rolloutMap = makeMap(byId("rollout-map"), "Attention rollout", (row, column) => [
  "of ", named(label(column)), ` (${column}) in `, named(label(row)), ` (${row}): ${percent(rollout(upTo(), row, column))}`,
]);

let rolloutDrawn = null;
function drawRollout() {
  const layer = upTo();
  byId("rollout-output").textContent = `${layer}${layer === layers - 1 ? ", the last" : ""}`;
  if (rolloutDrawn !== layer) {
    rolloutDrawn = layer;
    rolloutMap.draw(cividis, (row, column) => Math.sqrt(rollout(layer, row, column)));
  }
  const token = current();
  paintRollout((index) => ({
    cool: Math.sqrt(rollout(layer, token, index)),
    later: index > token,
    says: percent(rollout(layer, token, index)),
  }));
  rolloutMap.point(token);
  fill(byId("rollout-token"), "What has come to ", named(label(token)));
  fill(byId("rollout-list"), weightList(data.tokens.map((_, index) => rollout(layer, token, index))));
}
rolloutLayer.addEventListener("input", drawRollout);
view("view-rollout", drawRollout);
