"""The DRF door: recommendations/users, me/interests."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import DONE, SignedInView
from accounts.models import User
from accounts.selectors import PersonRow, Profile, relations_of
from discovery import actions, selectors
from discovery.people.lists import KEPT
from discovery.people.serializers import InterestsInput, InterestsSerializer, SuggestedUserSerializer
from discovery.people.shown import Suggestion
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


@dataclass(frozen=True, kw_only=True)
class SuggestedProfile(Profile):
    """A person as far as the one who asks may see, and why they are suggested."""

    reason: dict[str, str]


class RecommendedUsersView(SignedInView):
    serializer_class = SuggestedUserSerializer

    @extend_schema(responses=page_of(SuggestedUserSerializer))
    def get(self, request: Request) -> Response:
        """People to follow, the best first, at most 30: there is no second page."""
        suggested = selectors.suggested_people(request.user, count=min(self.limit, KEPT))
        profiles = _profiles(suggested, viewer=request.user)
        return self.page_response(Page(items=profiles), SuggestedUserSerializer)


class RecommendedUserView(SignedInView):
    @extend_schema(request=None, responses={204: DONE})
    def delete(self, request: Request, username: str) -> Response:
        """Not interested: this person is not suggested any more."""
        actions.dismiss_suggestion(viewer=request.user, person=self.person(username))
        return Response(status=status.HTTP_204_NO_CONTENT)


class InterestsView(SignedInView):
    serializer_class = InterestsSerializer

    def answer(self) -> Response:
        choices = selectors.choices_of(self.request.user)
        told: dict[str, Any] = {
            "interests": [choice.topic.slug for choice in choices if choice.is_chosen],
            "by_place": selectors.is_found_by_place(self.request.user),
            "topics": [
                {
                    "topic": choice.topic.slug,
                    "label": str(choice.topic.label),
                    "is_chosen": choice.is_chosen,
                }
                for choice in choices
            ],
        }
        return Response(self.shaped(InterestsSerializer, told))

    @extend_schema(responses=InterestsSerializer)
    def get(self, request: Request) -> Response:
        return self.answer()

    @extend_schema(request=InterestsInput, responses=InterestsSerializer)
    def put(self, request: Request) -> Response:
        chosen = self.parsed(InterestsInput)
        actions.save_interests(person=request.user, topics=chosen["interests"])
        if "by_place" in chosen:
            actions.be_found_by_place(person=request.user, by_place=chosen["by_place"])
        return self.answer()


def _profiles(suggested: list[Suggestion], *, viewer: User) -> list[SuggestedProfile]:
    """As many queries for one as for thirty."""
    ids = [one.user.id for one in suggested]
    people = User.objects.select_related("counts").in_bulk(ids)
    relations = relations_of(viewer, ids)
    rows = [
        (one, PersonRow(user=people[one.user.id], relations=relations[one.user.id]).profile)
        for one in suggested
        if one.user.id in people
    ]
    return [
        SuggestedProfile(
            user=profile.user,
            counts=profile.counts,
            relation=profile.relation,
            rights=profile.rights,
            reason={"kind": one.source, "label": one.reason},
        )
        for one, profile in rows
    ]
