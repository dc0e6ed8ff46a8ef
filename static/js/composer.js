// Writing: a counter that counts as the server does, Ctrl+Enter, pictures, a warning, a time, and words that are never
// lost (see drafts.js). The form works without any of this.

import { watchDrafts } from "./drafts.js";
import { isSignIn, newKey, parse } from "./page.js";
import { watchUploads } from "./uploads.js";

export function length(text) {
  return [...text.replace(/\r\n?/g, "\n").normalize("NFC").trim()].length; // code points
}

function watch(form) {
  if (form.dataset.ready) return;
  form.dataset.ready = "1";
  const { content, content_warning: warning, scheduled_for: moment, visibility, reply_policy: replies } = form.elements;
  const publish = form.querySelector("[data-publish]");
  const postWord = publish.textContent;
  const groupsUrl = visibility.dataset.groupsUrl;
  let areGroupsAsked = !groupsUrl;
  const initial = { visibility: visibility.value, replies: replies.value, language: form.elements.language.value };
  const words = form.querySelector("[data-words]").content;
  let reminded = false;

  const word = (name) => words.querySelector(`[data-say="${name}"]`).textContent;
  const extra = (name) => form.querySelector(`[data-extra="${name}"]`);
  const toggle = (name) => form.querySelector(`[data-toggle="${name}"]`);

  const uploads = watchUploads(form, { word, say, changed: () => { open(); changed(); } });
  const drafts = watchDrafts(form, { word, read, write, isEmpty, quote: () => form.elements.quote.value });

  // --- what is in it -------------------------------------------------------------------------------------------

  function read() {
    return {
      content: content.value,
      visibility: visibility.value,
      reply_policy: replies.value,
      language: form.elements.language.value,
      content_warning: warning.value,
      media: uploads.kept(),
      scheduled_for: moment.value,
    };
  }

  function write(text) {
    content.value = text.content || "";
    choose(visibility, text.visibility || initial.visibility); // perhaps a group that is not in the list yet
    replies.value = text.reply_policy || initial.replies;
    choose(form.elements.language, text.language || "");
    warning.value = text.content_warning || "";
    moment.value = text.scheduled_for || "";
    uploads.show(text.media || []);
    openExtra("warning", Boolean(warning.value));
    openExtra("schedule", Boolean(moment.value));
    if (!isEmpty()) open();
    refresh();
  }

  function isEmpty() { return !length(content.value) && !warning.value.trim() && !uploads.count(); }

  function changed() {
    reminded = false;
    remind(0);
    refresh();
    drafts.changed();
  }

  // --- how it looks --------------------------------------------------------------------------------------------

  function open() {
    form.classList.add("open");
    if (!areGroupsAsked) askGroups();
  }

  // Home does not wait for the groups in which one may post: they come when somebody begins to write.
  async function askGroups() {
    areGroupsAsked = true;
    try {
      const response = await fetch(groupsUrl, { credentials: "same-origin" });
      if (!response.ok || isSignIn(response)) return;
      const groups = parse(await response.text()).querySelector("optgroup");
      if (!groups) return;
      const chosen = visibility.value;
      for (const option of groups.children) [...visibility.options].find(({ value }) => value === option.value)?.remove();
      visibility.append(groups);
      choose(visibility, chosen);
    } catch {
      areGroupsAsked = false; // asked again when it is opened again
    }
  }

  function openExtra(name, on) {
    extra(name).open = on;
    toggle(name).setAttribute("aria-expanded", String(on));
  }

  // Closed means without it: nothing that cannot be seen is sent along.
  function switchExtra(name) {
    const on = !extra(name).open, field = extra(name).querySelector("input");
    if (!on) { field.dataset.was = field.value; field.value = ""; }
    else if (!field.value) field.value = field.dataset.was || "";
    openExtra(name, on);
    if (on) field.focus();
    else toggle(name).focus();
    changed();
  }

  function refresh() {
    const left = Number(form.dataset.limit) - length(content.value);
    const counter = form.querySelector("[data-counter]");
    counter.hidden = !content.value;
    counter.classList.toggle("over", left < 0);
    counter.textContent = left.toLocaleString(document.documentElement.lang);
    const name = document.createElement("span");
    name.className = "vh";
    name.textContent = ` ${counter.dataset.left}`;
    counter.append(name);
    const isLater = extra("schedule").open;
    publish.textContent = isLater ? publish.dataset.laterWord : postWord;
    publish.value = isLater ? "schedule" : "publish";
    if (!CSS.supports("field-sizing", "content")) {
      content.style.blockSize = "auto"; // set from script, so that the policy against inline styles does not mind
      content.style.blockSize = `${content.scrollHeight}px`;
    }
  }

  function say(sentence) {
    const place = form.querySelector("[data-sorry-place]");
    place.hidden = !sentence;
    place.textContent = sentence;
  }

  function remind(many) {
    const place = form.querySelector("[data-reminder]");
    place.hidden = !many;
    if (!many) return;
    reminded = true;
    form.querySelector("[data-reminder-text]").textContent = word(many === 1 ? "undescribed-one" : "undescribed-many").replace("{n}", many);
  }

  // --- sending it ----------------------------------------------------------------------------------------------

  async function send(submitter) {
    const act = submitter?.dataset.publish === undefined && submitter?.value === "draft" ? "draft" : publish.value;
    if (form.getAttribute("aria-busy") === "true") return;
    if (!length(content.value) && !uploads.count()) { content.focus(); return say(word("empty")); }
    if (act === "schedule" && !moment.value) { moment.focus(); return say(word("when")); }
    if (!reminded && uploads.undescribed().length) return remind(uploads.undescribed().length);
    form.setAttribute("aria-busy", "true");
    publish.disabled = true;
    say(uploads.isBusy() ? word("waiting") : "");
    try {
      await uploads.ready();
      if (uploads.hasFailed()) return say(word("stuck"));
      say("");
      await drafts.pause(); // else a draft stays behind
      const body = new FormData(form);
      body.set("do", act);
      await answer(await fetch(form.action, { method: "POST", body, credentials: "same-origin" }));
    } catch {
      say(word("sorry"));
    } finally {
      drafts.resume();
      form.removeAttribute("aria-busy");
      publish.disabled = false;
    }
  }

  async function answer(response) {
    if (isSignIn(response)) return location.assign(response.url); // the words stay in this browser
    const page = parse(await response.text());
    if (!response.ok) return refuse(page);
    drafts.forget();
    const isHome = document.querySelector("[data-feed='home']") && page.querySelector("[data-feed='home']");
    if (!isHome) return location.assign(response.url);
    startAfresh();
    form.classList.remove("open");
    content.blur();
    document.dispatchEvent(new CustomEvent("socialnet:posted", { detail: page }));
  }

  // The same form with its complaints, or an error page with one sentence.
  function refuse(page) {
    const lines = [...page.querySelectorAll("form[data-composer] .errorlist li")];
    const sentence = lines.map((line) => line.textContent).join(" ") || page.querySelector("main h1 + p")?.textContent;
    for (const name of ["idempotency_key", "draft", "version"]) {
      const fresh = page.querySelector(`form[data-composer] [name=${name}]`);
      if (fresh && form.elements[name]) form.elements[name].value = fresh.value;
    }
    say(sentence || word("sorry"));
  }

  function startAfresh() {
    write({ ...initial, content: "" });
    for (const field of [warning, moment]) delete field.dataset.was;
    form.elements.idempotency_key.value = newKey();
    say("");
    remind(0);
    form.querySelectorAll("ul.errorlist").forEach((list) => list.remove());
  }

  // --- who presses what ----------------------------------------------------------------------------------------

  content.addEventListener("focus", () => { open(); drafts.opened(); });
  form.addEventListener("input", (event) => { if (event.target.name) changed(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(publish); }
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle], [data-close]");
    if (button) switchExtra(button.dataset.toggle || button.dataset.close);
    if (event.target.closest("[data-reminder-yes]")) uploads.describe(uploads.undescribed()[0]);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(event.submitter); });
  form.addEventListener("socialnet:afresh", startAfresh);
  refresh();
  if (!isEmpty() || form.contains(document.activeElement)) open(); // perhaps somebody was faster than this script
  drafts.begin();
}

function choose(select, value) {
  if (value && ![...select.options].some((option) => option.value === value)) select.add(new Option(value.replace("group:", ""), value));
  select.value = value;
}

export function start(root) {
  root.querySelectorAll("[data-composer]").forEach(watch);
  if (location.hash === "#id_content") document.getElementById("id_content")?.focus();
}
