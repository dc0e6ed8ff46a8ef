"""Drawn pictures for posts, by name. Every one is the same each time it is drawn."""

import io
import math
import random
from collections.abc import Callable

from PIL import Image

from feeds.demo.canvas import Canvas, Point, mixed

_SHARPER = 2  # drawn so much larger and made smaller again, so that edges are smooth
_FRAMES, _FRAME_MILLISECONDS = 16, 90
_LIME = "#f7f4ec"


def draw(name: str) -> io.BytesIO:
    """The picture called `name`, ready to be uploaded: a PNG, or a GIF if it moves."""
    out = io.BytesIO()
    if name in _MOVING:
        first, *others = [_MOVING[name](frame / _FRAMES) for frame in range(_FRAMES)]
        first.save(
            out, "GIF", save_all=True, append_images=others, duration=_FRAME_MILLISECONDS, loop=0, disposal=1
        )
    else:
        _finished(_STILL[name]()).save(out, "PNG", compress_level=1)
    out.seek(0)
    return out


def names() -> list[str]:
    return [*_STILL, *_MOVING]


def _canvas(width: int, height: int, background: str) -> Canvas:
    return Canvas(width * _SHARPER, height * _SHARPER, background)


def _finished(canvas: Canvas) -> Image.Image:
    return canvas.image.reduce(_SHARPER)


def _bread() -> Canvas:
    """A round loaf on a board, the window behind it."""
    canvas = _canvas(1200, 900, "#efe3cf")
    canvas.block(8, 4, 58, 44, "#cfe3ea")
    canvas.fade(4.5, 43, "#bcd9e6", "#f6e7c8")
    canvas.block(0, 0, 8, 44, "#efe3cf")
    canvas.block(58, 0, 100, 44, "#efe3cf")
    for bar in ((32, 4, 34, 44), (8, 23, 58, 25)):
        canvas.block(*bar, "#fbf7ee")
    canvas.block(0, 44, 100, 75, "#9c7a54")
    for row in range(5):
        canvas.stroke([(0, 50 + row * 6), (100, 49 + row * 6)], "#8d6c49", 0.3)
    canvas.block(14, 58, 88, 66, "#c99a62", 3)
    canvas.oval(51, 60, 68, 8, "#b5854f")
    canvas.shape([(19, 60), (20, 44), (36, 29), (66, 29), (82, 44), (83, 60)], "#a8642c")
    canvas.shape([(23, 52), (30, 38), (44, 32), (62, 32), (75, 40), (79, 52), (60, 42), (40, 42)], "#c98543")
    for x in (37.0, 51.0, 65.0):
        canvas.stroke([(x - 6, 50), (x, 40), (x + 5, 36)], "#f1d9ae", 1.6)
    chance = random.Random(7)
    for _ in range(130):
        x, y = chance.gauss(51, 14), chance.gauss(38, 5)
        if ((x - 51) / 25) ** 2 + ((y - 43) / 10) ** 2 < 1:
            canvas.oval(x, y, 0.5, 0.5, "#f6e8cd")
    return canvas


def _cat() -> Canvas:
    """A cat asleep between coffee sacks."""
    canvas = _canvas(1200, 900, "#d8c4a8")
    canvas.block(0, 55, 100, 75, "#7d5b40")
    for left, right, colour in ((-6, 30, "#b08a5e"), (70, 108, "#a47e54")):
        canvas.shape(
            [(left, 70), (left + 1, 30), (left + 8, 22), (right - 8, 22), (right - 1, 30), (right, 70)],
            colour,
        )
        canvas.stroke([(left + 6, 28), (right - 6, 28)], "#6d4c30", 0.8)
        canvas.oval((left + right) / 2, 46, 11, 15, mixed(colour, "#3c2415", 0.55))
        canvas.bow((left + right) / 2 - 2, 46, 8, 15, 300, 60, colour, 0.9)
    fur, dark = "#4b4a50", "#37363b"
    canvas.oval(51, 61, 50, 23, fur)
    canvas.shape([(69, 66), (80, 62), (80, 71), (60, 74), (38, 73), (40, 70), (58, 70)], dark)
    canvas.shape([(26, 50), (28, 38), (34, 45)], fur, soft=False)
    canvas.shape([(39, 44), (45, 37), (47, 49)], fur, soft=False)
    canvas.shape([(28, 46), (29, 41), (32.5, 45)], "#c99089", soft=False)
    canvas.shape([(41, 45), (44.3, 40.5), (45, 47)], "#c99089", soft=False)
    canvas.oval(36.5, 54, 24, 20, fur)
    for x in (31.0, 42.0):
        canvas.bow(x, 53, 5.5, 4, 20, 160, "#1b1a1d", 0.6)
    canvas.shape([(35, 57), (38, 57), (36.5, 59)], "#c99089", soft=False)
    for x in (35.2, 37.8):
        canvas.bow(x, 59.5, 2.8, 2.6, 10, 170, "#1b1a1d", 0.4)
    for side in (-1, 1):
        for tilt in (-1.6, 0.2, 2):
            canvas.stroke([(36.5 + side * 6, 58), (36.5 + side * 15, 57 + tilt)], "#d9d4cd", 0.2)
    canvas.bow(60, 62, 16, 14, 190, 320, dark, 0.8)
    return canvas


def _tiles(ground: str, paint: str, *, petals: int, turn: float, corners: str = "") -> Canvas:
    """Four by four painted tiles: each a quarter of an ornament, turned until they meet. `turn` is part of a petal."""
    canvas = _canvas(800, 800, ground)
    for x, y in ((25, 25), (75, 25), (25, 75), (75, 75)):
        if corners:
            for across, down in ((-25, -25), (25, -25), (-25, 25), (25, 25)):
                canvas.oval(x + across, y + down, 22, 22, corners)
                canvas.oval(x + across, y + down, 13, 13, ground)
        canvas.oval(x, y, 44, 44, mixed(paint, ground, 0.55))
        canvas.oval(x, y, 40, 40, ground)
        for petal in range(petals):
            _petal(canvas, x, y, 2 * math.pi * (petal + turn) / petals, 19, paint)
        canvas.oval(x, y, 9, 9, "#d9a63a")
        canvas.oval(x, y, 4, 4, paint)
    for line in (25, 50, 75):
        canvas.stroke([(line, 0), (line, 100)], "#d6d0c1", 0.35)
        canvas.stroke([(0, line), (100, line)], "#d6d0c1", 0.35)
    return canvas


def _petal(canvas: Canvas, x: float, y: float, angle: float, length: float, colour: str) -> None:
    def at(along: float, across: float) -> Point:
        return (
            x + along * math.cos(angle) - across * math.sin(angle),
            y + along * math.sin(angle) + across * math.cos(angle),
        )

    canvas.shape([at(3, 0), at(length * 0.55, 4.5), at(length, 0), at(length * 0.55, -4.5)], colour)


_HOURS = {  # sky above and below, sun, hills from far to near
    "dawn": ("#4b5d8f", "#f5b48a", (24, 33, "#ffe2a8"), ("#8d7ba6", "#6a5f8c", "#4b4a6e", "#2f3350")),
    "noon": ("#5fa8dd", "#d7ecf5", (68, 12, "#fff6d0"), ("#9dbfb4", "#7aa88b", "#558a5d", "#35663f")),
    "dusk": ("#2b2350", "#d9646a", (78, 40, "#ffb070"), ("#7a4a78", "#5a3766", "#3c2750", "#21183a")),
}


def _hills(hour: str) -> Canvas:
    """The same four ridges at another time of the day."""
    above, below, (x, y, light), ridges = _HOURS[hour]
    canvas = _canvas(1200, 800, above)
    canvas.fade(0, 55, above, below)
    canvas.oval(x, y, 13, 13, mixed(light, below, 0.45))
    canvas.oval(x, y, 9, 9, light)
    for number, colour in enumerate(ridges):
        chance = random.Random(number)
        top = 34 + number * 8
        shift, steep = chance.random() * 7, 7 - number
        ridge = [
            (at, top + steep * math.sin(at / 9 + shift) + 2.4 * math.sin(at / 3.7 + shift * 2))
            for at in range(101)
        ]
        canvas.shape([*ridge, (100, 67), (0, 67)], colour, soft=False)
    canvas.stroke([(8, 67), (30, 62), (36, 59), (52, 57), (57, 54)], mixed(ridges[3], light, 0.5), 0.7)
    return canvas


def _lake() -> Canvas:
    """Deep in a cave: a lake, a lamp, and both again in the water."""
    canvas = _canvas(1200, 800, "#191a22")
    canvas.fade(0, 40, "#14151c", "#2f3140")
    canvas.fade(40, 67, "#20445a", "#0d1c28")
    glow = 26
    while glow > 4:
        part = (26 - glow) / 26
        canvas.oval(64, 38, glow * 1.7, glow, mixed("#2f3140", "#ffd98a", part * 0.7))
        glow -= 1
    canvas.fade(40, 67, "#2d5f74", "#0d1c28")
    for row in range(9):
        width = 16 - row * 1.5
        canvas.stroke(
            [(64 - width, 42 + row * 2.6), (64 + width, 42 + row * 2.6)],
            mixed("#2d5f74", "#ffd98a", 0.6 - row * 0.055),
            0.35,
        )
    chance = random.Random(11)
    for _ in range(26):
        x, length, wide = chance.uniform(0, 100), chance.uniform(4, 20), chance.uniform(1, 3.4)
        colour = mixed("#23242e", "#4a4350", chance.random())
        canvas.shape([(x - wide, 0), (x + wide, 0), (x, length)], colour, soft=False)
    canvas.shape([(0, 67), (0, 30), (12, 38), (22, 47), (40, 54), (52, 67)], "#0c0c11")
    canvas.shape([(100, 67), (100, 34), (90, 44), (80, 56), (70, 67)], "#0c0c11")
    canvas.oval(60.6, 34.8, 2.2, 2.6, "#0c0c11")
    canvas.shape([(59, 41), (59.4, 36.5), (61.8, 36.5), (62.2, 41)], "#0c0c11")
    canvas.oval(62.4, 34.4, 1.3, 1.3, "#fff3cf")
    return canvas


def _door() -> Canvas:
    """An old door in a stone arch, tall."""
    canvas = _canvas(900, 1200, "#d9c7a3")
    chance = random.Random(42)
    for row in range(15):
        for column in range(-1, 6):
            left, top = column * 22 + (row % 2) * 11, row * 9.2
            stone = mixed("#d9c7a3", chance.choice(("#b79d74", "#efe2c6", "#c4ac82")), chance.random() * 0.6)
            canvas.block(left + 0.4, top + 0.4, left + 21.4, top + 8.8, stone, 1)
    canvas.cut_oval(50, 50, 70, 74, 180, 360, "#a78a5f")
    canvas.block(15, 49, 85, 134, "#a78a5f")
    canvas.cut_oval(50, 51, 58, 62, 180, 360, "#1f6f78")
    canvas.block(21, 50, 79, 134, "#1f6f78")
    for x in range(25, 79, 6):
        canvas.stroke([(x, 30 if 32 < x < 68 else 44), (x, 134)], "#185860", 0.5)
    canvas.block(49.4, 21, 50.6, 134, "#0f3c42")
    for y in (56, 84, 112):
        canvas.block(21, y, 79, y + 3.4, "#185860")
        for x in range(25, 79, 6):
            canvas.oval(x, y + 1.7, 1.8, 1.8, "#caa24a")
    canvas.bow(44, 78, 7, 8, 0, 360, "#caa24a", 1.1)
    canvas.oval(44, 74, 3, 3, "#caa24a")
    canvas.block(12, 128, 88, 134, "#8c724c")
    canvas.block(66, 96, 76, 104, "#f4ead2", 0.6)
    canvas.stroke([(68.4, 98), (68.4, 101), (71, 101)], "#27333a", 0.6)
    canvas.stroke([(70.3, 98), (70.3, 102.4)], "#27333a", 0.6)
    canvas.stroke([(72, 98.4), (74, 98.4), (74, 100), (72, 102.2), (74.3, 102.2)], "#27333a", 0.6)
    return canvas


_RAIN = (12, 31, 8, 22, 48.6, 40, 27)  # millimetres a day


def _chart() -> Canvas:
    """A week of rain in bars. It has no words, for it would need a typeface: the text of its post says the rest."""
    canvas = _canvas(1200, 675, "#fbfaf6")
    for line in range(6):
        canvas.stroke([(9, 48 - line * 8), (95, 48 - line * 8)], "#dfe3e6", 0.2)
    for day, rain in enumerate(_RAIN):
        left = 13 + day * 12
        top = 48 - rain * 0.8
        canvas.block(left, top, left + 7, 48, "#2f6f9f" if rain < max(_RAIN) else "#c2513f", 0.8)
        canvas.oval(left + 3.5, 51.6, 1.2, 1.2, "#8b949c")
        for drop in range(round(rain / 10)):
            canvas.oval(left + 2 + drop * 1.2, top - 2, 0.7, 1.2, "#7fb2d6")
    canvas.stroke([(9, 48), (95, 48)], "#5d666d", 0.35)
    canvas.stroke([(9, 6), (9, 48)], "#5d666d", 0.35)
    return canvas


def _map() -> Canvas:
    """A hand-drawn map: a river, woods, and a dotted path to a cross."""
    canvas = _canvas(1200, 800, "#efe1bf")
    chance = random.Random(1903)
    for _ in range(500):
        x, y = chance.uniform(0, 100), chance.uniform(0, 67)
        canvas.oval(x, y, 0.4, 0.4, mixed("#efe1bf", "#b99b62", chance.random() * 0.5))
    river = [(0, 50), (14, 46), (26, 50), (38, 58), (52, 54), (60, 44), (72, 42), (84, 34), (100, 32)]
    canvas.stroke(river, "#86a9b3", 3.2)
    canvas.stroke(river, "#b7d0d4", 1.8)
    for x, y in ((18, 16), (24, 12), (29, 18), (35, 13), (78, 56), (84, 60), (89, 55)):
        canvas.shape([(x - 3, y + 5), (x, y - 5), (x + 3, y + 5)], "#6f7d4d", soft=False)
        canvas.stroke([(x, y + 5), (x, y + 7)], "#5a4630", 0.6)
    for x, y in ((48, 12), (56, 8), (64, 14)):
        canvas.stroke([(x - 6, y + 8), (x, y), (x + 6, y + 8)], "#7b6142", 0.7)
    for step in range(30):
        at = step / 29
        x = 8 + 78 * at
        y = 36 - 14 * math.sin(at * 5.2) * (1 - at) - 12 * at
        canvas.block(x, y, x + 1.4, y + 0.7, "#a63f2e", 0.3)
    canvas.stroke([(85, 20), (90, 25)], "#a63f2e", 1)
    canvas.stroke([(90, 20), (85, 25)], "#a63f2e", 1)
    canvas.oval(10, 60, 9, 9, "#e2cf9f")
    canvas.shape([(10, 55), (11.4, 60), (10, 65), (8.6, 60)], "#7b6142", soft=False)
    return canvas


def _boat(moment: float) -> Image.Image:
    """A paper boat on waves; `moment` goes from 0 to 1, where it begins again."""
    canvas = Canvas(480 * _SHARPER, 320 * _SHARPER, "#f3e9d8")
    turn = 2 * math.pi * moment
    canvas.oval(78, 16, 14, 14, "#f0b27a")
    lift, lean = 1.6 * math.sin(turn), 0.09 * math.cos(turn)

    def at(x: float, y: float) -> Point:
        return 50 + x - y * lean, 41 + lift + y + x * lean

    canvas.shape([at(-17, -6), at(17, -6), at(10, 4), at(-10, 4)], "#ffffff", soft=False)
    canvas.shape([at(-9, -6), at(0, -23), at(9, -6)], "#f7f3ea", soft=False)
    canvas.shape([at(0, -6), at(0, -23), at(9, -6)], "#ddd6c8", soft=False)
    canvas.stroke([at(-17, -6), at(17, -6)], "#c9c1b1", 0.4)
    for layer, colour in enumerate(("#7fb2c8", "#5d97b3", "#3f7a99")):
        phase = turn * (1 if layer % 2 else -1) + layer
        top = 43 + layer * 7
        wave = [(x, top + 1.7 * math.sin(x * 2 * math.pi / 25 + phase)) for x in range(0, 101, 2)]
        canvas.shape([*wave, (100, 67), (0, 67)], colour, soft=False)
    return _finished(canvas).quantize(64)


_STILL: dict[str, Callable[[], Canvas]] = {
    "bread": _bread,
    "cat": _cat,
    "tiles_star": lambda: _tiles(_LIME, "#1f4e8c", petals=8, turn=0),
    "tiles_cross": lambda: _tiles(_LIME, "#14355f", petals=4, turn=0.5, corners="#1f4e8c"),
    "tiles_night": lambda: _tiles("#1b3f73", "#eef0ea", petals=8, turn=0.5, corners="#e9c46a"),
    "tiles_clover": lambda: _tiles(_LIME, "#3f7f6b", petals=4, turn=0, corners="#d9a63a"),
    "hills_dawn": lambda: _hills("dawn"),
    "hills_noon": lambda: _hills("noon"),
    "hills_dusk": lambda: _hills("dusk"),
    "lake": _lake,
    "door": _door,
    "chart": _chart,
    "map": _map,
}
_MOVING: dict[str, Callable[[float], Image.Image]] = {"boat": _boat}
