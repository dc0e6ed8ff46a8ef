"""Who lives in the demo community: read from the file beside this one."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from feeds.demo.faces import Face


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


@cache
def people() -> list[Neighbour]:
    return [
        Neighbour(**{**one, "face": Face(**{**one["face"], "extras": tuple(one["face"].get("extras", ()))})})
        for one in read("people.toml")["people"]
    ]


def cast() -> list[Neighbour]:
    """Those whom one signs in as."""
    return [person for person in people() if person.role]


def read(name: str) -> dict[str, Any]:
    """One of the files of this folder."""
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
