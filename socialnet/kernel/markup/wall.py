"""The last wall: whatever stands before it, nothing but these elements, attributes and schemes gets out."""

from html import escape

import nh3

REL = "nofollow noopener ugc"
_DIRECTIONS = {"auto", "ltr", "rtl"}
_BLOCKS = ("p", "pre", "blockquote", "ul", "ol", "li")
ALLOWED: dict[str, dict[str, set[str]]] = {
    **{name: {"dir": _DIRECTIONS} for name in (*_BLOCKS, "code", "bdi")},
    "a": {"dir": _DIRECTIONS, "class": {"mention", "tag"}, "rel": {REL}, "target": {"_blank"}},
    **{name: {} for name in ("br", "strong", "em")},
}
WALL = nh3.Cleaner(
    tags=set(ALLOWED),
    clean_content_tags=set(),
    attributes={"a": {"href"}, "li": {"value"}},
    tag_attribute_values=ALLOWED,
    url_schemes={"http", "https"},
    link_rel=None,
)


def survives(url: str) -> bool:
    """Whether a link to `url` gets through."""
    return "href" in WALL.clean(f'<a href="{escape(url)}">')
