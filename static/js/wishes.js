// What a person wishes is shown at once, told to the server, and taken back with a word when it refuses. Without a
// connection it stays as it is shown, marked as waiting, and is told when the line is back.
//
// A wish: its name (the thing and what is wished of it: of like and unlike only the latest counts), `ask` for the request,
// `takeBack`, `showWaiting(on)` and `answered(answer, waited)`.

import { sentenceOf } from "./page.js";

const PATIENCE = 10_000, FIRST_PAUSE = 1500, LONGEST_PAUSE = 15_000;
const form = document.getElementById("acts");
const telling = new Set(), waiting = new Map(); // names; wishes that wait for the line, by name
let wordTimer = 0, retryTimer = 0, retries = 0;

export const isTelling = (name) => telling.has(name);
export const waitingFor = (name) => waiting.get(name);
export const isOpen = (name) => telling.has(name) || waiting.has(name);

export function askApi(method, path, key = "") {
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  if (key) headers["Idempotency-Key"] = key;
  return fetch(`/api/v1/${path}`, { method, credentials: "same-origin", headers, signal: AbortSignal.timeout?.(PATIENCE) });
}

class Refused extends Error {}

async function tell(wish) {
  const response = await wish.ask();
  if (response.status === 401) return location.reload(); // signed out meanwhile: the page asks who it is
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Refused(sentenceOf(answer) || form.dataset.sorry);
  return answer;
}

export async function perform(wish) {
  telling.add(wish.name);
  let answer = null, refusal = null;
  try {
    answer = await tell(wish);
  } catch (error) {
    if (!(error instanceof Refused)) return putOff(wish);
    refusal = error;
  } finally {
    telling.delete(wish.name);
  }
  const waited = waiting.delete(wish.name);
  wish.showWaiting(false);
  if (refusal) {
    wish.takeBack();
    return say(refusal.message);
  }
  wish.answered(answer || {}, waited);
}

// No answer: it may or may not have arrived. Asked again, it has one effect: by nature, or by its key.
function putOff(wish) {
  if (!waiting.has(wish.name)) say(form.dataset.waiting);
  waiting.set(wish.name, wish);
  wish.showWaiting(true);
  clearTimeout(retryTimer);
  retryTimer = setTimeout(retry, Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** retries++) * (0.5 + Math.random()));
}

async function retry() {
  clearTimeout(retryTimer);
  for (const wish of [...waiting.values()]) {
    if (!telling.has(wish.name)) await perform(wish);
  }
  if (!waiting.size) retries = 0;
}

export function say(sentence) {
  const place = document.querySelector("[data-word]");
  clearTimeout(wordTimer);
  place.hidden = false;
  place.textContent = sentence;
  wordTimer = setTimeout(() => { place.hidden = true; }, 5000);
}

addEventListener("online", retry);
document.addEventListener("socialnet:connected", retry);
