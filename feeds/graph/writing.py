"""Made-up posts in several languages: sentences by Faker, some with a link, a #tag or a @mention."""

import random
from dataclasses import dataclass
from functools import cache

from faker import Faker

from feeds.text import render

LANGUAGES = {
    "en": "en_US",
    "es": "es_ES",
    "fr": "fr_FR",
    "de": "de_DE",
    "it": "it_IT",
    "pl": "pl_PL",
    "tr": "tr_TR",
    "nl": "nl_NL",
    "ja": "ja_JP",
    "zh": "zh_CN",
}
SENTENCES = 250  # in each language
TAGS = [
    "garden",
    "cats",
    "photography",
    "running",
    "books",
    "coffee",
    "travel",
    "music",
    "linux",
    "cooking",
    "football",
    "birds",
    "bikes",
    "history",
]
LINKS = (
    "https://example.org/reading/slow-news",
    "https://example.com/recipes/lentil-soup?serves=4",
    "https://example.net/walks",
)
START, END = '<p dir="auto">', "</p>"
# On a graph of mutual ties friends are the same people as followers.
AUDIENCES, WEIGHTS = ("public", "followers", "friends", "private"), (92, 5, 2, 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and the same as HTML: pieces are rendered once and put together with spaces in one paragraph."""

    text: str
    html: str

    @classmethod
    def of(cls, text: str, *, mentioned: str = "") -> "Piece":
        known = {mentioned.lower(): mentioned} if mentioned else {}
        return cls(text, render(text, known_names=known).removeprefix(START).removesuffix(END))


def write(chance: random.Random, *, language: str, mention: str) -> Piece:
    """One post; `mention` is somebody whom the author might name."""
    pieces = chance.choices(_sentences(language), k=chance.choice((1, 1, 2, 2, 3)))
    if chance.random() < 0.10:
        pieces.append(chance.choice(_tags()))
    if chance.random() < 0.05:
        pieces.append(chance.choice(_links()))
    if mention and chance.random() < 0.06:
        pieces.insert(0, Piece.of(f"@{mention}", mentioned=mention))
    html = " ".join(piece.html for piece in pieces)
    return Piece(" ".join(piece.text for piece in pieces), f"{START}{html}{END}")


def audience(chance: random.Random) -> str:
    return chance.choices(AUDIENCES, WEIGHTS)[0]


@cache
def _sentences(language: str) -> list[Piece]:
    fake = Faker(LANGUAGES[language])
    fake.seed_instance(2)
    return [Piece.of(fake.sentence(nb_words=10)) for _ in range(SENTENCES)]


@cache
def _tags() -> list[Piece]:
    return [Piece.of(f"#{tag}") for tag in TAGS]


@cache
def _links() -> list[Piece]:
    return [Piece.of(link) for link in LINKS]
