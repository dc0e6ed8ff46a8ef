"""The HTML door: report something, see what became of it, see what was decided about oneself, and appeal."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import add_errors
from accounts.models import User
from moderation import actions, selectors, targets
from moderation.errors import OwnReport
from moderation.forms import AppealForm, GroupedReportForm, ReportForm
from moderation.models import Sanction
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import Conflict, Invalid, RateLimited
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.idempotency import idempotent_form


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@idempotent_form
def report(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """What is reported, and why."""
    target = targets.reportable(kind, ident, viewer=request.user)
    if target.person.pk == request.user.pk:
        raise OwnReport
    form = (GroupedReportForm if target.group_id else ReportForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ratelimit.check("report", request.user.pk)
            actions.report_target(kind=kind, ident=ident, reporter=request.user, **form.cleaned_data)
        except (Invalid, RateLimited) as error:
            add_errors(form, error)
        else:
            messages.success(
                request, _("Thank you. Moderators will look, and you will hear what came of it.")
            )
            return redirect("my_reports" if target.is_apart else target.url)
    status = 400 if form.errors else 200
    return render(request, "moderation/report.html", {"target": target, "form": form}, status=status)


@never_cache
@require_safe
@login_required
def my_reports(request: HttpRequest) -> HttpResponse:
    cursor = Cursor.decode(request.GET.get("cursor"))
    page = selectors.reports_by(person=request.user, cursor=cursor)
    return render(request, "moderation/reports.html", {"page": page})


@never_cache
@require_safe
@login_required
def my_sanctions(request: HttpRequest) -> HttpResponse:
    cursor = Cursor.decode(request.GET.get("cursor"))
    page = selectors.sanctions_of(person=request.user, cursor=cursor)
    return render(request, "moderation/sanctions.html", {"page": page})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@idempotent_form
def appeal(request: HttpRequest, sanction_id: int) -> HttpResponse:
    sanction = selectors.get_own_sanction(sanction_id, person=request.user)
    form = AppealForm(request.POST or None)
    if _appealed(request, form, sanction, request.user):
        messages.success(request, _("Moderators will look again. You will hear what they say."))
        return redirect("my_sanctions")
    status = 400 if form.errors else 200
    return render(request, "moderation/appeal.html", {"sanction": sanction, "form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def appeal_by_letter(request: HttpRequest, token: str) -> HttpResponse:
    """For who cannot sign in: the address stands in the letter that told them, and proves who they are."""
    sanction = selectors.sanction_of_token(token)
    form = AppealForm(request.POST or None)
    if _appealed(request, form, sanction, sanction.person):
        return redirect("appeal_by_letter", token)
    status = 400 if form.errors else 200
    return render(
        request, "moderation/appeal_by_letter.html", {"sanction": sanction, "form": form}, status=status
    )


def _appealed(request: HttpRequest, form: AppealForm, sanction: Sanction, person: User) -> bool:
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        actions.appeal_sanction(sanction_id=sanction.pk, person=person, words=form.cleaned_data["appeal"])
    except (Invalid, Conflict) as error:
        add_errors(form, error)
        return False
    return True
