"""Drawn portraits: flat, friendly, no two alike. All lengths are hundredths of the picture's side."""

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from feeds.demo.canvas import Canvas, mixed, softened

SIDE = 600  # drawn large; the picture is made smaller, and smooth, when it is kept
SKINS = {
    "porcelain": "#f6d7c3",
    "rose": "#f0c3a4",
    "sand": "#e3ae86",
    "olive": "#cf9a6b",
    "honey": "#b97f52",
    "bronze": "#9a643d",
    "umber": "#7a4a2c",
    "ebony": "#56331f",
}
HAIRS = {
    "black": "#221d22",
    "brown": "#4a2f22",
    "chestnut": "#7a4526",
    "auburn": "#9c4a22",
    "red": "#c05f2a",
    "blond": "#dcb066",
    "grey": "#a3a3a6",
    "white": "#e6e4df",
    "teal": "#2c8c8c",
    "pink": "#d9688f",
    "violet": "#6f4f9b",
}


@dataclass(frozen=True, kw_only=True)
class Face:
    """How somebody looks. `extras`: glasses, round_glasses, beard, stubble, moustache, freckles, earrings, lipstick,
    cap, beanie, headband, flower, hijab, turban, sun_hat, headphones, bindi."""

    skin: str
    hair: str = "brown"
    style: str = "short"
    clothes: str = "#3c6e91"
    background: str = "#f2c14e"
    extras: tuple[str, ...] = ()
    smile: str = "smile"


def draw(face: Face) -> io.BytesIO:
    """The portrait as a PNG, ready to be uploaded."""
    easel = Easel(face)
    for part in (
        _background,
        _hair_behind,
        _shoulders,
        _neck_and_ears,
        _head,
        _features,
        _hair_in_front,
        _on_top,
    ):
        part(easel)
    out = io.BytesIO()
    easel.image.save(out, "PNG", compress_level=1)
    out.seek(0)
    return out


class Easel(Canvas):
    """A square canvas with somebody in front of it."""

    def __init__(self, face: Face) -> None:
        super().__init__(SIDE, SIDE, face.background)
        self.face = face
        self.skin = SKINS[face.skin]
        self.hair = HAIRS[face.hair]
        self.shade = mixed(self.skin, "#5a1f10", 0.18)
        self.ink = mixed(self.hair, "#1d1517", 0.45)

    def has(self, *extras: str) -> bool:
        return any(extra in self.face.extras for extra in extras)


def _background(easel: Easel) -> None:
    """A sun behind the head, in a lighter tone of the wall."""
    easel.oval(50, 47, 86, 86, mixed(easel.face.background, "#ffffff", 0.28))


def _hair_behind(easel: Easel) -> None:
    behind = _BEHIND.get(easel.face.style)
    if behind and not easel.has("hijab"):
        behind(easel)


def _long_behind(easel: Easel) -> None:
    easel.shape([(22, 30), (50, 8), (78, 30), (83, 62), (80, 92), (20, 92), (17, 62)], easel.hair)


def _bob_behind(easel: Easel) -> None:
    easel.shape([(22, 28), (50, 10), (78, 28), (82, 52), (77, 70), (23, 70), (18, 52)], easel.hair)


def _afro_behind(easel: Easel) -> None:
    for x, y, size in (
        (50, 27, 44),
        (31, 33, 34),
        (69, 33, 34),
        (25, 47, 26),
        (75, 47, 26),
        (40, 22, 30),
        (60, 22, 30),
    ):
        easel.oval(x, y, size, size, easel.hair)


def _curly_behind(easel: Easel) -> None:
    for x, y in (
        (27, 38),
        (23, 50),
        (24, 62),
        (28, 72),
        (73, 38),
        (77, 50),
        (76, 62),
        (72, 72),
        (36, 26),
        (64, 26),
        (50, 22),
    ):
        easel.oval(x, y, 19, 19, easel.hair)


def _bun_behind(easel: Easel) -> None:
    easel.oval(50, 13, 22, 20, easel.hair)
    easel.oval(50, 40, 54, 50, easel.hair)


def _ponytail_behind(easel: Easel) -> None:
    easel.shape([(68, 24), (84, 28), (88, 50), (82, 74), (74, 66), (76, 48), (66, 36)], easel.hair)
    easel.oval(50, 40, 54, 50, easel.hair)


def _braids_behind(easel: Easel) -> None:
    for side in (-1, 1):
        for row in range(6):
            easel.oval(50 + side * 27, 47 + row * 7, 11 - row * 0.6, 9, easel.hair)
        easel.oval(50 + side * 27, 89, 5, 8, mixed(easel.face.clothes, "#ffffff", 0.4))


_BEHIND: dict[str, Callable[[Easel], None]] = {
    "long": _long_behind,
    "wavy": _long_behind,
    "bob": _bob_behind,
    "fringe": _bob_behind,
    "afro": _afro_behind,
    "curly": _curly_behind,
    "bun": _bun_behind,
    "ponytail": _ponytail_behind,
    "braids": _braids_behind,
}


def _shoulders(easel: Easel) -> None:
    clothes = easel.face.clothes
    easel.shape([(6, 108), (10, 86), (34, 77), (66, 77), (90, 86), (94, 108)], clothes)
    easel.shape([(37, 76), (50, 92), (63, 76), (60, 74), (40, 74)], mixed(clothes, "#ffffff", 0.35))


def _neck_and_ears(easel: Easel) -> None:
    easel.block(42, 62, 58, 83, easel.shade, 7)
    for side in (-1, 1):
        easel.oval(50 + side * 23.5, 49, 9, 12, easel.skin)
        easel.oval(50 + side * 24, 49, 4, 6.5, easel.shade)
        if easel.has("earrings"):
            easel.oval(50 + side * 24.5, 57.5, 4, 4, "#e9b949")


def _head(easel: Easel) -> None:
    easel.shape([(26, 26), (50, 18), (74, 26), (75, 52), (67, 70), (50, 79), (33, 70), (25, 52)], easel.skin)
    for side in (-1, 1):
        easel.oval(50 + side * 14.5, 58.5, 9, 6, mixed(easel.skin, "#e2574c", 0.22))


def _features(easel: Easel) -> None:
    if easel.has("beard"):
        easel.shape(
            [(26, 50), (31, 57), (42, 58), (58, 58), (69, 57), (74, 50), (72, 68), (50, 84), (28, 68)],
            easel.hair,
        )
        easel.oval(50, 64, 18, 8, easel.skin)
    elif easel.has("stubble"):
        easel.cut_oval(50, 60, 40, 38, 10, 170, mixed(easel.skin, easel.hair, 0.28))
    _eyes(easel)
    easel.bow(50, 53.5, 6, 7, 20, 160, easel.shade, 1.6)
    _mouth(easel)
    if easel.has("moustache"):
        easel.shape(
            [(38, 62), (46, 58), (50, 60), (54, 58), (62, 62), (54, 64), (50, 62), (46, 64)], easel.hair
        )
    if easel.has("freckles"):
        for x, y in ((34, 54), (37, 57), (40, 54.5), (60, 54.5), (63, 57), (66, 54)):
            easel.oval(x, y, 1.4, 1.4, easel.shade)
    if easel.has("bindi"):
        easel.oval(50, 36, 2.6, 2.6, "#b3202c")
    if easel.has("glasses", "round_glasses"):
        _glasses(easel)


def _eyes(easel: Easel) -> None:
    for side in (-1, 1):
        x = 50 + side * 10.5
        if easel.face.smile == "wink" and side > 0:
            easel.bow(x, 49, 8, 6, 200, 340, "#241a1c", 1.5)
        else:
            easel.oval(x, 48.5, 7.4, 7, "#fdfaf5")
            easel.oval(x + 0.3, 48.7, 4.6, 5.2, "#241a1c")
            easel.oval(x + 1.3, 47.4, 1.5, 1.5, "#ffffff")
        easel.bow(x, 44, 12, 8, 215, 325, easel.ink, 1.7)


def _mouth(easel: Easel) -> None:
    lips = "#b5303f" if easel.has("lipstick") else mixed(easel.skin, "#7d2424", 0.55)
    if easel.face.smile == "laugh":
        easel.cut_oval(50, 63, 18, 15, 0, 180, "#7b2530")
        easel.cut_oval(50, 63, 18, 6, 0, 180, "#fffaf3")
    elif easel.face.smile == "calm":
        easel.bow(50, 62, 14, 7, 30, 150, lips, 1.8)
    else:
        easel.bow(50, 61, 17, 12, 20, 160, lips, 2.1)


def _glasses(easel: Easel) -> None:
    frame = "#2b2b33"
    for side in (-1, 1):
        x = 50 + side * 10.5
        box = easel.scaled((x - 7.5, 42), (x + 7.5, 55))
        if easel.has("round_glasses"):
            easel.pen.ellipse(box, outline=frame, width=SIDE // 70)
        else:
            easel.pen.rounded_rectangle(box, SIDE // 40, outline=frame, width=SIDE // 60)
        easel.stroke([(x + side * 7.5, 47), (50 + side * 24, 46)], frame, 1.2)
    easel.bow(50, 48, 7, 5, 200, 340, frame, 1.3)


def _hair_in_front(easel: Easel) -> None:
    front = _FRONT.get(easel.face.style)
    if front and not easel.has("hijab", "turban"):
        front(easel)


def _short_front(easel: Easel) -> None:
    easel.shape(
        [(24, 45), (23, 26), (38, 11), (62, 11), (77, 26), (76, 45), (71, 33), (58, 27), (40, 29), (29, 33)],
        easel.hair,
    )


def _crop_front(easel: Easel) -> None:
    easel.shape(
        [(25, 41), (25, 24), (40, 14), (60, 14), (75, 24), (75, 41), (71, 29), (50, 24), (29, 29)], easel.hair
    )


def _quiff_front(easel: Easel) -> None:
    easel.shape(
        [(24, 44), (22, 26), (30, 12), (56, 5), (80, 16), (76, 44), (71, 30), (52, 27), (30, 31)], easel.hair
    )


def _side_front(easel: Easel) -> None:
    easel.shape(
        [(23, 50), (22, 26), (40, 10), (64, 11), (78, 27), (76, 44), (70, 32), (42, 24), (30, 36)], easel.hair
    )


def _parted_front(easel: Easel) -> None:
    easel.shape([(21, 60), (21, 28), (46, 10), (50, 19), (46, 26), (31, 34), (27, 50)], easel.hair)
    easel.shape([(79, 60), (79, 28), (54, 10), (48, 19), (54, 26), (69, 34), (73, 50)], easel.hair)


def _fringe_front(easel: Easel) -> None:
    easel.shape(
        [(22, 56), (22, 26), (42, 10), (58, 10), (78, 26), (78, 56), (73, 41), (58, 39), (42, 39), (27, 41)],
        easel.hair,
    )


def _curls_front(easel: Easel) -> None:
    for x, y in ((29, 32), (36, 25), (44, 22), (52, 21), (60, 23), (67, 27), (72, 34)):
        easel.oval(x, y, 14, 14, easel.hair)


def _spiky_front(easel: Easel) -> None:
    points = [
        (24, 42),
        (20, 24),
        (29, 26),
        (30, 11),
        (40, 19),
        (48, 5),
        (56, 18),
        (68, 9),
        (70, 24),
        (81, 22),
        (76, 42),
    ]
    easel.shape([*points, (68, 31), (50, 27), (32, 31)], easel.hair, soft=False)


def _ring_front(easel: Easel) -> None:
    """Hair at the sides only."""
    for side in (-1, 1):
        easel.shape(
            [(50 + side * 23, 34), (50 + side * 29, 38), (50 + side * 28, 54), (50 + side * 23, 50)],
            easel.hair,
        )


_FRONT: dict[str, Callable[[Easel], None]] = {
    "short": _short_front,
    "crop": _crop_front,
    "quiff": _quiff_front,
    "side": _side_front,
    "long": _parted_front,
    "wavy": _side_front,
    "bob": _parted_front,
    "fringe": _fringe_front,
    "afro": _curls_front,
    "curly": _curls_front,
    "bun": _crop_front,
    "ponytail": _side_front,
    "braids": _parted_front,
    "spiky": _spiky_front,
    "ring": _ring_front,
}


def _on_top(easel: Easel) -> None:
    cloth = mixed(easel.face.clothes, "#ffffff", 0.15)
    for extra, put_on in _WORN.items():
        if easel.has(extra):
            put_on(easel, cloth)


def _hijab(easel: Easel, cloth: str) -> None:
    outside = [(18, 52), (24, 22), (50, 6), (76, 22), (82, 52), (78, 80), (90, 104), (10, 104), (22, 80)]
    opening = [(29, 46), (34, 29), (50, 24), (66, 29), (71, 46), (66, 66), (50, 76), (34, 66)]
    mask = Image.new("L", easel.image.size, 0)
    pen = ImageDraw.Draw(mask)
    pen.polygon(easel.scaled(*softened(outside)), fill=255)
    pen.polygon(easel.scaled(*softened(opening)), fill=0)
    easel.image.paste(Image.new("RGB", easel.image.size, cloth), mask=mask)
    easel.stroke([(36, 76), (50, 84), (72, 82)], mixed(cloth, "#000000", 0.2), 1.4)


def _turban(easel: Easel, cloth: str) -> None:
    easel.shape(
        [(22, 37), (18, 22), (34, 5), (66, 5), (82, 22), (78, 37), (64, 29), (50, 24), (36, 29)], cloth
    )
    for start in ((26, 31), (34, 27)):
        easel.stroke([start, (50, 14), (72, 12)], mixed(cloth, "#000000", 0.18), 1.2)


def _beanie(easel: Easel, cloth: str) -> None:
    easel.shape([(23, 36), (22, 18), (36, 5), (64, 5), (78, 18), (77, 36)], cloth)
    easel.block(22, 27, 78, 36, mixed(cloth, "#000000", 0.18), 4)
    easel.oval(50, 6, 10, 10, mixed(cloth, "#ffffff", 0.5))


def _cap(easel: Easel, cloth: str) -> None:
    easel.shape([(24, 32), (23, 16), (38, 7), (62, 7), (77, 16), (76, 32)], cloth)
    easel.shape([(30, 29), (70, 29), (90, 33), (88, 37), (50, 35), (28, 34)], mixed(cloth, "#000000", 0.22))


def _sun_hat(easel: Easel, _cloth: str) -> None:
    easel.oval(50, 29, 84, 15, "#e4c27a")
    easel.cut_oval(50, 28, 48, 42, 180, 360, "#ecd08f")
    easel.block(26.5, 22, 73.5, 28, "#b5483a")


def _headband(easel: Easel, cloth: str) -> None:
    easel.bow(50, 46, 54, 56, 205, 335, cloth, 4)


def _flower(easel: Easel, _cloth: str) -> None:
    for x, y in ((73, 24), (79, 27), (77, 33), (70, 33), (68, 27)):
        easel.oval(x, y, 7.5, 7.5, "#f6f1e7")
    easel.oval(73.5, 29, 5.5, 5.5, "#e9b03b")


def _headphones(easel: Easel, _cloth: str) -> None:
    easel.bow(50, 44, 62, 64, 185, 355, "#33343d", 3)
    for side in (-1, 1):
        easel.block(50 + side * 29 - 4.5, 41, 50 + side * 29 + 4.5, 58, "#33343d", 4)


_WORN: dict[str, Callable[[Easel, str], None]] = {
    "hijab": _hijab,
    "turban": _turban,
    "beanie": _beanie,
    "cap": _cap,
    "sun_hat": _sun_hat,
    "headband": _headband,
    "flower": _flower,
    "headphones": _headphones,
}
