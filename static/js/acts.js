// Sharing and bookmarking without a reload: shown at once, told to the server, taken back with a word when it refuses.
// The buttons belong to one form of the page, so that without JavaScript they work as any other.

import { announce } from "./page.js";

const form = document.getElementById("acts");
const language = document.documentElement.lang || "en";
const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1, roundingMode: "trunc" });
let wordTimer = 0;

// What each button asks of the API, how it looks while nobody knows better, and how the answer is read.
const ACTS = {
  share: { method: "POST", path: "share", show: (post) => showShare(post, true), said: "shared" },
  unshare: { method: "DELETE", path: "share", show: (post) => showShare(post, false), said: "unshared" },
  bookmark: { method: "PUT", path: "bookmark", show: (post) => showBookmark(post, true), said: "kept" },
  unbookmark: { method: "DELETE", path: "bookmark", show: (post) => showBookmark(post, false), said: "letGo" },
};

const original = (post) => post.dataset.original;
const isShare = (post) => post.dataset.postId !== original(post);
const sameAs = (post) => document.querySelectorAll(`article[data-original="${CSS.escape(original(post))}"]`);

function showShare(post, on) {
  const place = post.querySelector("[data-share]");
  if (!place || place.classList.contains("on") === on) return;
  place.classList.toggle("on", on);
  for (const button of place.querySelectorAll("[data-act]")) button.hidden = (button.dataset.act === "share") === on;
  showCount(place, Number(place.querySelector("[data-count]").dataset.count) + (on ? 1 : -1));
}

function showCount(place, number) {
  const count = place.querySelector("[data-count]");
  const words = (number === 1 ? form.dataset.one : form.dataset.many).replace("{n}", number.toLocaleString(language));
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
  const button = post.querySelector(".act.bookmark");
  button.setAttribute("aria-pressed", String(on));
  button.setAttribute("formaction", button.getAttribute("formaction").replace(/(un)?bookmark$/, on ? "unbookmark" : "bookmark"));
}

function actOf(button) {
  const pressed = button.getAttribute("aria-pressed") === "true";
  return ACTS[button.dataset.act === "bookmark" && pressed ? "unbookmark" : button.dataset.act];
}

const opposite = (act) => Object.values(ACTS).find((other) => other.path === act.path && other !== act);

// Sharing a share keeps whose share led there; when that is gone meanwhile, the original is still to be shared.
async function ask(act, post) {
  const response = await askOf(act, act === ACTS.share ? post.dataset.postId : original(post));
  return act === ACTS.share && isShare(post) && response.status === 404 ? askOf(act, original(post)) : response;
}

function askOf(act, id) {
  return fetch(`/api/v1/posts/${id}/${act.path}`, {
    method: act.method,
    credentials: "same-origin",
    headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
  });
}

async function tell(act, post) {
  const response = await ask(act, post);
  if (response.status === 401) return location.reload(); // signed out meanwhile: the page asks who it is
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(answer.detail || answer.title || form.dataset.sorry);
  return answer;
}

async function press(button) {
  const post = button.closest("article[data-original]");
  const act = actOf(button);
  if (post.dataset.telling === act.path) return;
  post.dataset.telling = act.path;
  leaveMenu(button);
  sameAs(post).forEach(act.show);
  try {
    const answer = await tell(act, post);
    if (Number.isInteger(answer?.share_count)) {
      for (const same of sameAs(post)) if (same.querySelector("[data-share]")) showCount(same.querySelector("[data-share]"), answer.share_count);
    }
    if (answer?.share_id) noteOwn(post, answer.share_id);
    if (act.path === "share") say(form.dataset[act.said]);
    else announce(form.dataset[act.said]);
  } catch (error) {
    sameAs(post).forEach(opposite(act).show);
    say(error instanceof TypeError ? form.dataset.sorry : error.message);
  } finally {
    delete post.dataset.telling;
  }
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

function say(sentence) {
  const place = document.querySelector("[data-word]");
  clearTimeout(wordTimer);
  place.hidden = false;
  place.textContent = sentence;
  wordTimer = setTimeout(() => { place.hidden = true; }, 5000);
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
