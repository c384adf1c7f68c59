// What is chosen, for all views alike. A token pointed at counts for as long as it is pointed at.
const selection = { token: Math.min(size - 1, 1), hover: null, layer: 0, head: 0, state: layers };
const views = new Map();
let shown = null;

const current = () => selection.hover ?? selection.token;

// Names what draws a view; it is called when something is chosen while the view is shown.
function view(id, draw) {
  views.set(id, draw);
}

function select(change) {
  const before = JSON.stringify(selection);
  Object.assign(selection, change);
  if (JSON.stringify(selection) !== before) views.get(shown)?.();
}

function show(id) {
  shown = id;
  views.get(id)?.();
}
