// A thread that grows in place: more of it at every level, replies where they belong, likes shown at once, and what others
// say meanwhile announced without moving the reader. Without any of this every link and form works as it is.

import { showCounts } from "./acts.js";
import { start as startLive, subscribe } from "./live.js";
import { added, announce, isSignIn, newKey, parse, sentenceOf } from "./page.js";
import { askApi, isTelling, perform, say, waitingFor } from "./wishes.js";

const thread = document.querySelector("[data-thread]");
const acts = document.getElementById("acts");
const language = document.documentElement.lang || "en";
const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1, roundingMode: "trunc" });
const news = new Map(); // ids that came meanwhile → their parents' ids
const mine = new Set();
const NEWS_MOST = 50;
let countsHeard = 0;

const commentOf = (id) => document.getElementById(`comment-${id}`);
const branchOf = (id) => thread.querySelector(`[data-branch="${CSS.escape(id)}"]`);
const list = () => thread.querySelector("[data-branches]");
const words = (count, one, many) => (count === 1 ? one : many.replace("{n}", count.toLocaleString(language)));

async function piece(address) {
  const response = await fetch(address, { headers: { "X-Partial": "items" }, credentials: "same-origin" });
  if (isSignIn(response)) return location.reload();
  if (!response.ok) throw new Error(String(response.status));
  return parse(await response.text()).body;
}

// --- more of it -------------------------------------------------------------------------------------------------

async function further(link) {
  const place = link.closest(".further"), note = place.querySelector("[data-note]");
  if (place.getAttribute("aria-busy") === "true") return;
  place.setAttribute("aria-busy", "true");
  note.textContent = thread.dataset.loading;
  try {
    const body = await piece(`${thread.dataset.address}${new URL(link.href).search}`);
    for (const branch of body.querySelectorAll("[data-branch]")) if (branchOf(branch.dataset.branch)) branch.remove();
    const fresh = [...body.children];
    const hadFocus = place.contains(document.activeElement);
    place.replaceWith(...fresh);
    if (hadFocus) fresh[0]?.querySelector("[data-comment-id]")?.focus({ preventScroll: true });
    added(thread);
  } catch {
    place.removeAttribute("aria-busy");
    note.textContent = thread.dataset.sorry;
  }
}

// --- writing ----------------------------------------------------------------------------------------------------

function openReply(link) {
  const branch = link.closest("[data-branch]"), comment = link.closest("[data-comment-id]");
  const there = branch.querySelector(":scope > [data-comment-form]");
  const form = there || thread.querySelector("template[data-reply-form]").content.firstElementChild.cloneNode(true);
  if (!there) {
    const id = comment.dataset.commentId;
    form.id = `reply-to-${id}`;
    form.elements.parent_id.value = id;
    form.elements.idempotency_key.value = newKey();
    const area = form.elements.content, label = form.querySelector("label"), errors = form.querySelector("[data-sorry]");
    area.id = label.htmlFor = `reply-to-${id}-content`;
    errors.id = `reply-to-${id}-errors`;
    area.setAttribute("aria-describedby", errors.id);
    label.textContent = area.placeholder = link.textContent.trim();
    form.querySelector("[type=submit]").textContent = link.firstChild.textContent.trim();
    const cancel = form.querySelector("[data-cancel]");
    cancel.hidden = false;
    cancel.addEventListener("click", () => { form.remove(); link.focus(); });
    comment.after(form);
  }
  form.elements.content.focus();
}

async function send(form) {
  const { content, parent_id: parent, idempotency_key: key, csrfmiddlewaretoken: token } = form.elements;
  const sorry = form.querySelector("[data-sorry]"), button = form.querySelector("[type=submit]");
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  button.disabled = true;
  sorry.textContent = "";
  const heardBefore = countsHeard;
  try {
    const response = await fetch(`/api/v1/posts/${thread.dataset.thread}/comments`, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token.value, "Idempotency-Key": key.value },
      body: JSON.stringify({ content: content.value, parent_id: parent.value || null }),
    });
    if (response.status === 401) return location.reload();
    const answer = await response.json();
    if (!response.ok) {
      key.value = newKey(); // a refusal is an answer, too, and would be given again
      throw new Refused(sentenceOf(answer));
    }
    mine.add(answer.id);
    await put(answer.id, answer.parent_id, { isOwn: true });
    finish(form);
    forget(answer.id);
    if (countsHeard === heardBefore) countOne(1); // else the count that was told holds this one, or the next one does
  } catch (error) {
    sorry.textContent = error instanceof Refused && error.message ? error.message : thread.dataset.sorry;
    content.focus();
  } finally {
    form.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

class Refused extends Error {}

function finish(form) {
  if (!form.elements.parent_id.value) {
    form.reset();
    form.elements.idempotency_key.value = newKey();
  } else form.remove();
  announce(thread.dataset.said);
}

// What was said, as this person sees it, at its place: on top of the thread, or below what it answers.
async function put(id, parentId, { isOwn = false } = {}) {
  if (commentOf(id)) return commentOf(id);
  const fresh = (await piece(`${thread.dataset.address}/${id}`)).querySelector("[data-branch]");
  if (!fresh || commentOf(id)) return commentOf(id);
  const parent = parentId ? branchOf(parentId) : null;
  if (parentId && !parent) return null;
  fresh.querySelector("[data-comment-id]").classList.add("fresh");
  thread.querySelector("[data-nothing]")?.remove();
  if (parent) answersOf(parent).append(fresh);
  else list().prepend(fresh);
  list().hidden = false;
  added(thread);
  if (isOwn) commentOf(id).focus({ preventScroll: false });
  return commentOf(id);
}

function answersOf(branch) {
  const details = branch.querySelector(":scope > .answers");
  if (details) {
    details.open = true;
    return details.querySelector("[data-answers]");
  }
  const made = document.createElement("ol");
  made.className = "answers";
  made.setAttribute("role", "list");
  branch.append(made);
  return made;
}

function count(event) {
  const form = event.target.closest("[data-comment-form]"), left = form?.querySelector("[data-left]");
  if (!left) return;
  const rest = Number(form.dataset.limit) - [...event.target.value.replace(/\r\n?/g, "\n").normalize("NFC").trim()].length;
  left.hidden = rest > 100;
  left.textContent = `${rest.toLocaleString(language)} ${left.dataset.left}`;
  left.classList.toggle("over", rest < 0);
}

// --- liking -----------------------------------------------------------------------------------------------------

function showLike(button, on, likes) {
  const place = button.querySelector("[data-like-count]");
  button.setAttribute("aria-pressed", String(on));
  button.setAttribute("formaction", button.getAttribute("formaction").replace(/(un)?like$/, on ? "unlike" : "like"));
  const seen = document.createElement("span"), spoken = document.createElement("span");
  const said = words(likes, thread.dataset.likeOne, thread.dataset.likeMany);
  place.dataset.likeCount = likes;
  seen.ariaHidden = "true";
  seen.title = said;
  seen.textContent = compact.format(likes);
  spoken.className = "vh";
  spoken.textContent = `, ${said}`;
  place.replaceChildren(...(likes > 0 ? [spoken, seen] : []));
}

// The buttons of a comment are drawn anew with its branch: each look at it is for the one that is there then.
async function like(button) {
  const id = button.closest("[data-comment-id]").dataset.commentId, name = `comment ${id} like`;
  if (isTelling(name)) return;
  const on = button.getAttribute("aria-pressed") !== "true";
  const likes = Number(button.querySelector("[data-like-count]").dataset.likeCount);
  const before = waitingFor(name)?.before || { on: !on, likes };
  const show = (pressed, count) => withLike(id, (there) => showLike(there, pressed, count));
  show(on, likes + (on ? 1 : -1));
  await perform({
    name,
    before,
    ask: () => askApi(on ? "PUT" : "DELETE", `comments/${id}/like`),
    takeBack: () => show(before.on, before.likes),
    showWaiting: (waits) => withLike(id, (there) => there.classList.toggle("waiting", waits)),
    answered: (answer, waited) => {
      if ("like_count" in answer) show(answer.is_liked, answer.like_count);
      const said = acts.dataset[on ? "liked" : "unliked"];
      if (waited) say(said);
      else announce(said);
    },
  });
}

function withLike(id, act) {
  const button = commentOf(id)?.querySelector("[data-comment-like]");
  if (button) act(button);
}

// --- what others say meanwhile --------------------------------------------------------------------------------------

function hear(message) {
  if (message.event === "counts" || message.event === "snapshot") {
    countsHeard += 1;
    return showCount(message.data?.comment_count);
  }
  if (message.event !== "comment.new") return;
  const { id, parent_id: parentId } = message.data;
  if (mine.has(id) || commentOf(id) || news.size >= NEWS_MOST) return;
  news.set(id, parentId);
  setTimeout(() => { if (news.has(id) && (mine.has(id) || commentOf(id))) forget(id); showNews(); }, 400); // perhaps it is one's own
}

function forget(id) {
  news.delete(id);
  showNews();
}

function showNews() {
  const place = thread.querySelector("[data-news]");
  if (!news.size) return place.replaceChildren();
  const said = words(news.size, thread.dataset.one, thread.dataset.many);
  const button = place.querySelector("button") || place.appendChild(document.createElement("button"));
  button.type = "button";
  button.className = "pill";
  if (button.textContent === said) return;
  button.textContent = said;
  announce(said);
}

// Not every one is for these eyes, and not every place is on the page: what cannot be put is passed over.
async function bringIn() {
  const waiting = [...news].sort(([one], [other]) => Number(one) - Number(other));
  news.clear();
  showNews();
  let first = null;
  for (const [id, parentId] of waiting) {
    const comment = await put(id, parentId).catch(() => null);
    first ||= comment;
  }
  first?.focus();
}

function showCount(number) {
  if (!Number.isInteger(number)) return;
  const title = thread.querySelector("[data-title]");
  if (number > 0) title.textContent = words(number, thread.dataset.commentOne, thread.dataset.commentMany);
  title.dataset.count = number;
  showCounts(thread.dataset.thread, { comment_count: number });
}

function countOne(by) {
  const title = thread.querySelector("[data-title]");
  showCount(Number(title.dataset.count) + by);
}

// --------------------------------------------------------------------------------------------------------------------

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.target.closest("[data-further], [data-reply], [data-comment-like], [data-news] button");
  if (!target) return;
  event.preventDefault();
  if (target.matches("[data-further]")) further(target);
  else if (target.matches("[data-reply]")) openReply(target);
  else if (target.matches("[data-comment-like]")) like(target);
  else bringIn();
}

let started = false;

export function start() {
  if (started || !thread) return;
  started = true;
  thread.addEventListener("click", pressed);
  thread.addEventListener("input", count);
  thread.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-comment-form]")) return;
    event.preventDefault();
    send(event.target);
  });
  thread.addEventListener("keydown", (event) => {
    const form = event.target.closest("[data-comment-form]");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  if (!acts) return; // visitors have no socket
  subscribe(`post:${thread.dataset.thread}`, hear);
  startLive();
}
