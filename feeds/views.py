"""The HTML door: home, posts, profiles."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.selectors import get_user_or_404, profile_of
from accounts.suggestions import suggested_people
from feeds import actions, selectors
from feeds.forms import PostForm
from feeds.items import FeedItem
from feeds.selectors import HomePage
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import Forbidden, Invalid, NotFound
from socialnet.kernel.pagination import Cursor, Page
from socialnet.outbox.idempotency import idempotent_form

ITEMS = "feeds/_items.html"


def cursor_of(request: HttpRequest) -> Cursor | None:
    return Cursor.decode(request.GET.get("cursor"))


def wants_items(request: HttpRequest) -> bool:
    """Endless scroll asks for the list only, at the address of the page."""
    return request.headers.get("X-Partial") == "items"


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "feeds/landing.html", {"items": selectors.newest_public(size=10).items})
    page = selectors.home_page(viewer=request.user, cursor=cursor_of(request))
    if wants_items(request):
        return told(render(request, ITEMS, {"page": page}), page)
    return told(render(request, "feeds/home.html", home_context(request, page)), page)


def home_context(request: HttpRequest, page: HomePage) -> dict[str, object]:
    if page.read_only:
        title, text = _("Writing is paused."), _("You can read what we still have at hand.")
        return {"page": page, "form": PostForm(), "banner": {"title": title, "text": text}}
    return {"page": page, "form": PostForm(), "suggested": suggested_people(request.user)}


def told(response: HttpResponse, page: HomePage) -> HttpResponse:
    """Say in the headers where the feed came from."""
    response["X-Feed-Tier"], response["X-Cache"] = str(page.tier), page.cache
    return response


@never_cache
@require_safe
@login_required
def home_new(request: HttpRequest) -> HttpResponse:
    """The first page of posts alone: what the pill brings in."""
    page = selectors.home_page(viewer=request.user)
    return told(render(request, "feeds/_posts.html", {"page": page}), page)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@idempotent_form
def post_create(request: HttpRequest) -> HttpResponse:
    form = PostForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and publish(request, form):
        return redirect("home")
    status = 200 if request.method != "POST" else 400
    return render(request, "feeds/compose.html", {"form": form}, status=status)


def publish(request: HttpRequest, form: PostForm) -> bool:
    """Publish what the form holds, or put what is wrong with it into the form."""
    data = form.cleaned_data
    try:
        actions.checked_content(data["content"])
        ratelimit.check("publish", request.user.pk)  # what cannot be kept does not use it up
        actions.publish_post(
            author=request.user,
            content=data["content"],
            visibility=data["visibility"] or "public",
            language=data["language"],
        )
    except Invalid as error:
        for field, lines in (error.errors or {"content": [str(error.sentence)]}).items():
            for line in lines:
                form.add_error(field if field in form.fields else None, line)
        return False
    return True


@never_cache
@require_safe
def post(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    if request.path != item.url:
        return redirect(item.url, permanent=False)
    return render(request, "feeds/post.html", {"item": item})


def visible_item(request: HttpRequest, username: str, post_id: int) -> FeedItem:
    item = selectors.get_visible_item(post_id, viewer=request.user)
    if item.author.username.lower() != username.lower():
        raise NotFound
    return item


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@idempotent_form
def post_delete(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    if not item.is_mine:
        raise Forbidden
    if request.method != "POST":
        return render(request, "feeds/post_delete.html", {"item": item})
    actions.delete_post(post=selectors.get_visible_post(post_id, viewer=request.user), actor=request.user)
    messages.success(request, _("Your post is gone."))
    return redirect("home")


@never_cache
@require_safe
def profile(request: HttpRequest, username: str) -> HttpResponse:
    person = get_user_or_404(username, viewer=request.user)
    if username != person.username:
        return redirect(reverse("profile", args=[person.username]))
    shown = profile_of(person, viewer=request.user)
    page: Page[FeedItem] = Page(items=[])
    if shown.rights.posts:
        page = selectors.profile_posts(author=person, viewer=request.user, cursor=cursor_of(request))
    if wants_items(request):
        return render(request, ITEMS, {"page": page})
    return render(request, "accounts/profile.html", {"profile": shown, "page": page})
