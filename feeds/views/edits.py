"""Editing a post, and what it said before."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import EditConflict
from feeds import actions, selectors
from feeds.edit_form import EditForm
from feeds.errors import CannotEditShare, TooManyPictures, UnknownPicture, WaitsForReview
from feeds.history import as_html, changes_between
from feeds.models import MEDIA_MOST, Media, Post
from feeds.views.lists import cursor_of
from groups.errors import BannedFromGroup, NotAMember
from groups.selectors import check_may_speak
from socialnet.kernel import overload, ratelimit
from socialnet.kernel.errors import (
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    TooLarge,
    Unavailable,
)
from socialnet.kernel.overload import Overloaded
from socialnet.kernel.storage import StorageFull

# What is answered with the form and all that was typed.
_SAID_BESIDE = (
    Invalid,
    WaitsForReview,
    BannedFromGroup,
    NotAMember,
    TooLarge,
    StorageFull,
    RateLimited,
    Overloaded,
    Unavailable,
)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_edit(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    """The form's `version` makes a repeat harmless, and lets the upload of pictures stay outside any transaction."""
    post = own_post(request, username, post_id)
    if request.method != "POST":
        if post.held_at is not None:
            raise WaitsForReview
        if post.group is not None:
            check_may_speak(post.group, request.user, as_member=True)
        form = EditForm(post=post)
        form.show(selectors.pictures_of(post))
        return edit_page(request, post, form)
    form = EditForm(request.POST, request.FILES, post=post)
    try:
        take_pictures(request, form)
        if not form.is_valid():
            return edit_page(request, post, form, status=400)
        actions.edit_post(post=post, actor=request.user, **form.changes())
    except EditConflict as error:
        return conflict_page(request, error.current, form)
    except _SAID_BESIDE as error:
        add_errors(form, error)
        return edit_page(request, post, form, status=error.status)
    messages.success(request, _("Your changes are saved."))
    return redirect(post)


def own_post(request: HttpRequest, username: str, post_id: int) -> Post:
    post = visible_post(request, username, post_id)
    if post.author_id != request.user.pk:
        raise Forbidden
    if post.is_share:
        raise CannotEditShare
    return post


def visible_post(request: HttpRequest, username: str, post_id: int) -> Post:
    post = selectors.get_visible_post(post_id, viewer=request.user)
    if post.author.username.lower() != username.lower():
        raise NotFound
    return post


def take_pictures(request: HttpRequest, form: EditForm) -> None:
    """Give the form its rows: the pictures it names, and those that came with it, drawn anew.

    What was taken before a mistake stays in the form; nothing is uploaded twice.
    """
    named = selectors.own_pictures(form.named_ids, owner=request.user)
    form.show(named)
    if len(named) < len(set(form.named_ids)):
        raise UnknownPicture
    files = request.FILES.getlist("pictures")
    if files and len(form.kept) + len(files) > MEDIA_MOST:
        raise TooManyPictures(MEDIA_MOST)
    for file in files:
        named.append(upload(request, file))
        form.show(named)


def upload(request: HttpRequest, file: UploadedFile) -> Media:
    overload.check()
    ratelimit.check("upload", request.user.pk)
    return actions.upload_picture(owner=request.user, upload=file)


def add_errors(form: EditForm, error: DomainError) -> None:
    """Put the sentences of `error` beside their fields; what is wrong with pictures, beside these."""
    form.is_valid()  # finds what else is wrong
    beside = {"media_ids": "pictures", "file": "pictures", "alt": "pictures"}
    for name, sentences in (error.errors or {"": [str(error.sentence)]}).items():
        field = beside.get(name, name)
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)


def edit_page(
    request: HttpRequest, post: Post, form: EditForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"post": post, "form": form, **more}
    return render(request, "feeds/post_edit.html", context, status=status)


def conflict_page(request: HttpRequest, current: Post, typed: EditForm) -> HttpResponse:
    """What stands now beside what was typed; saving again puts the latter in its place."""
    conflict = {
        "content": current.content,
        "content_warning": current.content_warning,
        "html": as_html(changes_between(current.content, typed.cleaned_data["content"])),
    }
    data = request.POST.copy()
    data["version"] = actions.version_of(current.edited_at)
    form = EditForm(data, post=current)
    form.show([row.media for row in typed.rows])
    return edit_page(request, current, form, status=409, conflict=conflict)


@never_cache
@require_safe
def post_history(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    post = visible_post(request, username, post_id)
    page = selectors.history_of(post=post, cursor=cursor_of(request))
    return render(request, "feeds/history.html", {"post": post, "page": page})
