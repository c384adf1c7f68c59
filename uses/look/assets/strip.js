// The text as a row of tokens that can be pointed at and walked through.
function makeStrip(host, purpose) {
  host.className = "strip";
  host.setAttribute("role", "listbox");
  host.setAttribute("aria-label", purpose);
  const tokens = data.tokens.map((token, index) => {
    const made = element("span", { class: "token", role: "option", "data-token": index }, ...pieces(token));
    made.tabIndex = -1;
    made.classList.toggle("special", token.special);
    return made;
  });
  for (const [index, token] of tokens.entries()) {
    host.append(token);
    if (data.tokens[index].text.includes("\n")) host.append(element("br"));
  }

  const at = (event) => Number(event.target.closest(".token")?.dataset.token ?? NaN);
  host.addEventListener("pointermove", (event) => {
    const index = at(event);
    if (moved(event) && !Number.isNaN(index)) select({ hover: index });
  });
  host.addEventListener("pointerleave", () => select({ hover: null }));
  host.addEventListener("click", (event) => {
    const index = at(event);
    if (!Number.isNaN(index)) select({ token: index });
  });
  host.addEventListener("focusin", (event) => select({ token: at(event), hover: null }));
  host.addEventListener("keydown", (event) => {
    const step = steps(event.key);
    if (!step) return;
    event.preventDefault();
    const from = at(event);
    const to = step[1] ? line(tokens, from, step[1]) : clamp(from + step[0], 0, size - 1);
    tokens[to].focus();
  });

  // `look(index)` gives a token's heat and chill (0 to 1), whether it is wanted or later, and what
  // to say of it.
  return function paint(look) {
    const chosen = current();
    for (const [index, token] of tokens.entries()) {
      const { hot = 0, cool = 0, wanted = false, later = false, says = "" } = look(index);
      token.style.setProperty("--heat", clamp(hot, 0, 1).toFixed(3));
      token.style.setProperty("--chill", clamp(cool, 0, 1).toFixed(3));
      token.classList.toggle("chosen", index === chosen);
      token.classList.toggle("wanted", wanted);
      token.classList.toggle("later", later);
      token.setAttribute("aria-selected", String(index === selection.token));
      token.setAttribute("aria-label", `${label(index)}: ${says}`);
    }
    rove(tokens, selection.token);
  };
}

// What a token shows: its text, line ends and invisible characters as signs, parts of characters
// numbered.
function pieces({ text, part }) {
  const runs = text.split(/([\n\t\r\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}])/u);
  const shown = runs.map((run, i) => (i % 2 ? element("span", { class: "sign" }, visible(run)) : run));
  if (part[1] > 1) shown.push(element("span", { class: "part" }, `${part[0]}/${part[1]}`));
  return shown;
}

// The token above or below, the nearest one of that line.
function line(tokens, from, down) {
  const start = tokens[from].getBoundingClientRect();
  const half = start.height / 2;
  const apart = (rect) => Math.abs(rect.left - start.left);
  let [best, found] = [from, null];
  for (let index = from + down; tokens[index]; index += down) {
    const rect = tokens[index].getBoundingClientRect();
    if (found && Math.abs(rect.top - found.top) > half) break;
    if ((rect.top - start.top) * down < half) continue;
    if (!found || apart(rect) < apart(tokens[best].getBoundingClientRect())) best = index;
    found ??= rect;
  }
  return best;
}
