"""Posts as HTML. Twenty of them are most of a page's work, so what was drawn lately is kept in the process."""

from typing import Any

from cachebox import LRUCache
from django import template
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from feeds.items import FeedItem

register = template.Library()
KEPT = 2_000  # articles, about 2 KB each

# By everything that is drawn, so nothing has to be dropped: a new name or text is another key.
_drawn: LRUCache[tuple[Any, ...], SafeString] = LRUCache(KEPT)


@register.simple_tag
def post_article(item: FeedItem, whole: bool = False) -> SafeString:
    """The article of one post; `whole` as its own page shows it."""
    key = (get_language(), timezone.get_current_timezone_name(), whole, *_shown(item))
    article = _drawn.get(key)
    if article is None:
        context = {"item": item, "whole": whole}
        article = _drawn[key] = get_template("feeds/_post.html").render(context)
    return article


def _shown(item: FeedItem) -> tuple[Any, ...]:
    """What `feeds/_post.html` reads."""
    card = item.card
    return (
        item.id,
        item.author,
        item.is_mine,
        item.reason,
        card["html"],
        card["visibility"],
        card["language"],
        card["edited_at"],
    )
