"""What is said in groups: who sees it, where it comes, and when it goes."""

import random
import threading
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts import standins
from accounts.actions import delete_person
from accounts.models import Block, Mute, User
from accounts.tests.factories import PASSWORD, Api, follows, page_of, person
from feeds import actions, fanout, group_posts, live, paused, selectors, tasks
from feeds.door import facts
from feeds.errors import CannotShare
from feeds.invariants import Ties, may_see
from feeds.models import FeedEntry, HashtagCounts, Post
from feeds.tests.factories import ids_at_home, picture, plant_many, publish
from feeds.tests.oracle import homes_by_sql
from groups import actions as groups
from groups.errors import NotAMember
from groups.models import Group, GroupCounts
from groups.selectors import get_visible_group
from groups.tests.factories import a_group, is_in
from socialnet.kernel import overload
from socialnet.kernel.errors import NotFound
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


def says(author: User, group: Group, content: str = "Hello, group") -> Post:
    return actions.publish_post(author=author, content=content, group=group)


def counted(group: Group) -> int:
    return GroupCounts.objects.get(pk=group.pk).posts


def test_a_post_comes_to_the_members_and_says_why(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    follows(cleo, ada)
    post = says(ada, group)
    drain()
    (item,) = selectors.home_page(viewer=ben).items
    assert (item.id, item.reason.kind, item.reason.label) == (post.pk, "group", f"From {group.name}")
    assert selectors.home_page(viewer=ada).items[0].reason.kind == "you"
    assert ids_at_home(cleo) == []  # follows the author, but is not in the group
    feed = Api(ben)("GET", "feed").json()["results"][0]
    assert (feed["group"], feed["visibility"], feed["reason"]["kind"]) == (group.slug, "group", "group")
    assert group.name in page_of(ben).get("/").content.decode()


@pytest.mark.parametrize("privacy", ["public", "private", "invite"])
def test_the_door(privacy: str, ada: User, ben: User, cleo: User, dora: User) -> None:
    """Each of who there is against each kind of group, by both forms of the door and on each surface."""
    group = a_group(ada, privacy)
    asked, invited, banned, blocked = person("asked"), person("invited"), person("banned"), person("blocked")
    is_in(group, ben, blocked)
    is_in(group, asked, status="pending")
    is_in(group, invited, status="invited")
    is_in(group, banned, status="banned")
    Block.objects.create(blocker=ada, blocked=blocked)
    follows(dora, ada)
    post = says(ada, group, "A word #secret")
    drain()
    is_open = privacy == "public"
    matrix: list[tuple[Any, bool]] = [
        (ada, True), (ben, True), (cleo, is_open), (dora, is_open), (asked, is_open), (invited, is_open),
        (banned, False), (blocked, False), (AnonymousUser(), is_open),
    ]  # fmt: skip
    for viewer, may in matrix:
        seen = Post.objects.visible_to(viewer).filter(pk=post.pk).exists()
        truth = facts(viewer_id=viewer.pk, post_ids=[post.pk])[post.pk]
        assert (seen, truth.visible) == (may, may), viewer
        client = page_of(viewer if viewer.is_authenticated else None)
        api = Api(viewer if viewer.is_authenticated else None)
        status = 200 if may else 404
        assert api("GET", f"posts/{post.pk}").status_code == status
        assert api("GET", f"posts/{post.pk}/comments").status_code == status
        assert client.get(f"/@ada/{post.pk}").status_code == status
        for path in ("/tags/secret", "/@ada"):
            assert ("A word" in client.get(path).content.decode()) == may, (viewer, path)
        in_group = [one["id"] for one in api("GET", f"groups/{group.slug}/posts").json().get("results", ())]
        assert (str(post.pk) in in_group) == may
    assert [viewer for viewer in (ada, ben, cleo, dora, banned, blocked) if ids_at_home(viewer)] == [ada, ben]


def test_a_private_account_is_read_in_a_public_group_by_members_and_followers(
    ada: User, ben: User, cleo: User, dora: User
) -> None:
    group = a_group(ada)
    shy = person("shy", is_private=True)
    is_in(group, shy, ben)
    follows(dora, shy)
    post = says(shy, group)
    for viewer, may in ((ben, True), (dora, True), (cleo, False), (AnonymousUser(), False)):
        assert Post.objects.visible_to(viewer).filter(pk=post.pk).exists() == may
        assert facts(viewer_id=viewer.pk, post_ids=[post.pk])[post.pk].visible == may


def test_leaving_and_a_ban_take_sight_at_once_and_joining_gives_it(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada, "private")
    post = says(ada, group)
    drain()
    is_in(group, ben, cleo)
    for viewer in (ben, cleo):
        assert ids_at_home(viewer) == [post.pk]
    groups.leave_group(group=group, person=ben)
    groups.ban_person(group=group, actor=ada, person=cleo)
    for viewer in (ben, cleo):  # before any handler ran
        assert ids_at_home(viewer) == []
        with pytest.raises(NotFound):
            selectors.get_visible_post(post.pk, viewer=viewer)
    groups.join_group(group=group, person=ben)
    groups.accept_request(group=group, actor=ada, person=ben)
    assert ids_at_home(ben) == [post.pk]
    groups.delete_group(group=group, actor=ada)
    assert ids_at_home(ben) == []
    assert ids_at_home(ada) == [post.pk]  # what one said oneself


def test_going_private_shuts_others_out(ada: User, cleo: User) -> None:
    group = a_group(ada)
    post = says(ada, group)
    assert page_of(cleo).get(f"/@ada/{post.pk}").status_code == 200
    groups.change_group(group=group, actor=ada, privacy="private")
    assert page_of(cleo).get(f"/@ada/{post.pk}").status_code == 404
    assert Api(cleo)("GET", f"groups/{group.slug}/posts").json()["code"] == "private_group"


def test_only_members_post_and_it_is_counted(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    body = {"content": "By the API", "group": group.slug}
    answer = Api(ben)("POST", "posts", body)
    assert (answer.status_code, answer.json()["group"]) == (201, group.slug)
    assert Api(cleo)("POST", "posts", body).json()["code"] == "not_a_member"
    assert Api(cleo)("POST", "posts", {**body, "group": "no-such"}).status_code == 404
    assert Api(ben)("POST", "posts", {"content": "No group", "visibility": "group"}).status_code == 400
    assert Api(ben)("POST", "drafts", {"content": "No group", "visibility": "group"}).status_code == 400
    audience = {"visibility": f"group:{group.slug}"}
    assert page_of(ben).post("/posts", {"content": "By the page", **audience}).status_code == 302
    assert page_of(cleo).post("/posts", {"content": "Let me in", **audience}).status_code == 403
    wrong = page_of(ben).post("/posts", {"content": "x" * 2001, **audience})
    assert wrong.status_code == 400
    assert "x" * 2001 in wrong.content.decode()
    with pytest.raises(NotAMember):
        says(cleo, group)
    assert counted(group) == 2
    actions.delete_post(post=Post.objects.get(pk=answer.json()["id"]), actor=ben)
    assert counted(group) == 1


def test_what_is_said_in_a_group_stays_there(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    post = says(ada, group, "Stay #here")
    with pytest.raises(CannotShare):
        actions.share_post(post=post, person=ben)
    with pytest.raises(CannotShare):
        actions.publish_post(author=ben, content="Look", quoted=post)
    assert Api(ada)("PATCH", f"posts/{post.pk}", {"visibility": "public"}).status_code == 400
    answer = Api(ada)("PATCH", f"posts/{post.pk}", {"visibility": "group", "content": "As it was"})
    assert (answer.status_code, answer.json()["visibility"]) == (200, "group")
    outside = publish(ada)
    assert Api(ada)("PATCH", f"posts/{outside.pk}", {"visibility": "group"}).status_code == 400
    assert Api(ada)("PATCH", f"posts/{post.pk}", {"content": "Stays #here"}).status_code == 200
    drain()
    assert HashtagCounts.objects.get(hashtag__name="here").posts == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(visibility="public")


def test_pins_come_first_in_the_group_and_are_for_its_moderators(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    first, second = says(ben, group, "One"), says(ben, group, "Two")
    assert Api(ben)("PUT", f"posts/{first.pk}/pin", {}).status_code == 403
    assert Api(ada)("PUT", f"posts/{first.pk}/pin", {}).json() == {"pinned": True, "position": None}
    found = Api(ben)("GET", f"groups/{group.slug}/posts").json()["results"]
    assert [(one["id"], one["pinned"]) for one in found] == [(str(first.pk), True), (str(second.pk), False)]
    page = page_of(ben).get(f"/g/{group.slug}").content.decode()
    assert page.index(f"post-{first.pk}") < page.index(f"post-{second.pk}")
    assert str(first.pk) in page_of(ada).get("/@ben").content.decode()
    page_of(ada).post(f"/@ben/{first.pk}/pin/group", {"pin": "no"})
    assert not Api(ben)("GET", f"posts/{first.pk}").json()["pinned"]
    page_of(ada).post(f"/@ben/{first.pk}/pin/group", {"pin": "yes"})
    actions.delete_post(post=first, actor=ben)
    assert [one["id"] for one in Api(ben)("GET", f"groups/{group.slug}/posts").json()["results"]] == [
        str(second.pk)
    ]


def test_muted_authors_and_followed_ones(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada)
    is_in(group, ben, cleo)
    follows(ben, cleo)
    told, elsewhere = says(ada, group), says(cleo, group)
    own = publish(cleo)
    drain()
    assert ids_at_home(ben) == [own.pk, elsewhere.pk, told.pk]
    Mute.objects.create(muter=ben, muted=ada)
    assert ids_at_home(ben) == [own.pk, elsewhere.pk]
    assert FeedEntry.objects.filter(user_id=ben.pk).count() == 1  # what groups bring is stored nowhere


def test_every_page_size_and_every_source_reads_the_same(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = a_group(ada), a_group(ada, "private")
    is_in(one, ben)
    is_in(two, ben)
    follows(ben, ada)
    posts = [
        says(ada, one) if n % 3 == 0 else says(ada, two) if n % 3 == 1 else publish(ada) for n in range(17)
    ]
    drain()
    expected = [post.pk for post in reversed(posts)]
    for size in (1, 4, 20):
        assert ids_at_home(ben, size=size) == expected
    monkeypatch.setattr(overload, "homes_come_from_sql", lambda: True)
    for size in (1, 4, 20):
        assert ids_at_home(ben, size=size) == expected
    assert [
        int(one["id"]) for one in Api(ben)("GET", f"groups/{two.slug}/posts?limit=100").json()["results"]
    ] == [post.pk for post in reversed(posts) if post.group_id == two.pk]


def test_homes_equal_the_sql_answer_in_random_towns() -> None:
    chance = random.Random(8)
    people = [person(is_private=n % 4 == 0) for n in range(8)]
    all_groups = [a_group(people[n], ("public", "private", "invite")[n]) for n in range(3)]
    for one in people:
        for group in all_groups:
            if not group.memberships.filter(user=one).exists() and chance.random() < 0.7:
                is_in(group, one, status=chance.choice(["active", "active", "pending", "invited", "banned"]))
        for other in people:
            if one != other and chance.random() < 0.3:
                follows(one, other)
    for one, other in ((0, 5), (6, 1)):
        Block.objects.create(blocker=people[one], blocked=people[other])
    Mute.objects.create(muter=people[2], muted=people[3])
    for _each in range(60):
        author = chance.choice(people)
        mine = list(
            Group.objects.filter(memberships__user=author, memberships__status="active").order_by("pk")
        )
        if mine and chance.random() < 0.6:
            says(author, chance.choice(mine))
        else:
            publish(author, audience=chance.choice(["public", "followers", "friends", "private"]))
    drain()
    expected = homes_by_sql([one.pk for one in people])
    every = list(Post.objects.select_related("author", "group"))
    for viewer in people:
        assert set(ids_at_home(viewer)) == expected[viewer.pk]
        ties = Ties.of(viewer)
        visible = set(Post.objects.visible_to(viewer).values_list("pk", flat=True))
        truth = facts(viewer_id=viewer.pk, post_ids=[post.pk for post in every])
        for post in every:
            assert (post.pk in visible, truth[post.pk].visible) == (may_see(post, ties),) * 2


def test_a_warm_home_costs_one_query_more_for_members_only(
    ada: User, ben: User, cleo: User, django_assert_num_queries: Any
) -> None:
    for _each in range(3):
        group = a_group(ada)
        is_in(group, ben)
        for _post in range(3):
            says(ada, group)
    follows(cleo, ada)
    publish(ada)
    drain()
    for viewer, queries in ((ben, 2), (cleo, 1)):
        selectors.home_page(viewer=viewer)
        with django_assert_num_queries(queries):
            selectors.home_page(viewer=viewer, is_visit=False)


def test_a_group_page_costs_the_same_for_one_post_and_for_twenty(
    ada: User, ben: User, django_assert_num_queries: Any
) -> None:
    group = a_group(ada)
    plant_many(ada, 25, visibility="group", group=group)
    seen = get_visible_group(group.slug, viewer=ben)
    selectors.group_posts(seen=seen, viewer=ben)
    with django_assert_num_queries(1):
        assert len(selectors.group_posts(seen=seen, viewer=ben).items) == 20
    page = selectors.group_posts(seen=seen, viewer=ben)
    rest = selectors.group_posts(seen=seen, viewer=ben, cursor=page.next_cursor)
    assert len(rest.items) == 5


def test_without_postgresql_only_ones_own_is_shown(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    says(ada, group)
    mine = says(ben, group)
    drain()
    ids_at_home(ben)
    standins.keep(ben.pk, look=True)
    assert [fact.post_id for fact in paused.home(ben.pk, before=None).shown] == [mine.pk]


def test_who_is_deleted_leaves_no_count_behind(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    says(ben, group)
    says(ada, group)
    drain()
    delete_person(user=ben, password=PASSWORD)
    drain()
    assert counted(group) == 1


def test_many_who_post_and_delete_at_once_are_counted(ada: User) -> None:
    group = a_group(ada)
    people = [person() for _each in range(4)]
    is_in(group, *people)
    old = [says(one, group) for one in people]
    barrier = threading.Barrier(8)

    def run(act: Any) -> None:
        barrier.wait()
        try:
            act()
        finally:
            connection.close()

    acts = [lambda one=one: says(one, group) for one in people]
    acts += [lambda post=post: actions.delete_post(post=post, actor=post.author) for post in old]
    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(group) == 4 == Post.objects.filter(group=group, deleted_at=None).count()


def test_who_leaves_hears_no_more_of_its_posts(
    ada: User, ben: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = a_group(ada, "private")
    is_in(group, ben)
    post = says(ada, group)
    topic = f"post:{post.pk}"
    assert live.seats([topic], viewer=ben)
    assert not live.seats([topic], viewer=cleo)
    drain()
    told: list[Any] = []
    monkeypatch.setattr(live.realtime, "publish", lambda to, message: told.append((to, message)))
    groups.leave_group(group=group, person=ben)
    groups.change_group(group=group, actor=ada, name="Another name")
    drain()
    assert (live.RIGHTS_GROUP, {"posts": [], "people": [ben.pk], "groups": []}) in told
    assert (live.RIGHTS_GROUP, {"posts": [post.pk], "people": [], "groups": [group.pk]}) in told
    assert not live.seats([topic], viewer=ben)
    assert selectors.get_visible_item(post.pk, viewer=ada).group["name"] == "Another name"


def test_members_who_are_online_hear_of_a_post_and_of_its_end(
    ada: User, ben: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = a_group(ada)
    is_in(group, ben)
    follows(cleo, ada)
    people = [ada.pk, ben.pk, cleo.pk]
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(fanout.realtime, "everybody_online", lambda: people)
    monkeypatch.setattr(
        fanout.realtime,
        "publish_many",
        lambda messages: told.extend((to, message.get("event", "")) for to, message in messages),
    )
    post = says(ada, group)
    drain()
    assert (fanout.feed_group(ben.pk), "feed.new") in told
    assert (fanout.feed_group(cleo.pk), "feed.new") not in told
    actions.delete_post(post=post, actor=ada)
    drain()
    assert (fanout.feed_group(ben.pk), "feed.remove") in told


def test_search_lists_and_media_ask_the_door(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada, "private")
    is_in(group, ben)
    drawn = picture(ada, is_stored=True)
    post = actions.publish_post(
        author=ada, content="Unheard-of xylophones", group=group, media_ids=[drawn.pk]
    )
    drain()
    for name in ("like", "bookmark"):
        assert Api(ben)("PUT", f"posts/{post.pk}/{name}").status_code == 200
        assert Api(cleo)("PUT", f"posts/{post.pk}/{name}").status_code == 404

    def found(viewer: User) -> list[bool]:
        api, wanted = Api(viewer), str(post.pk)
        lists = ("search?q=xylophones&type=posts", "me/bookmarks", "me/likes", "users/ada/media")
        return [wanted in api("GET", path).content.decode() for path in lists] + [sees(viewer)]

    def sees(viewer: User) -> bool:
        try:
            return selectors.get_visible_media(drawn.pk, viewer=viewer).pk == drawn.pk
        except NotFound:
            return False

    assert found(ben) == [True] * 5
    assert found(cleo) == [False] * 5
    groups.leave_group(group=group, person=ben)
    assert found(ben) == [False] * 5


@pytest.mark.parametrize("mend", [tasks.reconcile_recent_post_counts, tasks.reconcile_all_post_counts])
def test_planted_drift_is_mended(ada: User, mend: Any) -> None:
    group, quiet = a_group(ada), a_group(ada)
    says(ada, group)
    for each in (group, quiet):
        GroupCounts.objects.filter(pk=each.pk).update(posts=9)
    mend()
    assert counted(group) == 1
    assert group_posts.reconcile_all() == (1 if mend is tasks.reconcile_recent_post_counts else 0)
    assert counted(quiet) == 0


def test_the_hourly_job_finds_groups_where_somebody_only_deleted_or_left(ada: User, ben: User) -> None:
    deleted_in, left, quiet = (a_group(ada) for _each in range(3))
    old = plant_many(ada, 2, visibility="group", group=deleted_in)
    plant_many(ada, 2, visibility="group", group=left)
    is_in(left, ben)
    Event.objects.all().delete()
    GroupCounts.objects.update(posts=9)
    actions.delete_post(post=old[0], actor=ada)
    groups.leave_group(group=left, person=ben)
    GroupCounts.objects.update(posts=9)
    assert group_posts.reconcile_recent() == 2
    assert (counted(deleted_in), counted(left), counted(quiet)) == (1, 2, 9)


def test_wrong_counts_of_posts_are_said_and_mended_by_the_command(ada: User) -> None:
    group = a_group(ada)
    says(ada, group)
    GroupCounts.objects.filter(pk=group.pk).update(posts=9)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("diagnose", "counts", stdout=out)
    assert "kept 9, the rows say 1" in out.getvalue()
    call_command("diagnose", "counts", "--repair", stdout=out)
    assert counted(group) == 1
