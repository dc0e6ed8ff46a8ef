"""Shapes of the API."""

from typing import Any

from rest_framework import serializers

from moderation.in_groups.forms import OUTCOMES
from moderation.in_groups.selectors import Beside, Waiting
from moderation.models import WORDS_MAX, Case, Reason, TargetKind
from socialnet.kernel.links import absolute


class ReasonCountSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=Reason.choices)
    count = serializers.IntegerField(source="many")


class GroupReportSerializer(serializers.Serializer[Any]):
    """Something that was said in the group and reported; never by whom. `outcome` is null while nobody has decided."""

    id = serializers.CharField(source="case.pk")
    target_type = serializers.ChoiceField(source="case.target_kind", choices=TargetKind.choices)
    target_id = serializers.CharField(source="case.target_id")
    author = serializers.SerializerMethodField()
    said = serializers.CharField(source="case.said", help_text="When it was reported first.")
    report_count = serializers.IntegerField(source="case.reports")
    reasons = ReasonCountSerializer(many=True)
    created_at = serializers.DateTimeField(source="case.opened_at")
    decide_until = serializers.DateTimeField(
        source="until", help_text="Then the site's moderators take over."
    )
    outcome = serializers.SerializerMethodField()

    def get_author(self, waiting: Waiting) -> str | None:
        return waiting.case.person.username if waiting.case.person else None

    def get_outcome(self, waiting: Waiting) -> str | None:
        return waiting.case.outcome or None


class SaidSerializer(serializers.Serializer[Any]):
    by = serializers.CharField()
    text = serializers.CharField()
    is_it = serializers.BooleanField()


class EarlierSerializer(serializers.ModelSerializer[Case]):
    id = serializers.CharField()

    class Meta:
        model = Case
        fields = ["id", "reason", "outcome", "closed_at"]


class GroupReportDetailSerializer(GroupReportSerializer):
    """With what stands around it, and what else the group's moderators decided about its author."""

    url = serializers.URLField(allow_null=True, help_text="Null when it is gone.")
    thread = SaidSerializer(many=True)
    author_status = serializers.CharField(allow_null=True, help_text="In the group.")
    author_post_count = serializers.IntegerField(help_text="In the group.")
    earlier = EarlierSerializer(many=True)

    def to_representation(self, instance: tuple[Waiting, Beside]) -> dict[str, Any]:
        waiting, beside = instance
        membership = beside.membership
        return {
            **GroupReportSerializer(waiting).data,
            "url": absolute(beside.target.url) if beside.target else None,
            "thread": SaidSerializer(beside.thread, many=True).data,
            "author_status": membership.status if membership else None,
            "author_post_count": beside.post_count,
            "earlier": EarlierSerializer(beside.earlier, many=True).data,
        }


class GroupDecisionSerializer(serializers.Serializer[Any]):
    """`hide`, `remove` and `exclude` hide it, and need words for its author; `pass_on` leaves it to the site."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)
    words = serializers.CharField(max_length=WORDS_MAX, required=False, allow_blank=True, default="")
    answer = serializers.CharField(max_length=WORDS_MAX, required=False, allow_blank=True, default="")


class GroupDecisionAnswerSerializer(serializers.Serializer[Any]):
    """What became of it; `outcome` is null and `with_site` true where it was passed on."""

    id = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    with_site = serializers.BooleanField()
    closed_at = serializers.DateTimeField(allow_null=True)
