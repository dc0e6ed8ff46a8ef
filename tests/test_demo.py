"""The demo community: alive at the first start, gone with one command."""

import io
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import Client
from PIL import Image

from accounts import actions
from accounts.models import Block, Follow, Mute, PersonCounts, User
from accounts.tests.factories import page_of, person
from feeds.actions import publish_post
from feeds.demo import PASSWORD
from feeds.demo.faces import draw
from feeds.demo.people import cast, people, sayings
from feeds.door import Audience
from feeds.models import FeedEntry, LinkPreview, Post
from feeds.selectors import home_page
from socialnet.kernel.invariants import broken
from socialnet.outbox.ids import time_of
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_is_allowed(settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    settings.EMAIL_VERIFICATION = "optional"
    if not request.node.get_closest_marker("slow"):
        monkeypatch.setattr("feeds.demo.load.draw", dot)


def dot(_face: object) -> io.BytesIO:
    """A quick picture, where the faces do not matter."""
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
    assert "60 people" in said and "invariants hold" in said
    assert User.objects.exclude(avatar="").exclude(avatar_small="").exclude(bio="").count() == 60
    assert len(list(Path(settings.MEDIA_ROOT).rglob("*.webp"))) == 120
    for member in cast():
        assert authenticate(None, username=member.username, password=PASSWORD) == named(member.username)
    logins = run("demo_logins")
    assert PASSWORD in logins and all(f"  {one.username}" in logins for one in cast())
    assert "not loaded" in run("load_demo")  # a second time does nothing
    assert User.objects.count() == 60


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
    assert len({*Post.objects.values_list("language", flat=True)}) >= 20
    assert mod.is_staff and not mod.is_superuser and mod.has_perm("feeds.change_post")
    assert admin.is_staff and admin.is_superuser
    see_full_homes(ada)
    linking = Post.objects.get(preview__title="OpenStreetMap")
    assert 'class="preview' in Client().get(linking.get_absolute_url()).content.decode()
    assert "Luz Marina" in Client().get("/@luzmarina").content.decode()
    assert page_of(named("cleo")).get("/").status_code == 200
    assert page_of(named("dora")).get("/@ada").status_code == 404


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
    own = publish_post(author=zoe, content="Still here")
    drain()
    assert home_page(viewer=zoe).items[1:]
    assert "Removed 60 demo people" in run("remove_demo")
    assert [user.username for user in User.objects.all()] == ["zoe"]
    assert [item.id for item in home_page(viewer=zoe).items] == [own.pk]
    assert [*FeedEntry.objects.values_list("user_id", "post_id")] == [(zoe.pk, own.pk)]
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.webp"))
    assert not LinkPreview.objects.exists()
    drain()
    assert broken() == []
    assert "nobody left" in run("remove_demo")
    assert run("demo_logins") == ""


def test_everybody_says_something_and_looks_like_nobody_else() -> None:
    assert {one.by for one in sayings()} == {one.username for one in people()}
    faces = [draw(one.face).getvalue() for one in people()]
    assert len({*faces}) == len(faces) == 60
