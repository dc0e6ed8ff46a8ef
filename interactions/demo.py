"""What people of the demo community do with posts."""

from collections.abc import Mapping

from accounts.models import User
from feeds.models import Post
from interactions import actions

KEPT = {"ada": ("rain", "brakes", "lake", "door")}  # the last one was kept last


def keep_posts(people: Mapping[str, User], posts: Mapping[str, Post]) -> None:
    for username, keys in KEPT.items():
        for key in keys:
            actions.bookmark_post(post_id=posts[key].pk, person=people[username])
