// Following somebody in a list without a reload: the form is sent, and the new button is taken from their profile.

import { added, announce, isSignIn, parse } from "./page.js";

async function send(form, button) {
  form.setAttribute("aria-busy", "true");
  try {
    const body = new FormData(form);
    body.set("next", form.dataset.quiet);
    const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    if (!response.ok || isSignIn(response)) throw new Error(String(response.status));
    const fresh = parse(await response.text()).querySelector("form[data-quiet]");
    if (!fresh) return location.reload();
    swap(form, document.importNode(fresh, true));
  } catch {
    form.removeAttribute("data-quiet");
    form.removeAttribute("aria-busy");
    form.requestSubmit(button); // as without JavaScript, with the browser's own answer to failure
  }
}

function swap(old, fresh) {
  const hadFocus = old.contains(document.activeElement);
  const button = fresh.querySelector("button");
  fresh.elements.next.value = old.elements.next.value;
  button.classList.add("second", "small");
  old.replaceWith(fresh);
  if (hadFocus) button.focus();
  announce(button.textContent.trim());
  added(fresh.parentElement);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-quiet]") || !form.querySelector(".small") || form.getAttribute("aria-busy") === "true") return;
  event.preventDefault();
  send(form, event.submitter);
});

export function start() {}
