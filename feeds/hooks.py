"""What apps above fill in, in their `AppConfig.ready()`; feeds knows nothing of them."""

from collections.abc import Callable, Mapping
from typing import Any

# Facts about a post for whoever looks at it: name → an SQL condition over `p` (the post) and `v` (the viewer, a row
# of accounts_user; all null for visitors). They join the page's one query, see `feeds.door.facts`.
viewer_facts: dict[str, str] = {}

# What else the people of the demo community do: called with them by username (`accounts.models.User`) and with those of
# their posts that have a key (`feeds.models.Post`), in the transaction that loads it.
demo: list[Callable[[Mapping[str, Any], Mapping[str, Any]], None]] = []
