// "3 new posts": counts what the head of a feed, home or a group, has and this page has not. It never moves what is being
// read.
// In the mode Top there is no such count.

import { start as startLive, subscribe } from "./live.js";
import { added, announce, isSignIn, parse, postsOf } from "./page.js";
import { count as countInTitle } from "./title.js";

const HEAD_LENGTH = 20, SOON = 150, LATER = 6000;
const feed = document.querySelector("[data-feed='home'], [data-feed='top'], [data-feed='group'][data-topic]");
const topic = feed?.dataset.topic || "feed", here = feed?.dataset.here || "/";
const isRanked = feed?.dataset.feed === "top"; // nothing new is put in between; what is gone leaves
let asked = 0, askedAgain = 0;

// Ids are 53-bit numbers in strings, and larger is newer; but rows commit out of id order, so what is new is what the
// head has and the page, down to its oldest post, has not.
export function missing(headIds, shownIds) {
  const shown = new Set(shownIds.map(String));
  const oldest = shownIds.length ? Math.min(...shownIds.map(Number)) : 0;
  return headIds.filter((id) => !shown.has(String(id)) && Number(id) > oldest);
}

// With those that an article stands for, because they show the same.
const idsOf = (post) => [post.dataset.postId, ...(post.dataset.also || "").split(" ")].filter(Boolean);
const shownIds = () => postsOf(feed).flatMap(idsOf);

// Every snapshot of the topic brings the head along; a plain piece of news does not.
function hear(message) {
  if (message.event === "feed.remove") return remove(message.data.ids);
  if (isRanked) return;
  if (message.event === "snapshot" && Array.isArray(message.data?.ids)) return compare(message.data.ids);
  if (message.event === "feed.new" || message.event === "snapshot") lookSoon(message.data?.newest_id);
}

function compare(headIds) {
  show(missing(headIds, shownIds()).length);
}

async function look() {
  const response = await fetch(feed.dataset.headUrl, { headers: { Accept: "application/json" } });
  if (!response.ok) return [];
  const { ids: head, results } = await response.json();
  const ids = head || results.filter((post) => !post.pinned).map((post) => post.id); // what is pinned stands above
  compare(ids);
  return ids;
}

// What very many follow is kept for seconds where heads are read: a head without what was announced is asked for once
// more. (It may also have left again, or be hidden here; then that is all.)
function lookSoon(announcedId) {
  clearTimeout(asked);
  asked = setTimeout(async () => {
    const ids = await look().catch(() => []);
    if (!announcedId || ids.includes(announcedId)) return;
    clearTimeout(askedAgain);
    askedAgain = setTimeout(() => look().catch(() => {}), LATER);
  }, SOON);
}

function words(count) {
  const number = count >= HEAD_LENGTH ? `${HEAD_LENGTH}+` : String(count);
  return count === 1 ? feed.dataset.one : feed.dataset.many.replace("{n}", number);
}

function show(count) {
  const place = feed.querySelector("[data-pill-place]");
  countInTitle("posts", count >= HEAD_LENGTH ? `${HEAD_LENGTH}+` : count);
  const pill = place.querySelector(".pill");
  if (!count) return pill?.remove();
  if (pill?.dataset.count === String(count)) return;
  const link = pill || place.appendChild(makePill());
  link.dataset.count = count;
  link.lastChild.textContent = words(count);
  announce(words(count));
}

function makePill() {
  const pill = document.createElement("a");
  pill.className = "pill";
  pill.href = here;
  const arrow = document.querySelector("#arrow-up")?.content.firstElementChild.cloneNode(true);
  pill.append(...(arrow ? [arrow] : []), document.createElement("span"));
  pill.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    bringIn().catch(() => location.assign(here));
  });
  return pill;
}

async function bringIn() {
  const response = await fetch(feed.dataset.newUrl, { headers: { "X-Partial": "items" } });
  if (!response.ok || isSignIn(response)) throw new Error(String(response.status));
  const articles = postsOf(parse(await response.text()));
  const shown = new Set(shownIds());
  const joined = !shown.size || articles.some((post) => shown.has(post.dataset.postId));
  if (!joined) return location.assign(here); // so much is new that there would be a gap
  put(articles.filter((post) => !shown.has(post.dataset.postId)));
}

function put(articles) {
  show(0);
  if (!articles.length) return;
  const place = feed.querySelector("[data-pill-place]");
  feed.querySelector("[data-empty]")?.remove();
  for (const post of articles) post.classList.add("new");
  for (const post of articles) {
    removeSame(post);
    putInOrder(post, place);
  }
  added(feed);
  scrollTo({ top: 0 });
  articles[0].focus({ preventScroll: true });
  announce(feed.dataset.shown.replace("{n}", articles.length));
}

// The same original is on the page once: the newest share of it, with all their names, takes the place of the others.
function removeSame(post) {
  for (const other of postsOf(feed)) {
    if (other.dataset.original === post.dataset.original && Number(other.dataset.postId) < Number(post.dataset.postId)) other.remove();
  }
}

// Before the first post that is older; at the top, as a rule.
function putInOrder(post, place) {
  const id = Number(post.dataset.postId);
  const older = postsOf(feed).find((other) => Number(other.dataset.postId) < id);
  const line = older?.previousElementSibling;
  if (line?.matches("[data-here]") && id > Number(line.dataset.here)) line.before(post);
  else if (older) older.before(post);
  else (postsOf(feed).at(-1) || place).after(post);
}

// The composer published something: the answer was a fresh home page.
function takeFrom(page) {
  const shown = new Set(shownIds());
  const home = page.querySelector("[data-feed='home']");
  if (home) put(postsOf(home).filter((post) => !shown.has(post.dataset.postId)));
}

function remove(ids) {
  const gone = new Set(ids.map(String));
  for (const post of postsOf(feed)) {
    const left = idsOf(post).filter((id) => !gone.has(id));
    if (!left.length || gone.has(post.dataset.original)) post.remove();
    else if (left.length < idsOf(post).length) retell(post, left).catch(() => {});
  }
}

// One share of it is gone and others are not: it stays where it is, and says who shared it now.
async function retell(post, left) {
  [post.dataset.postId] = left;
  post.dataset.also = left.slice(1).join(" ");
  const response = await fetch(feed.dataset.newUrl, { headers: { "X-Partial": "items" } });
  if (!response.ok || isSignIn(response)) return;
  const told = postsOf(parse(await response.text())).find((other) => other.dataset.original === post.dataset.original);
  const [before, now] = [post, told].map((article) => article?.querySelector(":scope > .reason:not(.pinned)"));
  if (now) before?.replaceWith(now);
  else if (told) before?.remove();
}

let started = false;

export function start() {
  if (started || !feed || new URLSearchParams(location.search).has("cursor")) return;
  started = true;
  subscribe(topic, hear);
  startLive();
  if (isRanked) return;
  document.addEventListener("socialnet:posted", (event) => takeFrom(event.detail));
  document.addEventListener("socialnet:shared", () => lookSoon());
  document.addEventListener("socialnet:show-new", () => feed.querySelector(".pill")?.click());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) lookSoon(); });
}
