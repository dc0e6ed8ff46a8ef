// Suggestions while somebody types: people and tags in the field of search, @names and #tags where one writes.
// A list under the field that arrows walk through, Enter and Tab take from and Escape closes. What comes late is
// dropped. The field works without any of this.

import { announce } from "./page.js";

const WAIT = 150; // milliseconds without a key
const TOKEN = /(?:^|[^\p{L}\p{N}\p{M}_@#/.&])([@#][\p{L}\p{N}\p{M}_]{1,50})$/u;
const URL_OF_SUGGESTIONS = "/api/v1/search/suggest";
let lists = 0;

const element = (name, className, text = "") => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

// --- one list under one field ----------------------------------------------------------------------------------

class Suggestions {
  // `asked()` gives what to look for, or nothing; `take(option)` does what was chosen.
  constructor(field, list, { asked, take, more = () => [], words }) {
    Object.assign(this, { field, list, asked, take, more, words });
    this.options = [];
    this.at = -1;
    this.timer = 0;
    this.request = null;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.addEventListener("input", () => this.later());
    field.addEventListener("keydown", (event) => this.pressed(event));
    field.addEventListener("blur", () => { this.close(); });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (event) => this.chosen(event.target.closest("[role=option]")));
  }

  get isOpen() { return !this.list.hidden; }

  later() {
    clearTimeout(this.timer);
    this.request?.abort();
    const text = this.asked();
    if (!text) return this.close();
    this.timer = setTimeout(() => this.ask(text), WAIT);
  }

  async ask(text) {
    const request = this.request = new AbortController();
    try {
      const answer = await fetch(`${URL_OF_SUGGESTIONS}?q=${encodeURIComponent(text)}`, { credentials: "same-origin", headers: { Accept: "application/json" }, signal: request.signal });
      const found = answer.ok ? (await answer.json()).results : [];
      if (request === this.request && this.asked() === text && document.activeElement === this.field) this.show(found, text);
    } catch {
      if (request === this.request) this.close(); // no connection, or asked anew: who types goes on typing
    }
  }

  show(found, text) {
    this.options = [...found, ...(found.length ? this.more(text) : [])];
    this.list.replaceChildren(...this.options.map((option, place) => this.drawn(option, place)));
    this.at = -1;
    if (!this.options.length) return this.close();
    this.list.hidden = false;
    this.tell();
    announce(found.length === 1 ? this.words.one : this.words.many.replace("{n}", found.length));
  }

  drawn(option, place) {
    const item = element("li", "");
    item.id = `${this.list.id}-${place}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.place = place;
    const what = element("span", "what");
    if (option.user) {
      item.append(face(option.user));
      what.append(element("b", "", option.user.display_name), element("span", "quiet", `@${option.user.username}`));
      what.firstChild.dir = "auto";
    } else {
      what.append(element("b", "", option.hashtag ? `#${option.hashtag.display}` : option.label));
      what.firstChild.dir = "auto";
    }
    item.append(what);
    return item;
  }

  tell() {
    if (this.field.role === "combobox" || this.field.getAttribute("role") === "combobox") this.field.setAttribute("aria-expanded", String(this.isOpen));
    const active = this.isOpen && this.list.children[this.at];
    if (active) this.field.setAttribute("aria-activedescendant", active.id);
    else this.field.removeAttribute("aria-activedescendant");
    [...this.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === this.at)));
    if (active) active.scrollIntoView({ block: "nearest" });
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.request = null;
    this.list.hidden = true;
    this.at = -1;
    this.tell();
  }

  chosen(item) {
    if (!item) return;
    const option = this.options[Number(item.dataset.place)];
    this.close();
    this.take(option);
  }

  pressed(event) {
    if (!this.isOpen || event.isComposing) return;
    const many = this.options.length;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      this.at = (this.at + 1 + steps[event.key] + (many + 1)) % (many + 1) - 1; // past the end: in the field again
      this.tell();
    } else if (event.key === "Escape") {
      this.close();
    } else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0 && !event.ctrlKey && !event.metaKey) {
      this.chosen(this.list.children[this.at]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function face(user) {
  if (!user.avatar_url) {
    const letter = element("span", "initial", [...user.display_name][0] || "");
    letter.setAttribute("aria-hidden", "true");
    return letter;
  }
  const picture = element("img", "");
  Object.assign(picture, { src: user.avatar_url, alt: "", width: 32, height: 32 });
  return picture;
}

function newList(label) {
  const list = element("ul", "suggestions");
  Object.assign(list, { id: `suggestions-${++lists}`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label);
  return list;
}

// --- the field of search -----------------------------------------------------------------------------------------

function watchSearch(form) {
  const field = form.querySelector("[data-search-field]");
  if (field.dataset.ready) return;
  field.dataset.ready = "1";
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-expanded", "false");
  const label = (text) => ({ label: form.dataset.posts.replace("{q}", text) });
  new Suggestions(field, form.querySelector(".suggestions"), {
    words: form.dataset,
    asked: () => (/[\p{L}\p{N}]/u.test(field.value) && !/["\s:]/.test(field.value.trim()) ? field.value.trim() : ""),
    more: (text) => [label(text)],
    take: (option) => {
      if (option.user) return location.assign(option.user.url);
      if (option.hashtag) return location.assign(option.hashtag.url);
      form.requestSubmit();
    },
  });
}

// --- where one writes ---------------------------------------------------------------------------------------------

function watchWriting(area) {
  if (!area || area.dataset.suggesting) return;
  area.dataset.suggesting = "1";
  const words = document.querySelector("[data-suggest]")?.dataset;
  if (!words) return;
  const list = newList(words.title || "");
  area.parentElement.classList.add("written-here");
  area.after(list);
  const token = () => (area.selectionStart === area.selectionEnd && TOKEN.exec(area.value.slice(0, area.selectionStart))?.[1]) || "";
  const suggestions = new Suggestions(area, list, {
    words,
    asked: token,
    take: (option) => {
      const written = option.user ? `@${option.user.username}` : `#${option.hashtag.display}`;
      const end = area.selectionStart;
      area.setRangeText(`${written} `, end - token().length, end, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  area.addEventListener("click", () => suggestions.close());
}

export function start(root) {
  root.querySelectorAll("form[data-suggest]").forEach(watchSearch);
  root.querySelectorAll("[data-composer] textarea[name=content], [data-comment-form] textarea[name=content]").forEach(watchWriting);
}
