// How far this person has read: the newest post that was on the screen for a moment is told to the server, for the next
// visit on whatever device. Only forward. The line in front of the reader stays where it is.

import { postsOf } from "./page.js";

const A_MOMENT = 1000, EVERY = 3000, AT_LEAST = 0.5; // of the post, or of the screen if it is longer than that
const STEPS = Array.from({ length: 26 }, (_, step) => step / 50);
const feed = document.querySelector("[data-feed='home'][data-marker]");
const waiting = new Map(); // post on the screen → timer
let newest = Number(feed?.dataset.marker), told = newest, timer = 0;

export function isSeen({ isIntersecting, intersectionRatio, intersectionRect, rootBounds }) {
  return isIntersecting && (intersectionRatio >= AT_LEAST || intersectionRect.height >= (rootBounds?.height || Infinity) * AT_LEAST);
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const post = entry.target;
    if (!isSeen(entry) || document.hidden) leave(post);
    else if (!waiting.has(post)) waiting.set(post, setTimeout(note, A_MOMENT, post));
  }
}, { threshold: STEPS });

function leave(post) {
  clearTimeout(waiting.get(post));
  waiting.delete(post);
}

function note(post) {
  waiting.delete(post);
  newest = Math.max(newest, Number(post.dataset.postId));
  if (newest > told) timer ||= setTimeout(tell, EVERY);
}

// `keepalive`: it arrives although the page goes. What did not arrive is told with the next.
async function tell() {
  clearTimeout(timer);
  timer = 0;
  if (newest <= told) return;
  const before = told;
  told = newest;
  try {
    const response = await fetch(feed.dataset.markerUrl, {
      method: "PUT",
      keepalive: true,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("#acts [name=csrfmiddlewaretoken]").value },
      body: JSON.stringify({ last_read_id: String(told) }),
    });
    if (!response.ok) throw new Error(String(response.status));
  } catch {
    told = Math.min(told, before);
  }
}

function watch() {
  for (const post of postsOf(feed)) watcher.observe(post); // twice is once
}

function hide() {
  for (const post of [...waiting.keys()]) leave(post);
  tell();
}

// Nobody reads a page that is behind another; what is on it is looked at anew when it is in front again.
function turn() {
  if (document.hidden) return hide();
  watcher.disconnect();
  watch();
}

let started = false;

export function start() {
  if (started || !feed) return;
  started = true;
  watch();
  document.addEventListener("socialnet:added", watch);
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", hide);
}
