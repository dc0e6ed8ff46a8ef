// The socket: news of topics, whatever happens to the connection. While it is away, the same news is polled.

const FIRST_WAIT = 500, LONGEST_WAIT = 30_000, STABLE = 10_000;
const POLL_EVERY = 15_000, POLL_SPREAD = 5_000, SAY_AFTER = 5_000;

const handlers = new Map(); // topic → functions
const versions = new Map(); // topic → the newest version seen
const address = document.querySelector('meta[name="live-url"]')?.content;
let socket = null, failures = 0, retry = 0, poll = 0, notice = 0, ended = false;

// Full jitter: a thousand browsers that lost the same server do not come back in the same second.
export function waitBefore(attempt, random = Math.random) {
  return random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
}

export function isNews(message, seen) {
  if (message.version === undefined || message.version === null) return true;
  const last = seen.get(message.topic);
  if (last !== undefined && message.version < last) return false;
  seen.set(message.topic, message.version);
  return true;
}

export function subscribe(topic, handler) {
  subscribeAll([topic], handler);
}

export function subscribeAll(topics, handler) {
  for (const topic of topics) handlers.set(topic, [...(handlers.get(topic) || []), handler]);
  ask("subscribe", topics);
}

// Others on the page may still listen.
export function unsubscribeAll(topics, handler) {
  const deserted = [];
  for (const topic of topics) {
    const left = (handlers.get(topic) || []).filter((other) => other !== handler);
    if (left.length) handlers.set(topic, left);
    else if (handlers.delete(topic) | versions.delete(topic)) deserted.push(topic);
  }
  ask("unsubscribe", deserted);
}

function ask(op, topics) {
  if (topics.length && socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ op, topics }));
}

function deliver(message) {
  if (!handlers.has(message.topic) || !isNews(message, versions)) return;
  for (const handler of handlers.get(message.topic)) handler(message);
}

function connect() {
  clearTimeout(retry);
  if (!address || ended || (socket && socket.readyState < WebSocket.CLOSING)) return;
  let opened = 0;
  socket = new WebSocket(address);
  socket.onopen = () => {
    opened = Date.now();
    versions.clear(); // another server may count anew; the snapshot says what is true
    ask("subscribe", [...handlers.keys()]);
    connected();
  };
  socket.onmessage = (event) => deliver(JSON.parse(event.data));
  socket.onclose = (event) => {
    if (opened && Date.now() - opened > STABLE) failures = 0;
    lost(event.code);
  };
}

function connected() {
  stopPolling();
  clearTimeout(notice);
  notice = 0;
  show(false);
  document.dispatchEvent(new Event("socialnet:connected"));
}

function lost(code) {
  if (code === 4403) { ended = true; return; } // not for this page: a new attempt would not help
  if (code === 4401) return signedOut();
  notice ||= setTimeout(() => show(true), SAY_AFTER);
  retry = setTimeout(connect, waitBefore(failures++));
  startPolling();
}

// The session ended somewhere else: nothing of it stays on the screen. The page is asked anew only when the pages agree
// that nobody is signed in, so that it cannot go round in circles.
async function signedOut() {
  ended = true;
  stopPolling();
  try {
    const response = await fetch("/api/v1/me", { headers: { Accept: "application/json" } });
    if (response.status === 401) location.reload();
  } catch { /* no network: the next click finds out */ }
}

function show(away) {
  const note = document.querySelector("[data-live-note]");
  if (note) note.hidden = !away;
}

function startPolling() {
  poll ||= setTimeout(pollOnce, POLL_EVERY + Math.random() * POLL_SPREAD);
}

function stopPolling() {
  clearTimeout(poll);
  poll = 0;
}

async function pollOnce() {
  try {
    const topics = encodeURIComponent([...handlers.keys()].join(","));
    const response = await fetch(`/api/v1/live?topics=${topics}`, { headers: { Accept: "application/json" } });
    if (response.status === 401) return signedOut();
    if (response.status === 403) ended = true;
    if (response.ok) {
      for (const message of (await response.json()).snapshots || []) deliver(message);
      clearTimeout(notice);
      show(false); // news arrive, only later
    }
  } catch { /* no network: the next round asks again */ }
  poll = 0;
  if (!ended && socket?.readyState !== WebSocket.OPEN) startPolling();
}

let started = false;

export function start() {
  if (started || !address) return;
  started = true;
  connect();
  addEventListener("online", connect);
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  addEventListener("pagehide", () => socket?.close());
}
