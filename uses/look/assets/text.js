// The text coloured by loss, with the predictions about the token in hand.
const paintText = makeStrip(byId("text-strip"), "Text, coloured by loss");
const losses = data.tokens.map((_, index) => bits(index));
// The greatest loss would be an outlier's.
const sorted = losses.filter((loss) => loss !== null).sort((a, b) => a - b);
const lossMost = Math.max(sorted[Math.floor(sorted.length * 0.95)] ?? 1, 1);
byId("loss-most").textContent = `${lossMost.toFixed(1)} bits and more`;

view("view-text", () => {
  const token = current();
  paintText((index) => ({
    hot: losses[index] === null ? 0 : losses[index] / lossMost,
    says: losses[index] === null ? "not predicted" : inBits(losses[index]),
  }));
  fill(byId("text-token"), "Token ", String(token), ": ", named(label(token)));
  if (token === 0) {
    byId("text-loss").textContent = `Id ${data.tokens[0].id}. Nothing stands before it, so it was not predicted.`;
    fill(byId("expected"));
  } else {
    const before = lens(layers, token - 1);
    byId("text-loss").textContent =
      `Id ${data.tokens[token].id}. Loss ${inBits(losses[token])} (${(-before.log).toFixed(3)} nats): probability ${percent(before.probability)}, ` +
      `the ${ordinal(before.rank)} guess.`;
    fill(byId("expected"), guessTable(layers, token - 1));
  }
  fill(byId("next"), guessTable(layers, token));
});
