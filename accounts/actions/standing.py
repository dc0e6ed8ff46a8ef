"""What moderators decide about accounts beyond suspension, and what follows for the counts of everybody else."""

from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.actions.locks import lock_people
from accounts.cards import drop_author_card
from accounts.events import UserLimited, UserUnlimited
from accounts.models import Follow, User
from socialnet.outbox.actions import emit, record

PIECE = 500  # follows that are marked, and counted, in one transaction

# Marks and counts change in one statement; count rows are locked in id order. Whoever runs it has locked the people.
_MARK = """
WITH turned AS (
    UPDATE accounts_follow f SET is_counted = NOT f.is_counted FROM accounts_user one, accounts_user other
    WHERE f.id = ANY(%(follows)s) AND f.status = 'active' AND one.id = f.follower_id AND other.id = f.followee_id
        AND f.is_counted <> (one.suspended_at IS NULL AND other.suspended_at IS NULL)
    RETURNING f.follower_id, f.followee_id, CASE WHEN f.is_counted THEN 1 ELSE -1 END AS by
), change AS (
    SELECT person, sum(followers) AS followers, sum(following) AS following FROM (
        SELECT follower_id AS person, 0 AS followers, by AS following FROM turned
        UNION ALL SELECT followee_id, by, 0 FROM turned
    ) one GROUP BY 1
), locked AS (
    SELECT user_id FROM accounts_personcounts WHERE user_id IN (SELECT person FROM change)
    ORDER BY user_id FOR NO KEY UPDATE
), counted AS (
    UPDATE accounts_personcounts c SET followers = c.followers + change.followers,
        following = c.following + change.following
    FROM locked JOIN change ON change.person = locked.user_id WHERE c.user_id = locked.user_id
)
SELECT count(*) FROM turned
"""
_MARKED_WRONGLY = """
SELECT u.id FROM accounts_user u WHERE u.suspended_at IS NOT NULL AND u.is_active AND (
    EXISTS (SELECT 1 FROM accounts_follow f WHERE f.followee_id = u.id AND f.status = 'active' AND f.is_counted)
    OR EXISTS (SELECT 1 FROM accounts_follow f WHERE f.follower_id = u.id AND f.status = 'active' AND f.is_counted))
UNION
SELECT f.follower_id FROM accounts_follow f
JOIN accounts_user one ON one.id = f.follower_id AND one.suspended_at IS NULL
JOIN accounts_user other ON other.id = f.followee_id AND other.suspended_at IS NULL
WHERE NOT f.is_counted AND f.status = 'active'
"""
_FOLLOWS = """
SELECT f.id, f.follower_id, f.followee_id FROM accounts_follow f
WHERE (f.follower_id = %(person)s OR f.followee_id = %(person)s) AND f.id BETWEEN %(first)s AND %(last)s
ORDER BY f.id
"""


@transaction.atomic
def limit_user(*, user: User, actor: User | None) -> User:
    """Keep `user` out of trends and suggestions and fold what they comment; repeating it changes nothing."""
    (person,) = lock_people(user)
    if person.limited_at is None:
        User.objects.filter(pk=person.pk).update(limited_at=Now())
        person.refresh_from_db(fields=["limited_at"])
        _tell(person, UserLimited(user_id=person.pk), "accounts.limit", actor, limited=True)
    return person


@transaction.atomic
def unlimit_user(*, user: User, actor: User | None) -> User:
    (person,) = lock_people(user)
    if person.limited_at is not None:
        User.objects.filter(pk=person.pk).update(limited_at=None)
        person.limited_at = None
        _tell(person, UserUnlimited(user_id=person.pk), "accounts.unlimit", actor, limited=False)
    return person


def _tell(
    person: User, event: UserLimited | UserUnlimited, act: str, actor: User | None, *, limited: bool
) -> None:
    actor_id = actor.pk if actor else None
    emit(event, actor_id=actor_id)
    record(
        act,
        actor_id=actor_id,
        target_type="user",
        target_id=person.pk,
        before={"limited": not limited},
        after={"limited": limited},
    )
    transaction.on_commit(lambda: drop_author_card(person.pk))


def count_follows_of(*, user_id: int, first: int, last: int) -> int:
    """Of the follows `first` to `last` of this person, either way, make those count that should, and no others.

    A follow counts while neither of the two is suspended. In pieces, each of which locks everybody whom it counts;
    returns how many turned. Twice, late and out of order are harmless.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWS, {"person": user_id, "first": first, "last": last})
        found = list(cursor.fetchall())
    return sum(_mark(found[start : start + PIECE]) for start in range(0, len(found), PIECE))


@transaction.atomic
def _mark(piece: list[tuple[int, int, int]]) -> int:
    people = {person for _pk, *pair in piece for person in pair}
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk")
    list(locked.values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"follows": [pk for pk, _one, _other in piece]})
        return int(cursor.fetchone()[0])


def people_counted_wrongly() -> list[int]:
    """Of whom some follow counts that should not, or does not that should."""
    with connection.cursor() as cursor:
        cursor.execute(_MARKED_WRONGLY)
        return [row[0] for row in cursor.fetchall()]


def recount_follows() -> int:
    """Make right what `people_counted_wrongly` finds; how many follows turned."""
    last = Follow.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return sum(count_follows_of(user_id=person, first=0, last=last) for person in people_counted_wrongly())
