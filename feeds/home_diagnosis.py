"""One person's home, held against what plain SQL says it should be: each missing and each extra post with its reason.

Compared are the warm timeline, the stored one and the pages as their owner meets them. Looking does what reading
does: it clears up lazily and makes the timeline warm; what was warm and stored was read before.
"""

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import NamedTuple

from accounts.models import Activity, Mute, User
from feeds import stored, timelines
from feeds.door import Audience, facts
from feeds.fanout import Range
from feeds.invariants import (
    IN_GROUPS,
    PAGES,
    TAGGED,
    Ties,
    expected_home,
    expected_walk,
    may_see,
    rows,
    walked,
)
from feeds.models import FeedEntry, Post
from feeds.timelines import MAX_LENGTH, Slice
from socialnet.kernel.diagnosing import Finding, Told
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.pagination import MAX_PAGE_SIZE
from socialnet.outbox.selectors import Unmade, unmade

NOT_SHOWN, NOT_STORED, NOT_WARM = "missing on the pages", "missing in the store", "missing in Redis"
SHOWN, KEPT, WARM = "extra on the pages", "extra in the store", "extra in Redis"
_DECIDING = (
    "visibility",
    "deleted_at",
    "hidden_at",
    "held_at",
    "author__username",
    "author__is_private",
    "author__is_active",
    "author__suspended_at",
    "share_of_id",
    "content",
    "with_media",
)
_MISNAMED = """
SELECT e.post_id FROM feeds_feedentry e JOIN feeds_post p ON p.id = e.post_id
WHERE e.user_id = %(user)s AND e.author_id <> p.author_id
"""


class Reason(NamedTuple):
    """Why a post does not belong at home. Timelines are candidates: only what is `strange` may not be in them, too."""

    words: str
    strange: bool = False


class Home:
    """What there is of one person's home, read in this order: copies first, for walking the pages mends them."""

    def __init__(self, person: User) -> None:
        self.person = person
        self.activity = Activity.objects.filter(pk=person.pk).first()
        self.redis_answers = True
        self.warm = self._warm()
        self.floor = stored.floor_of(person.pk)
        self.entries = dict(FeedEntry.objects.filter(user_id=person.pk).values_list("post_id", "author_id"))
        self.misnamed = set(rows(_MISNAMED, user=person.pk))
        self.candidates = expected_home(person.pk, floor=0)
        self.tagged = {*rows(TAGGED, user=person.pk), *rows(IN_GROUPS, user=person.pk)}
        self.expected = expected_walk(person)
        self.pages = walked(person)

    def _warm(self) -> Slice | None:
        try:
            return timelines.contents(self.person.pk)
        except RedisAway:
            self.redis_answers = False
            return None

    @property
    def is_kept_up(self) -> bool:
        return self.activity is not None and self.activity.state == Activity.State.LIVE

    @cached_property
    def end_of_pages(self) -> int:
        """Below this id nobody looked: a walk ends after so many pages."""
        return min(self.pages) if len(self.pages) >= PAGES * MAX_PAGE_SIZE else 0

    @cached_property
    def missing(self) -> dict[str, list[int]]:
        """What should be somewhere and is not, newest first."""
        lacking = {
            NOT_SHOWN: {post_id for post_id in self.expected if post_id >= self.end_of_pages} - {*self.pages}
        }
        if self.is_kept_up:
            lacking[NOT_STORED] = expected_home(self.person.pk, floor=self.floor) - self.entries.keys()
        if self.warm:
            lacking[NOT_WARM] = expected_home(self.person.pk, floor=self.warm.floor) - {*self.warm.ids}
        return {kind: sorted(found, reverse=True) for kind, found in lacking.items()}

    @cached_property
    def extra(self) -> dict[str, list[int]]:
        """What is somewhere and should not be, newest first."""
        found = {
            SHOWN: {*self.pages} - {*self.expected},
            KEPT: (self.entries.keys() - self.candidates) | self.misnamed,
            WARM: ({*self.warm.ids} if self.warm else set()) - self.candidates,
        }
        return {kind: sorted(ids, reverse=True) for kind, ids in found.items()}

    @cached_property
    def kept_back(self) -> list[int]:
        """What timelines hold and pages rightly do not show."""
        return sorted(self.candidates - {*self.expected}, reverse=True)

    @cached_property
    def posts(self) -> dict[int, Post]:
        """Every post that is spoken of."""
        found = [*self.missing.values(), *self.extra.values()]
        return _posts({*self.kept_back, *(post_id for ids in found for post_id in ids)})

    @cached_property
    def originals(self) -> dict[int, Post]:
        return _posts({post.share_of_id or 0 for post in self.posts.values() if post.is_share})

    @cached_property
    def ties(self) -> Ties:
        return Ties.of(self.person)

    @cached_property
    def muted(self) -> set[int]:
        return {*Mute.objects.in_force().filter(muter=self.person).values_list("muted_id", flat=True)}

    @cached_property
    def coming(self) -> dict[int, Unmade]:
        """What is owed to this home, by post."""
        asked = {post_id for ids in self.missing.values() for post_id in ids}
        owed = unmade("feeds.post_published", field="post_id", values=asked)
        return {one.payload["post_id"]: one for one in owed if self._concerns(one)}

    @cached_property
    def coming_of(self) -> dict[int, Unmade]:
        """Follows that are still to be filled in, and authors whose posts are delivered again, by author."""
        me = [self.person.pk]
        mine = unmade("accounts.user_followed", field="follower_id", values=me)
        back = unmade(
            "accounts.user_followed", field="followee_id", values=me
        )  # friends now: what friends may see
        left = unmade("feeds.source_left", field="author_id", values=self.ties.followed)
        owed = (("follower_id", back), ("followee_id", mine), ("author_id", left))
        return {one.payload[name]: one for name, found in owed for one in found if self._concerns(one)}

    @cached_property
    def going_of(self) -> dict[int, Unmade]:
        """Follows that ended and are still to be cleared up, by author."""
        me = [self.person.pk]
        found: dict[int, Unmade] = {}
        for event, mine, other in (
            ("accounts.user_unfollowed", "follower_id", "followee_id"),
            ("accounts.user_blocked", "blocker_id", "blocked_id"),
            ("accounts.user_blocked", "blocked_id", "blocker_id"),
        ):
            owed = unmade(event, field=mine, values=me)
            found |= {one.payload[other]: one for one in owed if self._concerns(one)}
        return found

    @cached_property
    def coming_back(self) -> Unmade | None:
        """The filling of a home whose owner was away, as long as it is owed."""
        owed = unmade("feeds.person_returned", field="user_id", values=[self.person.pk])
        return owed[-1] if owed else None

    def _concerns(self, owed: Unmade) -> bool:
        """Whether a delivery is for this home: one to feeds, of the whole audience or of its piece of it."""
        if not owed.handler.startswith("feeds."):
            return False
        try:
            part = Range.of(owed.key)
        except ValueError:
            return True
        return part.after < self.person.pk <= part.until

    def named(self, post_id: int) -> str:
        post = self.posts.get(post_id)
        return f"post {post_id} by @{post.author.username}" if post else f"post {post_id}"

    # --- reasons ----------------------------------------------------------------------------------------------

    def why_missing(self, post_id: int) -> tuple[str, bool]:
        """Why a post that belongs is not there, and whether that is wrong: what is on its way is not."""
        post = self.posts.get(post_id)
        owed = self.coming.get(post_id) or self.coming_of.get(post.author_id if post else 0)
        if owed:
            return owed.story, owed.stuck
        if post_id not in self.entries:
            return self._why_not_stored(post_id), True
        if self.warm and post_id > self.warm.floor and post_id not in self.warm.ids:
            return "stored, but not in the warm timeline, which says that it lacks nothing", True
        where = "stored and warm" if self.warm else "stored, not warm"
        return f"{where}: {self._door_on(post_id)}", True

    def _why_not_stored(self, post_id: int) -> str:
        if post_id not in self.candidates and post_id in self.tagged:
            return "it carries a tag that is followed, and the merge passed it over"
        if post_id not in self.candidates:
            return "its author is merged on read, and the merge passed it over"
        if not self.is_kept_up:
            return "nothing is stored for who is away; it should come from the posts of the people followed"
        if post_id <= self.floor:
            return f"below the floor {self.floor}; it should come from the posts of the people followed"
        return "lost: not stored, and no delivery is on its way"

    def _door_on(self, post_id: int) -> str:
        fact = facts(viewer_id=self.person.pk, post_ids=[post_id]).get(post_id)
        if fact is not None and fact.at_home:
            return "the page's query lets it in, so the walk passed it over"
        return "the page's query turns it away, against the rules"

    def why_extra(self, post_id: int) -> Reason | None:
        """None for what belongs, and is only not owed: what was stored of an author before they were merged on read."""
        if post_id in self.misnamed:
            return Reason("its entry names another author than the post does", strange=True)
        post = self.posts.get(post_id)
        if post is None:
            return Reason("there is no such post", strange=True)
        return self.reason_against(post)

    def reason_against(self, post: Post) -> Reason | None:
        """The first rule that keeps `post` out of this home."""
        author, name = post.author_id, f"@{post.author.username}"
        gone = self._gone(post)
        belongs = author == self.person.pk or author in self.ties.followed or post.pk in self.tagged
        if gone is None and not belongs:
            between = (
                "there is a block between the two"
                if author in self.ties.parted
                else f"{name} is not followed"
            )
            return Reason(between, strange=True)
        if reason := gone or self._unseen(post):
            return reason
        if author in self.muted:
            return Reason(f"{name} is muted")
        return self._reason_against_shared(post) if post.is_share else None

    def _reason_against_shared(self, share: Post) -> Reason | None:
        original = self.originals.get(share.share_of_id or 0)
        if original is None:
            return Reason("the original of this share is not there")
        if unseen := self._gone(original) or self._unseen(original):
            return Reason(f"the original of this share is not visible: {unseen.words}")
        if original.author_id in self.muted:
            return Reason(f"@{original.author.username}, whom it shares, is muted")
        return None

    def _gone(self, post: Post) -> Reason | None:
        if post.deleted_at:
            return Reason("deleted; it goes when somebody meets it")
        if post.held_at and post.author_id == self.person.pk:
            return None
        if post.held_at:
            return Reason("waits for moderators; until then only its author sees it")
        if post.hidden_at:
            return Reason("hidden by a moderator; it stays stored, for it may be shown again")
        return None

    def _unseen(self, post: Post) -> Reason | None:
        """The door in words, for what is neither deleted nor hidden."""
        author, name = post.author, f"@{post.author.username}"
        follows = author.pk in self.ties.followed
        if author.pk == self.person.pk:
            return None
        if author.suspended_at or not author.is_active:
            return Reason(f"{name} is suspended" if author.suspended_at else f"{name} left")
        if author.pk in self.ties.parted:
            return Reason("there is a block between the two", strange=True)
        if post.visibility == Audience.GROUP:
            may = may_see(post, self.ties)
            return None if may else Reason("audience: a group that this person may not read")
        if post.visibility == Audience.PRIVATE:
            return Reason(
                f"audience: only {name}", strange=post.edited_at is None
            )  # else an edit narrowed it
        if not follows and (author.is_private or post.visibility != Audience.PUBLIC):
            return Reason(f"audience: followers, and {name} is not followed", strange=True)
        if post.visibility == Audience.FRIENDS and author.pk not in self.ties.followers:
            return Reason(f"audience: friends, and {name} does not follow back")
        return None


def looked_at(home: Home, *, post_id: int | None = None) -> Iterator[Told]:
    yield from _facts(home)
    yield from _oddities(home)
    for kind, ids in home.missing.items():
        for missing_id in ids:
            why, wrong = home.why_missing(missing_id)
            yield Finding(kind, home.named(missing_id), why, ident=missing_id, wrong=wrong)
    for kind, ids in home.extra.items():
        for extra_id in ids:
            if reason := home.why_extra(extra_id):
                yield _extra(home, kind, extra_id, reason)
    for kept_id in home.kept_back:
        reason = home.reason_against(home.posts[kept_id]) if kept_id in home.posts else None
        if reason:
            yield Finding("kept back", home.named(kept_id), reason.words, ident=kept_id, wrong=False)
    if post_id is not None:
        yield _about(home, post_id)


def _facts(home: Home) -> Iterator[str]:
    state = home.activity.state if home.activity else "without activity"
    since = f", last here {home.activity.last_active_on}" if home.activity else ""
    yield f"{home.person} (person {home.person.pk}): {state}{since}; follows {len(home.ties.followed):,}"
    until = f" (the walk ends at {home.end_of_pages})" if home.end_of_pages else ""
    yield f"should be at home: {len(home.expected):,} posts; pages: {len(home.pages):,}{until}"
    kept = "" if home.is_kept_up else "; its owner is away: pages come from the posts of the people followed"
    yield f"stored: {len(home.entries):,} above the floor {home.floor}{kept}"
    if home.warm:
        yield f"warm: {len(home.warm.ids):,} above the floor {home.warm.floor}"
    else:
        cold = (
            "not warm, the next page makes it so"
            if home.is_kept_up
            else "not warm while the store is not kept up"
        )
        yield cold if home.redis_answers else "Redis does not answer: pages come from PostgreSQL"


def _oddities(home: Home) -> Iterator[Finding]:
    name = str(home.person)
    if home.activity is None:
        yield Finding(
            "no activity", name, "fan-out passes over who has none: diagnose counts --repair gives it"
        )
    elif home.activity.state == Activity.State.FILLING:
        owed = home.coming_back
        why = owed.story if owed else "coming back, and nothing is on its way to fill the home"
        yield Finding("not filled", name, why, wrong=owed is None or owed.stuck)
    if home.warm and len(home.warm.ids) > MAX_LENGTH:
        yield Finding("too long", "the warm timeline", f"{len(home.warm.ids):,} ids; {MAX_LENGTH} are kept")
    if home.pages != sorted({*home.pages}, reverse=True):
        yield Finding("out of order", "the pages", "a post comes twice, or after an older one")


def _extra(home: Home, kind: str, post_id: int, reason: Reason) -> Finding:
    words, strange = reason
    going = home.going_of.get(home.entries.get(post_id, 0)) if kind != SHOWN else None
    if going and strange:
        return Finding(kind, home.named(post_id), f"{words}; {going.story}", ident=post_id, wrong=going.stuck)
    return Finding(kind, home.named(post_id), words, ident=post_id, wrong=strange or kind == SHOWN)


def _about(home: Home, post_id: int) -> str:
    """Where one post is, and whether it belongs there."""
    home.posts.update(_posts({post_id}))
    home.originals.update(
        _posts({post.share_of_id or 0 for post in home.posts.values() if post.pk == post_id})
    )
    places = {
        "on the pages": post_id in home.pages,
        "stored": post_id in home.entries,
        "warm": bool(home.warm and post_id in home.warm.ids),
    }
    where = ", ".join(place if is_there else f"not {place}" for place, is_there in places.items())
    against = home.why_extra(post_id)
    belongs = f"not at home: {against.words}" if against else "it belongs here"
    return f"{home.named(post_id)}: {belongs}; {where}"


def _posts(post_ids: Collection[int]) -> dict[int, Post]:
    return Post.objects.select_related("author").only(*_DECIDING).in_bulk(post_ids)
