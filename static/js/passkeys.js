// Passkeys: the browser makes or uses one, and the form takes what it answers. Without them the buttons stay away.

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const textOf = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const withIds = (list) => (list || []).map((one) => ({ ...one, id: bytesOf(one.id) }));

async function make({ publicKey }) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytesOf(publicKey.challenge),
      user: { ...publicKey.user, id: bytesOf(publicKey.user.id) },
      excludeCredentials: withIds(publicKey.excludeCredentials),
    },
  });
  return { ...named(made), response: responseOf(made, ["clientDataJSON", "attestationObject"]) };
}

async function use({ publicKey }) {
  const used = await navigator.credentials.get({
    publicKey: { ...publicKey, challenge: bytesOf(publicKey.challenge), allowCredentials: withIds(publicKey.allowCredentials) },
  });
  return { ...named(used), response: responseOf(used, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]) };
}

const named = (key) => ({ id: key.id, rawId: textOf(key.rawId), type: key.type, clientExtensionResults: key.getClientExtensionResults() });
const responseOf = (key, names) =>
  Object.fromEntries(names.filter((name) => key.response[name]).map((name) => [name, textOf(key.response[name])]));

async function optionsOf(form) {
  if (!form.dataset.ask) return JSON.parse(document.getElementById("passkey-options").textContent);
  const answer = await fetch(form.dataset.ask, { headers: { "X-Requested-With": "XMLHttpRequest" }, credentials: "same-origin" });
  return (await answer.json()).request_options;
}

export function start(root) {
  for (const form of root.querySelectorAll("[data-passkey]")) {
    const button = form.querySelector("button"), word = form.querySelector("[data-passkey-word]");
    if (!globalThis.PublicKeyCredential || !navigator.credentials) {
      word.hidden = false;
      continue;
    }
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const key = await (form.dataset.passkey === "make" ? make : use)(await optionsOf(form));
        form.elements.credential.value = JSON.stringify(key);
        form.submit();
      } catch {
        word.textContent = form.dataset.sorry; // refused, or taken back by the person
        word.hidden = false;
      }
    });
  }
}
