// On a phone a row of tabs may be longer than the screen: the current one comes into view.

export function start(root) {
  for (const tab of root.querySelectorAll(".tabs [aria-current]")) {
    const row = tab.closest(".tabs");
    row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }
}
