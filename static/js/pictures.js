// While a picture is on its way, its blurhash: a few colours, drawn on a small canvas behind it.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
const SIZE = 32;

const number = (text) => [...text].reduce((sum, digit) => sum * 83 + DIGITS.indexOf(digit), 0);
const toLinear = (value) => { const v = value / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const toByte = (value) => { const v = Math.min(1, Math.max(0, value)); return Math.round((v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055) * 255); };
const squared = (value) => Math.sign(value) * value ** 2;

// The pixels (RGBA) of a blurhash, as https://github.com/woltapp/blurhash describes it; null when it is none.
export function pixelsOf(hash, width = SIZE, height = SIZE) {
  if (!hash || hash.length < 6) return null;
  const size = number(hash[0]), across = (size % 9) + 1, down = Math.floor(size / 9) + 1;
  if (hash.length !== 4 + 2 * across * down) return null;
  const strongest = (number(hash[1]) + 1) / 166;
  const average = number(hash.slice(2, 6));
  const colours = [[toLinear(average >> 16), toLinear((average >> 8) & 255), toLinear(average & 255)]];
  for (let i = 1; i < across * down; i += 1) {
    const value = number(hash.slice(4 + i * 2, 6 + i * 2));
    const parts = [Math.floor(value / 361), Math.floor(value / 19) % 19, value % 19];
    colours.push(parts.map((part) => squared((part - 9) / 9) * strongest));
  }
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const sum = [0, 0, 0];
      for (let j = 0; j < down; j += 1) {
        for (let i = 0; i < across; i += 1) {
          const basis = Math.cos((Math.PI * x * i) / width) * Math.cos((Math.PI * y * j) / height);
          for (let c = 0; c < 3; c += 1) sum[c] += colours[i + j * across][c] * basis;
        }
      }
      pixels.set([...sum.map(toByte), 255], 4 * (x + y * width));
    }
  }
  return pixels;
}

function blur(place) {
  const picture = place.querySelector("img");
  if (place.dataset.ready || (picture?.complete && picture.naturalWidth)) return;
  place.dataset.ready = "1";
  const pixels = pixelsOf(place.dataset.blurhash);
  if (!pixels) return;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  canvas.getContext("2d").putImageData(new ImageData(pixels, SIZE, SIZE), 0, 0);
  canvas.ariaHidden = "true";
  place.prepend(canvas);
  picture?.addEventListener("load", () => canvas.remove(), { once: true });
}

// Only what comes near the screen costs anything.
const watcher = typeof IntersectionObserver === "undefined" ? null : new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    blur(entry.target);
  }
}, { rootMargin: "600px 0px" });

export function start(root) {
  for (const place of root.querySelectorAll("[data-blurhash]")) if (!place.dataset.ready) watcher.observe(place);
}
