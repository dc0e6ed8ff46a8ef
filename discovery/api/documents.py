"""search, search/suggest: for everybody, who sees what they may see."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.cards import AuthorCard
from accounts.serializers import UserSerializer
from discovery.search import numbers
from discovery.search.marks import Marks
from discovery.search.query import LONGEST, Query, parse
from discovery.search.shapes import (
    FoundSerializer,
    SuggestionsSerializer,
    found_group,
    found_hashtag,
    found_post,
    found_user,
    hashtag_json,
)
from discovery.selectors.documents import FoundPage, Suggestion, Type, scope_of, search_page, suggestions_for
from feeds.serializers import author_json, post_json
from groups.serializers import group_json
from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Invalid
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of
from socialnet.kernel.snapshots import Place

Q = OpenApiParameter(
    "q",
    required=True,
    description='Words, "phrases", -words, from:name, from:following, tag:name, in:group, since:2026-01-01, until:, '
    "has:media.",
)
TYPE = OpenApiParameter("type", enum=[*Type], description="What is looked for; posts if nothing is said.")
MODE = OpenApiParameter(
    "X-Search-Mode",
    enum=["whole", "names"],
    location=OpenApiParameter.HEADER,
    response=[200],
    description="`names`: search takes too long, only beginnings of names were looked at, and no posts.",
)


class SearchView(APIView):
    serializer_class = FoundSerializer
    permission_classes = [AllowAny]
    rate_limit = "search"
    filters = frozenset({"q", "type"})

    @extend_schema(parameters=[Q, TYPE, MODE], responses=page_of(FoundSerializer))
    def get(self, request: Request) -> Response:
        """What you may see of what matches, the best first. What makes no sense in `q` is taken for words."""
        query, kind = self.query, self.kind
        page = search_page(query, kind=kind, viewer=request.user, place=self.cursor, size=self.limit)
        if self.cursor is None:
            numbers.count_search(query, kind=kind, viewer=request.user, found=bool(page.items))
        response = self.page_response(
            Page(items=self._shaped(page, query, kind), next_cursor=page.next_cursor)
        )
        response["X-Search-Mode"] = page.mode
        return response

    @property
    def query(self) -> Query:
        return parse(_typed(self.request))

    @property
    def kind(self) -> Type:
        name = self.request.query_params.get("type", Type.POSTS)
        if name not in list(Type):
            raise Invalid(errors={"type": [_("Choose among: %(types)s.") % {"types": ", ".join(Type)}]})
        return Type(name)

    @property
    def cursor(self) -> Place | None:  # type: ignore[override]  # a place in a list that is kept
        text = self.request.query_params.get("cursor")
        scope = scope_of(self.query, kind=self.kind, viewer=self.request.user)
        return Place.decode(text, scope=scope) if text else None

    def _shaped(self, page: FoundPage, query: Query, kind: Type) -> list[dict[str, Any]]:
        marks = Marks(query, languages=[get_language() or "en", "en"])
        signed_in = self.request.user.is_authenticated
        match kind:
            case Type.POSTS:
                return [found_post(post_json(item, signed_in=signed_in), marks) for item in page.items]
            case Type.USERS:
                context = {"request": self.request, "view": self}
                shapes = UserSerializer([row.profile for row in page.items], many=True, context=context).data
                return [found_user(dict(shape), marks) for shape in shapes]
            case Type.GROUPS:
                return [found_group(group_json(seen)) for seen in page.items]
        return [found_hashtag(tag) for tag in page.items]


class SuggestView(APIView):
    serializer_class = SuggestionsSerializer
    permission_classes = [AllowAny]
    rate_limit = "suggest"
    filters = frozenset({"q", "type"})

    @extend_schema(parameters=[Q, TYPE])
    def get(self, request: Request) -> Response:
        """Up to ten people and tags whose names begin so; `@` asks for people alone, `#` for tags."""
        self._check_query()
        found = suggestions_for(_typed(request), viewer=request.user, kinds=self.kinds)
        return Response({"results": [suggestion_json(one) for one in found]})

    @property
    def kinds(self) -> Sequence[Type]:
        name = self.request.query_params.get("type")
        if name is None:
            return (Type.USERS, Type.HASHTAGS)
        if name not in (Type.USERS, Type.HASHTAGS):
            raise Invalid(errors={"type": [_("Choose among: %(types)s.") % {"types": "users, hashtags"}]})
        return (Type(name),)


def suggestion_json(one: Suggestion) -> dict[str, Any]:
    return {
        "type": "user" if one.user else "hashtag",
        "user": author_json(AuthorCard.of(one.user)) if one.user else None,
        "hashtag": hashtag_json(one.hashtag) if one.hashtag else None,
    }


def _typed(request: Request) -> str:
    """Raises `Invalid` where nothing is asked for, and for what is far too long to be a question."""
    text: str = request.query_params.get("q", "")
    if not text.strip():
        raise Invalid(errors={"q": [_("Say what you look for.")]})
    if len(text) > 10 * LONGEST:
        raise Invalid(errors={"q": [_("That is too long to be looked for.")]})
    return text
