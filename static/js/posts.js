// A press on the quiet parts of a post opens it, as Enter does while it has the focus. Links and selected text go first.

const permalink = (post) => post.querySelector("a.when");

function open(post, event) {
  const link = permalink(post);
  if (!link) return;
  if (event.ctrlKey || event.metaKey) window.open(link.href, "_blank", "noopener");
  else location.assign(link.href);
}

function pressed(event) {
  const post = event.target.closest("article[data-post-id]");
  if (!post || event.target.closest("a, button, summary, input, textarea, select, label, .panel, .gone")) return;
  if (getSelection().toString()) return;
  open(post, event);
}

function entered(event) {
  if (event.key === "Enter" && event.target.matches("article[data-post-id]")) open(event.target, event);
}

let started = false;

export function start() {
  if (started) return;
  started = true;
  document.addEventListener("click", pressed);
  document.addEventListener("keydown", entered);
}
