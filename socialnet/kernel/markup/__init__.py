"""A small Markdown for what people write: emphasis, code, quotes, lists, links, mentions and tags; nothing else.

Pure: no I/O. Whatever it is given, it raises nothing, takes time in proportion, and gives HTML that is safe to show.
"""

from socialnet.kernel.markup.inline import MENTIONS_MOST, TAGS_MOST
from socialnet.kernel.markup.page import (
    Sites,
    first_link,
    links_in,
    names_in,
    plain,
    plain_content,
    tags_in,
    to_html,
)
from socialnet.kernel.markup.words import TAG_MAX, tag_name

__all__ = [
    "MENTIONS_MOST",
    "TAGS_MOST",
    "TAG_MAX",
    "Sites",
    "first_link",
    "links_in",
    "names_in",
    "plain",
    "plain_content",
    "tag_name",
    "tags_in",
    "to_html",
]
