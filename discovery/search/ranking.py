"""The order of what was found: pure functions, to be read and to be tested.

post    relevance · recency · engagement · followed
person  first how much of the name was meant, then relevance · standing · ties
"""

from math import log2

HALF_LIFE = 14  # days after which recency counts half of what is lost in time; an old post keeps a fifth
FLOOR = 0.2
FOLLOWED = 1.6  # by the viewer, or their own
WEIGHTS_OF_PEOPLE = "{0.4, 0.6, 0.8, 1.0}"  # place, bio, name, username
WEIGHTS_OF_POSTS = "{0.4, 0.4, 0.6, 1.0}"  # stem, –, content warning, as written

EXACT, NAMED, DESCRIBED, ALIKE = 3, 2, 1, 0  # how a person or a tag was found


def recency(days: float) -> float:
    """1 for a post of this moment, 0.6 after `HALF_LIFE` days, never less than `FLOOR`."""
    return FLOOR + (1 - FLOOR) * 0.5 ** (max(days, 0.0) / HALF_LIFE)


def engagement(*, likes: int, comments: int, shares: int) -> float:
    """1 without any, 2 for about a hundred: what many like comes first, but does not drown the rest."""
    return 1 + log2(1 + likes + 2 * comments + 3 * shares) / 7


def post_score(*, relevance: float, days: float, reactions: float, is_followed: bool) -> float:
    return (0.05 + relevance) * recency(days) * reactions * (FOLLOWED if is_followed else 1.0)


def person_score(*, relevance: float, standing: int, follows: bool, mutual: int) -> float:
    """`standing`: log₂ of the followers; `mutual`: how many of those whom the viewer follows do follow this person."""
    ties = (0.5 if follows else 0.0) + min(mutual, 10) / 10
    return (0.05 + relevance) * (1 + standing / 10) * (1 + ties)
