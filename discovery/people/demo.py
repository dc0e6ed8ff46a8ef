"""What people of the demo community like to read about. They are here for a month and are not welcomed any more."""

from collections.abc import Iterable, Mapping

from accounts.models import User
from discovery import actions
from feeds.models import Post

INTERESTS = {
    "ada": ("bikes", "food", "technology"),
    "ben": ("books", "sea"),
    "cleo": ("books", "languages"),
}


def choose_interests(people: Mapping[str, User], _posts: Mapping[str, Post]) -> None:
    for username, topics in INTERESTS.items():
        actions.save_interests(person=people[username], topics=topics)
        actions.end_welcome(person=people[username])


def leave_lists(user_ids: Iterable[int]) -> None:
    """What they chose, and where they were suggested or not wanted."""
    actions.forget_of_deleted(user_ids=user_ids)
