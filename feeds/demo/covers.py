"""Drawn covers of the demo's groups, by the group's address; each is the same every time it is drawn."""

import io
import math
import random
from collections.abc import Callable

from PIL import Image

from feeds.demo.canvas import Canvas, mixed

_SHARPER = 2  # as pictures of posts are
_WIDTH, _HEIGHT = 1500, 500


def draw(slug: str) -> io.BytesIO:
    """The cover of this group, a PNG that is ready to be uploaded."""
    out = io.BytesIO()
    _COVERS[slug]().save(out, "PNG", compress_level=1)
    out.seek(0)
    return out


def _canvas(background: str) -> Canvas:
    return Canvas(_WIDTH * _SHARPER, _HEIGHT * _SHARPER, background)


def _baking() -> Image.Image:
    """Loaves in a row on a shelf, flour in the air."""
    canvas = _canvas("#f1e2c6")
    canvas.fade(0, 24, "#f7ecd6", "#ecd6af")
    canvas.block(0, 24, 100, 34, "#8d6a45")
    canvas.block(0, 24, 100, 25.4, "#a9825a")
    chance = random.Random(3)
    for number, x in enumerate(range(9, 100, 16)):
        wide, high = chance.uniform(12, 15), chance.uniform(8, 13)
        crust = mixed("#b06a2c", "#7c431b", chance.random())
        canvas.oval(x, 24.6, wide * 1.02, 2.2, "#7a5a39")
        canvas.shape(
            [
                (x - wide / 2, 24.6),
                (x - wide / 2, 24.6 - high * 0.6),
                (x - wide / 4, 24.6 - high),
                (x + wide / 4, 24.6 - high),
                (x + wide / 2, 24.6 - high * 0.6),
                (x + wide / 2, 24.6),
            ],
            crust,
        )
        for cut in range(-1, 2) if number % 2 else (0,):
            middle = x + cut * wide / 4.4
            canvas.stroke([(middle - 1.1, 24 - high * 0.35), (middle + 1.1, 24 - high * 0.8)], "#f3dcb2", 0.7)
    for _each in range(160):
        size = chance.uniform(0.15, 0.4)
        canvas.oval(chance.uniform(0, 100), chance.uniform(0, 23), size, size, "#fffaf0")
    return canvas.image.reduce(_SHARPER)


def _river() -> Image.Image:
    """Houses along a river in the evening, and their lights in it."""
    canvas = _canvas("#2a3f5f")
    canvas.fade(0, 20, "#3b4c78", "#f0a884")
    canvas.fade(20, 34, "#4a6a8a", "#24384f")
    chance = random.Random(12)
    left = -2.0
    while left < 100:
        wide, high = chance.uniform(6, 10), chance.uniform(6, 13)
        wall = mixed("#7b4b4f", chance.choice(("#caa27a", "#5f7f8b", "#b86f52", "#8f7d9c")), 0.75)
        canvas.block(left, 20 - high, left + wide, 20, wall)
        canvas.shape(
            [(left - 0.6, 20 - high), (left + wide / 2, 16.4 - high), (left + wide + 0.6, 20 - high)],
            "#3a2a35",
            soft=False,
        )
        for row in range(int(high // 4)):
            for column in range(int(wide // 3)):
                lit = chance.random() < 0.6
                x, y = left + 1.2 + column * 2.8, 21.4 - high + row * 4
                canvas.block(x, y, x + 1.5, y + 2, "#ffe3a0" if lit else "#43506b", 0.2)
                if lit:
                    canvas.stroke([(x + 0.7, 22 + row), (x + 0.7, 27 + row * 2)], "#8f9a8f", 0.5)
        left += wide + chance.uniform(0.2, 1.6)
    for row in range(7):
        top = 21.5 + row * 1.9
        wave = [(x, top + 0.35 * math.sin(x / 2.3 + row)) for x in range(0, 101, 2)]
        canvas.stroke(wave, mixed("#7fa0b8", "#24384f", row / 8), 0.25)
    canvas.shape([(60, 25.5), (76, 25.5), (73, 28.4), (63, 28.4)], "#1c2532", soft=False)
    canvas.stroke([(68, 25.5), (68, 20.6)], "#1c2532", 0.4)
    canvas.oval(68, 20.4, 1, 1, "#fff0c4")
    return canvas.image.reduce(_SHARPER)


def _birthday() -> Image.Image:
    """Paper flags and candles; nobody is to be seen yet."""
    canvas = _canvas("#f6e6ea")
    canvas.fade(0, 34, "#fbeff1", "#efd3dc")
    colours = ("#c2513f", "#2f6f9f", "#d9a63a", "#3f7f6b", "#7a4a78")
    for line, (top, deep) in enumerate(((3, 5), (1, 9))):
        string = [(x, top + deep * math.sin(math.pi * x / 100)) for x in range(101)]
        canvas.stroke(string, "#8b949c", 0.2)
        for number, x in enumerate(range(3 + line * 4, 98, 8)):
            y = top + deep * math.sin(math.pi * x / 100)
            flag = [(x - 2.4, y), (x + 2.4, y), (x, y + 4.6)]
            canvas.shape(flag, colours[(number + line) % len(colours)], soft=False)
    canvas.block(38, 22, 62, 34, "#fff7ea", 1.4)
    canvas.block(38, 22, 62, 25.4, "#c97f8f", 1.2)
    for number in range(5):
        x = 42 + number * 4
        canvas.block(x - 0.5, 17, x + 0.5, 22, colours[number], 0.3)
        canvas.oval(x, 15.6, 1, 2.2, "#f0b23a")
    canvas.block(0, 33, 100, 34, "#caa27a")
    return canvas.image.reduce(_SHARPER)


_COVERS: dict[str, Callable[[], Image.Image]] = {
    "bread-and-butter": _baking,
    "riverside-neighbours": _river,
    "birthday-for-ben": _birthday,
}
