"""What the page of a post shows below it: its thread, whole or one branch of it."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from feeds.items import FeedItem
from groups.selectors import may_speak
from interactions import filtering, selectors
from interactions.forms import CommentForm
from interactions.threads import CommentItem
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import Cursor, Page

SORT_WORDS = {"hot": _("Hot"), "top": _("Top"), "new": _("New"), "old": _("Old")}


def thread_below(item: FeedItem, request: HttpRequest) -> str:
    """For `feeds.hooks.below_post`: of a share, what is said under what it shares."""
    post = item.shown
    context = {**surroundings(post, request), **shown_of(post, request)}
    return render_to_string("interactions/_thread.html", context, request=request)


def surroundings(post: FeedItem, request: HttpRequest) -> dict[str, Any]:
    """What every piece of a thread asks of its page."""
    card = post.card
    may = not post.is_held and selectors.may_comment(
        person=request.user,
        author_id=card["author_id"],
        policy=card["reply_policy"],
        content=card["content"],
    )
    if may and post.is_mine and card["group"]:  # what others say there who is out does not see
        may = may_speak(card["group"]["slug"], request.user)
    return {
        "post": post,
        "may_comment": may,
        "is_own_post": post.is_mine,
        "may_moderate": request.user.is_staff and request.user.has_perm("interactions.delete_comment"),
    }


def shown_of(post: FeedItem, request: HttpRequest) -> dict[str, Any]:
    """The comments that the address asks for, and what stands around them."""
    asked = request.GET.get("comment", "")
    text = request.GET.get("cursor")
    context: dict[str, Any] = {
        "form": CommentForm(auto_id="new_%s"),
        "sort": sort_of(request),
        "sorts": SORT_WORDS,
        "is_muted": selectors.is_conversation_muted(post_id=post.id, person=request.user),
        "is_later": bool(text),
    }
    if asked:
        branch = selectors.branch_of(
            comment_id=number(asked), post_id=post.id, viewer=request.user, cursor=Cursor.decode(text)
        )
        line = {one.id for one in (*branch.ancestors, branch.item)}
        whole = Page(items=[branch.root])
        page, hidden = filtering.sifted(whole, viewer=request.user, asked_for=line)
        return {**context, "page": page, "focus": branch.item, "hidden": hidden}
    page, hidden = filtering.sifted(page_of(post, request), viewer=request.user)
    return {**context, "page": page, "hidden": hidden}


def page_of(post: FeedItem, request: HttpRequest) -> Page[CommentItem]:
    sort = sort_of(request)
    cursor = selectors.thread_cursor(request.GET.get("cursor"), post_id=post.id, sort=sort)
    return selectors.comments_of(post_id=post.id, viewer=request.user, sort=sort, cursor=cursor)


def sort_of(request: HttpRequest) -> str:
    wanted = request.GET.get("sort", selectors.HOT)
    return wanted if wanted in SORT_WORDS else selectors.HOT


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise NotFound
    return int(text)
