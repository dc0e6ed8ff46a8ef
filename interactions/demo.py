"""What people of the demo community do with posts."""

import random
from collections.abc import Collection, Iterable, Mapping

from django.db import connection
from django.utils import timezone

from accounts.models import Block, Follow, User
from feeds.door import Audience
from feeds.models import Post
from interactions import actions
from interactions.models import Like
from socialnet.outbox.ids import EPOCH, id_at, time_of

KEPT = {"ada": ("rain", "brakes", "lake", "door")}  # the last one was kept last
_SEED = 5
_SHYEST, _LOUDEST = 0.03, 0.6  # of those who may see a post, how many like it
_COUNT = """
UPDATE feeds_postcounts SET likes = (SELECT count(*) FROM interactions_like l WHERE l.post_id = c.post_id AND is_active)
FROM feeds_postcounts c WHERE c.post_id = feeds_postcounts.post_id AND c.post_id = ANY(%(posts)s)
"""


def keep_posts(people: Mapping[str, User], posts: Mapping[str, Post]) -> None:
    for username, keys in KEPT.items():
        for key in keys:
            actions.bookmark_post(post_id=posts[key].pk, person=people[username])


def like_posts(people: Mapping[str, User], _posts: Mapping[str, Post]) -> None:
    """Some posts please many, most please a few; rows alone, for nobody has to be told of what was long ago."""
    chance, neighbours = random.Random(_SEED), _Neighbours(people.values())
    written = Post.objects.published().filter(author__in=neighbours.ids).exclude(pk__in=Post.objects.shares())
    likes: list[Like] = []
    for post in written.order_by("pk"):
        charm = min(_LOUDEST, _SHYEST * chance.paretovariate(1))
        for user_id in neighbours.who_may_like(post):
            if chance.random() < charm:
                likes.append(Like(user_id=user_id, post=post, place=_moment(post, chance, len(likes))))
    Like.objects.bulk_create(likes, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"posts": sorted({like.post_id for like in likes})})


def forget_likes(user_ids: Iterable[int]) -> None:
    """Before they are taken away: the counts of others' posts must not keep them."""
    for user_id in user_ids:
        actions.forget_likes(user_id=user_id)


def _moment(post: Post, chance: random.Random, number: int) -> int:
    """Soon after it was written, as a rule; `number` keeps those of one moment apart."""
    written, now = time_of(post.pk), timezone.now()
    return id_at(max(EPOCH, written) + (now - written) * chance.random() ** 4, sequence=number % 4096)


class _Neighbours:
    """Who may see whose posts, among the people of the demo."""

    def __init__(self, people: Collection[User]) -> None:
        self.ids = sorted(person.pk for person in people)
        self.private = {person.pk for person in people if person.is_private}
        follows = Follow.objects.active().filter(follower__in=self.ids, followee__in=self.ids)
        self.follows = set(follows.values_list("follower_id", "followee_id"))
        blocks = Block.objects.filter(blocker__in=self.ids, blocked__in=self.ids)
        pairs = set(blocks.values_list("blocker_id", "blocked_id"))
        self.apart = pairs | {(blocked, blocker) for blocker, blocked in pairs}

    def who_may_like(self, post: Post) -> list[int]:
        others = (user_id for user_id in self.ids if user_id != post.author_id)
        return [user_id for user_id in others if self._may_see(user_id, post)]

    def _may_see(self, user_id: int, post: Post) -> bool:
        pair = (user_id, post.author_id)
        if pair in self.apart or post.visibility in (Audience.PRIVATE, Audience.GROUP):
            return False
        if post.visibility == Audience.PUBLIC and post.author_id not in self.private:
            return True
        is_friend = pair in self.follows and (post.author_id, user_id) in self.follows
        return is_friend if post.visibility == Audience.FRIENDS else pair in self.follows


def leave_threads(user_ids: Iterable[int]) -> None:
    """What they said and liked goes as if they had deleted it: counts and answers of others stay right."""
    for user_id in user_ids:
        actions.forget_comments(user_id=user_id)
        actions.forget_comment_likes(user_id=user_id)
