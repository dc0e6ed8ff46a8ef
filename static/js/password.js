// The eye beside a password field. Paste works because nothing stops it.

function watch(place) {
  if (place.dataset.ready) return;
  place.dataset.ready = "1";
  const input = place.querySelector("input");
  const button = place.querySelector("button");
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.setAttribute("aria-label", shown ? place.dataset.hide : place.dataset.show);
  };
  button.hidden = false;
  button.addEventListener("click", () => { set(input.type === "password"); input.focus(); });
  input.form?.addEventListener("submit", () => set(false)); // so that password managers recognise it
}

export function start(root) {
  root.querySelectorAll("[data-secret]").forEach(watch);
}
