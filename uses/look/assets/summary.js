// What stands above the tabs.
const { model, summary } = data;
const count = (number) => number.toLocaleString("en");
document.title = `Inside ${model.name}`;
byId("model").textContent = model.name;
byId("facts").textContent =
  `${{ llama: "Llama", gpt2: "GPT-2" }[model.architecture]} architecture, ${count(model.parameters)} parameters: ${model.layers} layers of ` +
  `${model.heads} heads${model.kv_heads === model.heads ? "" : ` (${model.kv_heads} for keys and values)`}, width ${model.width}, ` +
  `vocabulary ${count(model.vocab_size)}, context ${count(model.context)}`;
for (const [term, value] of [
  ["bits per byte", summary.bits_per_byte.toFixed(3)],
  ["bits per token", (summary.nats_per_token / Math.LN2).toFixed(3)],
  ["tokens read", count(size)],
  ["bytes of text", count(summary.bytes)],
  ["first guess right", `${count(summary.first_guesses)} of ${count(summary.predicted)}`],
]) {
  byId("summary").append(element("div", {}, element("dt", {}, term), element("dd", {}, value)));
}
if (summary.cut) {
  const read = data.tokens.filter((token) => !token.special).length;
  byId("cut").textContent =
    `The text is cut: this page shows its first ${count(read)} of ${count(summary.whole_tokens)} tokens. --max-tokens shows more, up to the model's context.`;
  byId("cut").hidden = false;
}
