"""The HTML door: people to follow, interests, and the welcome."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import get_user_or_404
from discovery import actions, selectors
from discovery.people import first_posts
from discovery.people.forms import InterestsForm, PlaceForm
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form

PAGE = 20
WELCOME_PEOPLE = 10


@never_cache
@require_safe
@login_required
def people(request: HttpRequest) -> HttpResponse:
    suggested = selectors.suggested_people(request.user, count=PAGE)
    return render(request, "discovery/people.html", {"people": suggested})


@require_POST
@login_required
@idempotent_form
def dismiss(request: HttpRequest, username: str) -> HttpResponse:
    """Not interested in this person."""
    person = get_user_or_404(username, viewer=request.user)
    actions.dismiss_suggestion(viewer=request.user, person=person)
    messages.success(request, _("@%(name)s is not suggested to you any more.") % {"name": person.username})
    return back_to(request, otherwise=reverse("people"))


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@idempotent_form
def settings_interests(request: HttpRequest) -> HttpResponse:
    form, is_saved = _interests(request)
    if is_saved:
        messages.success(request, _("Saved."))
        return redirect("settings_interests")
    return _page(request, "discovery/settings_interests.html", form)


@require_POST
@login_required
@idempotent_form
def settings_place(request: HttpRequest) -> HttpResponse:
    """A form of the page of privacy."""
    form = PlaceForm(request.POST)
    if form.is_valid():
        actions.be_found_by_place(person=request.user, by_place=form.cleaned_data["by_place"])
        messages.success(request, _("Saved."))
    return redirect("settings_privacy")


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@idempotent_form
def welcome(request: HttpRequest) -> HttpResponse:
    """The first step: interests."""
    form, is_saved = _interests(request)
    if is_saved:
        return redirect("welcome_people")
    first_posts.ensure()
    return _page(request, "discovery/welcome.html", form)


@never_cache
@require_safe
@login_required
def welcome_people(request: HttpRequest) -> HttpResponse:
    """The second step: people."""
    suggested = selectors.suggested_people(request.user, count=WELCOME_PEOPLE)
    return render(request, "discovery/welcome_people.html", {"people": suggested})


@require_POST
@login_required
def welcome_end(request: HttpRequest) -> HttpResponse:
    """The last one, or skipped: home, and the welcome does not come by itself again."""
    actions.end_welcome(person=request.user)
    return redirect("home")


def _interests(request: HttpRequest) -> tuple[InterestsForm, bool]:
    """The form, and whether it was sent and saved."""
    if request.method != "POST":
        return InterestsForm(initial={"interests": selectors.interests_of(request.user)}), False
    form = InterestsForm(request.POST)
    if not form.is_valid():
        return form, False
    actions.save_interests(person=request.user, topics=form.cleaned_data["interests"])
    return form, True


def _page(request: HttpRequest, template: str, form: InterestsForm) -> HttpResponse:
    return render(request, template, {"form": form}, status=400 if form.errors else 200)
