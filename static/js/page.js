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

// A key that makes a repeat of the same request harmless. `randomUUID` is missing on plain http.
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What an answer of the API that is not a success says to people.
export function sentenceOf(problem) {
  const [lines] = Object.values(problem?.errors || {});
  return lines?.[0] || problem?.detail || problem?.title || "";
}
