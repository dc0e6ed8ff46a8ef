"""Hashtags."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, selectors, tag_pages
from feeds.api.pages import as_json
from feeds.items import FeedItem
from feeds.serializers import HashtagSerializer, PostSerializer, WriterSerializer, author_json
from feeds.tag_pages import TagCard
from feeds.text import tag_name
from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Invalid, NotFound
from socialnet.kernel.links import absolute
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of

NEW, TOP = MODES = ("new", "top")


class HashtagView(APIView):
    serializer_class = HashtagSerializer
    permission_classes = [AllowAny]

    def get(self, request: Request, tag: str) -> Response:
        """A tag in any spelling, also one that nobody uses."""
        return Response(_told(_name_of(tag), request))


class HashtagFollowView(APIView):
    serializer_class = HashtagSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses=HashtagSerializer)
    def put(self, request: Request, tag: str) -> Response:
        """Posts with this tag come into your home from now on, also if nobody has used it yet."""
        name = _name_of(tag)
        actions.follow_tag(person=request.user, name=name)
        return Response(_told(name, request))

    @extend_schema(request=None, responses=HashtagSerializer)
    def delete(self, request: Request, tag: str) -> Response:
        name = _name_of(tag)
        actions.unfollow_tag(person=request.user, name=name)
        return Response(_told(name, request))


class MyHashtagsView(APIView):
    serializer_class = HashtagSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=page_of(HashtagSerializer))
    def get(self, request: Request) -> Response:
        """The tags that you follow; nobody else can see them."""
        page = tag_pages.followed_tags_page(request.user, cursor=self.cursor, size=self.limit)
        tags = [_json(card, signed_in=True) for card in page.items]
        return self.page_response(Page(items=tags, next_cursor=page.next_cursor))


class HashtagPostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [AllowAny]
    filters = frozenset({"mode"})

    @extend_schema(
        responses=page_of(PostSerializer),
        parameters=[OpenApiParameter("mode", enum=MODES, default=NEW)],
    )
    def get(self, request: Request, tag: str) -> Response:
        """The posts with a tag that you may see, newest first; or the newest public ones by reactions and age."""
        return self.page_response(as_json(self._page(_name_of(tag)), request))

    def _page(self, name: str) -> Page[FeedItem]:
        asked = self.request.query_params
        mode = asked.get("mode", NEW)
        if mode not in MODES:
            raise Invalid(errors={"mode": [_("Choose one of: %(modes)s.") % {"modes": ", ".join(MODES)}]})
        if mode == TOP:
            place = tag_pages.top_cursor(asked.get("cursor"), name=name)
            return tag_pages.top_tagged(name=name, viewer=self.request.user, cursor=place, size=self.limit)
        return selectors.tagged_posts(
            name=name, viewer=self.request.user, cursor=self.cursor, size=self.limit
        )


class HashtagPeopleView(APIView):
    serializer_class = WriterSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(WriterSerializer))
    def get(self, request: Request, tag: str) -> Response:
        """Who wrote most with a tag lately, in posts that you may see: one page, which nothing follows."""
        if self.cursor is not None:
            return self.page_response(Page(items=[]))
        writers = tag_pages.writers_with(name=_name_of(tag), viewer=request.user)[: self.limit]
        people = [{**author_json(one.user), "recent_post_count": one.posts} for one in writers]
        return self.page_response(Page(items=people))


def _told(name: str, request: Request) -> dict[str, Any]:
    card = tag_pages.tag_card(name, viewer=request.user)
    return _json(card, signed_in=request.user.is_authenticated)


def _json(card: TagCard, *, signed_in: bool) -> dict[str, Any]:
    tag: dict[str, Any] = {
        "name": card.name,
        "display": card.display,
        "post_count": card.post_count,
        "url": absolute(card.url),
    }
    return {**tag, "is_following": card.is_followed} if signed_in else tag


def _name_of(written: str) -> str:
    name = tag_name(written)
    if not name:
        raise NotFound
    return name
