"""Names with a slip of the finger in them: a letter too many, too few, another, or two in each other's place.

Two words that one slip makes each other's share a form with one letter left out, if not the word itself. So of each
name its forms are kept, as numbers, and whoever looks for a word looks for its forms; what only looks alike is then
sorted out letter by letter. PostgreSQL needs no extension for it.
"""

from collections.abc import Iterable
from zlib import crc32

SHORTEST, LONGEST = 3, 30  # letters of a word that is kept
TYPED_LEAST = 4  # of a word that is typed; in a shorter one, one letter makes another word


def forms(word: str) -> set[int]:
    """Numbers of `word` and of what it is without any one of its letters; none for words that are too short."""
    if not SHORTEST <= len(word) <= LONGEST:
        return set()
    return {_number(word), *(_number(word[:place] + word[place + 1 :]) for place in range(len(word)))}


def forms_of(words: Iterable[str]) -> list[int]:
    return sorted({number for word in words for number in forms(word)})


def is_slip(one: str, other: str) -> bool:
    """Whether at most one slip stands between two words."""
    if one == other:
        return True
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    mine, others = one[start:], other[start:]
    swapped = mine[:2] == others[:2][::-1] and len(mine) > 1 and mine[2:] == others[2:]
    return mine[1:] == others or mine == others[1:] or mine[1:] == others[1:] or swapped


def _number(word: str) -> int:
    return crc32(word.encode()) - 2**31
