"""Comments as HTML. There may be hundreds on a page, so what was drawn lately is kept in the process."""

from typing import Any

from cachebox import LRUCache
from django import template
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from interactions.threads import CommentItem

register = template.Library()
RIGHTS = ("may_comment", "is_own_post", "may_moderate")
KEPT = 5_000  # articles, about 2 KB each

# By everything that is drawn, so nothing has to be dropped: a new name or text is another key.
_drawn: LRUCache[tuple[Any, ...], SafeString] = LRUCache(KEPT)


@register.simple_tag(takes_context=True)
def comment_article(context: template.Context, item: CommentItem) -> SafeString:
    """The article of one comment, without its replies; what the viewer may do is of the context (`page`)."""
    viewer = context.get("viewer")
    rights = {name: bool(context.get(name)) for name in RIGHTS}
    rights["signed_in"] = bool(viewer and viewer.is_authenticated)
    key = (get_language(), timezone.get_current_timezone_name(), *rights.values(), *_shown(item))
    article = _drawn.get(key)
    if article is None:
        drawn = {"item": item, **rights}
        article = _drawn[key] = SafeString(get_template("interactions/_comment.html").render(drawn))
    return article


def _shown(item: CommentItem) -> tuple[Any, ...]:
    """What `interactions/_comment.html` reads."""
    return (
        item.id,
        item.post_url,
        item.author,
        item.replying_to,
        item.content_html,
        item.likes,
        item.edited_at,
        item.is_there,
        item.is_hidden,
        item.is_held,
        item.is_muted,
        item.is_limited,
        item.is_liked,
        item.is_mine,
        item.filtered,
    )
