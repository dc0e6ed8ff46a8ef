// Shows the chosen picture before it is sent, and says at once when it is too large: the server would refuse it whole,
// with everything that was typed beside it.

export function start(root) {
  for (const place of root.querySelectorAll("[data-picture]")) {
    const input = place.querySelector("input[type=file]");
    input?.addEventListener("change", () => {
      const file = input.files[0];
      input.setCustomValidity(file?.size > Number(input.dataset.most) ? input.dataset.tooLarge : "");
      if (!input.reportValidity()) return;
      if (!file?.type.startsWith("image/")) return;
      const face = place.querySelector(".face, [data-preview]");
      const preview = face.matches(".face") ? new Image(112, 112) : new Image(480, 160);
      preview.className = face.getAttribute("class");
      preview.toggleAttribute("data-preview", face.hasAttribute("data-preview"));
      preview.alt = "";
      preview.src = URL.createObjectURL(file);
      preview.addEventListener("load", () => { URL.revokeObjectURL(preview.src); face.replaceWith(preview); });
    });
  }
}
