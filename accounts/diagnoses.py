"""What may be wrong with counts of people and with what stands between them, and how it is mended."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection

from accounts import actions
from accounts.models import Activity, Block, Follow, Mute, PersonCounts, User
from accounts.selectors import count_drift
from socialnet.kernel.diagnosing import Case, Finding, diagnosis
from socialnet.outbox.selectors import Unmade, unmade

_AT_ONCE = 1000
_WITHOUT_ROWS = """
SELECT u.id, u.username, c.user_id IS NULL, a.user_id IS NULL FROM accounts_user u
LEFT JOIN accounts_personcounts c ON c.user_id = u.id LEFT JOIN accounts_activity a ON a.user_id = u.id
WHERE c.user_id IS NULL OR a.user_id IS NULL ORDER BY u.id
"""
_ACROSS_A_BLOCK = """
SELECT f.id, f.status, one.username, other.username, b.blocker_id = f.follower_id FROM accounts_follow f
JOIN accounts_block b ON (b.blocker_id, b.blocked_id) IN (
    (f.follower_id, f.followee_id), (f.followee_id, f.follower_id))
JOIN accounts_user one ON one.id = f.follower_id JOIN accounts_user other ON other.id = f.followee_id
ORDER BY f.id
"""
_OWN = """
SELECT r.id, u.username FROM {table} r JOIN accounts_user u ON u.id = r.{one}_id WHERE r.{one}_id = r.{other}_id
"""
_ASKING_PUBLIC = """
SELECT f.id, one.username, other.username, other.id FROM accounts_follow f
JOIN accounts_user one ON one.id = f.follower_id JOIN accounts_user other ON other.id = f.followee_id
WHERE f.status = 'pending' AND NOT other.is_private AND one.is_active AND other.is_active ORDER BY f.id
"""
_OF_THE_DELETED = """
SELECT f.id, f.status, one.username, other.username, CASE WHEN one.is_active THEN other.id ELSE one.id END
FROM accounts_follow f
JOIN accounts_user one ON one.id = f.follower_id JOIN accounts_user other ON other.id = f.followee_id
WHERE NOT (one.is_active AND other.is_active) ORDER BY f.id
"""
# Blocks against somebody who left stay, as they were made.
_HELD_BY_THE_DELETED = """
SELECT b.id, 'block', one.username, other.username FROM accounts_block b
JOIN accounts_user one ON one.id = b.blocker_id AND NOT one.is_active
JOIN accounts_user other ON other.id = b.blocked_id
UNION ALL
SELECT m.id, 'mute', one.username, other.username FROM accounts_mute m
JOIN accounts_user one ON one.id = m.muter_id JOIN accounts_user other ON other.id = m.muted_id
WHERE NOT (one.is_active AND other.is_active)
ORDER BY 2, 1
"""


@diagnosis("counts", "graph", title="Followers and following")
def follow_counts(_case: Case) -> Iterator[Finding]:
    names = dict(User.objects.values_list("pk", "username"))
    for people in _batches(names):
        for drift in count_drift(people):
            why = (
                f"kept {drift.followers} and {drift.following},"
                f" the rows say {drift.right_followers} and {drift.right_following}"
            )
            yield Finding("followers, following", f"@{names[drift.user_id]}", why, ident=drift.user_id)


@follow_counts.repair
def mend_follow_counts(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    mended = sum(actions.reconcile_counts(people) for people in _batches(finding.ident for finding in wrong))
    yield f"compared again under locks and mended the counts of {mended} people"


@diagnosis("counts", "graph", title="Follows of suspended people that count")
def follows_counted(_case: Case) -> Iterator[Finding]:
    wrong = actions.people_counted_wrongly()
    coming = _owed("accounts.user_suspended", "accounts.count_follows", set(wrong)) | _owed(
        "accounts.user_unsuspended", "accounts.count_follows", set(wrong)
    )
    names = dict(User.objects.filter(pk__in=wrong).values_list("pk", "username"))
    for ident in wrong:
        owed = coming.get(ident)
        why = owed.story if owed else "follows count while neither of the two is suspended"
        yield Finding("follows", f"@{names[ident]}", why, ident=ident, wrong=owed is None or owed.stuck)


@follows_counted.repair
def count_follows_again(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    yield f"made {actions.recount_follows()} follows count, or not, of {len(wrong)} people"


@diagnosis("counts", title="People without counts or activity")
def people_without_rows(_case: Case) -> Iterator[Finding]:
    for ident, username, no_counts, no_activity in _rows(_WITHOUT_ROWS):
        lost = " and ".join(["counts"] * no_counts + ["activity"] * no_activity)
        yield Finding(
            f"no {lost}", f"@{username}", "everybody has both from the moment they join", ident=ident
        )


@people_without_rows.repair
def give_rows(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    """Zero, then as the rows say; posts are counted by feeds, which look after this."""
    people = [finding.ident for finding in wrong]
    PersonCounts.objects.bulk_create([PersonCounts(user_id=ident) for ident in people], ignore_conflicts=True)
    Activity.objects.bulk_create([Activity(user_id=ident) for ident in people], ignore_conflicts=True)
    actions.reconcile_counts(people)
    yield f"gave {len(people)} people the rows they lacked"


@diagnosis("graph", title="Follows across a block")
def follows_across_a_block(_case: Case) -> Iterator[Finding]:
    for ident, status, follower, followee, by_follower in _rows(_ACROSS_A_BLOCK):
        blocker = follower if by_follower else followee
        yield Finding(
            f"{status} follow", f"@{follower} → @{followee}", f"@{blocker} blocked the other", ident=ident
        )


@follows_across_a_block.repair
def end_follows_across(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    """The block was the later word: everybody who blocks ends the follows."""
    for follow in _follows(wrong):
        if follow.follower.is_active and follow.followee.is_active:
            actions.unfollow_user(follower=follow.follower, followee=follow.followee)
        else:
            actions.end_follows_of_deleted(user_id=follow.follower_id, first=follow.pk, last=follow.pk)
        yield f"ended the follow {follow.follower} → {follow.followee}"


@diagnosis("graph", title="People with themselves")
def own_pairs(_case: Case) -> Iterator[Finding]:
    for kind, table, one, other in (
        ("follow", "accounts_follow", "follower", "followee"),
        ("block", "accounts_block", "blocker", "blocked"),
        ("mute", "accounts_mute", "muter", "muted"),
    ):
        for ident, username in _rows(_OWN.format(table=table, one=one, other=other)):
            yield Finding(kind, f"@{username}", "with themselves: the table has lost its CHECK", ident=ident)


@own_pairs.repair
def part_from_themselves(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    for finding in wrong:
        if finding.kind == "follow":
            person = Follow.objects.select_related("follower").get(pk=finding.ident).follower
            actions.reconcile_counts([person.pk])  # first: what was never counted cannot be counted down
            actions.unfollow_user(follower=person, followee=person)
        elif finding.kind == "block":
            person = Block.objects.select_related("blocker").get(pk=finding.ident).blocker
            actions.unblock_user(blocker=person, blocked=person)
        else:
            person = Mute.objects.select_related("muter").get(pk=finding.ident).muter
            actions.unmute_user(muter=person, muted=person)
        yield f"ended the {finding.kind} of {person} with themselves"


@diagnosis("graph", title="Requests to public accounts")
def requests_to_public(_case: Case) -> Iterator[Finding]:
    found = _rows(_ASKING_PUBLIC)
    owed = _owed("accounts.privacy_changed", "accounts.let_in", {row[3] for row in found})
    for ident, follower, followee, followee_id in found:
        coming = owed.get(followee_id)
        why = coming.story if coming else "nothing is on its way to let them in"
        wrong = coming is None or coming.stuck
        what = f"@{follower} → @{followee}, who is public"
        yield Finding("pending follow", what, why, ident=ident, wrong=wrong)


@requests_to_public.repair
def let_in(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    for follow in _follows(wrong):
        actions.accept_requests_of_public(followee_id=follow.followee_id, first=follow.pk, last=follow.pk)
        yield f"let {follow.follower} in at {follow.followee}"


@diagnosis("graph", title="Follows of deleted people")
def follows_of_deleted(_case: Case) -> Iterator[Finding]:
    found = _rows(_OF_THE_DELETED)
    owed = _owed("accounts.person_deleted", "accounts.end_follows", {row[4] for row in found})
    for ident, status, follower, followee, gone in found:
        coming = owed.get(gone)
        why = coming.story if coming else "one of them left, and nothing is on its way to end it"
        wrong = coming is None or coming.stuck
        yield Finding(f"{status} follow", f"@{follower} → @{followee}", why, ident=ident, wrong=wrong)


@follows_of_deleted.repair
def end_follows(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    for follow in _follows(wrong):
        actions.end_follows_of_deleted(user_id=follow.follower_id, first=follow.pk, last=follow.pk)
        yield f"ended the follow {follow.follower} → {follow.followee}"


@diagnosis("graph", title="Blocks and mutes of deleted people")
def held_by_deleted(_case: Case) -> Iterator[Finding]:
    for ident, kind, one, other in _rows(_HELD_BY_THE_DELETED):
        yield Finding(kind, f"@{one} – @{other}", "it should have gone when one of them left", ident=ident)


@held_by_deleted.repair
def release(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    """As leaving does it: no event, for nobody is there to see the difference."""
    for model, kind in ((Block, "block"), (Mute, "mute")):
        idents = [finding.ident for finding in wrong if finding.kind == kind]
        if idents:
            yield f"deleted {model._default_manager.filter(pk__in=idents).delete()[0]} {kind}s"


def _owed(event: str, handlers: str, people: set[int]) -> dict[int, Unmade]:
    """What is owed by handlers of such names to mend it, by person; what is stuck before what is coming."""
    owed = [one for one in unmade(event, field="user_id", values=people) if one.handler.startswith(handlers)]
    return {one.payload["user_id"]: one for one in sorted(owed, key=lambda one: one.stuck)}


def _follows(wrong: Sequence[Finding]) -> Iterable[Follow]:
    """Those that are still there."""
    return Follow.objects.select_related("follower", "followee").filter(
        pk__in=[finding.ident for finding in wrong]
    )


def _batches(people: Iterable[int]) -> Iterator[list[int]]:
    left = iter(people)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
