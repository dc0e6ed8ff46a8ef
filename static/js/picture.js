// Shows the chosen picture before it is sent.

export function start(root) {
  for (const place of root.querySelectorAll("[data-picture]")) {
    const input = place.querySelector("input[type=file]");
    input?.addEventListener("change", () => {
      const file = input.files[0];
      if (!file?.type.startsWith("image/")) return;
      const face = place.querySelector(".face");
      const preview = new Image(112, 112);
      preview.className = face.getAttribute("class");
      preview.alt = "";
      preview.src = URL.createObjectURL(file);
      preview.addEventListener("load", () => { URL.revokeObjectURL(preview.src); face.replaceWith(preview); });
    });
  }
}
