"""What you have not said yet: the list, and its buttons. Writing goes on in the composer."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feeds import actions, selectors
from feeds.errors import CannotShare
from feeds.items import FeedItem
from feeds.models import Draft
from feeds.views.lists import cursor_of, wants_items
from groups.errors import NotAMember
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import DomainError, Invalid
from socialnet.kernel.pagination import Page
from socialnet.outbox.idempotency import idempotent_form


@dataclass(frozen=True)
class Row:
    """A draft, and what it quotes; None when that is gone, or when it quotes nothing."""

    draft: Draft
    quote: FeedItem | None

    @property
    def edit_url(self) -> str:
        return f"{reverse('post_create')}?draft={self.draft.pk}"


def rows_of(drafts: Iterable[Draft], quotes: dict[int, FeedItem]) -> list[Row]:
    return [Row(draft, quotes.get(draft.share_of_id or 0)) for draft in drafts]


@never_cache
@require_safe
@login_required
def drafts(request: HttpRequest) -> HttpResponse:
    """Those with a time stand on the first page, all of them; the others in pages."""
    cursor = cursor_of(request)
    scheduled = [] if cursor else selectors.scheduled_of(author=request.user)
    others = selectors.drafts_of(author=request.user, scheduled=False, cursor=cursor)
    quotes = selectors.quotes_of([*scheduled, *others.items], viewer=request.user)
    page = Page(items=rows_of(others.items, quotes), next_cursor=others.next_cursor)
    if wants_items(request):
        return render(request, "feeds/_drafts.html", {"page": page})
    context = {"page": page, "scheduled": rows_of(scheduled, quotes), "is_first": cursor is None}
    return render(request, "feeds/drafts.html", context)


@require_POST
@login_required
@idempotent_form
def draft_publish(request: HttpRequest, draft_id: int) -> HttpResponse:
    """To the post; what keeps it from being one is said in the composer."""
    draft = selectors.draft_for(request.user, draft_id)
    try:
        actions.check_draft(draft)
        ratelimit.check("publish", request.user.pk)  # what cannot be published does not use it up
        post = actions.publish_draft(author=request.user, draft_id=draft_id)
    except (Invalid, CannotShare, NotAMember) as error:
        messages.error(request, _first_line(error))
        return redirect(Row(draft, None).edit_url)
    messages.success(request, _("Published."))
    return redirect(post)


def _first_line(error: DomainError) -> str:
    return next((line for lines in error.errors.values() for line in lines), str(error.sentence))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@idempotent_form
def draft_delete(request: HttpRequest, draft_id: int) -> HttpResponse:
    if request.method != "POST":
        draft = selectors.draft_for(request.user, draft_id)
        row = Row(draft, selectors.quotes_of([draft], viewer=request.user).get(draft.share_of_id or 0))
        return render(request, "feeds/draft_delete.html", {"row": row})
    actions.delete_draft(author=request.user, draft_id=draft_id)
    messages.success(request, _("Your draft is gone."))
    return redirect("drafts")
