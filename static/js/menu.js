// <details> menus close on Escape, on a press outside, and when another one opens.

function close(menu, { refocus = false } = {}) {
  menu.open = false;
  if (refocus) menu.querySelector("summary")?.focus();
}

const opened = () => document.querySelectorAll("[data-menu][open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of opened()) close(menu, { refocus: menu.contains(document.activeElement) });
});
document.addEventListener("pointerdown", (event) => {
  for (const menu of opened()) if (!menu.contains(event.target)) close(menu);
});
document.addEventListener("focusin", (event) => {
  for (const menu of opened()) if (!menu.contains(event.target)) close(menu);
});

export function start() {}
