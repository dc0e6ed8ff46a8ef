"""The composer's door: publish, keep for later, set a time, or only take pictures in.

Every button sends the whole form, so that it works without JavaScript; whatever goes wrong, the page comes back with
all that was typed and all pictures that were taken.
"""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from feeds import actions, selectors
from feeds.composing import groups_to_post_in, named_group
from feeds.door import Audience
from feeds.errors import CannotShare, DraftConflict, DraftGone, QuoteGone, TooManyPictures, UnknownPicture
from feeds.forms import PostForm, audience_of
from feeds.items import FeedItem
from feeds.models import MEDIA_MOST, Media, Post
from groups.actions import check_may_post
from groups.selectors import get_visible_group
from socialnet.kernel import overload, ratelimit
from socialnet.kernel.errors import DomainError, NotFound
from socialnet.outbox.idempotency import idempotent_form

# On the rows of pictures: what the button says, and by how much it moves.
_MOVES = {"earlier": -1, "later": 1}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_create(request: HttpRequest) -> HttpResponse:
    """Pictures are drawn anew first: that takes long, and never happens in a transaction."""
    if request.method != "POST":
        return page(request, begun(request))
    form = PostForm(request.POST, request.FILES)
    status = take_pictures(request, form)
    if status != 200:
        return page(request, form, status=status)
    return finish(request, form)


def begun(request: HttpRequest) -> PostForm:
    """An empty composer, one with a post to quote or a group chosen, or a draft to go on with.

    Raises `NotFound` or `CannotShare`.
    """
    draft, quote = request.GET.get("draft", ""), request.GET.get("quote", "")
    if draft:
        return PostForm.of_draft(selectors.draft_for(request.user, _number(draft)))
    if slug := request.GET.get("group", ""):
        group = get_visible_group(slug, viewer=request.user).group
        return PostForm(initial={"visibility": audience_of(Audience.GROUP, group)})
    if not quote:
        return PostForm()
    item = selectors.get_visible_item(_number(quote), viewer=request.user).shown
    if not item.may_be_shared:
        raise CannotShare
    return PostForm(initial={"quote": item.id})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise NotFound
    return int(text)


def page(request: HttpRequest, form: PostForm, *, status: int = 200) -> HttpResponse:
    form.offer(groups_to_post_in(request.user))
    quoted: FeedItem | None = None
    if quote := form["quote"].value():  # as it was sent
        with suppress(NotFound):
            quoted = selectors.get_visible_item(_number(str(quote)), viewer=request.user).shown
    return render(request, "feeds/compose.html", {"form": form, "quoted": quoted}, status=status)


@never_cache
@require_safe
@login_required
def post_groups(request: HttpRequest) -> HttpResponse:
    """The groups in which one may post, for the list of audiences: asked for once somebody begins to write."""
    form = PostForm()
    form.offer(groups_to_post_in(request.user))
    return render(request, "feeds/_audience_list.html", {"form": form})


# --- pictures -----------------------------------------------------------------------------------------------


def take_pictures(request: HttpRequest, form: PostForm) -> int:
    """Give the form the pictures that it names, and those that came as files; 200, or the status of what went wrong."""
    named = selectors.own_pictures(form.named_ids, owner=request.user)
    files = request.FILES.getlist("pictures")
    status = 200
    form.is_valid()  # so that there is a place for what goes wrong here
    if len(named) < len(form.named_ids):
        status = add_errors(form, UnknownPicture())
    if len(named) + len(files) > MEDIA_MOST:
        status = add_errors(form, TooManyPictures(MEDIA_MOST))
        files = files[: max(0, MEDIA_MOST - len(named))]
    for file in files:
        try:
            named.append(upload(request, file))
        except DomainError as error:
            status = add_errors(form, error, about=file.name or "")
    form.show(named)
    return status


def upload(request: HttpRequest, file: UploadedFile) -> Media:
    overload.check()
    ratelimit.check("upload", request.user.pk)
    return actions.upload_picture(owner=request.user, upload=file)


def describe(request: HttpRequest, form: PostForm) -> None:
    for row in form.rows:
        if row.alt != row.media.alt:
            actions.describe_picture(media=row.media, actor=request.user, alt=row.alt)


# --- what the buttons do ------------------------------------------------------------------------------------


@idempotent_form
def finish(request: HttpRequest, form: PostForm) -> HttpResponse:
    do, _colon, about = request.POST.get("do", "publish").partition(":")
    if do in ("attach", "remove", *_MOVES):
        return arranged(request, form, do, about)
    if not form.is_valid():
        return page(request, form, status=400)
    try:
        describe(request, form)
        if do == "draft":
            return keep(request, form)
        if do == "schedule":
            return schedule(request, form)
        return publish(request, form)
    except DraftConflict as error:
        form.forget_version()
        add_errors(form, error)
        form.add_error(None, _("What you typed is below. Save it again to replace what is saved elsewhere."))
        return page(request, form, status=error.status)
    except DomainError as error:
        return page(request, form, status=add_errors(form, error))


def arranged(request: HttpRequest, form: PostForm, do: str, about: str) -> HttpResponse:
    """The page again, with the pictures as they shall be."""
    if do != "attach":
        media_id = _number(about)
        if do == "remove":
            form.remove(media_id)
        else:
            form.move(media_id, _MOVES[do])
    return page(request, form)


def publish(request: HttpRequest, form: PostForm) -> HttpResponse:
    written = _written(request, form)
    actions.checked_content(written["content"], with_media=bool(written["media_ids"]))
    quoted = _quoted(request, form)
    if group := written["group"]:
        check_may_post(group, request.user)
    ratelimit.check("publish", request.user.pk)  # what cannot be kept does not use it up
    draft_id = form.cleaned_data["draft"]
    try:
        post = actions.publish_post(author=request.user, quoted=quoted, draft_id=draft_id, **written)
    except DraftGone as error:  # by its time, in another tab, on another device: asked again, nothing lost
        anew = actions.save_draft(author=request.user, share_of=form.cleaned_data["quote"], **written)
        messages.error(request, error.sentence)
        return redirect(f"{reverse('post_create')}?draft={anew.pk}")
    if post.held_at is not None:
        messages.info(request, _("Moderators look at your post before others see it."))
    return redirect(group if group and form.cleaned_data["place"] == "group" else "home")


def _written(request: HttpRequest, form: PostForm) -> dict[str, Any]:
    slug = form.slug
    group = named_group(slug, author=request.user, draft_id=form.cleaned_data["draft"]) if slug else None
    return {**form.written(), "group": group}


def _quoted(request: HttpRequest, form: PostForm) -> Post | None:
    quote = form.cleaned_data["quote"]
    if quote is None:
        return None
    try:
        return selectors.get_visible_post(quote, viewer=request.user)
    except NotFound as error:
        raise QuoteGone from error


def keep(request: HttpRequest, form: PostForm) -> HttpResponse:
    _save(request, form, scheduled_for=None)
    messages.success(request, _("Your draft is saved."))
    return redirect("drafts")


def schedule(request: HttpRequest, form: PostForm) -> HttpResponse:
    moment = form.cleaned_data["scheduled_for"]
    if moment is None:
        form.add_error("scheduled_for", _("Say when it shall be published."))
        return page(request, form, status=400)
    _save(request, form, scheduled_for=moment)
    messages.success(request, _("Your post waits for its time."))
    return redirect("drafts")


def _save(request: HttpRequest, form: PostForm, *, scheduled_for: object) -> None:
    """Save the draft that the form is; if it was deleted meanwhile, as a new one: what was typed is not lost."""
    data = form.cleaned_data
    draft = {**_written(request, form), "share_of": data["quote"], "scheduled_for": scheduled_for}
    try:
        actions.save_draft(author=request.user, draft_id=data["draft"], version=data["version"], **draft)
    except NotFound:
        actions.save_draft(author=request.user, **draft)


# --- what goes wrong ----------------------------------------------------------------------------------------

_BESIDE = {
    "media_ids": "pictures",
    "file": "pictures",
    "alt": "pictures",
    "share_of": "quote",
    "group": "visibility",
}


def add_errors(form: PostForm, error: DomainError, *, about: str = "") -> int:
    """Put the sentences of `error` beside their fields, or into the form; returns the status that goes with it."""
    for name, sentences in (error.errors or {"": [str(error.sentence)]}).items():
        field = _BESIDE.get(name, name)
        for sentence in sentences:
            words = f"{about}: {sentence}" if about else sentence
            form.add_error(field if field in form.fields else None, words)
    return error.status
