"""Pictures drawn anew: what goes in, what comes out, what never does."""

import io
import os
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blurhash
import pillow_heif
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from socialnet.kernel import drawing, pictures
from socialnet.kernel.errors import Unavailable
from socialnet.kernel.pictures import PictureTooLarge, Renditions, UnreadablePicture

pillow_heif.register_heif_opener()
FORMATS = {"JPEG": {}, "PNG": {}, "WEBP": {}, "GIF": {}, "AVIF": {"speed": 10}, "HEIF": {}}
SECRET = b"GPS 52.5200 SECRET"


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **FORMATS.get(format, {}), **options)
    return out.getvalue()


def flag(size: tuple[int, int] = (300, 200), mode: str = "RGB") -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    return image.convert(mode)


def draw(data: bytes, **limits: Any) -> Renditions:
    return pictures.renditions(pictures.open_picture(data, **limits))


def shown(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chunks(data: bytes) -> set[bytes]:
    """The names of the parts of a WebP file."""
    assert (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) == 8 + int.from_bytes(data[4:8], "little")
    )
    found, at = set(), 12
    while at < len(data):
        found.add(data[at : at + 4])
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return found


def assert_clean(made: Renditions) -> None:
    for one in (made.large, made.small):
        assert chunks(one.data) <= {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
        assert not {"exif", "icc_profile", "xmp", "comment"} & shown(one.data).info.keys()
        assert b"SECRET" not in one.data


def is_like(pixel: Any, wanted: tuple[int, ...], off: int = 45) -> bool:
    return all(abs(one - other) <= off for one, other in zip(pixel, wanted, strict=True))


# --- what comes out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_becomes_two_sizes_of_webp(format: str) -> None:
    made = draw(saved(flag((3000, 1500)), format))
    assert (made.large.width, made.large.height) == shown(made.large.data).size == (2048, 1024)
    assert (made.small.width, made.small.height) == shown(made.small.data).size == (640, 320)
    assert not made.animated
    top, bottom = shown(made.small.data).getpixel((320, 5)), shown(made.small.data).getpixel((320, 315))
    assert is_like(top, (255, 0, 0)) and is_like(bottom, (0, 0, 255))
    assert_clean(made)


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (10_000, 1), (640, 640), (641, 3), (2048, 2)])
def test_odd_shapes_keep_their_shape_and_nothing_grows(size: tuple[int, int]) -> None:
    made = draw(saved(flag(size), "PNG"))
    for one, side in ((made.large, 2048), (made.small, 640)):
        scale = min(1, side / max(size))
        assert (one.width, one.height) == tuple(max(1, round(edge * scale)) for edge in size)
        assert shown(one.data).size == (one.width, one.height)
    assert (made.small == made.large) == (max(size) <= 640)


MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"]


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    image = flag(mode="L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = image.convert("I").point(lambda grey: grey * 257).convert("I;16")
    format = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    drawn = shown(draw(saved(image, format)).large.data).convert("RGB")
    wanted = flag().convert("1" if mode == "1" else "L" if mode[0] in "LI" else "RGB")
    for at in ((150, 5), (150, 195)):
        assert is_like(drawn.getpixel(at), wanted.convert("RGB").getpixel(at), off=60)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF", "AVIF", "HEIF"])
def test_what_lets_through_goes_on_to(format: str) -> None:
    image = flag(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 150, 200))
    made = draw(saved(image, format))
    for one in (made.large, made.small):
        drawn = shown(one.data)
        assert drawn.mode == "RGBA"
        assert (drawn.getpixel((20, 100))[3], drawn.getpixel((280, 100))[3]) == (0, 255)


def test_a_colour_made_transparent_by_a_png_is_so() -> None:
    drawn = shown(draw(saved(flag(), "PNG", transparency=(255, 0, 0))).large.data)
    assert drawn.getpixel((150, 5))[3] == 0 and drawn.getpixel((150, 195))[3] == 255


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright_and_forgets_where_it_was_taken(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    upright = flag((80, 120))
    upright.paste("lime", (0, 0, 20, 20))
    how = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that the orientation undoes
    lying = upright.transpose(Image.Transpose(how[orientation])) if orientation in how else upright
    options = {"quality": 95} | ({"subsampling": 0} if format == "JPEG" else {})
    made = draw(saved(lying, format, exif=exif.tobytes(), **options))
    assert (made.large.width, made.large.height) == (80, 120)
    drawn = shown(made.large.data).convert("RGB")
    assert is_like(drawn.getpixel((8, 8)), (0, 255, 0), off=90)
    assert is_like(drawn.getpixel((60, 30)), (255, 0, 0)) and is_like(drawn.getpixel((40, 100)), (0, 0, 255))
    assert_clean(made)


def test_a_broken_exif_does_not_cost_the_picture() -> None:
    made = draw(saved(flag(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + SECRET))
    assert_clean(made)


def test_comments_text_and_what_hangs_behind_are_gone() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET.decode()}</x>")
    assert_clean(draw(saved(flag(), "PNG", pnginfo=text) + SECRET))
    assert_clean(draw(saved(flag(), "JPEG", comment=SECRET) + b"PK\x03\x04" + SECRET))
    assert_clean(draw(saved(flag(), "GIF", comment=SECRET) + b"<script>" + SECRET))
    assert_clean(draw(saved(flag(), "WEBP", xmp=SECRET, exif=b"Exif\x00\x00" + SECRET)))


@pytest.fixture
def swapped() -> bytes:
    """A profile in which red means what is green elsewhere."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red, green = plain.index(b"rXYZ"), plain.index(b"gXYZ")
    assert red < green < 400  # in the table of contents
    mixed = bytearray(plain)
    mixed[red : red + 4], mixed[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(mixed)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_a_colour_profile_is_applied_and_dropped(swapped: bytes, format: str) -> None:
    made = draw(saved(flag(), format, icc_profile=swapped))
    assert is_like(shown(made.large.data).convert("RGB").getpixel((150, 20)), (0, 255, 0), off=60)
    assert_clean(made)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_that_does_not_fit_is_ignored(swapped: bytes, mode: str) -> None:
    made = draw(saved(flag(mode=mode), "JPEG", icc_profile=swapped))
    wanted = flag(mode=mode).convert("RGB").getpixel((150, 20))
    assert is_like(shown(made.large.data).getpixel((150, 20)), wanted)
    assert_clean(draw(saved(flag(), "JPEG", icc_profile=b"no profile")))


def test_the_blurhash_looks_like_the_picture() -> None:
    made = draw(saved(flag((1200, 1200)), "JPEG"))
    assert len(made.blurhash) == 28
    rows = blurhash.decode(made.blurhash, 4, 4)
    assert rows[0][2][0] > 200 > 120 > rows[0][2][2] and rows[3][2][2] > 200 > 120 > rows[3][2][0]
    assert len(draw(saved(flag((1, 1)), "PNG")).blurhash) == 28


def test_squares_are_cut_around_the_middle() -> None:
    image = Image.new("RGB", (900, 300), "black")
    image.paste("white", (300, 0, 600, 300))
    large, small = pictures.squares(pictures.open_picture(saved(image, "JPEG")), 400, 96)
    assert (large.width, large.height, small.width, small.height) == (400, 400, 96, 96)
    for one in (large, small):
        assert all(is_like(shown(one.data).getpixel((x, 40)), (255, 255, 255)) for x in (12, 48, 84))


@pytest.mark.parametrize("turn", [1, 6])
def test_others_are_cut_to_their_shape_upright(turn: int) -> None:
    """White in the middle; lying on its side, its EXIF says how to turn it."""
    image = Image.new("RGB", (300, 900), "black")
    image.paste("white", (0, 400, 300, 500))
    if turn == 6:
        image = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = turn
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    (large, small), hashed = pictures.cut(pictures.open_picture(out.getvalue()), (600, 200), (150, 50))
    assert (large.width, large.height, small.width, small.height) == (600, 200, 150, 50)
    for one in (large, small):
        assert all(
            is_like(shown(one.data).getpixel((x, one.height // 2)), (255, 255, 255)) for x in (5, 75, 140)
        )
    assert len(hashed) == 28


# --- animations ---------------------------------------------------------------------------------------------


def film(frames: int, size: tuple[int, int] = (64, 48)) -> list[Image.Image]:
    made = []
    for at in range(frames):
        image = Image.new("RGB", size, "white")
        image.paste("black", (at % size[0], 0, at % size[0] + 8, size[1]))
        made.append(image)
    return made


def reel(frames: int, format: str, size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    first, *rest = film(frames, size)
    return saved(first, format, save_all=True, append_images=rest, **options)


def times(data: bytes) -> list[int]:
    image, found = Image.open(io.BytesIO(data)), []
    for at in range(getattr(image, "n_frames", 1)):
        image.seek(at)
        image.load()
        found.append(image.info["duration"])
    return found


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_stays_one_with_its_times(format: str) -> None:
    durations = [50, 100, 150, 200, 250]
    made = draw(reel(5, format, (800, 600), duration=durations))
    assert made.animated
    for one, size in ((made.large, (800, 600)), (made.small, (640, 480))):
        assert shown(one.data).size == size
        assert times(one.data) == durations
    assert_clean(made)


@pytest.mark.parametrize(
    ("format", "options", "plays"),
    [
        ("GIF", {}, 1),
        ("GIF", {"loop": 0}, 0),
        ("GIF", {"loop": 2}, 3),  # GIF counts the repeats
        ("WEBP", {"loop": 2}, 2),
        ("WEBP", {"loop": 0}, 0),
        ("PNG", {"loop": 4}, 4),
    ],
)
def test_it_plays_as_often(format: str, options: dict[str, int], plays: int) -> None:
    assert shown(draw(reel(3, format, duration=80, **options)).large.data).info["loop"] == plays


def test_frames_without_a_time_are_shown_as_browsers_do() -> None:
    assert times(draw(reel(3, "GIF", duration=0)).large.data) == [100, 100, 100]


def test_of_many_frames_some_are_kept_for_all_of_the_time() -> None:
    made = draw(reel(450, "GIF", duration=40))
    kept = times(made.large.data)
    assert len(kept) == 150 and sum(kept) == 450 * 40


def test_a_large_animation_becomes_smaller() -> None:
    made = draw(reel(12, "GIF", (1800, 1200), duration=100))
    assert (
        made.large.width < 1800
        and made.large.width * made.large.height * 12 <= drawing.MOST_PIXELS_KEPT * 1.01
    )
    assert abs(made.large.width / made.large.height - 1.5) < 0.01


def test_an_animation_lets_through_too() -> None:
    frames = [Image.new("RGBA", (60, 60), (0, 0, 0, 0)) for _ in range(3)]
    for at, frame in enumerate(frames):
        frame.paste("red", (at * 20, 0, at * 20 + 20, 60))
    made = draw(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80, disposal=2))
    drawn = Image.open(io.BytesIO(made.large.data))
    drawn.seek(1)
    drawn = drawn.convert("RGBA")
    assert drawn.getpixel((5, 30))[3] == 0 and drawn.getpixel((30, 30))[3] == 255


@pytest.mark.parametrize("format", ["HEIF", "MPO"])
def test_of_an_album_the_first_is_shown(format: str) -> None:
    data = saved(flag(), format, save_all=True, append_images=[Image.new("RGB", (300, 200), "lime")])
    made = draw(data)
    assert not made.animated
    assert is_like(shown(made.large.data).getpixel((150, 20)), (255, 0, 0))


# --- what is refused ----------------------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    """A header that claims a size, and nothing behind it."""
    body = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    checked = (13).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + checked + b"\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"


def gif_of(width: int, height: int, frames: int) -> bytes:
    """Frames of one pixel on a canvas that claims a size."""
    head = (
        b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + b"\x80\x00\x00" + b"\x00" * 6
    )
    frame = b"\x2c" + b"\x00" * 4 + b"\x01\x00\x01\x00\x00" + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


TOO_LARGE = {
    "pixels": png_of(8000, 5001),
    "one long side": png_of(2_000_000_000, 1),
    "gif": gif_of(8000, 5001, 1),
    "webp": b"RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\xff\x3e\x00\xff\x3e\x00"
    + b"\x00" * 8,
    "frames": gif_of(10, 10, 2001),
    "frames of pixels": gif_of(1000, 1000, 401),
    "a million frames": gif_of(2, 2, 600_000),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_too_many_pixels_are_refused_before_they_are_decoded(kind: str) -> None:
    with pytest.raises(PictureTooLarge) as refused:
        draw(TOO_LARGE[kind])
    assert (refused.value.status, refused.value.code) == (413, "picture_too_large")
    assert list(refused.value.errors) == ["file"]


def test_limits_are_exact() -> None:
    assert draw(saved(flag((200, 100)), "PNG"), max_pixels=20_000).large.width == 200
    with pytest.raises(PictureTooLarge):
        draw(saved(flag((201, 100)), "PNG"), max_pixels=20_000)
    data = saved(flag(), "PNG")
    assert pictures.open_picture(io.BytesIO(data), max_bytes=len(data)).data == data
    with pytest.raises(PictureTooLarge):
        pictures.open_picture(io.BytesIO(data), max_bytes=len(data) - 1)


GOOD = saved(flag((900, 900)), "JPEG")
UNREADABLE = {
    "nothing": b"",
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html before a picture": b"<html><script>alert(1)</script>" + GOOD,
    "tiff": saved(flag(), "TIFF"),
    "bmp": saved(flag(), "BMP"),
    "ico": saved(flag((32, 32)), "ICO"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "pdf": b"%PDF-1.4",
    "film": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 64,
    "header only": png_of(100, 100),
    "jpeg header": b"\xff\xd8\xff\xe0" + b"\x00" * 200,
    "heic header": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\xff" * 99,
    "avif header": b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif" + b"\xff" * 99,
    "webp header": b"RIFF\x40\x00\x00\x00WEBPVP8 " + b"\xff" * 52,
    "gif header": b"GIF89a\x01",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_picture_is_refused_with_a_sentence(kind: str) -> None:
    with pytest.raises(UnreadablePicture) as refused:
        draw(UNREADABLE[kind])
    assert (refused.value.status, refused.value.code) == (400, "unreadable_picture")
    assert refused.value.errors["file"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_what_was_cut_off_is_refused(format: str, share: float) -> None:
    noise = Image.frombytes("RGB", (200, 200), os.urandom(120_000))
    data = saved(noise, format)
    with pytest.raises(UnreadablePicture):
        draw(data[: int(len(data) * share)])


def test_the_name_of_a_format_does_not_matter_only_what_it_is() -> None:
    with pytest.raises(UnreadablePicture):
        draw(saved(flag(), "GIF"), formats=("JPEG", "PNG"))
    with pytest.raises(UnreadablePicture) as refused:
        pictures.open_picture(b"hello", field="avatar")
    assert list(refused.value.errors) == ["avatar"]


@pytest.mark.parametrize("format", FORMATS)
def test_damage_is_refused_or_drawn_but_never_breaks_anything(format: str) -> None:
    data = bytearray(saved(flag((120, 90)), format))
    for seed in range(4):
        damaged = bytearray(data)
        for at in range(12 + seed, len(data), max(7, len(data) // 30)):
            damaged[at] ^= 0x5A + seed
        try:
            assert_clean(draw(bytes(damaged)))
        except (UnreadablePicture, PictureTooLarge):
            continue


# --- the process that draws ---------------------------------------------------------------------------------


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Another program in place of the one that draws."""

    def put(lines: str) -> None:
        (tmp_path / "other.py").write_text(lines)
        monkeypatch.setattr(pictures, "_DRAWING", tmp_path / "other.py")

    yield put
    assert pictures._turn.acquire(blocking=False)  # whatever happened, the next one has its turn
    pictures._turn.release()


@pytest.mark.parametrize(
    "lines", ["import os; os.abort()", "raise SystemExit(3)", "import time; time.sleep(60)"]
)
def test_a_decoder_that_crashes_or_hangs_costs_one_picture(
    instead: Any, monkeypatch: pytest.MonkeyPatch, lines: str
) -> None:
    monkeypatch.setattr(pictures, "BOUND", 1)
    instead(lines)
    with pytest.raises(UnreadablePicture):
        draw(GOOD)


def test_a_decoder_has_so_much_memory_and_time_no_file_and_no_secrets(instead: Any, tmp_path: Path) -> None:
    report = tmp_path / "report"
    instead(
        f"""
import json, os, sys, resource
sys.stdin.buffer.read()
import runpy; drawing = runpy.run_path({drawing.__file__!r})
drawing["confine"]()
tried = []
try:
    bytearray(2 * 1024 ** 3)
except MemoryError:
    tried.append("memory")
try:
    with open({str(report)!r}, "wb") as file:
        file.write(b"x" * 10)
except OSError:
    tried.append("file")
if resource.getrlimit(resource.RLIMIT_CPU)[0] == 30:
    tried.append("time")
if not {{"SECRET_KEY", "DATABASE_URL"}} & os.environ.keys():
    tried.append("secrets")
sys.stdout.write(json.dumps({{"blurhash": " ".join(tried), "animated": False, "drawn": [[1, 1, 1]] * 2}}))
sys.stdout.write("\\nab")
"""
    )
    assert draw(GOOD).blurhash == "memory file time secrets"
    assert not report.exists() or report.stat().st_size == 0


def test_pictures_are_drawn_one_at_a_time_and_do_not_wait_for_ever(
    instead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PATIENCE", 0.2)
    monkeypatch.setattr(pictures, "BOUND", 2)
    instead("import time; time.sleep(60)")

    def hang() -> None:
        with pytest.raises(UnreadablePicture):
            draw(GOOD)

    first = threading.Thread(target=hang)
    first.start()
    time.sleep(0.3)
    with pytest.raises(Unavailable) as refused:
        draw(GOOD)
    assert refused.value.status == 503 and refused.value.retry_after
    first.join()


def test_a_picture_of_forty_megapixels_is_drawn() -> None:
    image = flag((7300, 5475))
    for format in ("JPEG", "PNG"):
        assert draw(saved(image, format)).large.width == 2048
