// How many are in the group, and how much was said there, as it changes.

import { start as startLive, subscribe } from "./live.js";

const head = document.querySelector("[data-group]");

function hear(message) {
  if (message.event !== "snapshot" && message.event !== "counts") return;
  for (const place of head.querySelectorAll("[data-count]")) {
    const count = message.data[place.dataset.count];
    if (typeof count !== "number") continue;
    const [before, after] = (count === 1 ? place.dataset.one : place.dataset.many).split("{n}");
    const number = document.createElement("b");
    number.textContent = count.toLocaleString(document.documentElement.lang || undefined);
    place.replaceChildren(before, number, after);
  }
}

let started = false;

export function start() {
  if (started || !head) return;
  started = true;
  subscribe(head.dataset.group, hear);
  startLive();
}
