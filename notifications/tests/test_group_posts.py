"""Who chose to hear of every post in a group hears of it, as long as they are in it and may; who chose nothing hears of
nothing that is said there."""

from collections.abc import Callable

import pytest

from accounts import actions as people
from accounts.models import Follow, User
from accounts.tests.factories import Api, page_of, person
from feeds.actions import delete_post, hide_post, publish_post, unhide_post
from feeds.models import Post
from groups import actions as groups
from groups.models import Group, Membership
from groups.tests.factories import a_group, is_in
from interactions.tests.threads import say
from notifications import causes, handlers
from notifications.models import Notification, Preference
from notifications.preferences import of as wishes_of
from notifications.second_look import Look, look
from notifications.selectors import inbox_page
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(ada: User, ben: User, cleo: User) -> Group:
    """ada owns it; ben and cleo are in it, and ben hears of every post."""
    group = a_group(ada, "private", slug="bread")
    is_in(group, ben, cleo)
    hear(group, ben, "all")
    return group


def hear(group: Group, who: User, notify: str) -> None:
    groups.choose_news(group=group, person=who, notify=notify)


def says(author: User, group: Group, content: str = "It rose") -> Post:
    return publish_post(author=author, group=group, content=content)


def inbox(viewer: User) -> list[str]:
    drain()
    return [item.text for item in inbox_page(viewer=viewer).items]


def test_who_hears_of_all_posts_hears_of_each(
    ada: User, ben: User, cleo: User, dora: User, group: Group
) -> None:
    post = says(ada, group)
    assert inbox(ben) == [f"Ada posted in {group.name}"]
    assert inbox(cleo) == inbox(dora) == inbox(ada) == []
    (told,) = Api(ben)("GET", "notifications").json()["results"]
    assert (told["type"], told["group"], told["post"]["id"]) == ("group_post", "bread", str(post.pk))
    assert told["url"].endswith(f"/@ada/{post.pk}")
    html = page_of(ben).get("/notifications").content.decode()
    assert group.name in html and "It rose" in html
    assert Notification.objects.get().told_at is None  # it waits for others
    assert says(ben, group) and len(inbox(ben)) == 1  # one's own is no news
    assert broken() == []


def test_a_group_is_chosen_by_page_and_api(ben: User, cleo: User, dora: User, group: Group) -> None:
    mine = f"groups/{group.slug}/membership"
    assert Api(cleo)("GET", f"groups/{group.slug}").json()["my_notify"] == "important"
    assert Api(cleo)("PATCH", mine, {"notify": "all"}).json()["my_notify"] == "all"
    assert Api(cleo)("PUT", mine, {"notify": "none"}).json()["my_notify"] == "none"
    assert Api(cleo)("PUT", mine).json()["my_notify"] == "none"
    assert Api(cleo)("PATCH", mine, {"notify": "loud"}).status_code == 400
    assert Api(cleo)("PATCH", mine, {}).status_code == 400
    assert Api(dora)("PATCH", mine, {"notify": "all"}).json()["code"] == "not_in_group"
    assert Api()("PATCH", mine, {"notify": "all"}).status_code == 401
    assert Api(cleo)("POST", mine, {"notify": "all"}).status_code == 405
    browser = page_of(cleo)
    html = browser.get(f"/g/{group.slug}").content.decode()
    assert 'value="none" selected' in html
    assert browser.post(f"/g/{group.slug}/news", {"notify": "all"}).status_code == 302
    assert Membership.objects.get(user=cleo, group=group).notify == "all"
    assert browser.post(f"/g/{group.slug}/news", {"notify": "loud"}).status_code == 400
    assert browser.get(f"/g/{group.slug}/news").status_code == 405
    assert "group-notify" not in page_of(dora).get(f"/g/{group.slug}").content.decode()
    assert page_of(dora).post(f"/g/{group.slug}/news", {"notify": "all"}).status_code == 400


def test_a_choice_of_who_asks_is_kept(ada: User, dora: User, group: Group) -> None:
    answer = Api(dora)("PUT", f"groups/{group.slug}/membership", {"notify": "all"}).json()
    assert (answer["my_status"], answer["my_notify"]) == ("pending", "all")
    says(ada, group)
    assert inbox(dora) == []
    groups.accept_request(group=group, actor=ada, person=dora)
    says(ada, group)
    assert f"Ada posted in {group.name}" in inbox(dora)


def mute(group: Group, ada: User, ben: User, post: Post) -> None:
    people.mute_user(muter=ben, muted=ada)


def hear_less(group: Group, ada: User, ben: User, post: Post) -> None:
    hear(group, ben, "important")


def hear_nothing(group: Group, ada: User, ben: User, post: Post) -> None:
    hear(group, ben, "none")


def want_none(group: Group, ada: User, ben: User, post: Post) -> None:
    Preference.objects.create(user=ben, kind="group_post", pace="off", ways=[])


def leave(group: Group, ada: User, ben: User, post: Post) -> None:
    groups.leave_group(group=group, person=ben)


def put_out(group: Group, ada: User, ben: User, post: Post) -> None:
    groups.ban_person(group=group, actor=ada, person=ben)


def block(group: Group, ada: User, ben: User, post: Post) -> None:
    people.block_user(blocker=ben, blocked=ada)


def hide(group: Group, ada: User, ben: User, post: Post) -> None:
    hide_post(post_id=post.pk, actor=None)


def delete(group: Group, ada: User, ben: User, post: Post) -> None:
    delete_post(post=post, actor=ada)


UNWELCOME = [mute, hear_less, hear_nothing, want_none]
GONE = [leave, put_out, block, hide, delete]


@pytest.mark.parametrize("end", [*UNWELCOME, *GONE])
def test_it_is_asked_before_it_comes_in(
    ada: User, ben: User, group: Group, end: Callable[[Group, User, User, Post], None]
) -> None:
    end(group, ada, ben, says(ada, group))
    assert inbox(ben) == []
    assert broken() == []


@pytest.mark.parametrize("end", [*UNWELCOME, *GONE])
def test_and_again_before_it_is_told(
    ada: User, ben: User, group: Group, end: Callable[[Group, User, User, Post], None]
) -> None:
    post = says(ada, group)
    drain()
    row = Notification.objects.get(recipient=ben)
    assert look([row], wishes_of([ben.pk])) == {row.pk: Look.WELCOME}
    end(group, ada, ben, post)
    expected = Look.UNWELCOME if end in UNWELCOME else Look.FALLEN
    assert look([row], wishes_of([ben.pk])) == {row.pk: expected}
    assert len(inbox(ben)) == (1 if end in UNWELCOME else 0)
    assert broken() == []


def test_what_was_hidden_comes_back_into_the_inbox(ada: User, ben: User, group: Group) -> None:
    post = says(ada, group)
    assert len(inbox(ben)) == 1
    hide_post(post_id=post.pk, actor=None)
    assert inbox(ben) == []
    unhide_post(post_id=post.pk, actor=None)
    assert len(inbox(ben)) == 1


def test_one_post_is_one_piece_of_news(ada: User, ben: User, group: Group) -> None:
    """A mention tells of it better, and so does the bell; where those are not wanted, the group tells of it."""
    Follow.objects.create(follower=ben, followee=ada, notify=True)
    says(ada, group)
    assert inbox(ben) == ["Ada posted"]
    says(ada, group, "@ben, it rose")
    assert sorted(inbox(ben)) == ["Ada mentioned you", "Ada posted", "Ada posted"]
    for kind in ("new_post", "mention"):
        Preference.objects.create(user=ben, kind=kind, pace="off", ways=[])
    says(ada, group, "@ben, it fell")
    assert f"Ada posted in {group.name}" in inbox(ben)


def test_who_hears_nothing_of_a_group_is_asked_what_moderators_are_asked(
    ada: User, ben: User, cleo: User, dora: User, group: Group
) -> None:
    """Mentions, answers and likes there are silent; requests are a duty, chosen in the matrix of wishes."""
    hear(group, ada, "none")
    post = says(ada, group)
    say(ben, post, "@ada look")
    says(cleo, group, "@ada look here")
    groups.join_group(group=group, person=dora)
    assert inbox(ada) == [f"Dora asks to join the group {group.name}"]


def test_a_large_group_is_told_in_pieces(
    ada: User, ben: User, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "PIECE", 2)
    crowd = [person() for _ in range(4)]
    is_in(group, *crowd)
    for one in crowd:
        hear(group, one, "all")
    post = says(ada, group)
    drain()
    keys = Delivery.objects.filter(handler="notifications.group_piece").values_list("key", flat=True)
    assert set(keys) == set(causes.pieces_of_hearing(post, 2)) and len(keys) == 3
    assert Notification.objects.filter(kind="group_post").count() == 5


def test_the_help_and_the_wishes_know_it(ben: User) -> None:
    browser = page_of(ben)
    label = "Somebody posts in a group whose every post you chose to hear of"
    for page in ("/settings/notifications", "/help/notifications"):
        assert label in browser.get(page).content.decode()
    assert "group_post" in Api(ben)("GET", "notifications/preferences").json()["kinds"]
