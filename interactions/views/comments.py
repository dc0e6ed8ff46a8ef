"""The HTML door: comments. Every button works as a plain form; pieces of a thread are for who asks with `X-Partial`."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import EditConflict
from accounts.selectors import get_user_or_404, profile_of
from feeds import faces
from feeds.errors import WaitsForReview
from feeds.items import FeedItem
from feeds.selectors import get_visible_item
from interactions import actions, filtering, selectors
from interactions.forms import CommentForm
from interactions.models import Comment
from interactions.page import number, page_of, sort_of, surroundings
from interactions.selectors import Said, TopLevel
from interactions.threads import CommentItem
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import DomainError, Forbidden, Invalid, NotFound, RateLimited
from socialnet.kernel.pagination import Cursor, Page
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form

# --- pieces of a thread --------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def comments(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    """GET: more of the top level, or with `comment` more of its replies. POST: what was written."""
    if request.method == "POST":
        return _write(request, username, post_id)
    post = _post(request, username, post_id)
    if "X-Partial" not in request.headers:
        query = request.META["QUERY_STRING"]
        return redirect(f"{post.url}?{query}#comments" if query else f"{post.url}#comments")
    context = {**surroundings(post, request), "sort": sort_of(request)}
    if asked := request.GET.get("comment"):
        cursor = Cursor.decode(request.GET.get("cursor"))
        _post_again, parent = _comment(request, username, post_id, number(asked))
        page = selectors.replies_of(comment_id=parent.id, viewer=request.user, cursor=cursor)
        context["parent"] = parent
    else:
        page = page_of(post, request)
    page, hidden = filtering.sifted(page, viewer=request.user)
    is_cut = isinstance(page, TopLevel) and page.is_cut
    shown = {
        **context,
        "items": page.items,
        "next_cursor": page.next_cursor,
        "is_cut": is_cut,
        "hidden": hidden,
    }
    return render(request, "interactions/_branches.html", shown)


@never_cache
@require_safe
def comment(request: HttpRequest, username: str, post_id: int, comment_id: int) -> HttpResponse:
    """One comment with its first replies, where a page has its post already; else its place."""
    post, item = _comment(request, username, post_id, comment_id)
    if "X-Partial" not in request.headers:
        return redirect(item.url)
    left, _hidden = filtering.sift([item], viewer=request.user)
    if not left:
        raise NotFound
    return render(request, "interactions/_branch.html", {**surroundings(post, request), "item": item})


def _post(request: HttpRequest, username: str, post_id: int) -> FeedItem:
    """The post, or what it shares; raises `NotFound` when it is not visible, or somebody else's."""
    item = get_visible_item(post_id, viewer=request.user)
    if item.author.username.lower() != username.lower():
        raise NotFound
    return item.shown


def _comment(
    request: HttpRequest, username: str, post_id: int, comment_id: int
) -> tuple[FeedItem, CommentItem]:
    post = _post(request, username, post_id)
    item = selectors.get_comment_item(comment_id, viewer=request.user)
    if item.post_id != post.id:
        raise NotFound
    return post, item


# --- writing ------------------------------------------------------------------------------------------------


@login_required
@idempotent_form
def _write(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    post = _post(request, username, post_id)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _write_page(request, post, form, status=400)
    content, parent_id = form.cleaned_data["content"], form.cleaned_data["parent_id"]
    try:
        actions.checked_comment(content)
        ratelimit.check("comment", request.user.pk)  # what cannot be kept does not use it up
        said = actions.comment_on_post(
            post_id=post.id, author=request.user, content=content, parent_id=parent_id
        )
    except (Invalid, Forbidden, RateLimited) as error:
        return _write_page(request, post, form, status=_add_errors(form, error))
    return redirect(_place(post, said))


def _place(post: FeedItem, said: Comment) -> str:
    return f"{post.url}?comment={said.pk}#comment-{said.pk}"


def _write_page(request: HttpRequest, post: FeedItem, form: CommentForm, *, status: int) -> HttpResponse:
    """The form alone, with all that was typed, over what it is about."""
    return render(request, "interactions/comment_write.html", {"post": post, "form": form}, status=status)


def _add_errors(form: CommentForm, error: DomainError) -> int:
    """Put the sentences of `error` beside their fields, or into the form; returns the status that goes with it."""
    for name, sentences in (error.errors or {"": [str(error.sentence)]}).items():
        for sentence in sentences:
            form.add_error(name if name == "content" else None, sentence)
    return error.status


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def comment_edit(request: HttpRequest, username: str, post_id: int, comment_id: int) -> HttpResponse:
    """The form's `version` makes a repeat harmless."""
    post, item = _own(request, username, post_id, comment_id)
    if request.method != "POST":
        if item.is_held:
            raise WaitsForReview
        form = CommentForm(initial={"content": item.content, "version": item.version})
        return _edit_page(request, post, item, form)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _edit_page(request, post, item, form, status=400)
    data = form.cleaned_data
    try:
        actions.edit_comment(
            comment_id=comment_id, actor=request.user, content=data["content"], version=data["version"]
        )
    except EditConflict as error:
        form.data = {**form.data.dict(), "version": error.current.version}  # type: ignore[attr-defined]
        return _edit_page(request, post, item, form, status=_add_errors(form, error), current=error.current)
    except (Invalid, Forbidden, WaitsForReview) as error:
        return _edit_page(request, post, item, form, status=_add_errors(form, error))
    messages.success(request, _("Your changes are saved."))
    return redirect(item.url)


def _own(request: HttpRequest, username: str, post_id: int, comment_id: int) -> tuple[FeedItem, CommentItem]:
    post, item = _comment(request, username, post_id, comment_id)
    if not item.is_there:
        raise NotFound
    if not item.is_mine:
        raise Forbidden
    return post, item


def _edit_page(
    request: HttpRequest,
    post: FeedItem,
    item: CommentItem,
    form: CommentForm,
    *,
    status: int = 200,
    current: Comment | None = None,
) -> HttpResponse:
    context = {"post": post, "item": item, "form": form, "current": current}
    return render(request, "interactions/comment_edit.html", context, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@idempotent_form
def comment_delete(request: HttpRequest, username: str, post_id: int, comment_id: int) -> HttpResponse:
    post, item = _comment(request, username, post_id, comment_id)
    if not item.is_there:
        raise NotFound
    if not (item.is_mine or request.user.has_perm("interactions.delete_comment")):
        raise Forbidden
    if request.method != "POST":
        return render(request, "interactions/comment_delete.html", {"post": post, "item": item})
    actions.delete_comment(comment_id=comment_id, actor=request.user)
    messages.success(request, _("The comment is gone."))
    return redirect(f"{post.url}#comments")


# --- buttons ------------------------------------------------------------------------------------------------


@require_POST
@login_required
@idempotent_form
def comment_like(request: HttpRequest, username: str, post_id: int, comment_id: int) -> HttpResponse:
    _post_of_comment, item = _comment(request, username, post_id, comment_id)
    actions.like_comment(comment_id=comment_id, person=request.user)
    return back_to(request, otherwise=item.url)


@require_POST
@login_required
@idempotent_form
def comment_unlike(request: HttpRequest, username: str, post_id: int, comment_id: int) -> HttpResponse:
    _post_of_comment, item = _comment(request, username, post_id, comment_id)
    actions.unlike_comment(comment_id=comment_id, person=request.user)
    return back_to(request, otherwise=item.url)


@require_POST
@login_required
@idempotent_form
def comment_hide(request: HttpRequest, username: str, post_id: int, comment_id: int) -> HttpResponse:
    _post_of_comment, item = _comment(request, username, post_id, comment_id)
    actions.hide_comment(comment_id=comment_id, actor=request.user)
    messages.success(request, _("Hidden. Whoever wants to read it can open it."))
    return back_to(request, otherwise=item.url)


@require_POST
@login_required
@idempotent_form
def comment_unhide(request: HttpRequest, username: str, post_id: int, comment_id: int) -> HttpResponse:
    _post_of_comment, item = _comment(request, username, post_id, comment_id)
    actions.unhide_comment(comment_id=comment_id, actor=request.user)
    messages.success(request, _("Shown as any other again."))
    return back_to(request, otherwise=item.url)


@require_POST
@login_required
@idempotent_form
def conversation_mute(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    post = _post(request, username, post_id)
    actions.mute_conversation(post_id=post.id, person=request.user)
    messages.success(request, _("You hear no more of this conversation."))
    return back_to(request, otherwise=post.url)


@require_POST
@login_required
@idempotent_form
def conversation_unmute(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    post = _post(request, username, post_id)
    actions.unmute_conversation(post_id=post.id, person=request.user)
    messages.success(request, _("You hear of this conversation again."))
    return back_to(request, otherwise=post.url)


# --- the tab of a profile --------------------------------------------------------------------------------------


@never_cache
@require_safe
def profile_comments(request: HttpRequest, username: str) -> HttpResponse:
    """What a person commented, each with a link to what it is about."""
    person = get_user_or_404(username, viewer=request.user)
    here = reverse("profile_comments", args=[person.username])
    if username != person.username:
        return redirect(here)
    profile = profile_of(person, viewer=request.user)
    page: Page[Said] = Page(items=[])
    if profile.rights.posts:
        cursor = Cursor.decode(request.GET.get("cursor"))
        page = selectors.comments_by(author=person, viewer=request.user, cursor=cursor)
    if request.headers.get("X-Partial") == "items":
        return render(request, "interactions/_said.html", {"page": page})
    face = faces.of_person(profile, path=here)
    shown = {"profile": profile, "page": page, "tab": "profile_comments", "face": face}
    return face.told(render(request, "interactions/profile_comments.html", shown))
