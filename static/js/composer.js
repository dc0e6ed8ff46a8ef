// Writing: a counter that counts as the server does, Ctrl+Enter, and words that are never lost.

import { announce, isSignIn, parse } from "./page.js";

const KEPT = "socialnet:composer";

export function length(text) {
  return [...text.replace(/\r\n?/g, "\n").normalize("NFC").trim()].length; // code points
}

function keep(text) {
  try {
    if (text.trim()) sessionStorage.setItem(KEPT, text);
    else sessionStorage.removeItem(KEPT);
  } catch { /* private window without storage */ }
}

function kept() {
  try { return sessionStorage.getItem(KEPT) || ""; } catch { return ""; }
}

function watch(form) {
  if (form.dataset.ready) return;
  form.dataset.ready = "1";
  const area = form.elements.content;
  if (!area.value && kept()) area.value = kept();
  area.addEventListener("input", () => { keep(area.value); refresh(form); });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
  refresh(form);
}

function refresh(form) {
  const area = form.elements.content;
  const left = Number(form.dataset.limit) - length(area.value);
  const counter = form.querySelector("[data-counter]");
  counter.hidden = !area.value;
  counter.classList.toggle("over", left < 0);
  counter.textContent = left.toLocaleString(document.documentElement.lang);
  const name = document.createElement("span");
  name.className = "vh";
  name.textContent = ` ${counter.dataset.left}`;
  counter.append(name);
  if (!CSS.supports("field-sizing", "content")) {
    area.style.blockSize = "auto"; // set from script, so that the policy against inline styles does not mind
    area.style.blockSize = `${area.scrollHeight}px`;
  }
}

async function send(form) {
  if (form.getAttribute("aria-busy") === "true" || !length(form.elements.content.value)) return;
  const button = form.querySelector("button[type=submit]");
  form.setAttribute("aria-busy", "true");
  button.disabled = true;
  say(form, "");
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
    await answer(form, response);
  } catch {
    say(form, form.dataset.sorry);
  } finally {
    form.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

async function answer(form, response) {
  if (isSignIn(response)) return location.assign(response.url); // the words stay in this window
  const page = parse(await response.text());
  if (!response.ok) return refuse(form, page);
  keep("");
  if (!document.querySelector("[data-feed='home']") || !globalThis.crypto?.randomUUID) return location.assign(response.url);
  form.elements.content.value = "";
  form.elements.idempotency_key.value = crypto.randomUUID();
  refresh(form);
  document.dispatchEvent(new CustomEvent("socialnet:posted", { detail: page }));
}

// The same form with its complaints, or an error page with one sentence.
function refuse(form, page) {
  const lines = [...page.querySelectorAll("form[data-composer] .errorlist li")];
  const sentence = lines.map((line) => line.textContent).join(" ") || page.querySelector("main h1 + p")?.textContent;
  const fresh = page.querySelector("form[data-composer] [name=idempotency_key]");
  if (fresh) form.elements.idempotency_key.value = fresh.value;
  say(form, sentence || form.dataset.sorry);
}

function say(form, sentence) {
  const place = form.querySelector("[data-sorry-place]");
  place.hidden = !sentence;
  place.textContent = sentence;
  if (sentence) announce(sentence);
}

export function start(root) {
  root.querySelectorAll("[data-composer]").forEach(watch);
  if (location.hash === "#id_content") document.getElementById("id_content")?.focus();
}
