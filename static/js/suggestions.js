// Not interested in somebody, without a reload: the form is sent, and the person leaves the list.

import { announce, isSignIn } from "./page.js";

async function send(form, button) {
  form.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
    if (!response.ok || isSignIn(response)) throw new Error(String(response.status));
    leave(form);
  } catch {
    form.removeAttribute("data-dismiss");
    form.requestSubmit(button); // as without JavaScript, with the browser's own answer to failure
  }
}

function leave(form) {
  const row = form.closest("li");
  const near = row.nextElementSibling || row.previousElementSibling;
  announce(form.dataset.done);
  (near?.querySelector("[data-dismiss] button") || document.getElementById("main")).focus();
  row.remove();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-dismiss]") || form.getAttribute("aria-busy") === "true") return;
  event.preventDefault();
  send(form, event.submitter);
});

export function start() {}
