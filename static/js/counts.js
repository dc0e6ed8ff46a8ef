// Counts of the posts in sight change in place, as others like and share them; nothing moves.

import { showCounts } from "./acts.js";
import { start as startLive, subscribeAll, unsubscribeAll } from "./live.js";

const MOST = 50, SOON = 700;
const inSight = new Map(); // articles in sight → id of what they show; the latest last
let watched = new Set(), timer = 0;

const topicOf = (ident) => `post:${ident}`;

function hear(message) {
  const ident = message.topic.slice("post:".length);
  if (message.event === "error") watched.delete(ident); // gone, or not for this viewer any more
  if (message.event === "snapshot" || message.event === "counts") showCounts(ident, message.data);
}

// Several posts come and go while somebody scrolls: one question for all of them.
function look() {
  timer = 0;
  for (const article of inSight.keys()) if (!article.isConnected) inSight.delete(article);
  const wanted = new Set([...inSight.values()].slice(-MOST));
  const fresh = [...wanted].filter((ident) => !watched.has(ident)), gone = [...watched].filter((ident) => !wanted.has(ident));
  watched = wanted;
  unsubscribeAll(gone.map(topicOf), hear);
  subscribeAll(fresh.map(topicOf), hear);
}

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    inSight.delete(target);
    if (isIntersecting) inSight.set(target, target.dataset.original);
  }
  timer ||= setTimeout(look, watched.size ? SOON : 0);
}, { rootMargin: "200px 0px" });

export function start(root) {
  if (!document.getElementById("acts")) return; // visitors have no socket
  for (const article of root.querySelectorAll("article[data-original]:not([data-watched])")) {
    article.dataset.watched = "";
    observer.observe(article);
  }
  startLive();
}
