"""What everything here is drawn with: flat shapes with soft corners. All lengths are hundredths of the width."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from PIL import Image, ImageColor, ImageDraw

Point = tuple[float, float]


class Canvas:
    """A picture, measured in hundredths of its width; so `height` is 100 for a square, less for a landscape."""

    def __init__(self, width: int, height: int, background: str) -> None:
        self.image = Image.new("RGB", (width, height), background)
        self.pen = ImageDraw.Draw(self.image)
        self.unit = width / 100
        self.height = height / self.unit

    def scaled(self, *points: Point) -> list[Point]:
        return [(x * self.unit, y * self.unit) for x, y in points]

    def oval(self, x: float, y: float, wide: float, high: float, fill: str) -> None:
        """An ellipse around (`x`, `y`)."""
        self.pen.ellipse(self._box(x, y, wide, high), fill=fill)

    def cut_oval(self, x: float, y: float, wide: float, high: float, start: int, end: int, fill: str) -> None:
        """The part of an ellipse between two angles; 0 is to the right, 90 is down."""
        self.pen.chord(self._box(x, y, wide, high), start, end, fill=fill)

    def bow(
        self, x: float, y: float, wide: float, high: float, start: int, end: int, fill: str, width: float
    ) -> None:
        self.pen.arc(self._box(x, y, wide, high), start, end, fill=fill, width=round(width * self.unit))

    def block(
        self, left: float, top: float, right: float, bottom: float, fill: str, round_by: float = 0
    ) -> None:
        box = self.scaled((left, top), (right, bottom))
        self.pen.rounded_rectangle(box, round(round_by * self.unit), fill=fill)

    def shape(self, points: Sequence[Point], fill: str, *, soft: bool = True) -> None:
        """A closed shape, with soft corners unless told otherwise."""
        self.pen.polygon(self.scaled(*(softened(points) if soft else points)), fill=fill)

    def stroke(self, points: Sequence[Point], fill: str, width: float) -> None:
        self.pen.line(self.scaled(*points), fill=fill, width=round(width * self.unit), joint="curve")

    def fade(self, top: float, bottom: float, first: str, last: str) -> None:
        """Fill from `top` to `bottom`, one colour going over into the other."""
        start, end = round(top * self.unit), round(bottom * self.unit)
        for row in range(start, end):
            part = (row - start) / (end - start)
            self.pen.line([(0, row), (self.image.width, row)], fill=mixed(first, last, part))

    def _box(self, x: float, y: float, wide: float, high: float) -> list[Point]:
        return self.scaled((x - wide / 2, y - high / 2), (x + wide / 2, y + high / 2))


def softened(points: Sequence[Point], rounds: int = 3) -> list[Point]:
    """Chaikin's corner cutting: each corner becomes two, three times over."""
    for _ in range(rounds):
        points = list(_cut(points))
    return list(points)


def _cut(points: Sequence[Point]) -> Iterator[Point]:
    for (ax, ay), (bx, by) in pairwise([*points, points[0]]):
        yield ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25
        yield ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75


def mixed(one: str, other: str, part: float) -> str:
    """`one` with `part` (0–1) of `other` in it."""
    pairs = zip(ImageColor.getrgb(one), ImageColor.getrgb(other), strict=True)
    red, green, blue = (round(a + (b - a) * part) for a, b in pairs)
    return f"#{red:02x}{green:02x}{blue:02x}"
