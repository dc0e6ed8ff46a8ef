"""Documents follow what happens to people, posts, tags and groups. Each looks at what is true now; twice is once."""

from collections.abc import Sequence

from accounts.events import PersonDeleted, PersonJoined, ProfileChanged, UserSuspended, UserUnsuspended
from accounts.models import User
from discovery.search import documents
from feeds.events import PostDeleted, PostEdited, PostPublished, PostsLoaded, PostsRemoved
from groups.events import GroupChanged, GroupCreated, GroupDeleted, GroupHidden, GroupShown
from socialnet.outbox.actions import owe
from socialnet.outbox.handlers import Owed, on, owed

PIECE = 500  # people whose posts one piece of work goes through


@on(PersonJoined, ProfileChanged, PersonDeleted, UserSuspended, UserUnsuspended)
def keep_people(events: Sequence[PersonJoined]) -> None:
    documents.keep_people({event.user_id for event in events})


@on(PostPublished, PostEdited, PostDeleted)
def keep_posts(events: Sequence[PostPublished]) -> None:
    documents.keep_posts({event.post_id for event in events})


@on(GroupCreated, GroupChanged, GroupDeleted, GroupHidden, GroupShown)
def keep_groups(events: Sequence[GroupChanged]) -> None:
    documents.keep_groups({event.group_id for event in events})


@on(PostsRemoved)
def forget_posts(events: Sequence[PostsRemoved]) -> None:
    documents.keep_posts({post_id for event in events for post_id in event.post_ids})


@on(PostsLoaded, queue="maintenance", batch=1)
def keep_loaded(events: Sequence[PostsLoaded]) -> None:
    """Whoever loads many at once may have made the documents as well; what is missing is made in pieces."""
    for event in events:
        people = User.objects.filter(pk__range=(event.first_author_id, event.last_author_id))
        ids = list(people.order_by("pk").values_list("pk", flat=True))
        chunks = [ids[start : start + PIECE] for start in range(0, len(ids), PIECE)]
        owe(keep_loaded_piece, event, [f"{chunk[0]}-{chunk[-1]}" for chunk in chunks])


@owed(queue="maintenance")
def keep_loaded_piece(pieces: Sequence[Owed]) -> None:
    for piece in pieces:
        first, last = map(int, piece.key.split("-"))
        documents.keep_missing(first_user_id=first, last_user_id=last)
