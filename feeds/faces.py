"""How posts, people and tags look from outside: to search engines, on cards of other sites, in feed readers.

A face shows only what every visitor may see; for the rest it is neutral.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.http import HttpResponseBase
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.selectors import Profile
from feeds.addresses import LARGE, media_url
from feeds.cards import MediaCard
from feeds.items import FeedItem
from feeds.text import plain
from groups.models import COVER_LARGE, Group

_DESCRIPTION_MAX = 200
_TITLE_MAX = 60
NOT_LISTED = "noindex"
Answer = TypeVar("Answer", bound=HttpResponseBase)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Width and height are 0 where nobody knows them."""

    url: str
    width: int = 0
    height: int = 0
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Face:
    """`path` is the canonical address; `robots` what search engines are asked; `feed` the address of the RSS feed."""

    path: str
    kind: str = "website"
    title: str = ""
    description: str = ""
    picture: Picture | None = None
    is_large: bool = False
    published: str = ""
    robots: str = ""
    feed: str = ""
    feed_title: str = ""

    def told(self, response: Answer) -> Answer:
        """`response`, which says in its headers what search engines are asked."""
        if self.robots:
            response["X-Robots-Tag"] = self.robots
        return response


def is_public(item: FeedItem) -> bool:
    """Whether every visitor may see this item, and what it shows."""
    return item.may_be_shared and item.shown.may_be_shared


def of_post(item: FeedItem) -> Face:
    """Of a share, the face of what it shares. A content warning stands for the words and the pictures under it."""
    post = item.shown
    if not is_public(item):
        return Face(path=post.url, robots=NOT_LISTED)
    pictures = visible_pictures(post)
    return Face(
        path=post.url,
        kind="article",
        title=_("%(name)s on socialnet") % {"name": post.author.display_name},
        description=glimpse(post, _DESCRIPTION_MAX),
        picture=_picture(pictures[0]) if pictures else None,
        is_large=bool(pictures),
        published=post.card["created_at"],
        robots=post.author.robots,
    )


def of_person(profile: Profile, *, path: str) -> Face:
    """`path` is the tab that is shown."""
    person = profile.user
    if profile.access in ("stub", "suspended"):
        return Face(path=path, robots=NOT_LISTED)
    name = f"{person.display_name} (@{person.username})"
    avatar = person.avatar_url
    return Face(
        path=path,
        kind="profile",
        title=name,
        description=shortened(" ".join(person.bio.split()), _DESCRIPTION_MAX),
        picture=Picture(url=avatar, alt=person.display_name) if avatar else None,
        robots=person.robots,
        feed="" if person.is_private else f"{person.get_absolute_url()}/rss",
        feed_title=_("Posts of %(name)s") % {"name": name},
    )


def of_tag(display: str, *, path: str, is_used: bool) -> Face:
    """The page of a tag; one that nobody uses is not listed."""
    return Face(
        path=path,
        title=f"#{display}",
        description=_("Public posts with #%(tag)s, newest first.") % {"tag": display},
        robots="" if is_used else NOT_LISTED,
        feed=f"{path}/rss",
        feed_title=_("Posts with #%(tag)s") % {"tag": display},
    )


def of_group(group: Group) -> Face:
    """Of one that everybody may read; the others are neutral."""
    path = group.get_absolute_url()
    if not group.is_open:
        return Face(path=path, robots=NOT_LISTED)
    width, height = COVER_LARGE
    cover = Picture(url=group.cover_url, width=width, height=height, alt=group.cover_alt)
    return Face(
        path=path,
        title=group.name,
        description=shortened(" ".join(group.description.split()), _DESCRIPTION_MAX),
        picture=cover if group.cover else None,
        is_large=bool(group.cover),
    )


def glimpse(item: FeedItem, most: int = _TITLE_MAX) -> str:
    """One line that says what the post is: its warning, its words, or what is on its first picture."""
    post = item.shown
    if post.content_warning:
        return shortened(_("Content warning: %(warning)s") % {"warning": post.content_warning}, most)
    described = next((picture["alt"] for picture in post.media if picture["alt"]), "")
    return shortened(plain(post.content_html) or " ".join(described.split()) or _("A picture"), most)


def visible_pictures(post: FeedItem) -> Sequence[MediaCard]:
    """The pictures that are there already and under no warning."""
    return [] if post.content_warning else [picture for picture in post.media if picture["is_stored"]]


def shortened(text: str, most: int) -> str:
    return Truncator(text).chars(most)


def _picture(picture: MediaCard) -> Picture:
    return Picture(
        url=media_url(picture["id"], LARGE),
        width=picture["width"],
        height=picture["height"],
        alt=picture["alt"],
    )
