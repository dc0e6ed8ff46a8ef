// Pictures on their way into a post: chosen, dropped or pasted; sent one by one with their progress; tried again,
// described, put in order, taken out. The form itself carries their ids and descriptions, as without JavaScript.

import { announce, newKey, sentenceOf } from "./page.js";

const MOST = 4, MOST_BYTES = 10 * 1024 * 1024, AT_ONCE = 2;
const ENDINGS = /\.(jpe?g|png|webp|gif|avif|hei[cf])$/i; // some systems do not know the type of HEIC

export function watchUploads(form, { word, say, changed }) {
  const list = form.querySelector("[data-uploads]");
  const template = form.querySelector("[data-upload-template]");
  const dialog = document.querySelector("[data-describe-dialog]");
  const sent = new WeakMap(); // item → its file, key and request
  const picker = document.createElement("input");
  let lifted = null, described = null, waiting = [];

  const items = () => [...list.children];
  const inState = (...states) => items().filter((item) => states.includes(item.dataset.state));
  const altOf = (item) => item.querySelector(".plain textarea");

  // --- taking files in -----------------------------------------------------------------------------------------

  function add(files) {
    const wanted = [...files], room = MOST - items().length;
    say(wanted.length > room ? word("too-many") : "");
    const fresh = wanted.slice(0, Math.max(0, room)).filter(isUsable).map(makeItem);
    if (!fresh.length) return;
    list.append(...fresh);
    update();
    sendNext();
  }

  function isUsable(file) {
    const problem = !(file.type ? picker.accept.includes(file.type) : ENDINGS.test(file.name)) ? "not-a-picture" : file.size > MOST_BYTES ? "too-large" : "";
    if (problem) say(word(problem).replace("{name}", file.name));
    return !problem;
  }

  function makeItem(file) {
    const item = template.content.firstElementChild.cloneNode(true);
    const picture = item.querySelector("img");
    sent.set(item, { file, key: newKey() });
    item.dataset.state = "waiting";
    item.querySelector("[data-name]").textContent = file.name;
    picture.addEventListener("load", () => { picture.hidden = false; }); // HEIC stays a name until ours is there
    picture.src = URL.createObjectURL(file);
    return item;
  }

  // --- sending -------------------------------------------------------------------------------------------------

  function sendNext() {
    const [next] = inState("waiting");
    if (!next || inState("sending").length >= AT_ONCE) return;
    send(next);
    sendNext();
  }

  function send(item) {
    const { file, key } = sent.get(item);
    const request = new XMLHttpRequest(), body = new FormData(), bar = item.querySelector("progress");
    sent.get(item).request = request;
    setState(item, "sending");
    bar.value = 0;
    body.append("file", file);
    request.open("POST", "/api/v1/media");
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    request.setRequestHeader("Idempotency-Key", key); // tried again after a lost answer it is not there twice
    request.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total; };
    request.upload.onload = () => bar.removeAttribute("value"); // all is there; now it is drawn anew
    request.onload = () => (request.status === 201 ? done(item, request.response) : failed(item, request));
    request.onerror = () => failed(item, null);
    request.send(body);
  }

  function done(item, media) {
    const field = item.querySelector("[name=media_ids]"), picture = item.querySelector("img");
    name(item, media.id);
    field.disabled = false;
    if (picture.hidden && media.small_url) picture.src = media.small_url;
    item.dataset.small = media.small_url || "";
    setState(item, "done");
    announce(word("uploaded"));
    if (altOf(item).value) tellAlt(item);
    sendNext();
    settled();
    changed();
  }

  function name(item, id) {
    item.dataset.media = id;
    item.querySelector("[name=media_ids]").value = id;
    altOf(item).name = `alt_${id}`;
  }

  function failed(item, request) {
    item.querySelector("[data-problem]").textContent = sentenceOf(request?.response) || word("not-uploaded");
    item.dataset.lost = request && request.status < 500 ? "" : "1"; // worth another attempt by itself
    setState(item, "failed");
    announce(item.querySelector("[data-problem]").textContent);
    sendNext();
    settled();
  }

  function setState(item, state) {
    item.dataset.state = state;
    item.querySelector("progress").hidden = state !== "sending";
    item.querySelector("[data-problem]").hidden = item.querySelector("[data-retry]").hidden = state !== "failed";
  }

  function retry(item) {
    setState(item, "waiting");
    sendNext();
  }

  // Whoever waits for the pictures learns that none is under way any more.
  function settled() {
    if (inState("waiting", "sending").length) return;
    waiting.forEach((tell) => tell());
    waiting = [];
  }

  const ready = () => new Promise((tell) => { waiting.push(tell); settled(); });

  // --- order ---------------------------------------------------------------------------------------------------

  function remove(item) {
    sent.get(item)?.request?.abort();
    const beside = item.nextElementSibling || item.previousElementSibling;
    URL.revokeObjectURL(item.querySelector("img").src);
    item.remove();
    update();
    (beside?.querySelector(".remove") || form.querySelector(".tools [data-add-pictures]"))?.focus();
    announce(word("removed"));
    sendNext();
    settled();
    changed();
  }

  function move(item, by) {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(item);
    else other.after(item);
    const [earlier, later] = item.querySelectorAll(".upload-moves button");
    const first = by < 0 ? earlier : later;
    (first.checkVisibility?.() === false ? (first === earlier ? later : earlier) : first).focus();
    announce(word("moved").replace("{n}", items().indexOf(item) + 1).replace("{all}", items().length));
    changed();
  }

  function pressed(event) {
    const item = event.target.closest("[data-upload]"), button = event.target.closest("button");
    if (event.target.closest("[data-add-pictures]")) return picker.click();
    if (!item || !button) return;
    event.preventDefault();
    const [act] = button.value.split(":");
    if (act === "remove") remove(item);
    else if (act === "earlier") move(item, -1);
    else if (act === "later") move(item, 1);
    else if (button.matches("[data-retry]")) retry(item);
    else if (button.matches("[data-describe]")) describe(item);
  }

  // --- drag and drop, paste --------------------------------------------------------------------------------------

  const bringsFiles = (event) => event.dataTransfer?.types.includes("Files") && !lifted;

  function over(event) {
    if (bringsFiles(event)) {
      event.preventDefault();
      form.classList.add("dropping");
      return;
    }
    const item = event.target.closest?.("[data-upload]");
    if (!lifted || !item) return;
    event.preventDefault();
    if (item === lifted) return;
    const isAfter = items().indexOf(item) > items().indexOf(lifted);
    if (isAfter) item.after(lifted);
    else item.before(lifted);
  }

  function dropped(event) {
    form.classList.remove("dropping");
    if (lifted) return event.preventDefault();
    if (!bringsFiles(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  }

  function pasted(event) {
    const files = [...(event.clipboardData?.files || [])].filter((file) => file.type.startsWith("image/"));
    if (!files.length || event.clipboardData.types.includes("text/plain")) return; // office programs bring both
    event.preventDefault();
    add(files);
  }

  function lift(event) {
    lifted = event.target.closest?.("[data-upload]");
    if (!lifted) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    lifted.classList.add("lifted");
  }

  function letGo() {
    if (!lifted) return;
    lifted.classList.remove("lifted");
    lifted = null;
    changed();
  }

  // --- descriptions ----------------------------------------------------------------------------------------------

  function describe(item) {
    const text = dialog.querySelector("textarea"), shown = item.querySelector("img");
    described = item;
    text.value = altOf(item).value;
    dialog.querySelector("[data-describe-picture]").src = shown.hidden ? "" : shown.src;
    dialog.showModal();
    text.focus();
  }

  function closed() {
    const item = described, text = dialog.querySelector("textarea").value.trim();
    described = null;
    if (!item || altOf(item).value === text) return;
    altOf(item).value = text;
    update();
    if (item.dataset.media) tellAlt(item);
    changed();
  }

  // The form sends it, too: should this be lost, nothing is.
  function tellAlt(item) {
    fetch(`/api/v1/media/${item.dataset.media}`, {
      method: "PATCH",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: JSON.stringify({ alt: altOf(item).value }),
    }).catch(() => {});
  }

  const undescribed = () => inState("waiting", "sending", "done").filter((item) => !altOf(item).value.trim());

  // --- as a whole ------------------------------------------------------------------------------------------------

  function update() {
    list.hidden = !list.children.length;
    for (const item of items()) {
      item.draggable = true;
      item.querySelector("[data-describe]").setAttribute("aria-pressed", String(Boolean(altOf(item).value.trim())));
    }
    for (const button of form.querySelectorAll("[data-add-pictures]")) button.disabled = items().length >= MOST;
  }

  const kept = () => inState("done").map((item) => ({ id: item.dataset.media, alt: altOf(item).value, small: item.dataset.small }));

  function show(pictures) {
    list.replaceChildren(...pictures.map(({ id, alt, small }) => {
      const item = template.content.firstElementChild.cloneNode(true), picture = item.querySelector("img");
      name(item, id);
      item.querySelector("[name=media_ids]").disabled = false;
      altOf(item).value = alt || "";
      item.dataset.small = small || "";
      picture.addEventListener("load", () => { picture.hidden = false; });
      if (small) picture.src = small;
      item.dataset.state = "done";
      return item;
    }));
    update();
  }

  picker.type = "file";
  picker.multiple = true;
  picker.accept = form.elements.pictures.accept;
  form.elements.pictures.disabled = true; // of the form without JavaScript
  for (const item of items()) {
    item.dataset.state = "done";
    item.dataset.small = item.querySelector("img").getAttribute("src") || "";
  }
  update();
  picker.addEventListener("change", () => { add(picker.files); picker.value = ""; });
  form.addEventListener("click", pressed);
  form.addEventListener("paste", pasted);
  form.addEventListener("dragover", over);
  form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) form.classList.remove("dropping"); });
  form.addEventListener("drop", dropped);
  form.addEventListener("dragstart", lift);
  form.addEventListener("dragend", letGo);
  dialog.addEventListener("close", closed);
  dialog.querySelector("[data-describe-done]").addEventListener("click", () => dialog.close());
  addEventListener("online", () => inState("failed").filter((item) => item.dataset.lost).forEach(retry));

  return {
    add, describe, kept, ready, show, undescribed,
    count: () => items().length,
    hasFailed: () => inState("failed").length > 0,
    isBusy: () => inState("waiting", "sending").length > 0,
  };
}
