// Copies a new token. Where the browser has no clipboard (plain http), the button stays away.

export function start(root) {
  for (const place of root.querySelectorAll("[data-copy]")) {
    const button = place.querySelector("button");
    if (!navigator.clipboard || !button.hidden) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(place.querySelector("code").textContent.trim());
      button.querySelector("span").textContent = place.dataset.done;
    });
  }
}
