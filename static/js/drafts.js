// What is being written is never lost. Every change is kept in this browser at once, and within two seconds of a pause
// among the drafts, where other devices find it. Another tab or device that changed the same draft loses nothing either.

import { announce, newKey, sentenceOf } from "./page.js";

const PAUSE = 1200, LONGEST = 8000, FIRST_RETRY = 4000, LONGEST_RETRY = 60_000, PATIENCE = 4000; // milliseconds
const ANSWER_WITHIN = 150, FORGET_AFTER = 14 * 24 * 3600 * 1000;
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("socialnet:writing");

export function watchDrafts(form, { word, read, write, isEmpty, quote }) {
  const shelf = `socialnet:writing:${form.dataset.person}:`;
  const fields = form.elements;
  const place = fields.draft.value ? `draft:${fields.draft.value}` : quote() ? `quote:${quote()}` : form.dataset.place || "new";
  const isScheduled = Boolean(fields.draft.value && fields.scheduled_for.value); // its time may come in mid-sentence
  let key = newKey(), saved = JSON.stringify(wire()), creating = null, saving = null;
  let timer = 0, firstChange = 0, retry = FIRST_RETRY, isPaused = false, isMine = false, isStuck = false, isOver = false;
  let wasOpened = false, unanswered = null;

  // --- kept in this browser ------------------------------------------------------------------------------------

  function keepHere() {
    const { draft, version } = fields;
    const copy = { ...read(), place, draft: draft.value, version: version.value, creating, at: Date.now(), isSaved: JSON.stringify(wire()) === saved };
    try {
      if (isEmpty() && !draft.value) localStorage.removeItem(shelf + key);
      else localStorage.setItem(shelf + key, JSON.stringify(copy));
    } catch { /* full, or a private window without storage: the drafts still have it */ }
  }

  function copies() {
    const found = [];
    try {
      for (const name of Object.keys(localStorage).filter((name) => name.startsWith(shelf))) {
        const copy = JSON.parse(localStorage.getItem(name));
        if (Date.now() - copy.at > FORGET_AFTER) localStorage.removeItem(name);
        else found.push({ ...copy, key: name.slice(shelf.length) });
      }
    } catch { /* no storage */ }
    return found.sort((one, other) => other.at - one.at);
  }

  function drop(name) {
    try { localStorage.removeItem(shelf + name); } catch { /* no storage */ }
  }

  // Those which no open tab is writing at: each tab says which it has.
  function orphans() {
    const found = copies().filter((copy) => copy.key !== key);
    if (!found.length || !channel) return Promise.resolve(found);
    return new Promise((tell) => {
      const taken = new Set();
      const hear = ({ data }) => { if (data.have) taken.add(data.have).add(data.draft); };
      channel.addEventListener("message", hear);
      channel.postMessage({ who: true });
      setTimeout(() => {
        channel.removeEventListener("message", hear);
        tell(found.filter((copy) => !taken.has(copy.key) && !(copy.draft && taken.has(copy.draft))));
      }, ANSWER_WITHIN);
    });
  }

  // --- kept among the drafts -----------------------------------------------------------------------------------

  // As the API wants it. A time is only sent with "Schedule": a draft with a time publishes itself.
  function wire() {
    const { content, visibility: audience, reply_policy, language, content_warning, media } = read();
    const [visibility, group = null] = audience.split(":");
    return { content, visibility, group, reply_policy, language, content_warning, media_ids: media.map((picture) => picture.id) };
  }

  function changed() {
    isStuck = isOver = false;
    keepHere();
    hideOffer();
    if (isScheduled) return tell("kept-only");
    firstChange ||= Date.now();
    later(Math.min(PAUSE, Math.max(0, firstChange + LONGEST - Date.now())));
  }

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(() => save(), wait);
  }

  const isDirty = () => JSON.stringify(wire()) !== saved;

  function save(options = {}) {
    clearTimeout(timer);
    timer = firstChange = 0;
    if (isPaused || isStuck || isOver || isScheduled || saving) return saving;
    if (!isDirty() || (isEmpty() && !fields.draft.value)) return null;
    tell("saving");
    saving = attempt(options).catch(lost).finally(() => {
      saving = null;
      if (!isOver) keepHere();
      if (isDirty() && !isStuck && !isPaused && !isOver && !timer) later(PAUSE);
    });
    return saving;
  }

  async function attempt(options) {
    const text = wire();
    if (!fields.draft.value) return create(text, options);
    if (isEmpty() && isMine) return remove();
    const before = unanswered;
    unanswered = text;
    const response = await ask("PATCH", `/${fields.draft.value}`, { version: Number(fields.version.value), ...text }, options);
    unanswered = null;
    if (response.ok) return took(await response.json(), text);
    return refused(response, text, before);
  }

  // Should the answer be lost, exactly the same is sent again, so that there is one draft; then what changed since.
  async function create(text, options) {
    creating ||= { key: newKey(), text };
    keepHere(); // also when this tab ends before the answer
    const { text: first } = creating;
    const response = await ask("POST", "", { ...first, ...(quote() ? { share_of: quote() } : {}) }, options, creating.key);
    if (!response.ok) {
      if (response.status < 500 && response.status !== 429) creating = null;
      return refused(response, first);
    }
    creating = null;
    isMine = true;
    return took(await response.json(), first);
  }

  async function remove() {
    const response = await ask("DELETE", `/${fields.draft.value}`);
    if (!response.ok && response.status !== 404) return refused(response, wire());
    letGo();
    tell("");
  }

  function letGo() {
    fields.draft.value = fields.version.value = "";
    saved = "";
    isMine = false;
  }

  function took(draft, text) {
    fields.draft.value = draft.id;
    fields.version.value = draft.version;
    saved = JSON.stringify(text);
    retry = FIRST_RETRY;
    tell("saved");
  }

  async function refused(response, text, before = null) {
    const problem = await response.json().catch(() => ({}));
    if (response.status === 409 && problem.code === "draft_conflict") return disagreed(text, before);
    if (response.status === 404) { letGo(); isStuck = true; return tell("gone", true); } // not made anew by itself
    if (response.status === 401) { isStuck = true; return tell("kept-signed-out", true); }
    if (response.status === 429 || response.status >= 500) {
      tell("", true, sentenceOf(problem));
      return again(Number(response.headers.get("Retry-After")) * 1000);
    }
    isStuck = true; // until something changes
    return tell("", true, sentenceOf(problem));
  }

  // Perhaps it was this tab: the answer to what was sent before got lost.
  async function disagreed(text, before) {
    const now = before && await current({ draft: fields.draft.value });
    if (!now || !isSame(now, before)) return keepBoth(text);
    took(now, before);
    later(0);
  }

  // A group among the audiences is written with its address, as the list has it.
  const audienceOf = ({ visibility, group }) => (group ? `group:${group}` : visibility);
  const isSame = (draft, text) => draft.content === text.content && (draft.content_warning || "") === text.content_warning
    && audienceOf(draft) === audienceOf(text) && draft.reply_policy === (text.reply_policy || draft.reply_policy)
    && draft.media_ids.join() === (text.media_ids || text.media.map(({ id }) => id)).join();

  // Mine becomes a draft of its own; pictures stay with the other, and in this form.
  async function keepBoth(text) {
    letGo();
    let response = await ask("POST", "", text, {}, newKey());
    if (response.status === 400 && text.media_ids.length) response = await ask("POST", "", { ...text, media_ids: [] }, {}, newKey());
    if (!response.ok) return refused(response, text);
    isMine = true;
    took(await response.json(), text);
    tell("conflict", true);
  }

  function lost() {
    tell("kept-here", true);
    again();
  }

  function again(wait = 0) {
    later(wait || retry);
    retry = Math.min(LONGEST_RETRY, retry * 2);
  }

  function ask(method, path, body, options = {}, idempotencyKey = "") {
    return fetch(`/api/v1/drafts${path}`, {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        "X-CSRFToken": fields.csrfmiddlewaretoken.value,
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(idempotencyKey ? { "Idempotency-Key": idempotencyKey } : {}),
      },
      body: body ? JSON.stringify(body) : undefined,
      ...options,
    });
  }

  function tell(name, isBad = false, sentence = "") {
    const status = form.querySelector("[data-status]");
    const text = sentence || (name ? word(name) : "");
    if (isBad && status.textContent !== text) announce(text); // that it is saved need not be said every time
    status.classList.toggle("bad", isBad);
    status.textContent = text;
  }

  // --- going on with what was begun ----------------------------------------------------------------------------

  async function begin() {
    const found = await orphans();
    const mine = found.find((copy) => copy.place === place || (copy.draft && copy.draft === fields.draft.value));
    if (!mine) return;
    const hasText = Boolean(mine.content?.trim() || mine.content_warning || mine.media?.length);
    if (!hasText || (place === "new" && !isEmpty()) || sameAsShown(mine)) return hasText ? undefined : drop(mine.key);
    const now = await current(mine);
    if (place === "new" && !isEmpty()) return; // somebody began to write meanwhile
    if (mine.isSaved && now === null) return drop(mine.key); // published or deleted: there is nothing to go on with
    bringBack(mine, now);
  }

  const sameAsShown = (copy) => copy.content === read().content && copy.content_warning === read().content_warning;

  // The draft of a copy as it is now: null when it is gone, undefined when nobody knows.
  async function current(copy) {
    if (!copy.draft) return undefined;
    try {
      const response = await ask("GET", `/${copy.draft}`);
      return response.ok ? await response.json() : response.status === 404 ? null : undefined;
    } catch { return undefined; }
  }

  function bringBack(copy, now) {
    const before = { text: read(), draft: fields.draft.value, version: fields.version.value };
    const isWhole = copy.isSaved || (now && isSame(now, copy)); // the last answer may have been lost
    const isNewer = now && isWhole && String(now.version) !== String(copy.version); // perhaps went on on another device
    const text = isNewer ? ofDraft(now) : copy;
    write(text);
    fields.draft.value = now === null ? "" : copy.draft || "";
    fields.version.value = isNewer ? now.version : copy.version || "";
    creating = now === null || fields.draft.value ? null : copy.creating || null;
    saved = isWhole ? JSON.stringify(wire()) : "";
    drop(copy.key);
    keepHere();
    if (isDirty() && !isScheduled) later(PAUSE);
    offer(word("back-text").replace("{time}", timeOf(copy.at)), word("keep-it"), word("start-afresh"), () => {}, () => {
      clearTimeout(timer);
      fields.draft.value = before.draft;
      fields.version.value = before.version;
      write(before.text);
      saved = JSON.stringify(wire());
      drop(key);
      tell("");
      fields.content.focus();
    });
  }

  // The composer was opened with nothing in it: perhaps there is a draft to go on with.
  async function opened() {
    if (wasOpened || place !== "new" || !isEmpty()) return;
    wasOpened = true;
    const response = await ask("GET", "?scheduled=0&limit=1").catch(() => null);
    if (!response?.ok) return;
    const [draft] = (await response.json()).results;
    if (!draft || !isEmpty() || fields.draft.value || isTurnedDown(draft)) return;
    if (!draft.content.trim() && !draft.media.length) return;
    if (Date.now() - new Date(draft.updated_at) > FORGET_AFTER) return;
    if (copies().some((copy) => copy.draft === draft.id) && !(await orphans()).some((copy) => copy.draft === draft.id)) return; // another tab is at it
    offer(word("continue-text").replace("{time}", timeOf(new Date(draft.updated_at))), word("continue"), word("not-now"), () => goOn(draft), () => turnDown(draft));
  }

  function goOn(draft) {
    if (draft.share_of) return location.assign(`/posts?draft=${draft.id}`); // with what it quotes
    write(ofDraft(draft));
    fields.draft.value = draft.id;
    fields.version.value = draft.version;
    saved = JSON.stringify(wire());
    keepHere();
    tell("saved");
    fields.content.focus();
  }

  const ofDraft = (draft) => ({ ...draft, visibility: audienceOf(draft), scheduled_for: "", media: draft.media.map(({ id, alt, small_url: small }) => ({ id, alt, small })) });

  function turnDown(draft) {
    try { localStorage.setItem(`socialnet:not-now:${form.dataset.person}`, `${draft.id}:${draft.version}`); } catch { /* no storage */ }
    fields.content.focus();
  }

  function isTurnedDown(draft) {
    try { return localStorage.getItem(`socialnet:not-now:${form.dataset.person}`) === `${draft.id}:${draft.version}`; } catch { return false; }
  }

  function offer(text, yes, no, onYes, onNo) {
    const strip = form.querySelector("[data-recover]");
    strip.hidden = false;
    form.querySelector("[data-recover-text]").textContent = text;
    for (const [name, label, act] of [["yes", yes, onYes], ["no", no, onNo]]) {
      const button = form.querySelector(`[data-recover-${name}]`);
      button.textContent = label;
      button.onclick = () => { hideOffer(); act(); };
    }
  }

  function hideOffer() { form.querySelector("[data-recover]").hidden = true; }

  function timeOf(moment) {
    const isToday = new Date(moment).toDateString() === new Date().toDateString();
    const shown = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    return new Intl.DateTimeFormat(document.documentElement.lang || "en", shown).format(moment);
  }

  // --- publishing ----------------------------------------------------------------------------------------------

  async function pause() {
    isPaused = true;
    clearTimeout(timer);
    timer = 0;
    await Promise.race([saving, new Promise((tell) => { setTimeout(tell, PATIENCE); })]);
  }

  function resume() {
    isPaused = false;
    if (isDirty() && !isEmpty() && !isScheduled && !isOver) later(PAUSE);
  }

  function forget() {
    clearTimeout(timer);
    drop(key);
    letGo();
    key = newKey();
    creating = null;
    isStuck = false;
    isOver = true;
    saved = JSON.stringify({ ...wire(), content: "", content_warning: "", media_ids: [] });
    hideOffer();
    tell("");
  }

  channel?.addEventListener("message", ({ data }) => {
    if (data.who && !isEmpty()) channel.postMessage({ have: key, draft: fields.draft.value || key });
  });
  addEventListener("online", () => { if (isDirty()) later(0); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && isDirty() && !isEmpty()) save({ keepalive: true });
  });

  return { begin, changed, forget, opened, pause, resume };
}
