"""People, follows and tokens for operators. Lists are pages by key with no counting of large tables."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from accounts import actions, hooks
from accounts.models import ApiToken, Follow, User
from socialnet.kernel.errors import DomainError


class ReadMostlyAdmin(ModelAdmin):
    """Rows that only actions write."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(ReadMostlyAdmin):
    list_display = ["username", "display_name", "followers", "is_private", "suspended_at", "created_at"]
    list_filter = ["is_private", "is_staff", ("suspended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["counts"]
    ordering = ["-id"]
    search_fields = ["username", "email"]
    search_help_text = _("A username or an e-mail address, whole.")
    fields = [
        "username", "display_name", "email", "bio", "website", "location", "language", "time_zone",
        "is_private", "may_be_indexed", "may_be_archived", "mentions_from", "found_by", "is_staff",
        "is_superuser", "is_active", "suspended_at", "leaving_since", "limited_at", "decisions",
        "created_at", "last_login",
    ]  # fmt: skip
    readonly_fields = ["decisions"]
    actions = ["remove_factors"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """By the unique indexes on Lower, not by a scan."""
        term = search_term.strip().removeprefix("@")
        if not term:
            return queryset, False
        return (queryset.with_email(term) if "@" in term else queryset.named(term)), False  # type: ignore[attr-defined]

    @admin.display(description=_("followers"))
    def followers(self, person: User) -> int:
        return person.counts.followers

    @admin.display(description=_("decisions of moderators"))
    def decisions(self, person: User) -> str:
        address = hooks.decisions_page(person.pk)
        return format_html('<a href="{}">{}</a>', address, _("See, and decide")) if address else ""

    @admin.action(description=_("Remove the second factor"), permissions=["superuser"])
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For who lost app, passkey and codes, and has shown who they are."""
        done = self._each(request, queryset, actions.remove_all_factors)
        self.message_user(request, ngettext("%(n)s account.", "%(n)s accounts.", done) % {"n": done})

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def _each(self, request: HttpRequest, people: QuerySet[User], act: Any) -> int:
        done = 0
        for person in people:
            if person.pk == request.user.pk:
                self.message_user(request, _("Not yourself."), messages.WARNING)
                continue
            try:
                act(user=person, actor=request.user)
                done += 1
            except DomainError as error:
                self.message_user(request, str(error.sentence), messages.ERROR)
        return done


admin.site.unregister(Authenticator)  # allauth lets operators read and change secrets


@admin.register(Follow)
class FollowAdmin(ReadMostlyAdmin):
    list_display = ["id", "follower", "followee", "status", "notify", "created_at"]
    list_filter = ["status"]
    list_select_related = ["follower", "followee"]
    ordering = ["-id"]
    search_fields = ["follower__username"]
    search_help_text = _("The username of either, whole.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Follow], search_term: str
    ) -> tuple[QuerySet[Follow], bool]:
        term = search_term.strip().removeprefix("@")
        if not term:
            return queryset, False
        person = User.objects.named(term).first()
        if person is None:
            return queryset.none(), False
        return queryset.filter(follower=person) | queryset.filter(followee=person), False


@admin.register(ApiToken)
class TokenAdmin(ReadMostlyAdmin):
    list_display = ["id", "user", "name", "prefix", "scopes", "created_at", "last_used_on", "expires_at"]
    list_select_related = ["user"]
    ordering = ["-id"]
    fields = ["user", "name", "prefix", "scopes", "created_at", "last_used_on", "expires_at"]
