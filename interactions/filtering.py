"""What somebody's filters leave of a thread: comments that are hidden are not there, with all that hangs on them,
others are folded away. One's own words never are, nor does a comment go under which one has said something."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from accounts.models import Viewer
from feeds import shields
from feeds.filters import Place, Verdict
from interactions.threads import CommentItem
from socialnet.kernel.pagination import Page


def sifted(
    page: Page[CommentItem], *, viewer: Viewer, asked_for: Collection[int] = ()
) -> tuple[Page[CommentItem], int]:
    """The page without what is hidden, and how many comments that are. What somebody `asked_for` by its address is
    folded at most. A round trip to Redis for who is signed in."""
    items, hidden = sift(page.items, viewer=viewer, asked_for=asked_for)
    return replace(page, items=items), hidden


def sift(
    items: Iterable[CommentItem], *, viewer: Viewer, asked_for: Collection[int] = ()
) -> tuple[list[CommentItem], int]:
    """As `sifted`, of comments with what hangs on them."""
    branches = list(items)
    if not viewer.is_authenticated or not branches:
        return branches, 0
    filters = shields.of_person(viewer.pk, Place.THREADS)
    if not filters:
        return branches, 0
    said = [one for branch in branches for one in branch.walk() if one.is_there and not one.is_mine]
    verdicts = zip(said, filters.judge([[one.content] for one in said]), strict=True)
    found = {one.id: verdict for one, verdict in verdicts if verdict}
    left = [branch for branch in branches if not _goes(branch, found, asked_for)]
    for branch in left:
        _sift_below(branch, found, asked_for)
    return left, sum(1 for branch in branches for _one in _gone(branch, found, asked_for))


def _goes(item: CommentItem, found: dict[int, Verdict], asked_for: Collection[int]) -> bool:
    verdict = found.get(item.id)
    if verdict is None or not verdict.hides or item.id in asked_for:
        return False
    return not any(one.is_mine or one.id in asked_for for one in item.walk())


def _gone(item: CommentItem, found: dict[int, Verdict], asked_for: Collection[int]) -> Iterator[CommentItem]:
    """Those that the filters name; what hangs on them goes along uncounted."""
    if _goes(item, found, asked_for):
        yield item
        return
    for answer in (*item.answers, *item.kept_away):
        yield from _gone(answer, found, asked_for)


def _sift_below(item: CommentItem, found: dict[int, Verdict], asked_for: Collection[int]) -> None:
    if verdict := found.get(item.id):
        item.filtered = verdict.phrases
    item.kept_away = [answer for answer in item.answers if _goes(answer, found, asked_for)]
    item.answers = [answer for answer in item.answers if not _goes(answer, found, asked_for)]
    for answer in item.answers:
        _sift_below(answer, found, asked_for)
