// j k n l c s b . / g h, g n, g e and ? : single keys, never while somebody types, and off for those who switched them off.

const posts = () => [...document.querySelectorAll("article[data-post-id]")];
const switchedOff = () => /(?:^|;\s*)keyboard=off(?:;|$)/.test(document.cookie);
const typing = (target) => target.closest("input, textarea, select, [contenteditable], dialog");
let pressedG = 0;

function move(step) {
  const all = posts();
  const at = all.findIndex((post) => post.contains(document.activeElement));
  const next = all[at < 0 ? (step > 0 ? 0 : -1) : at + step];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function write() {
  const area = document.getElementById("id_content");
  if (area) area.focus();
  else document.querySelector(".nav-write a")?.click();
}

const here = () => document.activeElement.closest?.("article[data-post-id]") || document.querySelector("article.whole");

// The menu opens with the focus on its first choice, so that Enter shares; a slip of the finger does not.
function share() {
  const menu = here()?.querySelector("details[data-share]");
  if (!menu) return;
  menu.open = true;
  menu.querySelector(".panel :is(button, a):not([hidden])")?.focus();
}

// On the page of a post one writes; elsewhere its thread is opened.
function comment() {
  const area = document.querySelector("[data-thread] > [data-comment-form] textarea");
  if (area) return area.focus();
  here()?.querySelector("a.act.comments")?.click();
}

// The field that can be seen; where there is none, as on a narrow screen, the page of search has one.
function search() {
  const field = [...document.querySelectorAll("[data-search-field]")].find((one) => one.offsetParent);
  if (field) return field.select();
  document.querySelector("[data-search-link]")?.click();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  n: write,
  l: () => here()?.querySelector(".act.like")?.click(),
  s: share,
  "/": search,
  c: comment,
  b: () => here()?.querySelector(".act.bookmark")?.click(),
  ".": () => document.dispatchEvent(new Event("socialnet:show-new")),
  "?": () => document.getElementById("keys")?.showModal(),
  g: () => { pressedG = Date.now(); },
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || switchedOff()) return;
  const place = Date.now() - pressedG < 1200 && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (place) {
    event.preventDefault();
    return location.assign(place.href);
  }
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

let started = false;

export function start() {
  if (started) return;
  started = true;
  document.addEventListener("keydown", pressed);
}
