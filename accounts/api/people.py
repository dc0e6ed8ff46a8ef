"""users/…: profiles, lists, follow, block, mute."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, selectors
from accounts.api.base import APIView, SignedInView
from accounts.serializers import FollowInput, MuteInput, RelationAnswerSerializer, UserSerializer
from socialnet.kernel.schema import page_of


class UserView(APIView):
    serializer_class = UserSerializer

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request, username: str) -> Response:
        profile = selectors.profile_of(self.person(username), viewer=request.user)
        return Response(self.shaped(UserSerializer, profile))


class FollowersView(APIView):
    serializer_class = UserSerializer

    @extend_schema(responses=page_of(UserSerializer))
    def get(self, request: Request, username: str) -> Response:
        page = selectors.followers_of(
            user=self.person(username), viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.people_response(page)


class FollowingView(APIView):
    serializer_class = UserSerializer

    @extend_schema(responses=page_of(UserSerializer))
    def get(self, request: Request, username: str) -> Response:
        page = selectors.following_of(
            user=self.person(username), viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.people_response(page)


class FollowView(SignedInView):
    rate_limit = {"PUT": "follow"}

    @extend_schema(request=FollowInput, responses=RelationAnswerSerializer)
    def put(self, request: Request, username: str) -> Response:
        followee = self.person(username)
        actions.follow_user(follower=request.user, followee=followee, **self.parsed(FollowInput))
        return self.relation(followee)

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def delete(self, request: Request, username: str) -> Response:
        followee = self.person(username)
        actions.unfollow_user(follower=request.user, followee=followee)
        return self.relation(followee)


class BlockView(SignedInView):
    """Works for who blocked oneself, too, though neither sees the other."""

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def put(self, request: Request, username: str) -> Response:
        blocked = self.person(username)
        actions.block_user(blocker=request.user, blocked=blocked)
        return self.relation(blocked)

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def delete(self, request: Request, username: str) -> Response:
        blocked = selectors.get_blocked_or_404(username, blocker=request.user)
        actions.unblock_user(blocker=request.user, blocked=blocked)
        return self.relation(blocked)


class MuteView(SignedInView):
    @extend_schema(request=MuteInput, responses=RelationAnswerSerializer)
    def put(self, request: Request, username: str) -> Response:
        muted = self.person(username)
        actions.mute_user(muter=request.user, muted=muted, **self.parsed(MuteInput))
        return self.relation(muted)

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def delete(self, request: Request, username: str) -> Response:
        muted = self.person(username)
        actions.unmute_user(muter=request.user, muted=muted)
        return self.relation(muted)
