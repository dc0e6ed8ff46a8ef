"""What apps above fill in, in their `AppConfig.ready()`; feeds knows nothing of them."""

# Facts about a post for whoever looks at it: name → an SQL condition over `p` (the post) and `v` (the viewer, a row
# of accounts_user; all null for visitors). They join the page's one query, see `feeds.door.facts`.
viewer_facts: dict[str, str] = {}
