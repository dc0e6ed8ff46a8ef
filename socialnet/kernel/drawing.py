"""Draws pictures anew, in a process of its own that is given nothing but the bytes of one picture.

`socialnet.kernel.pictures` starts it. Decoders are old C code that reads what strangers send; so this one may not write
a file, finds no secrets in its environment, and ends by itself when it needs too much memory or time. It imports
nothing of Django, nor of this project.
"""

import io
import json
import math
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import blurhash
from PIL import AvifImagePlugin, Image, ImageCms, ImageOps

MEMORY = 1024**3  # of addresses; the hungriest picture within our limits (WebP) was seen to take 700 MB
SECONDS = 30  # of processor time
THREADS = 2

LARGE, SMALL = 2048, 640
QUALITY, METHOD, METHOD_MOVING = 80, 4, 2

MOST_FRAMES_READ = 2000
MOST_PIXELS_READ = 10  # times those of a still picture, over all frames of an animation
MOST_FRAMES_KEPT = 200
MOST_PIXELS_KEPT = 20_000_000  # over all frames of an animation
SHORTEST = 20  # milliseconds; browsers show what says less for a tenth of a second
SLOW = 100

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = (5, 6, 7, 8)  # turned upright, their width is their height
ORIENTATION = 0x0112
FLAGS, LETS_THROUGH = 20, 0x10  # in the head of an animated WebP
SRGB = ImageCms.createProfile("sRGB")
Drawn = tuple[bytes, int, int]


class TooLarge(Exception):
    """More pixels or frames than we take."""


# --- opening ------------------------------------------------------------------------------------------------


def opened(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    """The picture, its header read and its size found good, nothing decoded yet."""
    Image.MAX_IMAGE_PIXELS = max_pixels // 2  # Pillow refuses twice of that, before it makes room for it
    image = Image.open(io.BytesIO(data), formats=[kind])
    if image.width * image.height > max_pixels:
        raise TooLarge
    frames = frames_of(image, data)
    if frames > 1 and (
        frames > MOST_FRAMES_READ or frames * image.width * image.height > max_pixels * MOST_PIXELS_READ
    ):
        raise TooLarge
    return image


def frames_of(image: Image.Image, data: bytes) -> int:
    """How many pictures follow one another in time; the albums that HEIC and JPEG may be show their first."""
    if image.format == "GIF":
        return gif_frames(data)
    if image.format in ("WEBP", "PNG", "AVIF"):
        return int(getattr(image, "n_frames", 1))
    return 1


def gif_frames(data: bytes) -> int:
    """Counts the pictures of a GIF without decoding them, up to one more than we read."""
    at, found = 13 + _palette(data, 10), 0
    while at < len(data) and data[at] != 0x3B and found <= MOST_FRAMES_READ:
        if data[at] == 0x2C:  # a picture: its place, perhaps a palette, one byte, blocks
            found += 1
            at += 11 + _palette(data, at + 9)
        elif data[at] == 0x21:  # an extension: its name, blocks
            at += 2
        else:
            at += 1
            continue
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return found


def _palette(data: bytes, at: int) -> int:
    flags = data[at] if at < len(data) else 0
    return 6 << (flags & 7) if flags & 0x80 else 0


# --- pixels -------------------------------------------------------------------------------------------------


def fitting(width: int, height: int, side: int, most_pixels: float = math.inf) -> tuple[int, int]:
    """The size that fits a square of `side`, and `most_pixels`, in the same shape; never larger than it is."""
    scale = min(1.0, side / max(width, height), math.sqrt(most_pixels / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def filling(width: int, height: int, wide: int, high: int) -> tuple[int, int]:
    """The smallest size in the same shape that covers `wide` times `high`."""
    scale = max(wide / width, high / height)
    return max(wide, round(width * scale)), max(high, round(height * scale))


def _draft(image: Image.Image, size: tuple[int, int]) -> None:
    """A JPEG can be decoded to a half, a quarter, an eighth. (HEIC would show its thumbnail: any other picture.)"""
    if image.format in ("JPEG", "MPO"):
        image.draft(None, size)


def pixels(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """`image` (or its present frame) at `size`, upright, in the colours of the web: RGB, or RGBA where it lets
    something through. Nothing else comes along."""
    turn, profile = orientation_of(image), image.info.get("icc_profile")
    image = _scalable(image)
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if turn in TURNS:
        image = image.transpose(TURNS[turn])
    image = _in_srgb(image, profile)
    image.info.clear()
    return image


def orientation_of(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # whatever is wrong with what is thrown away in any case
        return 1


def _scalable(image: Image.Image) -> Image.Image:
    """In a mode whose values may be mixed: 8 bits, no palette."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("P", "PA") or image.info.get("transparency") is not None:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image.load()
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    opaque = image.convert(image.mode[:-1]) if alpha else image
    coloured = _by_profile(opaque, profile) or opaque.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        coloured.putalpha(alpha)
    return coloured


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """`image` converted by the profile it came with; None if there is none, or none that fits."""
    if not profile:
        return None
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB")
    return None


# --- still --------------------------------------------------------------------------------------------------


def webp(image: Image.Image) -> Drawn:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=METHOD)
    return out.getvalue(), image.width, image.height


def still(image: Image.Image) -> tuple[list[Drawn], str]:
    size = fitting(*image.size, LARGE)
    _draft(image, size)
    large = pixels(image, size)
    small = _smaller(large)
    first = webp(large)
    return [first, first if small is large else webp(small)], blur(small)


def _smaller(large: Image.Image) -> Image.Image:
    size = fitting(*large.size, SMALL)
    return large if size == large.size else large.resize(size, Image.Resampling.LANCZOS)


def cut(image: Image.Image, sizes: list[tuple[int, int]]) -> tuple[list[Drawn], str]:
    """Cut around the middle to each of `sizes`, which have one shape."""
    wide, high = max(sizes)
    if orientation_of(image) in LYING:
        wide, high = high, wide
    size = filling(*image.size, wide, high)
    _draft(image, size)
    whole = pixels(image, size)
    drawn = [ImageOps.fit(whole, (wide, high), Image.Resampling.LANCZOS) for wide, high in sizes]
    return [webp(one) for one in drawn], blur(min(drawn, key=lambda one: one.width))


def blur(image: Image.Image) -> str:
    """Twelve colours that stand in until the picture is there."""
    tiny = image.convert("RGBA").resize(fitting(*image.size, 32), Image.Resampling.BOX)
    ground = Image.new("RGBA", tiny.size, "white")
    flat = Image.alpha_composite(ground, tiny).convert("RGB")
    rows = [[flat.getpixel((x, y)) for x in range(flat.width)] for y in range(flat.height)]
    return str(blurhash.encode(rows, components_x=4, components_y=3))


# --- moving -------------------------------------------------------------------------------------------------


def moving(image: Image.Image, frames: int) -> tuple[list[Drawn], str, bool]:
    """An animation with all of its time: of many frames every second, third … is kept and shown for longer."""
    step = math.ceil(frames / MOST_FRAMES_KEPT)
    size = fitting(*image.size, LARGE, MOST_PIXELS_KEPT / math.ceil(frames / step))
    loop = _loop(image)
    kept: list[Image.Image] = []
    times: list[int] = []
    for at, frame in enumerate(_frames(image, frames)):
        if at % step == 0:
            kept.append(pixels(frame, size))
            times.append(0)
        times[-1] += _shown_for(frame)
    small = [_smaller(frame) for frame in kept]
    first = _webp_moving(kept, times, loop)
    second = first if small[0] is kept[0] else _webp_moving(small, times, loop)
    return [first, second], blur(small[0]), len(kept) > 1


def _frames(image: Image.Image, frames: int) -> Iterator[Image.Image]:
    size = image.size
    for at in range(frames):
        try:
            image.seek(at)
        except EOFError:  # fewer than the header says
            return
        image.load()
        if image.size != size:  # a GIF may grow; no browser shows it so
            raise TooLarge
        yield image


def _shown_for(frame: Image.Image) -> int:
    said = round(float(frame.info.get("duration") or 0))
    return min(said, 60_000) if said >= SHORTEST else SLOW


def _loop(image: Image.Image) -> int:
    """How often it plays, 0 for ever. GIF counts the repeats, and without a word it plays once."""
    if image.format == "GIF":
        repeats = image.info.get("loop")
        return 1 if repeats is None else 0 if repeats == 0 else min(int(repeats) + 1, 65535)
    return min(max(int(image.info.get("loop") or 0), 0), 65535)


def _webp_moving(frames: list[Image.Image], times: list[int], loop: int) -> Drawn:
    if len(frames) == 1:
        return webp(frames[0])
    out = io.BytesIO()
    frames[0].save(
        out,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=times,
        loop=loop,
        background=(0, 0, 0, 0),
        quality=QUALITY,
        method=METHOD_MOVING,
    )
    data = bytearray(out.getvalue())
    if any(frame.mode == "RGBA" for frame in frames):
        data[FLAGS] |= (
            LETS_THROUGH  # libwebp does not say so where it cut all frames to what is opaque in them
        )
    return bytes(data), frames[0].width, frames[0].height


# --- the process --------------------------------------------------------------------------------------------


def confine() -> None:
    """From here on: so much memory, so much time, no file."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # not every system knows every limit
            resource.setrlimit(limit, (most, most))


def draw(
    data: bytes, *, kind: str, max_pixels: int, sizes: list[tuple[int, int]]
) -> tuple[dict[str, Any], list[Drawn]]:
    """`sizes`: cut to these; without, both renditions."""
    image = opened(data, kind, max_pixels)
    if sizes:
        drawn, hashed = cut(image, sizes)
        return {"blurhash": hashed, "animated": False}, drawn
    if (frames := frames_of(image, data)) > 1:
        drawn, hashed, animated = moving(image, frames)
        return {"blurhash": hashed, "animated": animated}, drawn
    drawn, hashed = still(image)
    return {"blurhash": hashed, "animated": False}, drawn


def answer(job: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[Drawn]]:
    try:
        return draw(data, **job)
    except (TooLarge, Image.DecompressionBombError, MemoryError):
        return {"error": "too large"}, []
    except Exception:  # decoders raise whatever they like
        return {"error": "broken"}, []


def prepare_heif() -> None:
    """What few pictures need is not loaded for the others."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=THREADS)


def main(read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
    confine()
    warnings.simplefilter("ignore")
    AvifImagePlugin.DEFAULT_MAX_THREADS = THREADS
    job = json.loads(sys.argv[1])
    if job["kind"] == "HEIF":
        prepare_heif()
    head, drawn = answer(job, read())
    head["drawn"] = [(len(data), width, height) for data, width, height in drawn]
    write(json.dumps(head).encode() + b"\n")
    for data, _width, _height in drawn:
        write(data)


if __name__ == "__main__":
    main(sys.stdin.buffer.read, sys.stdout.buffer.write)
