"""Posts as HTML. Twenty of them are most of a page's work, so what was drawn lately is kept in the process."""

import re
from typing import Any
from urllib.parse import urlsplit

from cachebox import LRUCache
from django import template
from django.conf.locale import LANG_INFO
from django.http import HttpRequest
from django.template.loader import get_template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation.trans_real import parse_accept_lang_header

from feeds import addresses
from feeds.cards import Card, PreviewCard
from feeds.forms import LANGUAGES, PostForm
from feeds.items import FeedItem
from socialnet.kernel.pictures import ACCEPT
from socialnet.kernel.templatetags.socialnet import compact_count

register = template.Library()
KEPT = 2_000  # articles, about 4 KB each
LANGUAGE = re.compile("[a-z]{2,3}")
BROAD = 480  # pixels from which the picture of a link stands above its words

_AUDIENCE = {"visibility", "place"}  # of what a form begins with: nothing is written yet

# By everything that is drawn, so nothing has to be dropped: a new name or text is another key.
_drawn: LRUCache[tuple[Any, ...], SafeString] = LRUCache(KEPT)
_empty_composers: LRUCache[tuple[Any, ...], SafeString] = LRUCache(200)  # about 15 KB each
_KNOWN = {code for code, _name in LANGUAGES}


@register.simple_tag(takes_context=True)
def post_article(context: template.Context, item: FeedItem, whole: bool = False) -> SafeString:
    """The article of one post; `whole` as its own page shows it. Who is signed in gets buttons."""
    return _article(item, _frame(context, whole=whole))


@register.simple_tag(takes_context=True)
def post_articles(context: template.Context) -> SafeString:
    """The articles of `page`, and before the item that `place` names the line of how far its reader had come."""
    frame, place = _frame(context), context.get("place")
    line = place.line_before if place else None
    drawn = []
    for item in context["page"].items:
        if line is not None and item.id == line:
            drawn.append(get_template("feeds/_here.html").render({"place": place}))
        drawn.append(_article(item, frame))
    return mark_safe("\n".join(drawn))


def _frame(context: template.Context, *, whole: bool = False) -> tuple[Any, ...]:
    """What is the same for all articles of a page: language, time zone, whether somebody is signed in, `whole`."""
    viewer = context.get("viewer")
    signed_in = bool(viewer and viewer.is_authenticated)
    return get_language(), timezone.get_current_timezone_name(), signed_in, whole


def _article(item: FeedItem, frame: tuple[Any, ...]) -> SafeString:
    key = (*frame, *_shown(item))
    article = _drawn.get(key)
    if article is None:
        *_, signed_in, whole = frame
        drawn = {"item": item, "whole": whole, "signed_in": signed_in}
        article = _drawn[key] = get_template("feeds/_post.html").render(drawn)
    return article


def _shown(item: FeedItem) -> tuple[Any, ...]:
    """What `feeds/_post.html` reads."""
    return (
        item.author,
        item.is_mine,
        item.is_held,
        item.is_share,
        item.reason,
        item.via,
        item.also,
        item.filtered,
        item.marks,
        item.counts["likes"],
        item.counts["comments"],
        item.counts["shares"],
        *_written(item.card),
        _shown(item.original) if item.original else None,
    )


def _written(card: Card) -> tuple[Any, ...]:
    preview, group = card["preview"], card["group"]
    return (
        card["id"],
        card["share_of_id"],
        card["html"],
        card["visibility"],
        tuple(group.values()) if group else None,
        card["language"],
        card["content_warning"],
        card["edited_at"],
        tuple(tuple(picture.values()) for picture in card["media"]),
        tuple(preview.values()) if preview else None,
    )


@register.simple_tag
def act_count(number: int, one: str, many: str) -> SafeString:
    """How often a post was liked or shared: `1.2K` to the eye, `1,234 shares` to assistive technology."""
    exact = number_format(number, force_grouping=True)
    words = f"{exact} {ngettext(one, many, number)}"
    return format_html(
        '<span aria-hidden="true" title="{}">{}</span><span class="vh">{}</span>',
        words, compact_count(number), words,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def composer_body(context: template.Context) -> SafeString:
    """The composer without what is its person's own. The empty one, which is on every home, is kept, too: there no
    form need be made. So is that of a group's page, and with the groups that it offers."""
    form: PostForm | None = context.get("form")
    if form is not None and (form.is_bound or form.rows or form.initial.keys() - _AUDIENCE):
        chosen = form["language"].value() if form.is_bound or form.initial else None
        return _composer(context, form, _language_of(context.get("request")) if chosen is None else chosen)
    code = _language_of(context.get("request"))
    groups = None if form is None or form.groups is None else tuple(form.groups)
    audience = tuple(form.initial.items()) if form else ()
    key = (get_language(), context["viewer"].time_zone, code, context.get("compact", False), groups, audience)
    body = _empty_composers.get(key)
    if body is None:
        body = _empty_composers[key] = _composer(context, form or PostForm(), code)
    return body


def _composer(context: template.Context, form: PostForm, code: str) -> SafeString:
    drawn = {
        "form": form,
        "quoted": context.get("quoted"),
        "compact": context.get("compact", False),
        "time_zone": context["viewer"].time_zone,
        "languages": _languages(code),
        "language": code,
    }
    return SafeString(get_template("feeds/_composer_body.html").render(drawn))


def _languages(code: str) -> list[tuple[str, str]]:
    """What the composer offers: always `code`, too."""
    beyond = [(code, _name_of(code))] if code and code not in _KNOWN else []
    return [("", gettext("No language")), *LANGUAGES, *beyond]


def _language_of(request: HttpRequest | None) -> str:
    """The browser's first language, as the composer has it: `de-AT` is `de`, Chinese keeps its script."""
    header = request.META.get("HTTP_ACCEPT_LANGUAGE", "") if request else ""
    first = next((code for code, _quality in parse_accept_lang_header(header) if code != "*"), "")
    if first.startswith("zh"):
        return "zh-hant" if {"hant", "tw", "hk", "mo"} & set(first.split("-")) else "zh-hans"
    base = first.partition("-")[0]
    return {"no": "nb", "iw": "he", "in": "id"}.get(base, base) if LANGUAGE.fullmatch(base) else ""


def _name_of(code: str) -> str:
    return str(LANG_INFO.get(code.lower(), {}).get("name_local", code))


@register.simple_tag
def picture_types() -> str:
    return ACCEPT


@register.filter
def media_url(media_id: int, size: str) -> str:
    return addresses.media_url(media_id, size)


@register.filter
def preview_url(preview_id: int) -> str:
    return addresses.preview_url(preview_id)


@register.filter
def is_broad(preview: PreviewCard) -> bool:
    """Whether the picture of a link is large and wide enough to stand above its words."""
    width, height = preview["image_width"], preview["image_height"]
    return bool(preview["image"]) and width >= BROAD and width >= 1.3 * height


@register.filter
def host(url: str) -> str:
    """Where a link leads, without `www.`: pages may call themselves anything."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
