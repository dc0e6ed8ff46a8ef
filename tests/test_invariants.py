"""Every invariant is shown to fail: a violation is planted for each, and nothing is found without one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.models.functions import Now

from accounts import actions as people
from accounts.models import Activity, Block, Follow, Mute, PersonCounts, Session, User
from accounts.tests.factories import person
from accounts.tests.planted import PLANTS as PLANTED_PEOPLE
from discovery.tests.planted_documents import PLANTS as PLANTED_DOCUMENTS
from feeds import cards, sources, timelines
from feeds.actions import move_marker, publish_post
from feeds.models import (
    Draft,
    FeedEntry,
    HashtagCounts,
    HiddenPost,
    LinkPreview,
    Media,
    Post,
    PostCounts,
    PullSource,
)
from feeds.selectors import home_page
from feeds.timelines import POLICY
from groups.tests.planted import PLANTS as PLANTED_GROUPS
from interactions.actions import comment_on_post
from interactions.models import Bookmark, Comment, CommentLike, CommentQuerySet, Like
from moderation.tests.planted import PLANTS as PLANTED_CASES
from notifications.tests.planted import PLANTS as PLANTED_NEWS
from socialnet.kernel import redis
from socialnet.kernel.invariants import broken, check, invariants, not_at_rest
from socialnet.kernel.redis import door
from socialnet.outbox.models import Delivery, Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Town:
    """ada has followers and posts of every audience; ben is her friend; cleo is private; dora is blocked."""

    ada: User
    ben: User
    cleo: User
    dora: User
    posts: list[Post]
    undo: list[str] = field(default_factory=list)
    patches: list[pytest.MonkeyPatch] = field(default_factory=list)

    def as_owner(self, *statements: str, undo: str = "") -> None:
        """Run what only the owner of the tables may; `undo` runs when the test is over."""
        self.undo += [undo] if undo else []
        run_as_owner(*statements)


def run_as_owner(*statements: str, may_fail: bool = False) -> None:
    params = connections["owner"].get_connection_params()
    params["dbname"] = connections["default"].settings_dict["NAME"]
    params.pop("cursor_factory", None), params.pop("context", None)
    owner = psycopg2.connect(**params)
    owner.autocommit = True
    try:
        for statement in statements:
            owner.cursor().execute(statement)
    except psycopg2.Error:
        if not may_fail:
            raise
    finally:
        owner.close()


@pytest.fixture
def town() -> Iterator[Town]:
    ada, ben, cleo, dora = (person(name) for name in ("ada", "ben", "cleo", "dora"))
    for follower, followee in ((ben, ada), (ada, ben), (cleo, ada), (ada, cleo), (dora, ada)):
        people.follow_user(follower=follower, followee=followee)
    people.set_privacy(user=cleo, is_private=True)
    people.block_user(blocker=ada, blocked=dora)
    people.mute_user(muter=ben, muted=ada)
    posts = [
        publish_post(author=author, content=f"Number {number} by {author.username}", visibility=audience)
        for number, audience in enumerate(("public", "followers", "friends", "private"))
        for author in (ada, ben, cleo)
    ]
    drain()
    for viewer in (ada, ben, cleo, dora):
        home_page(viewer=viewer)  # warm
    town = Town(ada, ben, cleo, dora, posts)
    yield town
    for patch in town.patches:
        patch.undo()
    for statement in town.undo:
        run_as_owner(statement)
    redis.breaker.close()
    with door() as client:
        client.config_set("maxmemory-policy", "noeviction")


def execute(statement: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def timeline_key(user: User) -> str:
    return POLICY.key(f"{{b{user.pk % timelines.BUCKETS}}}:{user.pk}")


def unseen_post(town: Town, **fields: object) -> Post:
    """A post past the actions: no event, no counts, no fan-out."""
    return Post.objects.create(author=town.ada, content="x", html="x", **fields)


def lose_warm_id(town: Town) -> None:
    with door() as client:
        client.zrem(timeline_key(town.ben), str(town.posts[0].pk))


def hole_in_recent_list(town: Town) -> None:
    """Of an author who is merged on read, and whose post nobody was written."""
    PullSource.objects.create(author_id=town.ada.pk, since_id=0)
    FeedEntry.objects.filter(user_id=town.cleo.pk, post_id=town.posts[0].pk).delete()
    timelines.drop(town.cleo.pk)
    sources.forget_here()
    sources._ALL.surely_drop("all")
    sources._RECENT.set_many({f"{town.ada.pk}:0": []})


def lose_entry(town: Town) -> None:
    FeedEntry.objects.filter(user_id=town.ben.pk, post_id=town.posts[0].pk).delete()


def stranger_in_warm(town: Town) -> None:
    post = unseen_post(town)
    with door() as client:
        client.zadd(timeline_key(town.dora), {str(post.pk): post.pk})


def stranger_in_stored(town: Town) -> None:
    FeedEntry.objects.create(user_id=town.dora.pk, post_id=town.posts[0].pk, author_id=town.ada.pk)


def hole_at_home(town: Town) -> None:
    lose_entry(town)
    timelines.drop(town.ben.pk)
    Mute.objects.all().delete()


def overlong_timeline(town: Town) -> None:
    with door() as client:
        client.zadd(timeline_key(town.ben), {str(number): number for number in range(1, 900)})


def warm_alone(town: Town) -> None:
    """In Redis, but not in PostgreSQL: gone when Redis is."""
    FeedEntry.objects.filter(user_id=town.ada.pk, post_id=town.posts[1].pk).delete()


def wrong_posts(town: Town) -> None:
    PersonCounts.objects.filter(pk=town.ada.pk).update(posts=40)


def twice(table: str, *columns: str, constraint: str) -> Callable[[Town], None]:
    def plant(town: Town) -> None:
        names = ", ".join(columns)
        town.as_owner(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}")
        town.undo += [
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} ADD CONSTRAINT {constraint} UNIQUE ({columns[0]}, {columns[1]})",
        ]

    return plant


def kept_twice(town: Town) -> None:
    Bookmark.objects.create(user=town.ben, post=town.posts[0])
    twice("interactions_bookmark", "user_id", "post_id", constraint="bookmark_once")(town)


def kept_share(town: Town) -> None:
    share = Post.objects.create(author=town.ben, share_of=town.posts[0], content="", html="")
    Bookmark.objects.create(user=town.ben, post=share)


def hidden_share(town: Town) -> None:
    share = Post.objects.create(author=town.ben, share_of=town.posts[0], content="", html="")
    HiddenPost.objects.create(user=town.ben, post=share)


def place_of_nobody(town: Town) -> None:
    move_marker(person=town.ben, post_id=town.posts[0].pk)
    User.objects.filter(pk=town.ben.pk).update(is_active=False)


def liked_twice(town: Town) -> None:
    town.as_owner("ALTER TABLE interactions_like DROP CONSTRAINT interactions_like_pkey")
    Like.objects.bulk_create([Like(user=town.ben, post=town.posts[0]) for _ in range(2)])
    town.undo += [
        "TRUNCATE interactions_like",
        "ALTER TABLE interactions_like ADD CONSTRAINT interactions_like_pkey PRIMARY KEY (user_id, post_id)",
    ]


def liked_share(town: Town) -> None:
    share = Post.objects.create(author=town.ben, share_of=town.posts[0], content="", html="")
    Like.objects.create(user=town.ben, post=share)


def liked_by_nobody(town: Town) -> None:
    Like.objects.create(user=town.ben, post=town.posts[0])
    User.objects.filter(pk=town.ben.pk).update(is_active=False)


def counted_otherwise(town: Town) -> None:
    cards.renew_counts([town.posts[0].pk])
    PostCounts.objects.filter(pk=town.posts[0].pk).update(comments=3)


def kept_by_nobody(town: Town) -> None:
    Bookmark.objects.create(user=town.ben, post=town.posts[0])
    User.objects.filter(pk=town.ben.pk).update(is_active=False)


def said(town: Town) -> Comment:
    """An answer of ben to what he said himself."""
    first = comment_on_post(post_id=town.posts[0].pk, author=town.ben, content="First")
    return comment_on_post(post_id=town.posts[0].pk, author=town.ben, content="Second", parent_id=first.pk)


def lost_answer(town: Town) -> None:
    said(town)
    Comment.objects.filter(parent=None).update(replies=0)


def liked_unseen(town: Town) -> None:
    CommentLike.objects.create(user=town.ada, comment=said(town))


def comment_liked_twice(town: Town) -> None:
    liked_unseen(town)
    town.as_owner(
        "ALTER TABLE interactions_commentlike DROP CONSTRAINT interactions_commentlike_pkey",
        "INSERT INTO interactions_commentlike SELECT * FROM interactions_commentlike",
    )
    town.undo += [
        "TRUNCATE interactions_commentlike",
        "ALTER TABLE interactions_commentlike ADD CONSTRAINT interactions_commentlike_pkey"
        " PRIMARY KEY (user_id, comment_id)",
    ]


def path_of_another(town: Town) -> None:
    comment = said(town)
    Comment.objects.filter(pk=comment.pk).update(path=comment.path[::-1])


def lonely_tombstone(town: Town) -> None:
    comment = said(town)
    Comment.objects.filter(pk=comment.pk).update(author=None, content="", html="", deleted_at=Now())


def comment_on_a_share(town: Town) -> None:
    share = Post.objects.create(author=town.ben, share_of=town.posts[0], content="", html="")
    Comment.objects.filter(pk=said(town).pk).update(post=share)


def said_by_nobody(town: Town) -> None:
    said(town)
    User.objects.filter(pk=town.ben.pk).update(is_active=False)


def open_door_to_comments(town: Town) -> None:
    """A door that lets everybody in: ben says something where only ada may look."""
    post = next(post for post in town.posts if post.author == town.ada and post.visibility == "private")
    comment = comment_on_post(post_id=post.pk, author=town.ada, content="To myself")
    patch = pytest.MonkeyPatch()
    patch.setattr(CommentQuerySet, "visible_to", lambda comments, _viewer: comments.filter(pk=comment.pk))
    town.patches.append(patch)


def same_name(town: Town) -> None:
    town.as_owner(
        "DROP INDEX person_username_unique",
        "UPDATE accounts_user SET username = 'ADA' WHERE username = 'ben'",
    )
    town.undo += [
        "TRUNCATE accounts_user CASCADE",
        "CREATE UNIQUE INDEX person_username_unique ON accounts_user (lower(username))",
    ]


def negative_count(town: Town) -> None:
    town.as_owner(
        "ALTER TABLE accounts_personcounts DROP CONSTRAINT accounts_personcounts_posts_check",
        "UPDATE accounts_personcounts SET posts = -1",
    )
    town.undo += [
        "TRUNCATE accounts_personcounts CASCADE",
        "ALTER TABLE accounts_personcounts ADD CONSTRAINT accounts_personcounts_posts_check CHECK (posts >= 0)",
    ]


def wrong_tags(town: Town) -> None:
    publish_post(author=town.ada, content="#fog")
    HashtagCounts.objects.update(posts=2)


def unguarded_count(town: Town) -> None:
    town.as_owner(
        "ALTER TABLE feeds_postcounts DROP CONSTRAINT feeds_postcounts_likes_check",
        undo="ALTER TABLE feeds_postcounts ADD CONSTRAINT feeds_postcounts_likes_check CHECK (likes >= 0)",
    )


def session_of_suspended(town: Town) -> None:
    Session.objects.create(session_key="k", session_data="", expire_date=in_hours(1), account=town.ben)
    User.objects.filter(pk=town.ben.pk).update(suspended_at=Now())


def in_hours(hours: int) -> datetime:
    """By the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() + make_interval(hours => %s)", [hours])
        return cursor.fetchone()[0]


def power_over_record(town: Town) -> None:
    role = connection.settings_dict["USER"]
    town.as_owner(
        f"GRANT DELETE ON outbox_auditentry TO {role}", undo=f"REVOKE DELETE ON outbox_auditentry FROM {role}"
    )


def unvalidated(town: Town) -> None:
    town.as_owner(
        "ALTER TABLE feeds_post ADD CONSTRAINT planted CHECK (id > 1) NOT VALID",
        undo="ALTER TABLE feeds_post DROP CONSTRAINT planted",
    )


def invalid_index(town: Town) -> None:
    town.as_owner(
        "CREATE TABLE planted AS SELECT 1 AS x FROM generate_series(1, 2)", undo="DROP TABLE planted"
    )
    run_as_owner("CREATE UNIQUE INDEX CONCURRENTLY planted_x ON planted (x)", may_fail=True)


def forgotten_migration(town: Town) -> None:
    town.as_owner(
        "DELETE FROM django_migrations WHERE app = 'feeds' AND name = '0002_stored_floor'",
        undo="INSERT INTO django_migrations (app, name, applied) VALUES ('feeds', '0002_stored_floor', now())",
    )


def lasting_key(town: Town) -> None:
    with door() as client:
        client.set("card:1:v1", b"{}")


def evicting_broker(town: Town) -> None:
    with door() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")


def lost_file(town: Town) -> None:
    """A picture in the database whose files nobody has."""
    Media.objects.create(
        owner=town.ada,
        large_name="gone-large",
        small_name="gone-small",
        width=1,
        height=1,
        small_width=1,
        blurhash="x",
    )


def odd_preview(town: Town) -> None:
    preview = LinkPreview.objects.create(key="0" * 64, url="https://example.org/")
    Post.objects.filter(pk=town.posts[0].pk).update(preview=preview, share_of=town.posts[1].pk)


def overdue_draft(town: Town) -> None:
    Draft.objects.create(author=town.ada, content="Late", scheduled_for=in_hours(-1))


PLANTS: dict[str, Callable[[Town], object]] = {
    "every post has exactly one event": unseen_post,
    "every event has a delivery for each of its handlers": lambda _: Delivery.objects.filter(
        handler="feeds.fill_homes"
    ).delete(),
    "no delivery is overdue by more than 60 s": lambda town: Delivery.objects.update(
        state=Delivery.State.OPEN, leased_until=in_hours(-1)
    ),
    "there is no dead letter": lambda _: Delivery.objects.update(state=Delivery.State.DEAD),
    "a warm timeline lacks nothing": lose_warm_id,
    "a stored timeline lacks nothing": lose_entry,
    "a warm timeline holds nothing of strangers": stranger_in_warm,
    "a stored timeline holds nothing of strangers": stranger_in_stored,
    "home descends strictly, without gap or repeat, to what SQL says": hole_at_home,
    "home with authors merged on read is what SQL says": hole_in_recent_list,
    "no warm timeline is longer than its cap": overlong_timeline,
    "home reads the same when Redis has lost it": warm_alone,
    "follower counts equal rows": lambda town: PersonCounts.objects.filter(pk=town.ada.pk).update(
        followers=9
    ),
    "following counts equal rows": lambda town: PersonCounts.objects.filter(pk=town.ada.pk).update(
        following=9
    ),
    "follows count while neither of the two is suspended": lambda town: Follow.objects.update(
        is_counted=False
    ),
    "everybody has counts and an activity": lambda town: Activity.objects.filter(pk=town.ada.pk).delete(),
    "post counts equal rows": wrong_posts,
    "the counts of tags equal what every visitor may see, and what is marked as counted": wrong_tags,
    "every post has counts": lambda town: PostCounts.objects.filter(pk=town.posts[0].pk).delete(),
    "every count has a CHECK that keeps it from going below zero": unguarded_count,
    "no count of a person is negative": negative_count,
    "follows are unique, and nobody follows themselves": twice(
        "accounts_follow", "follower_id", "followee_id", "status", "notify", constraint="follow_once"
    ),
    "blocks are unique, and nobody blocks themselves": twice(
        "accounts_block", "blocker_id", "blocked_id", constraint="block_once"
    ),
    "mutes are unique, and nobody mutes themselves": twice(
        "accounts_mute", "muter_id", "muted_id", constraint="mute_once"
    ),
    "usernames are unique in any case": same_name,
    "nobody keeps a post twice": kept_twice,
    "nobody likes a post twice": liked_twice,
    "what is liked is a post, not somebody's share of it": liked_share,
    "who left likes nothing": liked_by_nobody,
    "like counts equal the likes that stand": lambda town: Like.objects.create(
        user=town.ben, post=town.posts[0]
    ),
    "what Redis keeps of counts is what PostgreSQL has": counted_otherwise,
    "what is kept is a post, not somebody's share of it": kept_share,
    "what somebody hid is a post, not a share of it": hidden_share,
    "who left keeps nothing": kept_by_nobody,
    "who left has no place in a home": place_of_nobody,
    "comment counts equal the comments that stand": lambda town: PostCounts.objects.filter(
        pk=town.posts[0].pk
    ).update(comments=3),
    "reply counts equal the replies that stand": lost_answer,
    "like counts of comments equal the likes that stand": liked_unseen,
    "nobody likes a comment twice": comment_liked_twice,
    "the path of a comment is its parent's and its own id, under the same post, as deep as it says": path_of_another,
    "every parent is there, and a tombstone only while somebody answers it": lonely_tombstone,
    "what is commented on is a post, not somebody's share of it": comment_on_a_share,
    "nobody sees a comment of a post that they cannot see": open_door_to_comments,
    "who left says and likes nothing in any thread": said_by_nobody,
    "share counts equal rows": lambda town: PostCounts.objects.filter(pk=town.posts[0].pk).update(shares=3),
    "nothing shares what is gone, and posts with pictures are marked": lambda town: Post.objects.filter(
        pk=town.posts[0].pk
    ).update(with_media=True),
    "no scheduled draft is overdue by more than 60 s": overdue_draft,
    "previews of links are what was asked for, and stand where nothing else does": odd_preview,
    "pictures have their files, without location or other metadata": lost_file,
    "a block leaves no follow in either direction": lambda town: Block.objects.create(
        blocker=town.ben, blocked=town.ada
    ),
    "nobody suspended or deleted has a session or a token": session_of_suspended,
    "the application's role can neither change nor delete the record of acts": power_over_record,
    "no constraint waits to be validated": unvalidated,
    "no index is invalid": invalid_index,
    "every migration is applied": forgotten_migration,
    "every key in Redis has a TTL, and nothing is pickled": lasting_key,
    "the broker never evicts": evicting_broker,
    **PLANTED_NEWS,
    **PLANTED_PEOPLE,
    **PLANTED_DOCUMENTS,
    **PLANTED_GROUPS,
    **PLANTED_CASES,
}
# The door itself cannot be broken by planting rows: its test breaks the code.
DOOR = "the door lets through exactly what it should, in both of its forms"


def named(sentence: str):  # type: ignore[no-untyped-def]
    return next(one for one in invariants() if one.sentence == sentence)


def test_a_healthy_town_violates_nothing(town: Town) -> None:
    assert broken() == []
    assert not_at_rest() == {}


@pytest.mark.parametrize("sentence", PLANTS)
def test_a_planted_violation_is_found(town: Town, sentence: str) -> None:
    assert check(named(sentence)).violations == 0
    PLANTS[sentence](town)
    assert check(named(sentence)).violations


@pytest.mark.parametrize("form", ["queryset", "facts"])
def test_a_door_that_forgets_blocks_is_found(town: Town, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.models import Q

    from feeds import door as the_door
    from feeds.models import posts

    assert check(named(DOOR)).violations == 0
    if form == "queryset":
        monkeypatch.setattr(posts, "not_blocked", lambda _viewer: Q())
    else:
        monkeypatch.setattr(the_door, "_FACTS", the_door._FACTS.replace("AND NOT p.blocked", ""))
    assert check(named(DOOR)).violations


def test_every_invariant_has_its_planted_violation() -> None:
    assert {one.sentence for one in invariants()} == {*PLANTS, DOOR}


def test_a_pickled_value_is_found(town: Town) -> None:
    with door() as client:
        client.set("card:1:v1", b"\x80\x04N.", ex=60)
    assert check(named("every key in Redis has a TTL, and nothing is pickled")).violations == 1


def test_loaded_posts_need_no_event_of_their_own(town: Town) -> None:
    from feeds.events import PostsLoaded

    unseen_post(town)
    event = PostsLoaded(first_author_id=town.ada.pk, last_author_id=town.ada.pk)
    Event.objects.create(name=event.name, payload=event.payload())
    assert check(named("every post has exactly one event")).violations == 0
    unseen_post(town)
    assert check(named("every post has exactly one event")).violations == 1


def test_the_command_says_what_it_checked_and_fails_for_one_violation(town: Town) -> None:
    out = StringIO()
    call_command("check_invariants", sample=3, stdout=out)
    assert "ok" in out.getvalue() and f"All {len(invariants())} invariants hold" in out.getvalue()
    wrong_posts(town)
    with pytest.raises(CommandError, match="1 of"):
        call_command("check_invariants", sample=3, stdout=out)
    assert "BROKEN" in out.getvalue()


def test_the_command_says_that_something_is_on_its_way(town: Town) -> None:
    publish_post(author=town.ada, content="just now")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_invariants", stdout=out)
    assert re.search(r"Not at rest: \d+ open deliveries", out.getvalue())


def test_the_command_goes_on_without_redis(town: Town, redis_process) -> None:  # type: ignore[no-untyped-def]
    redis_process.stop()
    try:
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("check_invariants", stdout=out)
        assert "Redis does not answer" in out.getvalue()
        assert "ok      14" in out.getvalue()
    finally:
        redis_process.start()


def test_every_cache_policy_is_listed() -> None:
    out = StringIO()
    call_command("caches", stdout=out)
    for line in ("timeline:<id>:v1", "card:<id>:v5", "author:<id>:v2", "24 h", "30 min"):
        assert line in out.getvalue()
