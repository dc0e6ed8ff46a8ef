"""What somebody's filters say of their news: of the words of others that it leads to, never of one's own.

What they hide does not come into the inbox, as with a mute; what is there already is left out where it is read. What
they fold comes in and is folded. Of neither is anybody told outside of the inbox.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from accounts.models import User
from feeds import shields
from feeds.filters import Place, Verdict
from feeds.items import FeedItem, items_of_many
from interactions.models import Comment
from notifications.claims import Claim

# Kinds that lead to what somebody else wrote; the others are of acts, or of the recipient's own words.
WORDED = frozenset({"mention", "reply", "comment", "quote", "new_post", "group_post"})


def of_claims(claims: Iterable[Claim]) -> dict[Claim, Verdict]:
    """Those of `claims` in whose words their recipients' filters found something; a round trip to Redis, and for
    recipients who have filters the words: as many queries for one as for all of them."""
    worded = [claim for claim in claims if claim.kind in WORDED]
    filters = (
        shields.of_people({claim.recipient_id for claim in worded}, Place.NOTIFICATIONS) if worded else {}
    )
    concerned = [claim for claim in worded if claim.recipient_id in filters]
    all_posts, comments = _posts(concerned), _comments(concerned)
    found: dict[Claim, Verdict] = {}
    for person_id, theirs in filters.items():
        mine = [claim for claim in concerned if claim.recipient_id == person_id]
        posts = all_posts.get(person_id, {})
        said = [
            _words(
                comments.get(claim.comment_id) if claim.comment_id else None,
                posts.get(claim.post_id or 0) if not claim.comment_id else None,
                person_id,
            )
            for claim in mine
        ]
        verdicts = zip(mine, theirs.judge(said), strict=True)
        found |= {claim: verdict for claim, verdict in verdicts if verdict}
    return found


def of_rows(
    viewer: User, rows: Sequence[tuple[str, FeedItem | None, Comment | None]]
) -> list[Verdict | None]:
    """Of each row of the viewer's inbox, given as its kind and what it leads to, as far as that may be seen."""
    filters = shields.of_person(viewer.pk, Place.NOTIFICATIONS)
    if not filters:
        return [None] * len(rows)
    return filters.judge(
        [
            _words(comment, None if comment else post, viewer.pk) if kind in WORDED else []
            for kind, post, comment in rows
        ]
    )


def _posts(claims: Sequence[Claim]) -> Mapping[int, Mapping[int, FeedItem]]:
    """What each recipient's news leads to, as far as they may see it."""
    asked: dict[int, set[int]] = defaultdict(set)
    for claim in claims:
        if claim.post_id and not claim.comment_id:
            asked[claim.recipient_id].add(claim.post_id)
    return {person_id: {item.id: item for item in found} for person_id, found in items_of_many(asked).items()}


def _comments(claims: Sequence[Claim]) -> Mapping[int, Comment]:
    ids = {claim.comment_id for claim in claims if claim.comment_id}
    return Comment.objects.only("id", "content", "author").in_bulk(ids) if ids else {}


def _words(comment: Comment | None, post: FeedItem | None, person_id: int) -> list[str]:
    if comment is not None:
        return [] if comment.author_id == person_id else [comment.content]
    return shields.words_in(post, person_id) if post else []
