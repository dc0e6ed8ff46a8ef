"""Every read of likes is served by the index that was made for it."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.tests.factories import person
from conftest import _as_owner as as_owner
from feeds.door import facts
from feeds.selectors import get_visible_item
from feeds.tests.factories import plant_many
from feeds.tests.test_indexes import plans_of
from interactions.models import Like
from interactions.selectors import likers_of, likes_of
from interactions.upkeep import forget_inactive_likes
from socialnet.kernel.pagination import Cursor

pytestmark = pytest.mark.django_db(transaction=True)


def test_reads_of_likes_use_the_indexes_made_for_them(ada: User, ben: User) -> None:
    crowd, posts = [ben, *(person() for _ in range(60))], plant_many(ada, 200)
    Like.objects.bulk_create(
        Like(user=who, post=post, is_active=(who.pk + post.pk) % 50 != 0) for who in crowd for post in posts
    )
    with closing(as_owner(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE")
    item, before = get_visible_item(posts[0].pk, viewer=ben), Cursor(before=2**52)
    reads: dict[str, tuple[str, Callable[[], Any]]] = {
        "who likes": ("like_by_post", lambda: likers_of(item=item, viewer=ben, cursor=before)),
        "my likes": ("like_newest", lambda: likes_of(viewer=ben, cursor=before)),
        "facts": (
            "interactions_like_pkey",
            lambda: facts(viewer_id=ben.pk, post_ids=[post.pk for post in posts[:20]]),
        ),
        "taken back": ("like_taken_back", forget_inactive_likes),
    }
    for name, (index, read) in reads.items():
        plan = plans_of(read)
        assert index in plan and "Seq Scan on interactions_like " not in plan, f"{name}\n{plan}"
