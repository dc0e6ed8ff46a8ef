// Which place of a list was opened: a number for the site, nothing of who or what. Nobody waits for it.

let started = false;

function opened(event) {
  const link = event.target.closest("a[href]");
  const list = link?.closest("[data-search-clicks]");
  const item = link?.closest("article[data-post-id], li");
  if (!list || !item || link.rel === "next") return;
  const items = [...list.querySelectorAll("article[data-post-id], :scope ul > li")].filter((one) => !one.parentElement.closest("article"));
  const rank = Number(list.dataset.start || 0) + items.indexOf(item) + 1;
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (rank < 1 || rank > 500 || !token) return;
  const body = new URLSearchParams({ type: list.dataset.type, rank, csrfmiddlewaretoken: token });
  fetch(list.dataset.searchClicks, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
}

export function start() {
  if (started) return;
  started = true;
  document.addEventListener("click", opened);
}
