// Shows what is pushed while no page is open, and opens what it is about. It keeps nothing and answers no request.

const PAGE = "/settings/notifications/devices";
const API = "/api/v1/notifications/push-subscriptions";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

// What comes again under the same tag takes the place of the first. Browsers insist that something is shown.
function show(data) {
  let news = {};
  try { news = data.json(); } catch { /* empty, or not from us */ }
  const { title = "socialnet", body = "", icon, tag = "", url = "/notifications" } = news;
  return self.registration.showNotification(title, { body, icon, tag, data: { url } });
}

// A page of ours that is open already is shown; what lies outside gets a window of its own, if the way there is safe.
async function open(path = "/") {
  const address = addressOf(path);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const same = windows.find((each) => each.url === address.href);
  await (same ? same.focus() : self.clients.openWindow(address.href));
}

function addressOf(path) {
  const inbox = new URL("/notifications", self.location.origin);
  try {
    const address = new URL(path, self.location.origin);
    return address.origin === inbox.origin || address.protocol === "https:" ? address : inbox;
  } catch {
    return inbox;
  }
}

// The browser got, or wants, another address. The page knows our key, and whether somebody is signed in still.
async function renew({ oldSubscription, newSubscription }) {
  const page = await (await fetch(PAGE, { credentials: "same-origin" })).text();
  const token = page.match(/name="csrfmiddlewaretoken" value="([^"]+)"/)?.[1];
  const key = page.match(/data-key="([^"]+)"/)?.[1];
  if (!token || !key) return;
  const fresh = newSubscription || await self.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0)),
  });
  const { endpoint, keys } = fresh.toJSON();
  await tell("POST", token, { endpoint, keys });
  if (oldSubscription && oldSubscription.endpoint !== endpoint) await tell("DELETE", token, { endpoint: oldSubscription.endpoint });
}

function tell(method, token, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token };
  return fetch(API, { method, headers, body: JSON.stringify(body), credentials: "same-origin" });
}
