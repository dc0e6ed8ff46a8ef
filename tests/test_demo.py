"""The demo community: alive at the first start, gone with one command."""

import io
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db.models import Count, F, Q
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts import actions
from accounts.models import Block, Follow, Mute, PersonCounts, User
from accounts.tests.factories import page_of, person
from feeds.actions import hide_from_oneself, publish_post, share_post
from feeds.demo import PASSWORD, pictures
from feeds.demo.faces import draw
from feeds.demo.people import cast, people
from feeds.demo.sayings import sayings
from feeds.door import Audience
from feeds.events import LinkWanted
from feeds.invariants import wrong_tag_counts
from feeds.models import (
    Draft,
    FeedEntry,
    Hashtag,
    HiddenPost,
    LinkPreview,
    Media,
    Mention,
    Pin,
    Post,
    PostCounts,
    PostRevision,
)
from feeds.selectors import get_visible_original, hidden_of, history_of, home_page, pinned_posts
from groups.models import Group
from interactions.actions import bookmark_post, comment_on_post, like_comment, like_post
from interactions.models import Bookmark, Comment, CommentLike, Like
from interactions.selectors import bookmarks_of, likes_of
from moderation.models import Case
from notifications.models import ChannelDelivery, Notification, NotificationActor
from notifications.selectors import unread_count
from socialnet.kernel.invariants import broken
from socialnet.outbox.ids import time_of
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_is_allowed(settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    settings.EMAIL_VERIFICATION = "optional"
    if not request.node.get_closest_marker("slow"):
        monkeypatch.setattr("feeds.demo.load.draw", dot)
        monkeypatch.setattr("feeds.demo.writing.draw", dot)


def dot(_what: object) -> io.BytesIO:
    """A quick picture, where it does not matter what it shows."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#3c6e91").save(out, "PNG")
    out.seek(0)
    return out


def run(command: str) -> str:
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def named(username: str) -> User:
    return User.objects.get(username=username)


@pytest.mark.slow
def test_sixty_people_with_faces_posts_and_logins() -> None:
    said = run("load_demo")
    assert "60 people" in said and not broken()
    assert User.objects.exclude(avatar="").exclude(avatar_small="").exclude(bio="").count() == 60
    assert len(files_in("avatars")) == 120
    see_everything_that_a_post_can_have(named("ada"))
    assert "New since you were here" in page_of(named("ada")).get("/").content.decode()
    for member in cast():
        assert authenticate(None, username=member.username, password=PASSWORD) == named(member.username)
    logins = run("demo_logins")
    assert PASSWORD in logins and all(f"  {one.username}" in logins for one in cast())
    assert "not loaded" in run("load_demo")  # a second time does nothing
    assert User.objects.count() == 60


def see_everything_that_a_post_can_have(ada: User) -> None:
    see_pictures()
    see_shares(ada)
    see_words(ada)
    see_what_is_adas_own(ada)
    see_threads()
    (waiting,) = Post.objects.exclude(held_at=None)  # for moderators to decide; others they did decide about
    assert waiting.author.username == "tobias_k"
    assert not Event.objects.filter(name=LinkWanted.name).exists()  # loading it asks nobody outside


def see_pictures() -> None:
    """Real ones, with everything that an upload gives them."""
    kept = Media.objects.all()
    assert len(files_in("posts")) == 2 * len(kept) and 14 <= len(kept) <= 20
    assert all(one.is_stored and len(one.blurhash) > 10 and one.width > one.small_width - 1 for one in kept)
    assert [one.owner.username for one in kept if not one.alt] == ["minjun_kim"]
    assert [one.owner.username for one in kept if one.is_animated] == ["wei_zhang"]
    many = Post.objects.filter(with_media=True).annotate(many=Count("media")).values_list("many", flat=True)
    assert {1, 3, 4} <= {*many}
    tall, wide = kept.filter(height__gt=F("width")), kept.filter(width__gt=F("height"))
    assert tall and wide
    assert len(files_in("links")) == 1


def files_in(folder: str) -> list[Path]:
    return list((Path(settings.MEDIA_ROOT) / folder).rglob("*.webp"))


def test_it_has_what_the_product_can_do() -> None:
    run("load_demo")
    ada, ben, mod, admin = (named(name) for name in ("ada", "ben", "mod", "admin"))
    assert Block.objects.filter(blocker=ada, blocked=named("dora")).exists()
    assert Mute.objects.filter(muter=ada, muted=named("tobias_k")).exists()
    assert Follow.objects.pending().filter(followee=ben).count() == 3
    assert Follow.objects.active().filter(follower=ada, followee=ben).exists()
    assert (
        PersonCounts.objects.order_by("-followers").values_list("user__username", flat=True)[0] == "luzmarina"
    )
    assert PersonCounts.objects.get(user=named("cleo")).followers == 0
    assert {*Post.objects.values_list("visibility", flat=True)} == {*Audience.values}
    assert not Group.objects.filter(Q(cover="") | Q(cover_alt="")).exists()
    assert len({*Post.objects.values_list("language", flat=True)}) >= 20
    assert mod.is_staff and not mod.is_superuser and mod.has_perm("feeds.change_post")
    assert admin.is_staff and admin.is_superuser
    see_full_homes(ada)
    see_likes()
    see_groups()
    see_inboxes(ada, ben)
    linking = Post.objects.get(preview__title="OpenStreetMap")
    assert 'class="preview' in Client().get(linking.get_absolute_url()).content.decode()
    assert "Luz Marina" in Client().get("/@luzmarina").content.decode()
    assert page_of(named("cleo")).get("/").status_code == 200
    assert page_of(named("dora")).get("/@ada").status_code == 404


def see_shares(ada: User) -> None:
    first = next(item for item in home_page(viewer=ada).items if item.is_share)
    assert first.reason and first.reason.label == "Ben Lindqvist and 3 others shared"
    assert first.original and first.original.counts["shares"] == 4 and first.original.media
    assert first.via and first.via.username == "zofia_w"
    quotes = Post.objects.filter(share_of__isnull=False).exclude(content="")
    assert quotes.filter(share_of__deleted_at=None).exists()
    left = quotes.get(share_of__deleted_at__isnull=False)
    assert "not available" in page_of(ada).get(left.get_absolute_url()).content.decode()


def see_words(ada: User) -> None:
    html = " ".join(Post.objects.values_list("html", flat=True))
    for mark in ("<ol", "<ul", "<blockquote", "<pre", "<code", "<strong", "<em", 'class="tag"'):
        assert mark in html, mark
    assert Post.objects.exclude(content_warning="").count() >= 2
    tag = Hashtag.objects.get(name="oldpaths")
    assert tag.uses.count() >= 3
    trend = Hashtag.objects.get(name="eclipse")
    assert trend.counts.posts >= 15 and wrong_tag_counts(0) == 0
    kinds = {item.reason.kind for item in home_page(viewer=ada, size=40).items if item.reason}
    assert {"tag", "followed"} <= kinds
    assert page_of(ada).get(tag.get_absolute_url()).status_code == 200
    assert Mention.objects.filter(user=ada, post__author__username="anouk_v").count() == 2
    assert not Mention.objects.filter(user=F("post__author")).exists()
    mixed = Post.objects.filter(language__in=["ar", "he"], content__regex="[A-Za-z]{4}")
    assert len(mixed) >= 2
    shown = page_of(ada).get(mixed[0].get_absolute_url()).content.decode()
    assert f'lang="{mixed[0].language}"' in shown
    edited = Post.objects.get(author=ada, edited_at__isnull=False)
    versions = history_of(post=edited).items
    assert len(versions) == 3 and edited.created_at < versions[0].written_at <= edited.edited_at


def see_what_is_adas_own(ada: User) -> None:
    pinned = pinned_posts(author=ada, viewer=ada)
    assert [item.content.split()[0] for item in pinned] == ["Hello!", "For", "Things"]
    kept = bookmarks_of(viewer=ada).items
    assert len(kept) == 4 and all("is_bookmarked" in item.marks for item in kept)
    assert likes_of(viewer=ada).items
    [hidden] = hidden_of(viewer=ada).items
    assert hidden.is_hidden and hidden.id not in {item.id for item in home_page(viewer=ada, size=100).items}
    drafts = Draft.objects.of(ada)
    assert [draft.scheduled_for is None for draft in drafts.order_by("pk")] == [True, True, False]
    scheduled = drafts.get(scheduled_for__isnull=False)
    assert scheduled.scheduled_for and scheduled.scheduled_for > scheduled.created_at + timedelta(hours=20)
    assert drafts.exclude(share_of=None).get().pictures
    assert not Draft.objects.exclude(author=ada).exists()


def see_likes() -> None:
    """Some please many, most a few; nobody likes what they may not see, or before it was written."""
    counts = sorted(PostCounts.objects.values_list("likes", flat=True))
    assert counts[0] == 0 and 1 <= counts[len(counts) // 2] <= 10 and counts[-1] >= 15
    for like in Like.objects.select_related("user"):
        assert get_visible_original(like.post_id, viewer=like.user).post_id == like.post_id
        assert like.post_id < like.place and time_of(like.place) <= timezone.now()


def see_groups() -> None:
    """Two reports wait for a group's own moderators, and somebody hears of every post there."""
    waiting = Case.objects.with_groups().filter(group__slug="bread-and-butter")
    assert waiting.count() == 2 and max(case.reports for case in waiting) == 2
    assert Notification.objects.filter(kind="group_post", recipient__username="camille_r").exists()


def see_inboxes(ada: User, ben: User) -> None:
    """Several kinds over several days, the newest unread; nothing is owed outside, the events change nothing."""
    hers = Notification.objects.of(ada).standing()
    assert {"like", "comment", "reply", "mention", "follow"} <= {row.kind for row in hers}
    assert 3 <= unread_count(ada.pk) <= 8 and max(row.actor_count for row in hers) >= 6
    assert len({row.updated_at.date() for row in hers}) >= 4
    assert all(row.created_at <= row.updated_at <= timezone.now() for row in hers)
    assert len({row.place for row in hers}) == len(hers) >= 20
    assert all(row.told_at for row in hers)
    assert Notification.objects.of(ben).filter(kind="follow_request", stands=True).count() == 3
    before = [(row.pk, row.place, row.actor_count) for row in hers.order_by("pk")]
    drain()
    assert [(row.pk, row.place, row.actor_count) for row in hers.order_by("pk")] == before
    assert not ChannelDelivery.objects.filter(notification__recipient=ada).exists()
    assert page_of(ada).get("/notifications").content.decode().count('<section class="day"') >= 2


def see_full_homes(ada: User) -> None:
    page = home_page(viewer=ada)
    assert len(page.items) == 20 and page.has_more
    times = [time_of(post_id) for post_id in Post.objects.values_list("pk", flat=True)]
    assert (max(times) - min(times)).days > 20
    texts = " ".join(item.content_html for item in page.items)
    assert 'class="mention"' in texts and 'class="tag"' in texts
    assert "tobias_k" not in {item.author.username for item in page.items}


def test_it_stays_away_from_people_who_are_there_already() -> None:
    person("somebody")
    assert "not loaded" in run("load_demo")
    assert User.objects.count() == 1
    assert run("demo_logins") == ""


def test_where_addresses_must_be_confirmed_there_is_no_demo(settings) -> None:  # type: ignore[no-untyped-def]
    settings.EMAIL_VERIFICATION = "mandatory"
    assert "No demo here" in run("load_demo")
    assert not User.objects.exists()
    assert run("demo_logins") == ""


def test_it_goes_with_one_command_and_leaves_the_others_as_they_were() -> None:
    run("load_demo")
    zoe = person("zoe")
    actions.follow_user(follower=zoe, followee=named("luzmarina"))
    actions.follow_user(follower=named("ada"), followee=zoe)
    own = publish_post(author=zoe, content="Still here #zoe")
    lake = Post.objects.get(author=named("nina_horvat"), with_media=True)
    share_post(post=lake, person=zoe)
    bookmark_post(post_id=lake.pk, person=zoe)
    hide_from_oneself(post_id=lake.pk, person=zoe)
    like_post(post_id=lake.pk, person=zoe)
    for who in (zoe, named("ben"), named("ada")):
        like_post(post_id=own.pk, person=who)
    answer = publish_post(author=zoe, content="What a lake!", quoted=lake)
    talk_with_those_who_leave(zoe, own)
    share_post(post=own, person=named("luzmarina"))
    drain()
    assert home_page(viewer=zoe).items[2:]
    assert unread_count(zoe.pk) > 2
    assert "Removed 60 demo people" in run("remove_demo")
    assert [user.username for user in User.objects.all()] == ["zoe"]
    assert [item.id for item in home_page(viewer=zoe).items] == [answer.pk, own.pk]
    assert unread_count(zoe.pk) == 0 and not NotificationActor.objects.exists()
    assert PostCounts.objects.get(pk=own.pk).shares == 0
    assert PostCounts.objects.get(pk=own.pk).likes == 1
    assert list(Like.objects.values_list("user", "post")) == [(zoe.pk, own.pk)]
    assert sorted(Comment.objects.values_list("content", flat=True)) == ["", "An answer", "What zoe says"]
    assert not CommentLike.objects.exists()
    assert [*FeedEntry.objects.order_by("post_id").values_list("user_id", "post_id")] == [
        (zoe.pk, own.pk),
        (zoe.pk, answer.pk),
    ]
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.webp"))
    assert [tag.name for tag in Hashtag.objects.all()] == ["zoe"]
    for left in (LinkPreview, Media, Draft, Bookmark, HiddenPost, Mention, Pin, PostRevision):
        assert not left.objects.exists()
    drain()
    assert broken() == []
    assert "nobody left" in run("remove_demo")
    assert run("demo_logins") == ""


def talk_with_those_who_leave(zoe: User, own: Post) -> None:
    ada = named("ada")
    comment_on_post(post_id=own.pk, author=zoe, content="What zoe says")
    of_ada = comment_on_post(post_id=own.pk, author=ada, content="What ada says")
    comment_on_post(post_id=own.pk, author=zoe, content="An answer", parent_id=of_ada.pk)
    like_comment(comment_id=Comment.objects.get(content="What zoe says").pk, person=ada)
    under_ada = Post.objects.by(ada).filter(counts__comments__gt=0).first()
    assert under_ada is not None
    comment_on_post(post_id=under_ada.pk, author=zoe, content="Gone with the post")


def see_threads() -> None:
    """Deep, in many languages, with a fold; what the counts say is checked with the invariants."""
    said = Comment.objects.all()
    assert said.count() > 40 and {*said.values_list("depth", flat=True)} == {1, 2, 3, 4, 5, 6}
    assert said.exclude(replying_to=None).exists() and said.exclude(hidden_at=None).exists()
    assert all(comment.created_at > time_of(comment.post_id) for comment in said)
    assert all(Post.objects.filter(pk=one.post_id).visible_to(one.author).exists() for one in said)


def test_everybody_says_something_and_looks_like_nobody_else() -> None:
    assert {one.by for one in sayings()} == {one.username for one in people()}
    assert {picture.draw for one in sayings() for picture in one.pictures} <= {*pictures.names()}
    faces = [draw(one.face).getvalue() for one in people()]
    assert len({*faces}) == len(faces) == 60
