"""For each invariant of what can be searched a way to break it; `town` is that of `tests/test_invariants.py`."""

from collections.abc import Callable
from typing import Any

from discovery.models import Kind, SearchDocument


def documents(kind: Kind) -> Any:
    return SearchDocument.objects.filter(kind=kind)


PLANTS: dict[str, Callable[[Any], object]] = {
    "nothing can be searched that is not there": lambda town: (
        documents(Kind.POST).filter(object_id=town.posts[0].pk).update(object_id=1)
    ),
    "what was said can be searched": lambda town: (
        documents(Kind.POST).filter(object_id=town.posts[0].pk).delete()
    ),
    "documents to search say what people, posts and tags say": lambda town: (
        documents(Kind.POST).filter(object_id=town.posts[0].pk).update(author_id=town.dora.pk)
    ),
}
