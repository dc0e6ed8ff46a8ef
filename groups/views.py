"""The pages of groups, and the buttons on them; the page with what is said in one is of feeds."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.selectors import get_user_or_404
from groups import actions, hooks, selectors
from groups.errors import BannedFromGroup, DeclinedLately, GroupLimit, LastOwner, NotInGroup
from groups.forms import GroupSettingsForm, NewGroupForm
from groups.models import Category, Membership, Privacy
from groups.selectors import SeenGroup, get_visible_group
from socialnet.kernel import overload, ratelimit, storage
from socialnet.kernel.errors import DomainError, Forbidden, NotFound
from socialnet.kernel.pagination import Cursor
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form


@never_cache
@require_GET
def groups(request: HttpRequest) -> HttpResponse:
    """Those one is in, may join by invitation, or asked to join; visitors discover."""
    if not request.user.is_authenticated:
        return redirect("groups_discover")
    page = selectors.groups_of(person=request.user, cursor=_cursor(request))
    return render(request, "groups/groups.html", {"page": page, "tab": "groups"})


@never_cache
@require_GET
def groups_discover(request: HttpRequest) -> HttpResponse:
    category = request.GET.get("category", "")
    page = selectors.discoverable(viewer=request.user, category=category, cursor=_cursor(request))
    context = {"page": page, "tab": "groups_discover", "category": category, "categories": Category.choices}
    return render(request, "groups/groups.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def group_create(request: HttpRequest) -> HttpResponse:
    return _create(request)


@idempotent_form
def _create(request: HttpRequest) -> HttpResponse:
    form = NewGroupForm(request.POST, request.FILES) if request.method == "POST" else NewGroupForm()
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                if form.cleaned_data["cover"]:
                    overload.check()
                    ratelimit.check("upload", request.user.pk)
                return redirect(actions.create_group(owner=request.user, **form.given()))
            except DomainError as error:
                status = _add_errors(form, error)
        if request.FILES.get("cover") and "cover" not in form.errors:
            form.add_error("cover", _("Choose the picture again, please: browsers do not keep it."))
    return render(request, "groups/group_create.html", {"form": form}, status=status)


@never_cache
@require_GET
def group_about(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    staff = selectors.staff_of(seen=seen, viewer=request.user) if seen.can_read else []
    return _page(request, seen, "group_about", staff=staff)


@never_cache
@require_GET
def group_members(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    page = selectors.members_of(seen=seen, viewer=request.user, cursor=_cursor(request))
    return _page(request, seen, "group_members", page=page)


@never_cache
@login_required
@require_GET
def group_requests(request: HttpRequest, slug: str) -> HttpResponse:
    """Who asks to join, whom one may invite, and who is banned: for moderators."""
    seen = get_visible_group(slug, viewer=request.user)
    kinds = {kind: kind for kind in ("pending", "invited", "banned")}
    kind = kinds.get(request.GET.get("show", ""), "pending")
    page = selectors.waiting_in(seen=seen, viewer=request.user, statuses=[kind], cursor=_cursor(request))
    return _page(request, seen, "group_requests", page=page, kind=kind)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def group_settings(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    if not seen.is_owner:
        raise Forbidden
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = GroupSettingsForm(*data, group=seen.group)
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                if form.cleaned_data["cover"]:
                    overload.check()
                    ratelimit.check("upload", request.user.pk)
                actions.change_group(group=seen.group, actor=request.user, **form.given())
                if hooks.held_changes(seen.group.pk):
                    messages.info(request, _("Saved. Moderators look at some of it before others see it."))
                else:
                    messages.success(request, _("The group is changed."))
                return redirect("group_settings", slug)
            except DomainError as error:
                status = _add_errors(form, error)
        elif "opens" in form.errors:
            messages.warning(
                request, _("Nothing is saved yet: say below whether everybody shall read the group.")
            )
    return _page(request, seen, "group_settings", status=status, form=form)


@require_safe
def group_cover(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """A size of the cover, for whoever may know of the group; it is asked each time but of public ones."""
    group = get_visible_group(slug, viewer=request.user).group
    for stored in (group.cover, group.cover_small):
        if stored and stored.endswith(f"/{name}"):
            is_open = group.privacy == Privacy.PUBLIC
            response = storage.serve(stored, max_age=3600 if is_open else 0, public=is_open)
            response["X-Robots-Tag"] = "noindex"
            return response
    raise NotFound


# --- buttons --------------------------------------------------------------------------------------------------

# What is said where the button was: nothing is wrong with who pressed it.
_SAID_THERE = (BannedFromGroup, DeclinedLately, GroupLimit, LastOwner, NotInGroup)


@require_POST
@login_required
@idempotent_form
def group_join(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    membership = actions.join_group(group=seen.group, person=request.user)
    if membership.status == Membership.Status.PENDING:
        messages.success(request, _("You asked to join. A moderator will answer."))
    return back_to(request, otherwise=reverse("group", args=[slug]))


@require_POST
@login_required
@idempotent_form
def group_leave(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    try:
        actions.leave_group(group=seen.group, person=request.user)
    except LastOwner as error:
        messages.error(request, error.sentence)
        return redirect(seen.group)
    return redirect("groups")


@require_POST
@login_required
@idempotent_form
def group_news(request: HttpRequest, slug: str) -> HttpResponse:
    """Of how much in the group one hears."""
    seen = get_visible_group(slug, viewer=request.user)
    actions.choose_news(group=seen.group, person=request.user, notify=request.POST.get("notify", ""))
    messages.success(request, _("Your choice is kept."))
    return back_to(request, otherwise=reverse("group", args=[slug]))


@require_POST
@login_required
@idempotent_form
def group_delete(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    if request.POST.get("slug", "").strip() != slug:
        messages.error(request, _("To delete the group, type its address."))
        return redirect("group_settings", slug)
    actions.delete_group(group=seen.group, actor=request.user)
    messages.success(request, _("The group is deleted."))
    return redirect("groups")


@require_POST
@login_required
@idempotent_form
def group_invite(request: HttpRequest, slug: str) -> HttpResponse:
    seen = get_visible_group(slug, viewer=request.user)
    name = request.POST.get("username", "").strip().removeprefix("@")
    try:
        person = get_user_or_404(name, viewer=request.user)
        actions.invite_person(group=seen.group, actor=request.user, person=person)
        messages.success(request, _("@%(name)s is invited.") % {"name": person.username})
    except NotFound:
        messages.error(request, _("There is nobody of that name whom you could invite."))
    except _SAID_THERE as error:
        messages.error(request, error.sentence)
    return back_to(request, otherwise=reverse("group_requests", args=[slug]))


_ACTS: dict[str, Callable[..., Any]] = {
    "accept": actions.accept_request,
    "ban": actions.ban_person,
    "remove": actions.remove_member,
}


@require_POST
@login_required
@idempotent_form
def group_member(request: HttpRequest, slug: str, username: str) -> HttpResponse:
    """`do` is accept, remove, ban, or the role that this person shall have."""
    seen = get_visible_group(slug, viewer=request.user)
    person = selectors.get_person_in(seen, username, viewer=request.user)
    do = request.POST.get("do", "")
    try:
        if do in _ACTS:
            _ACTS[do](group=seen.group, actor=request.user, person=person)
        else:
            actions.set_role(group=seen.group, actor=request.user, person=person, role=do)
    except _SAID_THERE as error:
        messages.error(request, error.sentence)
    return back_to(request, otherwise=reverse("group_members", args=[slug]))


# --- inside ---------------------------------------------------------------------------------------------------


def _page(
    request: HttpRequest, seen: SeenGroup, tab: str, *, status: int = 200, **facts: Any
) -> HttpResponse:
    context = {"seen": seen, "group": seen.group, "tab": tab, **facts}
    return render(request, f"groups/{tab}.html", context, status=status)


def _cursor(request: HttpRequest) -> Cursor | None:
    return Cursor.decode(request.GET.get("cursor"))


def _add_errors(form: forms.Form, error: DomainError) -> int:
    """Put the sentences of `error` beside their fields, or into the form; returns the status that goes with it."""
    for field, sentences in (error.errors or {"": [str(error.sentence)]}).items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)
    return error.status
