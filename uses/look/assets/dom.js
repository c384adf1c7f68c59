// Elements. Text of a corpus only ever becomes text nodes.
const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Replaces what an element holds.
const fill = (host, ...children) => host.replaceChildren(...children);

// One of a group can be reached by Tab; the arrow keys move among them.
function rove(elements, chosen) {
  if (elements.roving) elements.roving.tabIndex = -1;
  elements.roving = elements[chosen];
  if (elements.roving) elements.roving.tabIndex = 0;
}

// What the arrow keys ask for: steps across and down; null for other keys.
function steps(key) {
  return { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-Infinity, 0], End: [Infinity, 0] }[key] ?? null;
}

// Whether the pointer moved, and not the page beneath it, as it does when the arrow keys scroll.
const moved = (event) => event.movementX !== 0 || event.movementY !== 0;

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
