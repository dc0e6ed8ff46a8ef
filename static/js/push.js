// Being told on this device while no page is open: the browser is asked, then the server learns where it takes messages.

import { added, isSignIn, newKey, parse } from "./page.js";

const PAGE = "/settings/notifications/devices";
const API = "/api/v1/notifications/push-subscriptions";
const WORKER = "/service-worker.js";
const PATIENCE = 10_000;

// Whose device this is, and when the server last heard so; nothing where nobody asked to be told.
export const promise = {
  get: () => JSON.parse(localStorage.getItem("told") || "null"),
  set: (person) => localStorage.setItem("told", JSON.stringify({ person: String(person), at: Date.now() })),
  clear: () => localStorage.removeItem("told"),
};

const able = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function subscription() {
  const registration = await navigator.serviceWorker?.getRegistration(WORKER);
  return (await registration?.pushManager?.getSubscription()) || null;
}

async function subscribed(key) {
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  const before = await pushManager.getSubscription();
  if (before && hex(before.options.applicationServerKey) === hex(bytes(key))) return before;
  await before?.unsubscribe(); // it was for another key of ours, which nobody signs with any more
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
}

async function tell(method, body) {
  const headers = {
    Accept: "application/json",
    "Content-Type": "application/json",
    "X-CSRFToken": document.getElementById("acts").elements.csrfmiddlewaretoken.value,
  };
  if (method === "POST") headers["Idempotency-Key"] = newKey();
  const request = { method, headers, body: JSON.stringify(body), credentials: "same-origin", signal: AbortSignal.timeout?.(PATIENCE) };
  const response = await fetch(API, request);
  if (!response.ok) throw new Error(String(response.status));
}

function tellOf(found) {
  const { endpoint, keys } = found.toJSON();
  return tell("POST", { endpoint, keys });
}

// Once more, for whom it was promised: the server may have given the device up, or the session is a new one.
export async function keep(person) {
  if (!able() || Notification.permission !== "granted") return;
  const found = await subscription();
  if (!found) return promise.clear();
  await tellOf(found);
  promise.set(person);
}

// The device tells nobody anything any more; whatever the server makes of it, the browser forgets.
export async function leave() {
  promise.clear();
  const found = await subscription();
  if (!found) return;
  await Promise.allSettled([found.unsubscribe(), tell("DELETE", { endpoint: found.endpoint })]);
}

function show(part, name) {
  for (const words of part.querySelectorAll("[data-push-words]")) words.hidden = words.dataset.pushWords !== name;
  part.querySelector("[data-push-offer]").hidden = !["offer", "failed"].includes(name);
}

async function look(part) {
  if (!able()) return show(part, "unable");
  if (Notification.permission === "denied") return show(part, "refused");
  const own = await rowOf(part);
  if (!own) return show(part, "offer");
  own.querySelector("[data-push-own]").hidden = false;
  own.querySelector("form").addEventListener("submit", remove);
  promise.set(part.dataset.person);
  show(part, "on");
}

async function rowOf(part) {
  const found = await subscription();
  if (!found) return null;
  const mark = hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(found.endpoint)));
  return part.querySelector(`[data-mark="${mark}"]`);
}

// The form tells the server.
async function remove(event) {
  event.preventDefault();
  promise.clear();
  await subscription().then((found) => found?.unsubscribe()).catch(() => {});
  event.target.submit();
}

async function turnOn(part) {
  const button = part.querySelector("[data-push-offer] button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await Notification.requestPermission();
    if (answer !== "granted") return show(part, answer === "denied" ? "refused" : "offer");
    await tellOf(await subscribed(part.dataset.key));
    promise.set(part.dataset.person);
    await refresh(part);
  } catch {
    show(part, "failed");
  } finally {
    button.removeAttribute("aria-busy");
  }
}

async function refresh(part) {
  const response = await fetch(PAGE, { credentials: "same-origin", signal: AbortSignal.timeout?.(PATIENCE) });
  if (!response.ok || isSignIn(response)) throw new Error(String(response.status));
  const fresh = document.importNode(parse(await response.text()).querySelector("[data-push]"), true);
  for (const field of fresh.querySelectorAll("[name=next]")) field.value = location.pathname;
  const place = part.parentElement;
  part.replaceWith(fresh);
  added(place);
}

export function start(root) {
  for (const part of root.querySelectorAll("[data-push]")) {
    if (part.dataset.ready || !part.dataset.key) continue;
    part.dataset.ready = "1";
    part.querySelector("[data-push-offer] button").addEventListener("click", () => turnOn(part));
    look(part).catch(() => show(part, "failed"));
  }
}
