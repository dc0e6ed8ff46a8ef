// Endless scroll on top of the real "Older posts" link: the same address, asked for its items only.

import { added, isSignIn, parse } from "./page.js";

const AHEAD = "900px 0px"; // asked for before the reader gets there

async function more(pager) {
  const link = pager.querySelector("a[rel=next]");
  const note = pager.querySelector("[data-note]");
  if (!link || pager.getAttribute("aria-busy") === "true") return;
  pager.setAttribute("aria-busy", "true");
  note.textContent = pager.dataset.loading;
  try {
    const response = await fetch(link.href, { headers: { "X-Partial": "items" }, credentials: "same-origin" });
    if (isSignIn(response)) return location.assign(link.href);
    if (!response.ok) throw new Error(String(response.status));
    put(parse(await response.text()), pager);
  } catch {
    pager.removeAttribute("aria-busy");
    pager.dataset.failed = "1";
    note.textContent = pager.dataset.sorry;
  }
}

// A list from which every item was a repeat.
const isBare = (node) => node.matches("ul") && !node.children.length;

// In a home the same original counts as the same, whoever passed it on.
function isThere(item, list) {
  const { postId, original } = item.dataset;
  if (list.querySelector(`[data-post-id="${CSS.escape(postId)}"]`)) return true;
  return ["home", "top"].includes(list.dataset.feed) && Boolean(list.querySelector(`[data-original="${CSS.escape(original)}"]`));
}

function put(page, pager) {
  const list = pager.parentElement;
  const source = page.querySelector("[data-feed]") || page.body; // some addresses answer with the whole page
  for (const item of source.querySelectorAll("[data-post-id]")) if (isThere(item, list)) item.remove();
  const fresh = [...source.children].filter((node) => !isBare(node) && !node.matches("[data-pill-place], h2"));
  const hadFocus = pager.contains(document.activeElement);
  pager.replaceWith(...fresh);
  if (hadFocus) fresh[0]?.focus?.({ preventScroll: true });
  added(list);
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting && !entry.target.dataset.failed) more(entry.target);
  }
}, { rootMargin: AHEAD });

export function start(root) {
  for (const pager of root.querySelectorAll("nav[data-pager]")) {
    if (pager.dataset.ready) continue;
    pager.dataset.ready = "1";
    pager.addEventListener("click", (event) => {
      if (!event.target.closest("a[rel=next]") || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      more(pager);
    });
    watcher.observe(pager);
  }
}
