"""Following tags."""

from functools import partial

from django.db import connection, transaction

from accounts.actions import lock_people
from accounts.models import User
from feeds import tagged
from feeds.errors import NoSuchTag, TagFollowLimit
from feeds.events import TagFollowed, TagUnfollowed
from feeds.models import TAG_FOLLOWS_MOST, Hashtag, TagFollow
from feeds.text import tag_name
from socialnet.outbox.actions import emit

# In the order given: two posts with the same new tags must not wait for each other.
_ADD_TAGS = """
WITH added AS (
    INSERT INTO feeds_hashtag (name, display)
    SELECT name, display
    FROM unnest(%(names)s::text[], %(displays)s::text[]) WITH ORDINALITY AS tag (name, display, place) ORDER BY place
    ON CONFLICT (name) DO NOTHING RETURNING id
)
INSERT INTO feeds_hashtagcounts (hashtag_id, posts) SELECT id, 0 FROM added
"""


def add_tags(shown: dict[str, str]) -> None:
    """Rows for the tags with these names, for each how it is written here, where there are none."""
    names = sorted(shown)
    with connection.cursor() as cursor:
        cursor.execute(_ADD_TAGS, {"names": names, "displays": [shown[name] for name in names]})


@transaction.atomic
def follow_tag(*, person: User, name: str) -> TagFollow:
    """Let posts with a tag come into the home of `person`; also one that nobody has used. Repeating it changes nothing.

    `name` is in any spelling; raises `NoSuchTag` for what is none, and `TagFollowLimit`.
    """
    (person,) = lock_people(person)
    tag = _tag_of(name)
    follow = TagFollow.objects.filter(user=person, hashtag=tag).first()
    if follow is not None:
        return follow
    if TagFollow.objects.filter(user=person).count() >= TAG_FOLLOWS_MOST:
        raise TagFollowLimit(TAG_FOLLOWS_MOST)
    follow = TagFollow.objects.create(user=person, hashtag=tag)
    emit(TagFollowed(user_id=person.pk, hashtag_id=tag.pk), actor_id=person.pk)
    transaction.on_commit(partial(tagged.forget_followed, person.pk))
    return follow


def _tag_of(written: str) -> Hashtag:
    name = tag_name(written)
    if not name:
        raise NoSuchTag
    found = Hashtag.objects.filter(name=name).first()
    if found is None:
        add_tags({name: name})
        found = Hashtag.objects.get(name=name)
    return found


@transaction.atomic
def unfollow_tag(*, person: User, name: str) -> None:
    """Whatever belongs to the home of `person` for this tag alone leaves it; repeating it changes nothing."""
    (person,) = lock_people(person)
    follow = TagFollow.objects.filter(user=person, hashtag__name=tag_name(name)).first()
    if follow is None:
        return
    follow.delete()
    emit(TagUnfollowed(user_id=person.pk, hashtag_id=follow.hashtag_id), actor_id=person.pk)
    transaction.on_commit(partial(tagged.forget_followed, person.pk))
