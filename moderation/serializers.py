"""Shapes of the API."""

from typing import Any

from rest_framework import serializers

from moderation.models import DETAILS_MAX, WORDS_MAX, Case, Measure, Reason, Report, Sanction, TargetKind


class NewReportSerializer(serializers.Serializer[Any]):
    target_type = serializers.ChoiceField(choices=TargetKind.choices)
    target_id = serializers.CharField(max_length=50, help_text="An id; of a person the username.")
    reason = serializers.ChoiceField(choices=Reason.choices)
    details = serializers.CharField(
        max_length=DETAILS_MAX, required=False, allow_blank=True, default="", trim_whitespace=True
    )
    to_site = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Of what is said in a group: tell the site's moderators, not those of the group.",
    )


class ReportSerializer(serializers.ModelSerializer[Report]):
    """`outcome` is null while nobody has decided."""

    id = serializers.CharField()
    target_type = serializers.ChoiceField(source="case.target_kind", choices=TargetKind.choices)
    target_id = serializers.CharField(source="case.target_id")
    outcome = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(source="case.closed_at", allow_null=True)

    class Meta:
        model = Report
        fields = [
            "id", "target_type", "target_id", "reason", "details", "outcome", "answer", "created_at", "closed_at",
        ]  # fmt: skip

    def get_outcome(self, report: Report) -> str | None:
        """acted or nothing: what was done about somebody is theirs to know."""
        if report.case.is_open:
            return None
        left = report.case.outcome in (Case.Outcome.NOTHING, Case.Outcome.GONE)
        return "nothing" if left else "acted"

    def get_answer(self, report: Report) -> str | None:
        return report.case.answer or None


class SanctionSerializer(serializers.ModelSerializer[Sanction]):
    id = serializers.CharField()
    measure = serializers.ChoiceField(choices=Measure.choices)
    target_type = serializers.SerializerMethodField()
    target_id = serializers.SerializerMethodField()
    reason = serializers.CharField(source="words")
    created_at = serializers.DateTimeField()
    in_force = serializers.BooleanField(source="is_in_force")
    may_be_appealed = serializers.BooleanField()
    appeal = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()
    group = serializers.SerializerMethodField()

    class Meta:
        model = Sanction
        fields = [
            "id", "measure", "target_type", "target_id", "reason", "until", "created_at", "ended_at", "in_force",
            "may_be_appealed", "appeal", "appealed_at", "answer", "answered_at", "granted", "group",
        ]  # fmt: skip

    def get_target_type(self, sanction: Sanction) -> str | None:
        return sanction.target_kind or None

    def get_target_id(self, sanction: Sanction) -> str | None:
        return str(sanction.target_id) if sanction.target_id else None

    def get_appeal(self, sanction: Sanction) -> str | None:
        return sanction.appeal or None

    def get_answer(self, sanction: Sanction) -> str | None:
        return sanction.answer or None

    def get_group(self, sanction: Sanction) -> str | None:
        """The slug of the group whose own moderators decided it."""
        return sanction.by_group.slug if sanction.by_group else None


class AppealSerializer(serializers.Serializer[Any]):
    appeal = serializers.CharField(max_length=WORDS_MAX)
