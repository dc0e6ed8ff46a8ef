// Liking, sharing and bookmarking posts without a reload. The buttons belong to one form of the page, so that without JavaScript they work as any other.

import { announce, newKey } from "./page.js";
import { askApi, isOpen, isTelling, perform, say, waitingFor } from "./wishes.js";

const form = document.getElementById("acts");
const language = document.documentElement.lang || "en";
const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1, roundingMode: "trunc" });

// What each button asks of the API, how it looks while nobody knows better, and how the answer is read.
const ACTS = {
  like: { method: "PUT", path: "like", show: (post) => showLike(post, true), said: "liked" },
  unlike: { method: "DELETE", path: "like", show: (post) => showLike(post, false), said: "unliked" },
  share: { method: "POST", path: "share", show: (post) => showShare(post, true), said: "shared" },
  unshare: { method: "DELETE", path: "share", show: (post) => showShare(post, false), said: "unshared" },
  bookmark: { method: "PUT", path: "bookmark", show: (post) => showBookmark(post, true), said: "kept" },
  unbookmark: { method: "DELETE", path: "bookmark", show: (post) => showBookmark(post, false), said: "letGo" },
  hide: { method: "PUT", path: "hidden", show: (post) => showAway(post, true), said: "hid" },
  unhide: { method: "DELETE", path: "hidden", show: (post) => showAway(post, false), said: "back" },
};
const BUTTONS = { like: ".act.like", share: "[data-share]", bookmark: ".act.bookmark", hidden: ".away" };

const original = (post) => post.dataset.original;
const isShare = (post) => post.dataset.postId !== original(post);
const sameAs = (post) => allOf(original(post));

const allOf = (ident) => document.querySelectorAll(`article[data-original="${CSS.escape(ident)}"]`);

function showLike(post, on) {
  const button = post.querySelector(BUTTONS.like);
  if (!button || (button.getAttribute("aria-pressed") === "true") === on) return;
  toggle(button, "like", on);
  showLikes(post, Number(button.querySelector("[data-count]").dataset.count) + (on ? 1 : -1));
}

function showLikes(post, number) {
  showCount(post.querySelector(BUTTONS.like), number, number === 1 ? form.dataset.likeOne : form.dataset.likeMany);
  const line = post.querySelector("[data-likers]");
  if (!line) return;
  const [before, after] = (number === 1 ? form.dataset.likeOne.replace("1", "{n}") : form.dataset.likeMany).split("{n}");
  const bold = document.createElement("b");
  bold.textContent = compact.format(number);
  line.hidden = number < 1;
  line.querySelector("[data-likers-count]").replaceChildren(before, bold, after);
}

function showShare(post, on) {
  const place = post.querySelector(BUTTONS.share);
  if (!place || place.classList.contains("on") === on) return;
  place.classList.toggle("on", on);
  for (const button of place.querySelectorAll("[data-act]")) button.hidden = (button.dataset.act === "share") === on;
  showShares(post, Number(place.querySelector("[data-count]").dataset.count) + (on ? 1 : -1));
}

function showShares(post, number) {
  showCount(post.querySelector(BUTTONS.share), number, number === 1 ? form.dataset.one : form.dataset.many);
}

function showComments(post, number) {
  showCount(post.querySelector(".act.comments"), number, number === 1 ? form.dataset.commentOne : form.dataset.commentMany);
}

function showCount(place, number, sentence) {
  const count = place?.querySelector("[data-count]");
  if (!count || count.dataset.count === String(number)) return;
  const words = sentence.replace("{n}", number.toLocaleString(language));
  const seen = document.createElement("span"), spoken = document.createElement("span");
  count.dataset.count = number;
  seen.ariaHidden = "true";
  seen.title = words;
  seen.textContent = compact.format(number);
  spoken.className = "vh";
  spoken.textContent = `, ${words}`;
  count.replaceChildren(...(number > 0 ? [spoken, seen] : []));
}

function showBookmark(post, on) {
  const button = post.querySelector(BUTTONS.bookmark);
  if (button) toggle(button, "bookmark", on);
}

// What somebody hid is folded to one row, which is at its place in the list until the page is read anew.
function showAway(post, on) {
  if (post.classList.contains("put-away") === on) return;
  post.classList.toggle("put-away", on);
  if (!on) return post.querySelector(".away")?.remove();
  const row = document.getElementById("away").content.cloneNode(true);
  const action = post.querySelector("[data-act=hide]").getAttribute("formaction");
  row.querySelector("a").href = action.replace(/\/hide$/, "");
  row.querySelector("button").setAttribute("formaction", action.replace(/hide$/, "unhide"));
  post.prepend(row);
}

function toggle(button, path, on) {
  button.setAttribute("aria-pressed", String(on));
  button.setAttribute("formaction", button.getAttribute("formaction").replace(/[a-z]+$/, on ? `un${path}` : path));
}

// What is true now, from the socket or an answer; what the person changed and nobody has confirmed stays as it is shown.
export function showCounts(ident, counts) {
  if (!form) return;
  for (const post of allOf(ident)) {
    if (Number.isInteger(counts.like_count) && !isOpen(`${ident} like`)) showLikes(post, counts.like_count);
    if (Number.isInteger(counts.share_count) && !isOpen(`${ident} share`)) showShares(post, counts.share_count);
    if (Number.isInteger(counts.comment_count)) showComments(post, counts.comment_count);
  }
}

function actOf(button) {
  const pressed = button.getAttribute("aria-pressed") === "true";
  return ACTS[pressed ? `un${button.dataset.act}` : button.dataset.act];
}

const opposite = (act) => Object.values(ACTS).find((other) => other.path === act.path && other !== act);

// Sharing a share keeps whose share led there; when that is gone meanwhile, the original is still to be shared.
async function ask({ act, post, key }) {
  const response = await askOf(act, act === ACTS.share ? post.dataset.postId : original(post), key);
  return act === ACTS.share && isShare(post) && response.status === 404 ? askOf(act, original(post), newKey()) : response;
}

function askOf(act, id, key) {
  return askApi(act.method, `posts/${id}/${act.path}`, act.method === "POST" ? key : "");
}

// It remembers how the post looked before the first press that nobody has answered.
async function press(button) {
  const post = button.closest("article[data-original]");
  const act = actOf(button), name = `${original(post)} ${act.path}`, key = newKey();
  if (isTelling(name)) return;
  leaveMenu(button);
  sameAs(post).forEach(act.show);
  if (act.path === "hidden") (post.querySelector(".away button") || post).focus({ preventScroll: true });
  const before = waitingFor(name)?.before || opposite(act);
  await perform({
    name,
    before,
    ask: () => ask({ act, post, key }),
    takeBack: () => sameAs(post).forEach(before.show),
    showWaiting: (on) => showWaiting(post, act, on),
    answered: (answer, waited) => answered(post, act, answer, waited),
  });
}

function answered(post, act, answer, waited) {
  showCounts(original(post), answer);
  if (answer.share_id) noteOwn(post, answer.share_id);
  if (act.path === "share" || waited) say(form.dataset[act.said]);
  else announce(form.dataset[act.said]);
}

function showWaiting(post, act, on) {
  for (const same of sameAs(post)) same.querySelector(BUTTONS[act.path])?.classList.toggle("waiting", on);
}

// One's own share of what the page shows is no news: the articles stand for it, too.
function noteOwn(post, shareId) {
  for (const same of sameAs(post)) same.dataset.also = [...(same.dataset.also || "").split(" "), shareId].join(" ").trim();
  document.dispatchEvent(new Event("socialnet:shared"));
}

function leaveMenu(button) {
  const menu = button.closest("details");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus({ preventScroll: true });
}

let started = false;

export function start() {
  if (started || !form) return;
  started = true;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    event.preventDefault();
    press(button);
  });
}
