"""What the people of the demo community said, shared, and have not said yet: read from the files beside this one.

Hours count back from the moment when the demo is loaded; posts that others refer to have a key.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from feeds.demo.people import read
from feeds.door import Audience


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture of `feeds.demo.pictures`, by name."""

    draw: str
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What a post said until it was edited."""

    hours: float
    text: str
    warning: str = ""


@dataclass(frozen=True, kw_only=True)
class Saying:
    """A post of `by`. `quotes` is the key of another; `pinned` its place among those that stand first on a profile."""

    by: str
    hours: float
    text: str
    audience: str = Audience.PUBLIC
    language: str = ""
    key: str = ""
    warning: str = ""
    quotes: str = ""
    pinned: int = 0
    deleted: bool = False
    pictures: tuple[Drawing, ...] = ()
    before: tuple[Earlier, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Share:
    """That `by` passed on the post with the key `of`; `via` is whose share of it led there."""

    of: str
    by: str
    hours: float
    via: str = ""


@dataclass(frozen=True, kw_only=True)
class Unsaid:
    """A draft; with `in_hours` it publishes itself so long after the load."""

    by: str
    text: str
    audience: str = Audience.PUBLIC
    language: str = ""
    warning: str = ""
    quotes: str = ""
    pictures: tuple[Drawing, ...] = ()
    in_hours: float | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page that a post links to says of itself."""

    url: str
    title: str
    description: str
    site_name: str
    picture: str = ""


@cache
def sayings() -> list[Saying]:
    said = [one for name in ("posts.toml", "stories.toml", "trend.toml") for one in read(name)["posts"]]
    return [Saying(**_whole(one)) for one in said]


@cache
def shares() -> list[Share]:
    return [Share(**one) for one in read("stories.toml")["shares"]]


@cache
def drafts() -> list[Unsaid]:
    return [Unsaid(**_whole(one)) for one in read("stories.toml")["drafts"]]


@cache
def pages() -> list[Page]:
    return [Page(**one) for one in read("posts.toml")["links"]]


def _whole(one: dict[str, Any]) -> dict[str, Any]:
    """`one` with its pictures and earlier texts as what they are."""
    whole = {**one, "pictures": tuple(Drawing(**each) for each in one.get("pictures", ()))}
    if "before" in one:
        whole["before"] = tuple(Earlier(**each) for each in one["before"])
    return whole
