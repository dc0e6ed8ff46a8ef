"""What search keeps in Redis: ids in their order, under a digest of what was asked for. Never words, never things.

What somebody may see is asked of PostgreSQL for every page, also of what is kept.
"""

from socialnet.kernel.cache import CachePolicy

FOUND = CachePolicy(
    name="search",
    template="search:{id}",
    ttl=120,
    dropped_by="time; of each viewer apart; asked at the door each time",
)
NAMED = CachePolicy(
    name="search suggestions",
    template="named:{id}",
    ttl=30 * 60,
    dropped_by="time; the same for all, before the door, which is asked each time",
)
