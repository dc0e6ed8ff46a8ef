"""What is left of search while it cannot be had whole: no suggestions, then names by their beginnings, then a sentence.

Each step is behind a breaker of its own, with its own budget, and comes back by itself: one question in ten seconds
tries it. Suggestions have the smallest budget, so that they go first, and they rest while search does.
"""

from socialnet.kernel.breaker import Breaker
from socialnet.kernel.postgres import is_slow

BUDGET_MS, NAMES_BUDGET_MS, SUGGESTIONS_BUDGET_MS = 500, 250, 150
PAUSE_SECONDS = 10
FAILURES = 3
WHOLE, NAMES = "whole", "names"

# Posts may be slow while people are found at once: what counts is how many were too slow, not how many in a row.
search = Breaker(
    "search", failures=FAILURES, pause=PAUSE_SECONDS, counts=is_slow, window=30, volume=10, share=0.2
)
names = Breaker("search, names", failures=FAILURES, pause=PAUSE_SECONDS, counts=is_slow)
suggestions = Breaker("search, suggestions", failures=FAILURES, pause=PAUSE_SECONDS, counts=is_slow)
ALL = (search, names, suggestions)
