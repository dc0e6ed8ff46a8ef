// What the browser finds wrong is said beside the field when it is left, not only when the form is sent.

function placeFor(input) {
  const field = input.closest("[data-field]");
  let place = field.querySelector("[data-inline-error]");
  if (!place) {
    place = document.createElement("p");
    place.className = "errorlist";
    place.dataset.inlineError = "";
    place.id = `${input.id || input.name}_inline`;
    field.append(place);
  }
  return place;
}

function check(input) {
  const wrong = input.value !== "" && !input.validity.valid;
  const place = placeFor(input);
  place.textContent = wrong ? input.validationMessage : "";
  if (wrong) {
    input.setAttribute("aria-invalid", "true");
    const others = (input.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== place.id);
    input.setAttribute("aria-describedby", [...others, place.id].join(" "));
  } else {
    input.removeAttribute("aria-invalid");
    input.closest("[data-field]").querySelectorAll("ul.errorlist").forEach((list) => list.remove());
  }
}

function watch(field) {
  const input = field.querySelector("input:not([type=file]), textarea, select");
  if (!input || field.dataset.ready) return;
  field.dataset.ready = "1";
  input.addEventListener("change", () => check(input));
  input.addEventListener("input", () => {
    if (input.getAttribute("aria-invalid") === "true" && input.validity.valid) check(input);
  });
}

export function start(root) {
  root.querySelectorAll("[data-field]").forEach(watch);
}
