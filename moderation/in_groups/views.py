"""The HTML door: the queue of a group, for its own moderators; for everybody else there is none."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import add_errors
from groups.selectors import SeenGroup, get_visible_group
from moderation.in_groups import actions, selectors
from moderation.in_groups.forms import GroupDecisionForm
from moderation.in_groups.selectors import Waiting
from socialnet.kernel.errors import Conflict, Forbidden, Invalid
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.idempotency import idempotent_form


@never_cache
@require_safe
@login_required
def group_reports(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    cursor = Cursor.decode(request.GET.get("cursor"))
    page = selectors.queue_of(seen=seen, viewer=request.user, cursor=cursor)
    context = {"seen": seen, "group": seen.group, "tab": "group_reports", "page": page}
    return render(request, "moderation/group_reports.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@idempotent_form
def group_report(request: HttpRequest, slug: str, case_id: int) -> HttpResponse:
    """One case, with what helps to decide it, and the decision. Who comes too late keeps what they wrote."""
    seen = get_visible_group(slug, viewer=request.user)
    is_decision = request.method == "POST"
    waiting = selectors.get_group_case(case_id, seen=seen, viewer=request.user, or_escalated=is_decision)
    form = GroupDecisionForm(request.POST if is_decision else None)
    if is_decision and form.is_valid():
        try:
            case = actions.decide_in_group(
                group=seen.group, case_id=case_id, actor=request.user, **form.cleaned_data
            )
        except (Invalid, Conflict, Forbidden) as error:
            add_errors(form, error)
            return _page(request, seen, waiting, form, status=error.status)
        done = _("The case is closed.") if case.closed_at else _("The site's moderators will decide.")
        messages.success(request, done)
        return redirect("group_reports", slug)
    return _page(request, seen, waiting, form, status=400 if form.errors else 200)


def _page(
    request: HttpRequest, seen: SeenGroup, waiting: Waiting, form: GroupDecisionForm, *, status: int
) -> HttpResponse:
    context = {
        "seen": seen,
        "group": seen.group,
        "tab": "group_reports",
        "waiting": waiting,
        "case": waiting.case,
        "beside": selectors.beside(waiting.case) if waiting.case.is_with_group else None,
        "form": form,
    }
    return render(request, "moderation/group_report.html", context, status=status)
