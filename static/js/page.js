// What several modules share: saying something aloud, reading HTML, telling that something was added.

export function announce(text) {
  const place = document.querySelector("[data-announcer]");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = text; });
}

export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

export function added(root) {
  document.dispatchEvent(new CustomEvent("socialnet:added", { detail: root }));
}

export function postsOf(root) {
  return [...root.querySelectorAll("article[data-post-id]")];
}

// Session expired in the meantime: the answer is the sign-in page, not what was asked for.
export function isSignIn(response) {
  return response.redirected && new URL(response.url).pathname.startsWith("/accounts/");
}
