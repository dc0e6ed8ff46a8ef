"""Made-up people: names of many languages by Faker, the same for the same node every time."""

import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from faker import Faker

from feeds.graph.writing import LANGUAGES

LOCALES = [
    "en_US",
    "en_GB",
    "en_IN",
    "es_ES",
    "es_MX",
    "pt_BR",
    "fr_FR",
    "de_DE",
    "it_IT",
    "pl_PL",
    "sv_SE",
    "tr_TR",
    "nl_NL",
    "id_ID",
    "ja_JP",
    "zh_CN",
]
FAMILY_NAME_FIRST = {"ja_JP", "zh_CN"}
NAMES_PER_LOCALE = 150
PRIVATE_SHARE = 0.04
_HANDLE_MOST = 12


@dataclass(frozen=True, slots=True)
class Name:
    display: str
    handle: str
    language: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    username: str
    display_name: str
    language: str
    is_private: bool


def newcomers(nodes: Iterable[int], *, file_name: str, seed: int) -> list[Newcomer]:
    """One per node; the username ends with initials of the file and the node's number: `maria_fe1078`."""
    initials = "".join(word[0] for word in re.findall("[a-z]+", file_name.partition(".")[0].lower()))[:3]
    chance = random.Random(seed)
    names = _names()
    people = []
    for node in nodes:
        name = chance.choice(names)
        people.append(
            Newcomer(
                username=f"{name.handle}_{initials}{node}",
                display_name=name.display,
                language=name.language,
                is_private=chance.random() < PRIVATE_SHARE,
            )
        )
    return people


@cache
def _names() -> list[Name]:
    return [name for locale in LOCALES for name in _names_of(locale)]


def _names_of(locale: str) -> list[Name]:
    fake = Faker(locale)
    fake.seed_instance(1)
    language = locale[:2]
    names = []
    for _ in range(NAMES_PER_LOCALE):
        if locale in FAMILY_NAME_FIRST:
            display, spoken = f"{fake.last_name()}{fake.first_name()}", fake.first_romanized_name()
        else:
            spoken = fake.first_name()
            display = f"{spoken} {fake.last_name()}"
        names.append(Name(display, _handle(spoken), language if language in LANGUAGES else "en"))
    return names


def _handle(name: str) -> str:
    """What can be typed anywhere: `Zoë` is `zoe`, `Łukasz` is `lukasz`."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_SPECIAL)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "_", plain).strip("_")[:_HANDLE_MOST] or "someone"


_SPECIAL = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "ı": "i", "đ": "d"})
