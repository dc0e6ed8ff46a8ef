// Pages work without any of this. Each module is loaded only where the page has something for it,
// and exports start(root): called once for the document and again for what is added to it later.

const MODULES = [
  ["time[data-relative]", () => import("./time.js")],
  [".tabs [aria-current]", () => import("./tabs.js")],
  ["[data-menu]", () => import("./menu.js")],
  ["[data-secret]", () => import("./password.js")],
  ["[data-passkey]", () => import("./passkeys.js")],
  ["[data-field]", () => import("./fields.js")],
  ["[data-copy]", () => import("./copy.js")],
  ["[data-picture]", () => import("./picture.js")],
  ["[data-composer]", () => import("./composer.js")],
  ["[data-suggest], [data-composer], [data-comment-form]", () => import("./suggest.js")],
  ["[data-search-clicks]", () => import("./search.js")],
  ["form[data-filter]", () => import("./filters.js")],
  ["[data-quiet]", () => import("./quiet.js")],
  ["[data-dismiss]", () => import("./suggestions.js")],
  ["article[data-post-id]", () => import("./posts.js")],
  ["[data-act]", () => import("./acts.js")],
  ["article[data-original]", () => import("./counts.js")],
  ["[data-thread]", () => import("./comments.js")],
  ["[data-blurhash]", () => import("./pictures.js")],
  ["nav[data-pager]", () => import("./scroll.js")],
  ["[data-feed='home'], [data-feed='top'], [data-feed='group'][data-topic]", () => import("./pill.js")],
  ["[data-group]", () => import("./group.js")],
  ["[data-marker]", () => import("./marker.js")],
  ["[data-unread], section.day", () => import("./notifications.js")],
  ["[data-push]", () => import("./push.js")],
  ["[data-sign-out]", () => import("./device.js")],
  ["[data-live]", () => import("./live.js")],
  ["#keys", () => import("./keyboard.js")],
];

async function start(root) {
  const wanted = MODULES.filter(([selector]) => root.querySelector(selector));
  await Promise.all(wanted.map(async ([, load]) => (await load()).start(root)));
}

document.addEventListener("socialnet:added", (event) => start(event.detail));
start(document).then(() => { document.documentElement.dataset.ready = ""; }); // browser tests wait for it
