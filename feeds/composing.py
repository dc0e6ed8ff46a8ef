"""The groups that the composer offers, and what somebody chose of them."""

from django.db import InterfaceError, OperationalError

from accounts.models import User
from feeds.errors import UnknownGroup
from feeds.models import Draft, Post
from groups.models import Group
from groups.selectors import get_visible_group, member_groups
from socialnet.kernel.breaker import Refused
from socialnet.kernel.errors import NotFound

LATELY = 200  # posts among which somebody's groups are looked for


def groups_to_post_in(person: User) -> list[Group]:
    """All in which `person` may post: where they wrote lately first, the others by name; in two queries.

    While PostgreSQL is away there are none: one can begin to write all the same.
    """
    try:
        return _by_use(person)
    except (OperationalError, InterfaceError, Refused):
        return []


def _by_use(person: User) -> list[Group]:
    lately = last_written(person.pk)
    return sorted(member_groups(person), key=lambda group: -lately.get(group.pk, 0))


def last_written(user_id: int) -> dict[int, int]:
    """For `groups.hooks`: the newest post in each group among the newest `LATELY` that they wrote."""
    newest = Post.objects.filter(author=user_id, deleted_at=None).order_by("-pk")[:LATELY]
    found: dict[int, int] = {}
    for post_id, group_id in newest.values_list("pk", "group_id"):
        if group_id is not None:
            found.setdefault(group_id, post_id)
    return found


def named_group(slug: str, *, author: User, draft_id: int | None = None) -> Group:
    """The group of that address, or of their draft, whatever has become of it since: so that no draft is lost.

    Whether `author` may post there is judged when it is published. Raises `UnknownGroup`.
    """
    if draft_id is not None:
        drafts = Draft.objects.of(author).filter(pk=draft_id, group__slug=slug)
        kept = drafts.select_related("group").first()
        if kept and kept.group:
            return kept.group
    try:
        return get_visible_group(slug, viewer=author).group
    except NotFound as error:
        raise UnknownGroup from error
