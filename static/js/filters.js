// While words for a filter are typed, how many posts it would keep away. Without this a button says the same.

const PAUSE = 400;

export function start(root) {
  for (const form of root.querySelectorAll("form[data-filter]")) watch(form);
}

function watch(form) {
  const phrase = form.querySelector("[data-filter-phrase]"), whole = form.querySelector("[data-filter-whole]");
  const told = form.querySelector("[data-filter-told]");
  let timer = 0, asking = null;

  async function look() {
    asking?.abort();
    if (!phrase.value.trim()) {
      told.hidden = true;
      return;
    }
    asking = new AbortController();
    const asked = new URLSearchParams({ phrase: phrase.value, whole_word: whole.checked, fields: "matches,looked_at" });
    try {
      const response = await fetch(`${form.dataset.filter}?${asked}`, { headers: { Accept: "application/json" }, credentials: "same-origin", signal: asking.signal });
      if (!response.ok) throw new Error(String(response.status));
      const { matches, looked_at: looked } = await response.json();
      const words = !looked ? form.dataset.empty : matches ? form.dataset.many : form.dataset.none;
      told.textContent = words.replace("{n}", matches.toLocaleString()).replace("{m}", looked.toLocaleString());
      told.hidden = false;
    } catch (error) {
      if (error.name !== "AbortError") told.hidden = true;
    }
  }

  for (const field of [phrase, whole]) {
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE);
    });
  }
  if (phrase.value) look();
}
