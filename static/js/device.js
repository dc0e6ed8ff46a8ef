// On every page of who is signed in: a device that promised to tell goes on doing so, and stops when they sign out.

const EVERY = 3_600_000, PATIENCE = 3_000;

async function keep({ person, at }) {
  if (Date.now() - at < EVERY) return;
  const [push, response] = await Promise.all([
    import("./push.js"),
    fetch("/api/v1/me", { headers: { Accept: "application/json" }, credentials: "same-origin" }),
  ]);
  if (!response.ok) return;
  const me = await response.json();
  if (String(me.id) === person) await push.keep(person);
  else await push.leave(); // somebody else is here now: what was asked for them is not for these eyes
}

async function leave(event) {
  if (!localStorage.getItem("told")) return;
  event.preventDefault();
  const { leave } = await import("./push.js");
  const patience = new Promise((done) => { setTimeout(done, PATIENCE); });
  await Promise.race([leave().catch(() => {}), patience]);
  event.target.submit();
}

let started = false;

export function start(root) {
  for (const form of root.querySelectorAll("form[data-sign-out]")) form.addEventListener("submit", leave);
  const promised = started ? null : localStorage.getItem("told");
  started = true;
  if (promised) keep(JSON.parse(promised)).catch(() => {}); // the next page asks again
}
