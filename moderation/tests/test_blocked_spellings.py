"""Blocked words are found however they are spelled: with other spaces, with characters that nobody sees, with letters
of other scripts that look the same."""

import pytest

from accounts.models import User
from feeds.tests.factories import publish
from moderation.screening.rules import RULES, words_from
from moderation.tests.screened import block_words, set_rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_words(db: None) -> None:
    for rule in RULES:
        set_rule(rule, "off")
    set_rule("classifier", "off")


SPELLINGS = [
    "Try our miracle  cure",
    "Try our miracle\ncure",
    "Try our miracle\u00a0cure",
    "miracle\u200b cure",
    "mira\u00adcle cure",
    "mira\u200bcle cure",
    "mira\u034fcle cure",
    "mira\u061ccle cure",
    "mira\u180ecle cure",
    "mira\ufe0fcle cure",
    "mira\U000e0020cle cure",
    "MIRACLE CURE",
    "ｍｉｒａｃｌｅ cure",
    "mirac\u217c\u0435 cure",
    "miracl\u0435 \u0441ure",
    "\u039c\u0406R\u0410CL\u0395 CURE",
]


@pytest.mark.parametrize("text", SPELLINGS, ids=ascii)
def test_a_phrase_is_held_in_every_spelling(ada: User, text: str) -> None:
    block_words("miracle cure")
    assert publish(ada, text).held_at is not None


@pytest.mark.parametrize("text", SPELLINGS[:3], ids=ascii)
def test_the_list_may_be_spelled_oddly_itself(ada: User, text: str) -> None:
    block_words("Mira\u00adcl\u0435 \t cure", "\u200b", "  ")
    assert publish(ada, text).held_at is not None


@pytest.mark.parametrize(
    "text", ["miraclecure", "miracle cures", "miracle, a cure", "чудо", "сор", "Сор из избы"], ids=ascii
)
def test_other_words_are_left_alone(ada: User, text: str) -> None:
    """Whole words of another script say something else, though they may look the same."""
    block_words("miracle cure", "cop")
    assert publish(ada, text).held_at is None


def test_words_of_other_scripts_are_blocked_as_they_are(ada: User) -> None:
    block_words("сор", "казино online")
    assert publish(ada, "Сор из избы").held_at is not None
    assert publish(ada, "Лучшее КАЗИНО  Online").held_at is not None
    assert words_from("A\u00adB  c\nab C") == ("ab c",)
