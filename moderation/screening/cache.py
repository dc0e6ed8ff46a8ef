"""What screening keeps in Redis: how the rules are set, what the classifier said, and who says the same."""

from socialnet.kernel.cache import CachePolicy

RULES = CachePolicy(
    name="screening rules",
    template="screening:rules:{id}",
    ttl=60,
    dropped_by="change of a rule",
    l1=5,
    l1_because="a rule that was changed works everywhere within seconds, and is asked for with everything written",
)
VERDICTS = CachePolicy(
    name="classifier verdict",
    template="screening:verdict:{id}",
    ttl=24 * 3600,
    dropped_by="time; by a keyed digest of the text",
)
SAME = CachePolicy(
    name="accounts that say the same",
    template="screening:same:{id}",
    ttl=24 * 3600,
    dropped_by="time; a HyperLogLog of accounts by a keyed digest of the text",
)
