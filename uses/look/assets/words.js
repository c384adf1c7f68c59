// How tokens and numbers are written.
const signs = { " ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍" };

// White space and invisible characters as signs, so that tokens that look alike do not.
function visible(text) {
  return text.replace(/[ \n\t\r]|[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (c) => signs[c] ?? `\\u{${c.codePointAt(0).toString(16)}}`);
}

// A token of the vocabulary, by id.
const name = (id) => visible(data.names[id] ?? `token ${id}`);

// A token of the text, by place: several may make up one character.
function label(index) {
  const { text, part } = data.tokens[index];
  if (part[1] === 1) return visible(text);
  return `${visible(data.tokens[index - part[0] + 1].text)} ${part[0]}/${part[1]}`;
}

const named = (text) => element("span", { class: "name" }, text);
const percent = (share) => `${(share * 100).toFixed(2)} %`;
const inBits = (value) => `${value.toFixed(3)} bits`;
const inNats = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
const ordinal = (rank) => `${(rank + 1).toLocaleString("en")}${["th", "st", "nd", "rd"][(rank + 1) % 100 > 10 && (rank + 1) % 100 < 14 ? 0 : (rank + 1) % 10] ?? "th"}`;

// Rows of a name, a bar and a number. `length` is the bar's share of its place.
function bars(rows) {
  const body = rows.map(({ text, title, length, number, kind, actual }) => {
    const bar = element("i", { class: kind ?? "" });
    bar.style.width = `${(clamp(length, 0, 1) * 100).toFixed(1)}%`;
    return element(
      "tr",
      actual ? { class: "actual" } : {},
      element("th", { scope: "row", title: title ?? "" }, named(text)),
      element("td", { class: "bar" }, bar),
      element("td", { class: "number" }, number),
    );
  });
  return element("table", { class: "bars" }, element("tbody", {}, ...body));
}

// The likeliest tokens as bars; the one that follows is marked, and added if it is not among them.
function guesses({ guesses, target, probability, rank }) {
  const rows = guesses.map((guess) => ({
    text: name(guess.id),
    title: `token ${guess.id}`,
    length: guess.probability,
    number: percent(guess.probability),
    actual: guess.id === target,
  }));
  const table = bars(rows);
  if (target !== null && rank >= guesses.length) {
    const row = { text: "", title: `token ${target}`, length: probability, number: percent(probability), actual: true };
    table.tBodies[0].append(...bars([row]).tBodies[0].rows);
    return { table, missing: table.tBodies[0].lastChild.querySelector(".name") };
  }
  return { table, missing: null };
}

// The same, with the spelling of what follows a position.
function guessTable(state, position) {
  const found = lens(state, position);
  const { table, missing } = guesses(found);
  if (missing) missing.textContent = label(position + 1);
  return table;
}
