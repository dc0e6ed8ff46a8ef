"""What posts say: their HTML, the people and tags they name, where they link to.

One function for pages, API, mail and feeds; the language itself is `socialnet.kernel.markup`.
"""

from accounts.text import people_named, sites, tag_url
from socialnet.kernel import markup
from socialnet.kernel.markup import first_link, links_in, plain, plain_content, tag_name, tags_in

__all__ = [
    "first_link",
    "links_in",
    "mentioned_names",
    "people_named",
    "plain",
    "plain_content",
    "render",
    "tag_name",
    "tag_url",
    "tags_in",
]


def mentioned_names(content: str) -> list[str]:
    """The usernames that `content` mentions, lower-cased, each once, at most `markup.MENTIONS_MOST`."""
    return markup.names_in(content)


def render(content: str, *, known_names: dict[str, str]) -> str:
    """`content` as HTML; a mention is a link when its name is in `known_names` (lower-cased → as spelled)."""
    return markup.to_html(content, sites(known_names))
