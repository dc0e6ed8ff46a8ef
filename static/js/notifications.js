// What one is told: the badge and the title on every page, a word when something comes, and the open inbox, where
// nothing moves: what is new waits behind a pill, and what was read in another tab is read here, too.

import { start as startLive, subscribe } from "./live.js";
import { added, announce, isSignIn, parse } from "./page.js";
import { count as countInTitle } from "./title.js";

const SHOWN_MOST = 99, TOAST_FOR = 7000, SOON = 300;
const badge = document.querySelector("[data-unread]");
const inbox = () => document.querySelector("[data-feed='notifications']");
const rows = () => [...document.querySelectorAll("article.told")];
const language = document.documentElement.lang || "en";
let toastTimer = 0, headTimer = 0;

// --- the number ---------------------------------------------------------------------------------------------------

export function shown(unread) {
  return unread > SHOWN_MOST ? `${SHOWN_MOST}+` : String(unread);
}

function showUnread(unread) {
  if (!Number.isInteger(unread)) return;
  const [seen, spoken] = badge.children;
  badge.dataset.unread = unread;
  badge.hidden = unread === 0;
  seen.textContent = shown(unread);
  spoken.textContent = unread === 1 ? badge.dataset.one : badge.dataset.many.replace("{n}", unread.toLocaleString(language));
  countInTitle("unread", unread && shown(unread));
  const all = document.querySelector("[data-read-all]");
  if (all) all.hidden = unread === 0;
}

// --- what comes ----------------------------------------------------------------------------------------------------

function hear({ event, data }) {
  if (event !== "snapshot" && event !== "notification") return;
  showUnread(data.unread);
  if (event === "notification") tell(data);
  if (data.unread === 0) rows().forEach(showRead);
  for (const id of data.read || []) showRead(document.getElementById(`notification-${id}`));
  if (data.read_up_to) rows().filter((row) => Number(row.dataset.place) <= Number(data.read_up_to)).forEach(showRead);
  clearTimeout(headTimer);
  headTimer = setTimeout(() => compare().catch(() => {}), SOON);
}

// The focus stays where it is; whoever misses it finds it in the inbox.
function tell({ text, url }) {
  if (document.hidden || inbox()) return;
  const toast = document.querySelector("[data-news]"), link = toast.querySelector("a");
  link.textContent = text;
  lead(link, url);
  toast.hidden = false;
  announce(text);
  leaveSoon(toast);
}

// What lies outside opens beside the page, which may hold half a post; an unsafe way there is told of in the inbox.
function lead(link, url) {
  const address = new URL(url, location.origin), isOutside = address.origin !== location.origin;
  const isSafe = !isOutside || address.protocol === "https:";
  link.href = isSafe ? url : "/notifications";
  link.target = isOutside && isSafe ? "_blank" : "";
  link.rel = isOutside && isSafe ? "noopener noreferrer" : "";
}

function leaveSoon(toast) {
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) leaveSoon(toast);
    else toast.hidden = true;
  }, TOAST_FOR);
}

// --- the open inbox -----------------------------------------------------------------------------------------------

// Who joins something unread moves it up: the same row of a later time is news.
export function news(head, known) {
  return head.filter(({ id, is_read: isRead, updated_at: at }) => !isRead && (known.get(id) ?? -Infinity) < Date.parse(at)).length;
}

async function compare() {
  const list = inbox();
  if (!list) return;
  const drawn = rows(), stale = drawn.filter((row) => row.matches(".unread")).length > Number(badge.dataset.unread);
  if (!list.dataset.headUrl && !stale) return;
  const response = await fetch(list.dataset.headUrl || "/api/v1/notifications?fields=id,is_read,updated_at", { headers: { Accept: "application/json" } });
  if (!response.ok) return;
  const { results } = await response.json();
  for (const { id, is_read: isRead } of results) if (isRead) showRead(document.getElementById(`notification-${id}`));
  if (!list.dataset.headUrl) return;
  const known = new Map(drawn.map((row) => [row.dataset.postId, Math.floor(Date.parse(row.dataset.updated))]));
  showPill(list, news(results, known));
}

function showPill(list, many) {
  const place = list.querySelector("[data-pill-place]");
  const before = place.querySelector(".pill");
  if (!many) return before?.remove();
  const words = many === 1 ? list.dataset.one : list.dataset.many.replace("{n}", many);
  if (before?.textContent === words) return;
  const pill = before || place.appendChild(document.createElement("a"));
  pill.className = "pill";
  pill.href = list.dataset.here;
  pill.textContent = words;
  announce(words);
}

async function bringIn(list) {
  const response = await fetch(list.dataset.here, { headers: { "X-Partial": "items" }, credentials: "same-origin" });
  if (!response.ok || isSignIn(response)) throw new Error(String(response.status));
  const place = list.querySelector("[data-pill-place]");
  place.replaceChildren();
  list.replaceChildren(place, ...parse(await response.text()).body.children);
  added(list);
  scrollTo({ top: 0 });
  rows()[0]?.focus({ preventScroll: true });
}

// A page of older ones may begin with the day on which the page before ended.
function joinDays() {
  for (const day of document.querySelectorAll("section.day")) {
    const before = day.previousElementSibling;
    if (before?.dataset.day !== day.dataset.day) continue;
    before.append(...day.querySelectorAll(":scope > article"));
    day.remove();
  }
}

// --- reading ------------------------------------------------------------------------------------------------------

function showRead(row) {
  if (!row?.classList.contains("unread")) return;
  if (row.querySelector(".told-read") === document.activeElement) row.focus({ preventScroll: true });
  row.classList.remove("unread");
  row.querySelectorAll(".told-read, [data-dot]").forEach((part) => part.remove());
}

// Whoever follows a link of a row has read it; `keepalive`: it arrives although the page goes.
function noteOpened(row) {
  if (!row?.classList.contains("unread")) return;
  showRead(row);
  fetch("/api/v1/notifications/read", {
    method: "POST",
    keepalive: true,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("#acts [name=csrfmiddlewaretoken]").value },
    body: JSON.stringify({ ids: [row.dataset.postId] }),
  }).catch(() => {});
}

function followed(event) {
  if (event.type === "auxclick" && event.button !== 1) return;
  const link = event.target.closest("article.told a[href]");
  if (link) return noteOpened(link.closest("article.told"));
  const pill = event.target.closest("[data-feed='notifications'] .pill");
  if (!pill || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  bringIn(inbox()).catch(() => location.assign(pill.href));
}

function entered(event) {
  if (event.key === "Enter" && event.target.matches("article.told")) noteOpened(event.target);
}

// One, all up to here, or all: the form is sent as without a script, and the page stays.
async function submitted(event) {
  const form = event.target, button = event.submitter;
  if (!form.matches("[data-reads]") || !button || form.dataset.plain) return;
  event.preventDefault();
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form, button), credentials: "same-origin" });
    if (!response.ok || isSignIn(response)) throw new Error(String(response.status));
    const unread = parse(await response.text()).querySelector("[data-unread]");
    if (!unread) return location.reload();
    const { name, value } = button;
    rows().filter((row) => name === "all" || (name === "id" ? row.dataset.postId === value : Number(row.dataset.place) <= Number(value))).forEach(showRead);
    showUnread(Number(unread.dataset.unread));
    announce(inbox()?.dataset.read);
  } catch {
    form.dataset.plain = "1";
    form.requestSubmit(button); // as without JavaScript, with the browser's own answer to failure
  }
}

let started = false;

export function start() {
  joinDays();
  if (started) return;
  started = true;
  document.addEventListener("click", followed, true);
  document.addEventListener("auxclick", followed, true);
  document.addEventListener("keydown", entered, true);
  document.addEventListener("submit", submitted);
  subscribe("notifications", hear);
  startLive();
}
