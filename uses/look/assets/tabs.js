// The tabs: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
const tabs = [...document.querySelectorAll('[role="tab"]')];

function open(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    byId(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  rove(tabs, tabs.indexOf(tab));
  show(tab.getAttribute("aria-controls"));
}

for (const tab of tabs) {
  tab.tabIndex = -1;
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", (event) => {
    const step = steps(event.key);
    if (!step || step[0] === 0) return;
    event.preventDefault();
    const at = tabs.indexOf(tab) + step[0];
    const next = Number.isFinite(at) ? tabs[(at + tabs.length) % tabs.length] : tabs[at < 0 ? 0 : tabs.length - 1];
    open(next);
    next.focus();
  });
}

// The scripts of the views come after this one.
addEventListener("DOMContentLoaded", () => open(tabs[0]));
