"""Settings: what one does not want to read, with a look at what that would be. And the page of one's own numbers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import add_errors
from feeds import actions, insights, selectors
from feeds.filter_form import FilterForm
from feeds.filter_preview import Preview, preview_of
from feeds.insights_charts import charts_of
from feeds.models import FILTERS_MOST, KeywordFilter
from feeds.views.lists import cursor_of
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import DomainError, Invalid
from socialnet.outbox.idempotency import idempotent_form


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_filters(request: HttpRequest) -> HttpResponse:
    """The list and an empty form. POST adds one; with `preview` it only looks."""
    if request.method != "POST":
        return _page(request, FilterForm())
    return _look(request) if "preview" in request.POST else _add(request)


@idempotent_form
def _add(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        actions.add_filter(person=request.user, **form.written())
    except Invalid as error:
        add_errors(form, error)
        return _page(request, form, status=error.status)
    messages.success(request, _("You will not see it any more."))
    return redirect("settings_filters")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_filter(request: HttpRequest, filter_id: int) -> HttpResponse:
    """One to be changed."""
    row = selectors.filter_for(request.user, filter_id)
    if request.method != "POST":
        return _page(request, FilterForm.of(row), row=row)
    return _look(request, row) if "preview" in request.POST else _change(request, row)


@idempotent_form
def _change(request: HttpRequest, row: KeywordFilter) -> HttpResponse:
    form = FilterForm(request.POST)
    if not form.is_valid():
        return _page(request, form, row=row, status=400)
    try:
        actions.change_filter(person=request.user, filter_id=row.pk, **form.written())
    except Invalid as error:
        add_errors(form, error)
        return _page(request, form, row=row, status=error.status)
    messages.success(request, _("Saved."))
    return redirect("settings_filters")


@require_POST
@login_required
@idempotent_form
def filter_delete(request: HttpRequest, filter_id: int) -> HttpResponse:
    actions.delete_filter(person=request.user, filter_id=filter_id)
    messages.success(request, _("The filter is gone."))
    return redirect("settings_filters")


def _look(request: HttpRequest, row: KeywordFilter | None = None) -> HttpResponse:
    """What was typed, and what it would keep away; nothing is saved."""
    form = FilterForm(request.POST)
    form.is_valid()
    if "phrase" in form.errors:
        return _page(request, form, row=row, status=400)
    try:
        phrase = actions.checked_phrase(form.cleaned_data["phrase"])
        ratelimit.check("search", request.user.pk)
    except DomainError as error:
        add_errors(form, error)
        return _page(request, form, row=row, status=error.status)
    preview = preview_of(
        person=request.user, phrase=phrase, whole_word=bool(form.cleaned_data.get("whole_word"))
    )
    return _page(request, form, row=row, preview=preview)


def _page(
    request: HttpRequest,
    form: FilterForm,
    *,
    row: KeywordFilter | None = None,
    preview: Preview | None = None,
    status: int = 200,
) -> HttpResponse:
    page = None if row else selectors.filters_of(person=request.user, cursor=cursor_of(request))
    context = {
        "form": form,
        "row": row,
        "page": page,
        "preview": preview,
        "most": FILTERS_MOST,
        "now": timezone.now(),
    }
    return render(request, "feeds/settings_filters.html", context, status=status)


@never_cache
@require_safe
@login_required
def own_insights(request: HttpRequest) -> HttpResponse:
    """For oneself alone: the last days as drawings, and as a table for those who read."""
    asked = request.GET.get("days", "28")
    days = int(asked) if asked in map(str, insights.SPANS) else 28
    found = insights.of_person(request.user, days=days)
    context = {
        "insights": found,
        "charts": charts_of(found.days),
        "spans": insights.SPANS,
        "days": days,
    }
    return render(request, "feeds/insights.html", context)
