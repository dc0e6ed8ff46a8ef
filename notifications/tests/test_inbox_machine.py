"""Random people, random couriers: whatever order and however often events arrive, inboxes end up as an oracle says.

The oracle (`Town`) is plain Python over what people did. It knows no rows and no order of arrival, only claims: who
should hear of whom, because of what. Of each it says whether it must be in the inbox when all is delivered, and whether
it may be: what somebody did not want to hear at some moment between the act and now may have arrived at that moment.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import NamedTuple

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import person
from feeds.actions import delete_post, publish_post, share_post, unshare_post
from feeds.models import Post
from interactions import actions as doing
from interactions.models import Comment
from notifications import actions, invariants, telling
from notifications.channels.base import Channel
from notifications.models import ChannelDelivery, Notification, NotificationActor
from notifications.registry import KINDS, Pace, Way
from notifications.selectors import inbox_page, unread_count
from socialnet.kernel.errors import DomainError
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery

pytestmark = pytest.mark.django_db

NAMES = ["ada", "ben", "cleo", "dora"]
who = st.integers(0, len(NAMES) - 1)
pairs = st.permutations(range(len(NAMES))).map(lambda order: tuple(order[:2]))
choices = st.integers(0, 50)  # of what there is, counted around
orders = st.integers(0, 9999).map(Random)  # draws nothing more, however many deliveries there are
named = st.sets(who, max_size=2)
SHIFTS = [timedelta(minutes=6), timedelta(hours=2), timedelta(days=2)]
WAYS = [Way.MAIL, Way.PUSH]
FROM_WHOM = ["everyone", "followed", "mutuals", "nobody"]
SOCIAL = [
    name
    for name, kind in KINDS.items()
    if name not in ("security", "system", "post_published", "post_failed")
]

_NEW_TOWN = """
DELETE FROM outbox_delivery;
DELETE FROM outbox_event;
DELETE FROM notifications_channeldelivery;
DELETE FROM notifications_notificationactor;
DELETE FROM notifications_notification;
DELETE FROM notifications_preference;
DELETE FROM notifications_settings;
DELETE FROM interactions_conversationmute;
DELETE FROM interactions_commentlike;
DELETE FROM interactions_like;
DELETE FROM interactions_comment;
DELETE FROM interactions_touched;
DELETE FROM feeds_mention;
DELETE FROM feeds_feedentry;
DELETE FROM feeds_postcounts;
DELETE FROM feeds_post;
DELETE FROM accounts_follow;
DELETE FROM accounts_block;
DELETE FROM accounts_mute;
UPDATE accounts_personcounts SET followers = 0, following = 0, posts = 0;
UPDATE accounts_user SET is_private = false, suspended_at = NULL;
"""
_EARLIER = """
UPDATE notifications_notification SET due_at = due_at - %(much)s, told_at = told_at - %(much)s,
    closes_at = closes_at - %(much)s, read_at = read_at - %(much)s
"""
_AGAIN = """
UPDATE outbox_delivery SET state = 0, attempts = 0, claimed_by = '', last_error = '', leased_until = clock_timestamp()
WHERE id IN (SELECT id FROM outbox_delivery WHERE state = 1 AND handler LIKE 'notifications.%%' ORDER BY id)
    AND id %% %(every)s = %(rest)s
"""


class Claim(NamedTuple):
    """Numbers of people in `NAMES`; the target is a post, a comment (both by id) or a person (by number)."""

    kind: str
    recipient: int
    actor: int
    target: int


@dataclass
class Said:
    """A post (with what it shares) or a comment (with its post)."""

    author: int
    of: int | None = None
    is_there: bool = True
    names: frozenset[int] = frozenset()
    answered: int | None = None


@dataclass
class Fate:
    """Of a claim: whether it was welcome at all times since its cause began, and ever at all."""

    always: bool = True
    ever: bool = False


@dataclass
class Wish:
    ways: set[str]
    pace: str
    from_whom: str = "everyone"


@dataclass
class Town:
    """What people did. Posts are public; comments are of posts that are no shares."""

    follows: dict[tuple[int, int], str] = field(default_factory=dict)
    bells: set[tuple[int, int]] = field(default_factory=set)
    private: set[int] = field(default_factory=set)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    mutes: set[tuple[int, int]] = field(default_factory=set)
    silenced: set[tuple[int, int]] = field(default_factory=set)
    posts: dict[int, Said] = field(default_factory=dict)
    shares: dict[int, Said] = field(default_factory=dict)
    comments: dict[int, Said] = field(default_factory=dict)
    likes: set[tuple[int, int]] = field(default_factory=set)
    comment_likes: set[tuple[int, int]] = field(default_factory=set)
    wishes: dict[tuple[int, str], Wish] = field(default_factory=dict)
    off: set[int] = field(default_factory=set)
    away: set[int] = field(default_factory=set)
    quiet: dict[int, bool] = field(default_factory=dict)  # in quiet hours; whether what is loud passes
    fates: dict[Claim, Fate] = field(default_factory=dict)

    def begin(self, kind: str, recipient: int, actor: int, target: int) -> None:
        if recipient != actor:
            self.fates.setdefault(Claim(kind, recipient, actor, target), Fate()).always = True

    def look(self) -> None:
        """After every step: what holds now may be what a courier saw. What is away comes back, so it is as if it was
        here."""
        for claim, fate in self.fates.items():
            is_welcome = self.is_caused(claim) and self.is_welcome(claim)
            fate.ever |= is_welcome
            fate.always &= is_welcome

    def stands(self, claim: Claim) -> bool:
        return claim.actor not in self.away and self.is_caused(claim)

    def is_caused(self, claim: Claim) -> bool:
        kind, recipient, actor, target = claim
        if self.parted(recipient, actor):
            return False
        match kind:
            case "follow":
                return self.follows.get((actor, recipient)) == "active"
            case "follow_request":
                return self.follows.get((actor, recipient)) == "pending"
            case "request_accepted":
                return self.follows.get((recipient, actor)) == "active"
            case "like":
                return (actor, target) in self.likes and self.is_there(target)
            case "comment_like":
                return (actor, target) in self.comment_likes and self.is_said(target)
            case "share":
                shares = self.shares.values()
                return self.is_there(target) and any(
                    share.author == actor and share.of == target and share.is_there for share in shares
                )
            case "mention":
                return self.is_there(target) or self.is_said(target)
            case "quote" | "new_post":
                return self.is_there(target)
        return self.is_said(target)

    def is_there(self, post: int) -> bool:
        if post in self.shares:
            share = self.shares[post]
            return share.is_there and self.is_there(share.of or 0)
        return post in self.posts and self.posts[post].is_there

    def is_said(self, comment: int) -> bool:
        said = self.comments.get(comment)
        return said is not None and said.is_there and self.is_there(said.of or 0)

    def parted(self, one: int, other: int) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def is_welcome(self, claim: Claim) -> bool:
        kind, recipient, actor, target = claim
        post = self.comments[target].of if target in self.comments else target
        is_about_a_post = kind not in ("follow", "follow_request", "request_accepted")
        if (recipient, actor) in self.mutes or self.wish(recipient, kind).pace == Pace.OFF:
            return False
        if is_about_a_post and (recipient, post) in self.silenced:
            return False
        if kind == "new_post" and (recipient, actor) not in self.bells:
            return False
        if not self.is_chosen(recipient, kind, actor):
            return False
        if any(self.is_chosen(recipient, better, actor) for better in self.better(claim)):
            return False
        if is_about_a_post and (self.away - {actor}) & {recipient, self.author_of(post or 0)}:
            return False  # the door is shut for who is suspended, and before what they wrote
        return not is_about_a_post or self.sees(recipient, post or 0)

    def author_of(self, post: int) -> int:
        said = self.shares.get(post) or self.posts[post]
        return self.author_of(said.of) if post in self.shares and said.of else said.author

    def is_chosen(self, recipient: int, kind: str, actor: int) -> bool:
        wish = self.wish(recipient, kind)
        follows = self.follows.get((recipient, actor)) == "active"
        followed = self.follows.get((actor, recipient)) == "active"
        wanted = {"everyone": True, "followed": follows, "mutuals": follows and followed, "nobody": False}
        return wish.pace != Pace.OFF and wanted[wish.from_whom]

    def better(self, claim: Claim) -> Iterator[str]:
        """Kinds that tell of the same comment before this one does."""
        comment = self.comments.get(claim.target)
        if comment is None or claim.kind not in ("mention", "comment"):
            return
        if claim.recipient == comment.answered:
            yield "reply"
        if claim.kind == "comment" and claim.recipient in comment.names:
            yield "mention"

    def sees(self, viewer: int, post: int) -> bool:
        said = self.shares.get(post) or self.posts[post]
        may = viewer == said.author or (
            not self.parted(viewer, said.author)
            and (said.author not in self.private or self.follows.get((viewer, said.author)) == "active")
        )
        return may and (post not in self.shares or self.sees(viewer, said.of or 0))

    def wish(self, who: int, kind: str) -> Wish:
        return self.wishes.get((who, kind)) or Wish({*KINDS[kind].ways}, KINDS[kind].paces[0])

    def tells(self, who: int, kind: str, way: str) -> bool:
        """Whether this way may tell of this kind at this moment."""
        wish = self.wish(who, kind)
        if who in self.off or wish.pace == Pace.OFF or wish.from_whom == "nobody" or way not in wish.ways:
            return False
        return who not in self.quiet or (KINDS[kind].loud and self.quiet[who])


class Inboxes(RuleBasedStateMachine):
    """People act, couriers bring the news late, twice and in any order; at rest inboxes are what the oracle says."""

    users: list[User]

    @initialize(strangers=st.lists(pairs, max_size=4), said=st.lists(who, min_size=2, max_size=3))
    def begin(self, strangers, said):
        with connection.cursor() as cursor:
            cursor.execute(_NEW_TOWN)
        self.town = Town()
        self.rows: dict[int, Post] = {}
        self.kept: set[Claim] = set()  # what was there at the last rest, and whose causes stood ever since
        for pair in permutations(range(len(NAMES)), 2):
            if pair not in strangers:
                self.follow(pair, False)
        for a in said:
            self.publish(a, set())

    @contextmanager
    def act(self) -> Iterator[None]:
        """What cannot be done is not done; the oracle looks after everything that was."""
        with suppress(DomainError):
            yield
        self.town.look()
        self.kept = {claim for claim in self.kept if self.town.stands(claim)}

    # what stands between people

    @rule(pair=pairs, rings=st.booleans())
    def follow(self, pair, rings):
        a, b = pair
        with self.act():
            is_new = pair not in self.town.follows
            people.follow_user(follower=self.users[a], followee=self.users[b], notify=rings)
            (self.town.bells.add if rings else self.town.bells.discard)(pair)
            if is_new:
                self.town.follows[pair] = "pending" if b in self.town.private else "active"
                self.town.begin("follow_request" if b in self.town.private else "follow", b, a, a)

    @precondition(lambda self: self.town.follows)
    @rule(choice=choices, again=st.booleans())
    def unfollow(self, choice, again):
        a, b = pair = one_of(self.town.follows, choice)
        with self.act():
            people.unfollow_user(follower=self.users[a], followee=self.users[b])
            self.part(pair)
        if again:
            self.follow(pair, False)

    def part(self, pair: tuple[int, int]) -> None:
        self.town.follows.pop(pair, None)
        self.town.bells.discard(pair)

    @rule(a=who, is_private=st.booleans())
    def be_private(self, a, is_private):
        """Whoever opens the account lets in who waits, once that is delivered; here at once."""
        with self.act():
            people.set_privacy(user=self.users[a], is_private=is_private)
            (self.town.private.add if is_private else self.town.private.discard)(a)
        if not is_private:
            for pair in [
                pair for pair, status in self.town.follows.items() if status == "pending" and pair[1] == a
            ]:
                self.accept(pair)

    @precondition(lambda self: "pending" in self.town.follows.values())
    @rule(choice=choices, is_let_in=st.booleans())
    def answer(self, choice, is_let_in):
        waiting = [pair for pair, status in self.town.follows.items() if status == "pending"]
        a, b = pair = one_of(waiting, choice)
        if is_let_in:
            return self.accept(pair)
        with self.act():
            people.refuse_follow_request(followee=self.users[b], follower=self.users[a])
            self.part(pair)

    def accept(self, pair: tuple[int, int]) -> None:
        a, b = pair
        with self.act():
            people.accept_follow_request(followee=self.users[b], follower=self.users[a])
            self.town.follows[pair] = "active"
            self.town.begin("request_accepted", a, b, b)

    @rule(pair=pairs)
    def block(self, pair):
        a, b = pair
        with self.act():
            people.block_user(blocker=self.users[a], blocked=self.users[b])
            self.town.blocks.add(pair)
            self.part((a, b))
            self.part((b, a))

    @precondition(lambda self: self.town.blocks)
    @rule(choice=choices)
    def unblock(self, choice):
        a, b = pair = one_of(self.town.blocks, choice)
        with self.act():
            people.unblock_user(blocker=self.users[a], blocked=self.users[b])
            self.town.blocks.discard(pair)

    @rule(pair=pairs, is_muted=st.booleans())
    def mute(self, pair, is_muted):
        a, b = pair
        with self.act():
            act = people.mute_user if is_muted else people.unmute_user
            act(muter=self.users[a], muted=self.users[b])
            (self.town.mutes.add if is_muted else self.town.mutes.discard)(pair)

    @precondition(lambda self: self.town.posts)
    @rule(a=who, choice=choices, is_muted=st.booleans())
    def silence(self, a, choice, is_muted):
        post = one_of(self.town.posts, choice)
        with self.act():
            act = doing.mute_conversation if is_muted else doing.unmute_conversation
            act(post_id=post, person=self.users[a])
            (self.town.silenced.add if is_muted else self.town.silenced.discard)((a, post))

    @rule(a=who, order=orders, much=st.integers(0, 12), comes_to_rest=st.booleans())
    def be_suspended(self, a, order, much, comes_to_rest):
        """For a while, in which couriers go on and the person does nothing."""
        with self.act():
            people.suspend_user(user=self.users[a], actor=None)
            self.town.away.add(a)
        self.bring_some(order, much, False)
        if comes_to_rest:
            self.rest(order, False)
        with self.act():
            people.unsuspend_user(user=User.objects.get(pk=self.users[a].pk), actor=None)
            self.users[a].refresh_from_db()
            self.town.away.discard(a)

    # what people say and do

    @rule(a=who, names=named)
    def publish(self, a, names):
        with self.act():
            self.note_post(publish_post(author=self.users[a], content=text(names)), Said(a), names)

    @precondition(lambda self: self.town.posts)
    @rule(a=who, choice=choices, names=named)
    def quote(self, a, choice, names):
        original = one_of(self.town.posts, choice)
        with self.act():
            quoted = Post.objects.get(pk=original)
            post = publish_post(author=self.users[a], content=text(names), quoted=quoted)
            self.note_post(post, Said(a), names)
            self.town.begin("quote", self.town.posts[original].author, a, post.pk)

    def note_post(self, post: Post, said: Said, names: set[int]) -> None:
        self.town.posts[post.pk] = said
        for name in names:
            self.town.begin("mention", name, said.author, post.pk)
        self.ring(post.pk, said.author)

    def ring(self, post: int, author: int) -> None:
        for listener in range(len(NAMES)):
            self.town.begin("new_post", listener, author, post)

    @precondition(lambda self: self.town.posts)
    @rule(a=who, choice=choices)
    def share(self, a, choice):
        original = one_of(self.town.posts, choice)
        with self.act():
            share = share_post(post=Post.objects.get(pk=original), person=self.users[a])
            if share.pk not in self.town.shares:
                self.town.shares[share.pk] = Said(a, original)
                self.town.begin("share", self.town.posts[original].author, a, original)
                self.ring(share.pk, a)

    @precondition(lambda self: self.town.shares)
    @rule(choice=choices)
    def unshare(self, choice):
        share = self.town.shares[one_of(self.town.shares, choice)]
        with self.act():
            unshare_post(post=Post.objects.get(pk=share.of), person=self.users[share.author])
            for other in self.town.shares.values():
                if (other.author, other.of) == (share.author, share.of):
                    other.is_there = False

    @precondition(lambda self: self.town.posts)
    @rule(choice=choices)
    def delete(self, choice):
        post = one_of(self.town.posts, choice)
        with self.act():
            delete_post(post=Post.objects.get(pk=post), actor=self.users[self.town.posts[post].author])
            self.town.posts[post].is_there = False

    @precondition(lambda self: self.town.posts)
    @rule(a=who, choice=choices, is_liked=st.booleans())
    def like(self, a, choice, is_liked):
        post = one_of(self.town.posts, choice)
        with self.act():
            act = doing.like_post if is_liked else doing.unlike_post
            act(post_id=post, person=self.users[a])
            if is_liked and (a, post) not in self.town.likes:
                self.town.begin("like", self.town.posts[post].author, a, post)
            (self.town.likes.add if is_liked else self.town.likes.discard)((a, post))

    @precondition(lambda self: self.town.posts)
    @rule(a=who, choice=choices, answered=st.none() | choices, names=named)
    def comment(self, a, choice, answered, names):
        parent = one_of(self.town.comments, answered) if answered is not None and self.town.comments else None
        post = self.town.comments[parent].of if parent else one_of(self.town.posts, choice)
        with self.act():
            comment: Comment = doing.comment_on_post(
                post_id=post, author=self.users[a], content=text(names), parent_id=parent
            )
            answered = self.town.comments[parent].author if parent else None
            self.town.comments[comment.pk] = Said(a, post, names=frozenset(names), answered=answered)
            if answered is not None:
                self.town.begin("reply", answered, a, comment.pk)
            for name in names:
                self.town.begin("mention", name, a, comment.pk)
            self.town.begin("comment", self.town.posts[post].author, a, comment.pk)

    @precondition(lambda self: self.town.comments)
    @rule(choice=choices)
    def take_back(self, choice):
        comment = one_of(self.town.comments, choice)
        with self.act():
            said = self.town.comments[comment]
            doing.delete_comment(comment_id=comment, actor=self.users[said.author])
            said.is_there = False

    @precondition(lambda self: self.town.comments)
    @rule(a=who, choice=choices, is_liked=st.booleans())
    def like_comment(self, a, choice, is_liked):
        comment = one_of(self.town.comments, choice)
        with self.act():
            act = doing.like_comment if is_liked else doing.unlike_comment
            act(comment_id=comment, person=self.users[a])
            if is_liked and (a, comment) not in self.town.comment_likes:
                self.town.begin("comment_like", self.town.comments[comment].author, a, comment)
            (self.town.comment_likes.add if is_liked else self.town.comment_likes.discard)((a, comment))

    # what people wish and read

    @rule(
        a=who, kind=st.sampled_from(SOCIAL), ways=st.sets(st.sampled_from(WAYS)), pace=choices, source=choices
    )
    def wish(self, a, kind, ways, pace, source):
        registered = KINDS[kind]
        from_whom = one_of(FROM_WHOM, source) if registered.from_whom else "everyone"
        wish = Wish({*ways}, one_of(registered.paces, pace), from_whom)
        with self.act():
            actions.save_preference(
                person=self.users[a], kind=kind, ways=wish.ways, from_whom=wish.from_whom, pace=wish.pace
            )
            self.town.wishes[a, kind] = wish

    @rule(a=who, is_on=st.booleans(), is_quiet=st.booleans(), passes=st.booleans())
    def choose(self, a, is_on, is_quiet, passes):
        around = (
            [(timezone.now() + timedelta(hours=hours)).time() for hours in (-2, 2)]
            if is_quiet
            else [None, None]
        )
        quiet_from, quiet_until = (moment and moment.replace(second=0, microsecond=0) for moment in around)
        with self.act():
            chosen = {
                "quiet_from": quiet_from,
                "quiet_until": quiet_until,
                "loud_pass": passes,
                "is_on": is_on,
            }
            actions.save_wishes(person=self.users[a], settings={**chosen, "digest": "off"})
            (self.town.off.discard if is_on else self.town.off.add)(a)
            self.town.quiet.pop(a, None)
            if is_quiet:
                self.town.quiet[a] = passes

    @rule(a=who, how=st.sampled_from(["all", "one", "up_to"]), choice=choices)
    def read(self, a, how, choice):
        rows = list(Notification.objects.of(self.users[a]).standing().order_by("-place"))
        if how == "all" or not rows:
            actions.mark_read(person=self.users[a])
            assert unread_count(self.users[a].pk) == 0
        elif how == "one":
            actions.mark_read(person=self.users[a], ids=[one_of(rows, choice).pk])
        else:
            actions.mark_read(person=self.users[a], up_to=one_of(rows, choice).place)

    # couriers

    @rule(order=orders, much=st.integers(1, 12), is_batched=st.booleans())
    def bring_some(self, order, much, is_batched):
        waiting = list(Delivery.objects.filter(state=0).order_by("id").values_list("handler", "id"))
        order.shuffle(waiting)
        bring(waiting[:much], is_batched)

    @rule(every=st.integers(1, 3), rest=st.integers(0, 2))
    def bring_again(self, every, rest):
        with connection.cursor() as cursor:
            cursor.execute(_AGAIN, {"every": every, "rest": rest})

    @rule(much=st.sampled_from(SHIFTS))
    def time_passes(self, much):
        with connection.cursor() as cursor:
            cursor.execute(_EARLIER, {"much": much})

    @rule()
    def tell(self):
        """Each way tells of what is wanted, at a time that is, once; all that is told is unread and stands."""
        before = set(ChannelDelivery.objects.values_list("notification_id", "way"))
        telling.tell_due()
        for owed in ChannelDelivery.objects.select_related("notification"):
            if (owed.notification_id, owed.way) not in before:
                row = owed.notification
                assert row.stands and row.read_at is None and row.told_at is not None
                a = self.number(row.recipient_id)
                assert self.town.tells(a, row.kind, owed.way), (a, row.kind, owed.way)

    @rule(a=who)
    def visit(self, a):
        """What waits is told, then read."""
        self.time_passes(SHIFTS[0])
        self.tell()
        self.read(a, "all", 0)

    @rule()
    def send(self):
        ChannelDelivery.objects.filter(state="owed").update(state="sent")

    @rule(order=orders, is_batched=st.booleans())
    def rest(self, order, is_batched):
        """Every delivery is made: inboxes are what the oracle says."""
        while waiting := list(Delivery.objects.filter(state=0).order_by("id").values_list("handler", "id")):
            order.shuffle(waiting)
            bring(waiting, is_batched)
        assert not Delivery.objects.exclude(state=1).exists()
        self.tell()
        there = self.there()
        must = {
            claim for claim, fate in self.town.fates.items() if fate.always and self.town.stands(claim)
        } | self.kept
        may = {claim for claim, fate in self.town.fates.items() if fate.ever and self.town.stands(claim)}
        assert must <= there, ("missing", must - there)
        assert there <= may, ("too much", there - may)
        self.kept = there
        self.rows_are_sound()

    def there(self) -> set[Claim]:
        """Who stands in whose inbox; each once."""
        found = [
            self.as_claim(actor.notification, actor.actor_id)
            for actor in NotificationActor.objects.filter(
                is_active=True, notification__stands=True
            ).select_related("notification")
        ]
        assert len(found) == len(set(found))
        return set(found)

    def as_claim(self, row: Notification, actor_id: int) -> Claim:
        is_about_people = row.kind in ("follow", "follow_request", "request_accepted")
        target = self.number(row.target_id) if is_about_people else row.target_id
        return Claim(row.kind, self.number(row.recipient_id), self.number(actor_id), target)

    def rows_are_sound(self) -> None:
        for user in self.users:
            pages = inbox_page(viewer=user, size=100).items
            assert len(pages) == Notification.objects.of(user).standing().count()
            assert unread_count(user.pk) == sum(not item.is_read for item in pages)
            assert all(item.count > 0 and item.text and item.actors for item in pages)
            places = [item.row.place for item in pages]
            assert places == sorted(places, reverse=True)
        for check in SOUND:
            assert check(len(NAMES)) == 0, check.__name__

    def number(self, user_id: int) -> int:
        return next(number for number, user in enumerate(self.users) if user.pk == user_id)

    def teardown(self):
        if hasattr(self, "kept"):
            self.town.look()
            self.rest(Random(1), True)


SOUND = [
    invariants.told_of_oneself,
    invariants.told_across_a_block,
    invariants.twice_in_news,
    invariants.open_twice,
    invariants.wrong_numbers,
    invariants.unheard_follows,
    invariants.unheard_mentions,
    invariants.unheard_replies,
    invariants.wrong_badges,
    invariants.without_cause,
    invariants.leading_nowhere,
    invariants.empty_news,
    invariants.still_owed,
    invariants.told_twice,
    invariants.told_too_early,
    invariants.told_too_soon,
]


def bring(waiting: list[tuple[str, int]], is_batched: bool) -> None:
    """Hand deliveries to their handlers, in this order; or what is for one handler together."""
    if not is_batched:
        for handler, ident in waiting:
            deliveries.run(handler, [ident])
        return
    batches: dict[str, list[int]] = defaultdict(list)
    for handler, ident in waiting:
        batches[handler].append(ident)
    for handler, ids in batches.items():
        deliveries.run(handler, ids)


def text(names: set[int]) -> str:
    return " ".join(["Good morning", *(f"@{NAMES[name]}" for name in sorted(names))])


def one_of(things, choice: int):
    return list(things)[choice % len(things)]


@pytest.fixture
def reached(monkeypatch):
    """Mail and push reach everybody, and owe nothing but the row."""
    channels = tuple(
        Channel(way=way, label=way, reached=lambda ids: set(ids), owe=lambda person, ids: None)
        for way in WAYS
    )
    monkeypatch.setattr(telling, "CHANNELS", channels)


def play(*, examples: int, steps: int, seeded: int | None) -> None:
    """A seed makes a run repeatable, and what fails is told as it is: to make it shorter takes minutes."""
    inboxes = type("Inboxes", (Inboxes,), {"users": [person(name) for name in NAMES]})
    run_state_machine_as_test(
        inboxes if seeded is None else seed(seeded)(inboxes),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=seeded is not None,
            phases=[Phase.generate] if seeded is not None else list(Phase),
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("part", range(6))
def test_inboxes_are_right_whatever_order_news_arrive_in(reached, part):
    play(examples=6, steps=50, seeded=part)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))
def test_inboxes_are_right_for_long(reached, part):
    play(examples=60, steps=80, seeded=None)
