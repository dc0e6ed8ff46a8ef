// The page of a case by keyboard: digits choose a decision, letters follow links and press buttons.

const page = document.querySelector("[data-case]");

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=radio])");
}

function press(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    page.querySelector("[data-decide]")?.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (/^[1-9]$/.test(event.key)) {
    const choice = page.querySelectorAll("input[name=outcome]")[Number(event.key) - 1];
    if (choice) {
      choice.checked = true;
      choice.focus();
    }
    return;
  }
  page.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
}

function takeWords(event) {
  const chosen = event.target.selectedOptions[0];
  if (!chosen.value) return;
  page.querySelector("textarea[name=words]").value = chosen.value;
  const measure = page.querySelector(`input[name=outcome][value="${CSS.escape(chosen.dataset.measure)}"]`);
  if (measure) measure.checked = true;
}

if (page) {
  document.addEventListener("keydown", press);
  page.querySelector("[data-template]")?.addEventListener("change", takeWords);
}
