"""groups/…: what they are, and who is in them. What is said in them is of feeds."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import APIView, SignedInView
from accounts.models import User
from groups import actions, selectors
from groups.models import Category, Group, Membership
from groups.selectors import get_visible_group
from groups.serializers import (
    GroupEditSerializer,
    GroupSerializer,
    MemberChangesSerializer,
    MemberSerializer,
    MembershipSerializer,
    NewGroupSerializer,
    NewsChoiceSerializer,
    OneGroupSerializer,
    OwnMembershipSerializer,
    group_json,
    one_group_json,
)
from socialnet.kernel import overload
from socialnet.kernel.errors import Invalid
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of

ORDERS = ("newest", "recent")
WAITING = ("pending", "invited", "banned")


class GroupsView(APIView):
    serializer_class = GroupSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    filters = frozenset({"mine", "category", "order"})

    @extend_schema(
        parameters=[
            OpenApiParameter("mine", bool, description="Those that you are in, asked to join, or may."),
            OpenApiParameter(
                "order",
                str,
                enum=ORDERS,
                default="newest",
                description="`recent`: where you wrote lately first, then as `newest`; only together with `mine`.",
            ),
            OpenApiParameter(
                "category", str, enum=Category.values, description="Only of this; not together with `mine`."
            ),
        ],
        responses=page_of(GroupSerializer),
    )
    def get(self, request: Request) -> Response:
        """Groups that you have nothing to do with yet, or yours; the newest first."""
        category = request.query_params.get("category", "")
        order = request.query_params.get("order", "newest")
        is_mine = request.query_params.get("mine", "") in ("1", "true") and request.user.is_authenticated
        if order not in ORDERS or (order == "recent" and not is_mine):
            raise Invalid(errors={"order": [_("Choose `newest`, or with `mine` also `recent`.")]})
        if is_mine:
            if category:
                raise Invalid(errors={"category": [_("Choose either `mine` or a category.")]})
            mine = selectors.groups_by_use if order == "recent" else selectors.groups_of
            page = mine(person=request.user, cursor=self.cursor, size=self.limit)
        else:
            page = selectors.discoverable(
                viewer=request.user, category=category, cursor=self.cursor, size=self.limit
            )
        groups = [group_json(seen) for seen in page.items]
        return self.page_response(Page(items=groups, next_cursor=page.next_cursor))

    @extend_schema(request=NewGroupSerializer, responses={201: OneGroupSerializer})
    def post(self, request: Request) -> Response:
        """Found a group; you are its owner."""
        given = self.parsed(NewGroupSerializer)
        if given.get("cover"):
            overload.check()
            self.check_rate("upload")
        group = actions.create_group(owner=request.user, **given)
        return Response(_told(group.slug, request), 201, headers={"Location": f"/api/v1/groups/{group.slug}"})


class GroupView(APIView):
    serializer_class = OneGroupSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]

    def get(self, request: Request, slug: str) -> Response:
        return Response(_told(slug, request))

    @extend_schema(request=GroupEditSerializer, responses=OneGroupSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change a group of which you are an owner."""
        seen = get_visible_group(slug, viewer=request.user)
        changes = self.parsed(GroupEditSerializer)
        if "cover" in changes:
            if changes["cover"] is not None:
                overload.check()
                self.check_rate("upload")
            changes["without_cover"] = changes["cover"] is None
        actions.change_group(group=seen.group, actor=request.user, **changes)
        return Response(_told(slug, request))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """End a group of which you are an owner."""
        seen = get_visible_group(slug, viewer=request.user)
        actions.delete_group(group=seen.group, actor=request.user)
        return Response(status=204)


class MembershipView(SignedInView):
    serializer_class = OneGroupSerializer

    @extend_schema(request=OwnMembershipSerializer, responses=OneGroupSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Join, accept an invitation, or ask to join; and say of how much you hear."""
        seen = get_visible_group(slug, viewer=request.user)
        chosen = self.parsed(OwnMembershipSerializer)
        actions.join_group(group=seen.group, person=request.user)
        if chosen:
            actions.choose_news(group=seen.group, person=request.user, **chosen)
        return Response(_told(slug, request))

    @extend_schema(request=NewsChoiceSerializer, responses=OneGroupSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Say of how much in the group you hear."""
        seen = get_visible_group(slug, viewer=request.user)
        actions.choose_news(group=seen.group, person=request.user, **self.parsed(NewsChoiceSerializer))
        return Response(_told(slug, request))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Leave, decline, or ask no longer."""
        seen = get_visible_group(slug, viewer=request.user)
        actions.leave_group(group=seen.group, person=request.user)
        return Response(status=204)


class MembersView(APIView):
    serializer_class = MemberSerializer
    filters = frozenset({"status"})

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "status", str, enum=["active", *WAITING], description="Others than `active`: for moderators."
            )
        ],
        responses=page_of(MemberSerializer),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who is in the group, the latest first."""
        seen = get_visible_group(slug, viewer=request.user)
        status = request.query_params.get("status", "active")
        around: dict[str, Any] = {
            "seen": seen,
            "viewer": request.user,
            "cursor": self.cursor,
            "size": self.limit,
        }
        if status in WAITING:
            page = selectors.waiting_in(statuses=[status], **around)
        elif status == "active":
            page = selectors.members_of(**around)
        else:
            raise Invalid(errors={"status": [_("There is no such status.")]})
        return self.page_response(page, MemberSerializer)


class MemberView(SignedInView):
    serializer_class = MembershipSerializer

    @extend_schema(request=MemberChangesSerializer, responses=MembershipSerializer)
    def patch(self, request: Request, slug: str, username: str) -> Response:
        """Let in, ban, or give another role."""
        group, person = self._both(slug, username)
        changes = self.parsed(MemberChangesSerializer)
        if len(changes) != 1:
            raise Invalid(_("Give either a role or a status."))
        if role := changes.get("role"):
            found = actions.set_role(group=group, actor=request.user, person=person, role=role)
        elif changes["status"] == "banned":
            found = actions.ban_person(group=group, actor=request.user, person=person)
        else:
            found = actions.accept_request(group=group, actor=request.user, person=person)
        return Response(_membership(found))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """Remove a member, refuse a request, take an invitation back, or lift a ban."""
        group, person = self._both(slug, username)
        actions.remove_member(group=group, actor=request.user, person=person)
        return Response(status=204)

    def _both(self, slug: str, username: str) -> tuple[Group, User]:
        seen = get_visible_group(slug, viewer=self.request.user)
        return seen.group, selectors.get_person_in(seen, username, viewer=self.request.user)


class InvitationView(SignedInView):
    serializer_class = MembershipSerializer

    @extend_schema(request=None, responses=MembershipSerializer)
    def put(self, request: Request, slug: str, username: str) -> Response:
        """Invite somebody; who asked to join is let in."""
        seen = get_visible_group(slug, viewer=request.user)
        found = actions.invite_person(group=seen.group, actor=request.user, person=self.person(username))
        return Response(_membership(found))


def _told(slug: str, request: Request) -> dict[str, Any]:
    return one_group_json(get_visible_group(slug, viewer=request.user))


def _membership(found: Membership) -> dict[str, str]:
    return {"role": found.role, "status": found.status}
