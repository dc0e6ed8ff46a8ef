"""RSS 2.0 of what every visitor may see: the posts of a person, or those with a tag."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.html import format_html, format_html_join
from django.utils.http import http_date
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from feeds.addresses import LARGE, media_url
from feeds.cards import MediaCard
from feeds.faces import Face, glimpse, visible_pictures
from feeds.items import FeedItem
from feeds.text import plain
from socialnet.kernel.links import absolute
from socialnet.kernel.text import neutral
from socialnet.outbox.ids import EPOCH

ITEMS_MOST = 20
MAX_AGE = 300  # seconds that anybody may keep what visitors get
_TITLE_MAX, _SUMMARY_MAX = 100, 300
_OWN_LINK = re.compile(r'(<a\b[^>]*?\shref=")/(?!/)')
_NAMESPACES = {
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}


class Feed(Rss201rev2Feed):
    """With whole posts, their language and their pictures. The same posts give the same bytes."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), **_NAMESPACES}

    def latest_post_date(self) -> datetime:
        return max(filter(None, (item["updateddate"] for item in self.items)), default=EPOCH)

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["html"])
        if item["language"]:
            handler.addQuickElement("dc:language", item["language"])
        for picture in item["pictures"]:
            _add_picture(handler, picture)


def answer(
    request: HttpRequest, items: Sequence[FeedItem], face: Face, *, language: str = ""
) -> HttpResponse:
    """The feed of `items`, or 304 for who has it already."""
    feed = Feed(
        title=neutral(face.feed_title),
        link=absolute(face.path) or "",
        description=neutral(face.description) or face.feed_title,
        language=language or None,
        feed_url=absolute(face.feed),
    )
    for item in items:
        feed.add_item(**_entry(item))
    body = feed.writeString("utf-8").encode()
    latest = int(feed.latest_post_date().timestamp())
    response = HttpResponse(body, content_type=feed.content_type)
    response["ETag"] = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    response["Last-Modified"] = http_date(latest)
    who = "private" if request.user.is_authenticated else "public"
    response["Cache-Control"] = f"{who}, max-age={MAX_AGE}"
    found = get_conditional_response(request, etag=response["ETag"], last_modified=latest, response=response)
    return face.told(found or response)


def _entry(item: FeedItem) -> dict[str, Any]:
    """A share leads to what it shares, and is told apart by its own address."""
    post = item.shown
    return {
        "title": neutral(_title(item)),
        "link": absolute(post.url),
        "description": neutral(glimpse(post, _SUMMARY_MAX)),
        "html": neutral(_html(post)),
        "author_name": neutral(item.author.display_name),
        "unique_id": absolute(item.url),
        "unique_id_is_permalink": True,
        "pubdate": item.created_at,
        "updateddate": max(filter(None, (item.created_at, post.edited_at))),
        "language": post.language,
        "pictures": visible_pictures(post),
    }


def _title(item: FeedItem) -> str:
    words = glimpse(item, _TITLE_MAX)
    if not item.is_share:
        return words
    names = {"name": item.author.display_name, "author": item.shown.author.display_name, "words": words}
    return _("%(name)s shared a post of %(author)s: %(words)s") % names


def _html(post: FeedItem) -> str:
    """The post as its page shows it; of one with a content warning only the warning, until somebody opens it."""
    if post.content_warning:
        return format_html(
            '<p><strong>{}</strong></p><p><a href="{}">{}</a></p>',
            glimpse(post, _SUMMARY_MAX), absolute(post.url), _("Read it on its page"),
        )  # fmt: skip
    pictures = format_html_join(
        "",
        '<p><img src="{}" width="{}" height="{}" alt="{}"></p>',
        (
            (_address(picture), picture["width"], picture["height"], picture["alt"])
            for picture in visible_pictures(post)
        ),
    )
    return f"{_with_absolute_links(post.content_html)}{pictures}{_quoted(post) if post.is_quote else ''}"


def _quoted(post: FeedItem) -> SafeString:
    original = post.original
    if original is None:
        return format_html("<blockquote><p>{}</p></blockquote>", _("The quoted post is not available."))
    return format_html(
        '<blockquote cite="{0}"><p><a href="{0}">{1}</a></p>{2}</blockquote>',
        absolute(original.url),
        original.author.display_name,
        glimpse(original, _SUMMARY_MAX)
        if original.content_warning or not plain(original.content_html)
        else mark_safe(_with_absolute_links(original.content_html)),
    )


def _with_absolute_links(html: str) -> str:
    """Names and tags lead to pages of ours, which a reader elsewhere cannot know."""
    return _OWN_LINK.sub(lambda match: f"{match[1]}{absolute('/')}", html)


def _add_picture(handler: Any, picture: MediaCard) -> None:
    facts = {"type": "image/webp", "medium": "image", "url": _address(picture)}
    size = {name: str(picture[name]) for name in ("width", "height")}
    handler.startElement("media:content", {**facts, **size})
    if picture["alt"]:
        handler.addQuickElement("media:description", neutral(picture["alt"]))
    handler.endElement("media:content")


def _address(picture: MediaCard) -> str:
    return absolute(media_url(picture["id"], LARGE)) or ""
