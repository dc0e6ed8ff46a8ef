"""Who lives in the demo community, and what they said: read from the two files beside this one."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from feeds.demo.faces import Face
from feeds.door import Audience

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """`role` says what the login is good for; most people have none."""

    username: str
    name: str
    bio: str
    place: str
    face: Face
    language: str
    time_zone: str
    website: str = ""
    is_private: bool = False
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class Saying:
    """A post of `by`, published that many hours before the demo was loaded."""

    by: str
    hours: float
    text: str
    audience: str = Audience.PUBLIC
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page that a post links to says of itself."""

    url: str
    title: str
    description: str
    site_name: str


@cache
def people() -> list[Neighbour]:
    return [
        Neighbour(**{**one, "face": Face(**{**one["face"], "extras": tuple(one["face"].get("extras", ()))})})
        for one in _read("people.toml")["people"]
    ]


@cache
def sayings() -> list[Saying]:
    return [Saying(**one) for one in _read("posts.toml")["posts"]]


@cache
def pages() -> list[Page]:
    return [Page(**one) for one in _read("posts.toml")["links"]]


def cast() -> list[Neighbour]:
    """Those whom one signs in as."""
    return [person for person in people() if person.role]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))
