// The numbers of the page: the JSON block in it, with matrices packed as bytes.
const data = JSON.parse(document.getElementById("data").textContent);
const size = data.tokens.length;
const layers = data.model.layers;
const heads = data.model.heads;

function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Matrices have no numbers above the diagonal: rows of 1, 2, 3 … numbers.
const triangle = (size * (size + 1)) / 2;
const place = (row, column) => (row * (row + 1)) / 2 + column;

// A share is kept as the root of itself in 255 steps.
const shares = (bytes) => (matrix, row, column) =>
  column > row ? 0 : (bytes[matrix * triangle + place(row, column)] / 255) ** 2;
const attentionShare = shares(unpack(data.attention));
const attention = (layer, head, row, column) => attentionShare(layer * heads + head, row, column);
const rollout = shares(unpack(data.rollout));

const floats = (base64) => new Float32Array(unpack(base64).buffer);
const integers = (base64) => new Uint32Array(unpack(base64).buffer);
const lensTop = integers(data.lens.top);
const lensTopLogs = floats(data.lens.top_logs);
const lensTarget = floats(data.lens.target);
const lensRank = integers(data.lens.rank);

// What a state of the residual stream answers behind a position: state 0 is the embedding, and
// `layers` the output. The likeliest tokens, and the one that follows.
function lens(state, position) {
  const at = state * size + position;
  const guesses = [];
  for (let i = at * data.top; i < (at + 1) * data.top; i++) {
    guesses.push({ id: lensTop[i], probability: Math.exp(lensTopLogs[i]) });
  }
  const follows = position + 1 < size;
  return {
    guesses,
    target: follows ? data.tokens[position + 1].id : null,
    log: follows ? lensTarget[at] : null,
    probability: follows ? Math.exp(lensTarget[at]) : null,
    rank: follows ? lensRank[at] : null,
  };
}

// The loss of a token in bits; the first one was never predicted.
const bits = (token) => (token === 0 ? null : -lens(layers, token - 1).log / Math.LN2);

// Gradient × input behind a position, in nats; null if it was not computed.
const attributionBytes = new Int8Array(unpack(data.attribution.values).buffer);
const attributionFirst = data.attribution.first;
function attribution(position) {
  const row = position - attributionFirst;
  if (row < 0) return null;
  const from = place(position, 0) - place(attributionFirst, 0);
  const step = data.attribution.steps[row];
  const values = Array.from(attributionBytes.subarray(from, from + position + 1), (byte) => byte * step);
  return { target: data.attribution.targets[row], values };
}
