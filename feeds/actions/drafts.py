"""Drafts: kept as typed, published by their author or at their time, each once."""

import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.errors import AccountSuspended, WritingRefused
from accounts.models import User
from feeds.actions.posts import lock_original, publish_post
from feeds.actions.written import checked_content, checked_warning
from feeds.door import OWN_AUDIENCES, Audience
from feeds.errors import (
    BadSchedule,
    DraftConflict,
    DraftTooLong,
    QuoteGone,
    TooManyDrafts,
    TooManyPictures,
    TooManyScheduled,
    UnknownAudience,
    UnknownPicture,
    UnknownReplyPolicy,
)
from feeds.events import ScheduledPostFailed, ScheduledPostPublished
from feeds.models import (
    DRAFT_CONTENT_MAX,
    DRAFT_WARNING_MAX,
    DRAFTS_MOST,
    MEDIA_MOST,
    SCHEDULED_MOST,
    ClockTimestamp,
    Draft,
    Media,
    Post,
    ReplyPolicy,
)
from feeds.selectors import draft_for, get_visible_post
from groups.actions import check_may_post
from groups.models import Group
from socialnet.kernel.errors import Broken, DomainError, NotFound
from socialnet.outbox.actions import emit
from socialnet.outbox.ids import MAX_ID

log = structlog.get_logger(__name__)
FURTHEST = timedelta(days=366)
ATTEMPTS_MOST = 5
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


# --- keeping ------------------------------------------------------------------------------------------------


@transaction.atomic
def save_draft(
    *,
    author: User,
    draft_id: int | None = None,
    version: int | None = None,
    content: str = "",
    visibility: str = Audience.PUBLIC,
    group: Group | None = None,
    language: str = "",
    reply_policy: str = ReplyPolicy.EVERYONE,
    content_warning: str = "",
    media_ids: Sequence[int] = (),
    share_of: int | None = None,
    scheduled_for: datetime | None = None,
) -> Draft:
    """Keep a draft as a whole: what is not given is emptied. Without `draft_id` it is a new one.

    With a `version` that is not the stored one nothing changes (`DraftConflict`); with None whatever is there is
    replaced. A plain draft may hold what could not be published; one with `scheduled_for` must be publishable now, so
    that its author learns at once, not at its time. With a `group` that is its audience, whatever `visibility` says.
    Raises `NotFound` when it was deleted or published meanwhile.
    """
    if group is not None:
        visibility = Audience.GROUP
    elif visibility not in OWN_AUDIENCES:
        raise UnknownAudience
    if reply_policy not in ReplyPolicy.values:
        raise UnknownReplyPolicy
    draft = Draft(author=author, version=0) if draft_id is None else _lock_draft(author, draft_id)
    if draft_id is not None and version is not None and version != draft.version:
        raise DraftConflict
    _make_room(author, draft, scheduled_for)
    draft.content = _kept(content, "content", DRAFT_CONTENT_MAX)
    draft.content_warning = _kept(content_warning, "content_warning", DRAFT_WARNING_MAX)
    draft.visibility, draft.group, draft.language = visibility, group, language
    draft.reply_policy = reply_policy
    draft.share_of_id = _quotable(share_of)
    draft.scheduled_for = scheduled_for
    draft.problem, draft.attempts, draft.tried_at = "", 0, None
    draft.version += 1
    draft.updated_at = Now()
    draft.save()
    attach_to_draft(draft=draft, media_ids=media_ids)
    saved = draft_for(author, draft.pk)
    if scheduled_for is not None:
        check_draft(saved)
    return saved


def _make_room(author: User, draft: Draft, scheduled_for: datetime | None) -> None:
    """Check the limits that a save could cross, and its time, with the author locked so that they stay exact."""
    is_new = draft._state.adding
    is_set = scheduled_for is not None and scheduled_for != draft.scheduled_for
    if not (is_new or is_set):
        return
    now = _lock_author(author)
    others = Draft.objects.of(author)
    if is_new and others.count() >= DRAFTS_MOST:
        raise TooManyDrafts(DRAFTS_MOST)
    if scheduled_for is None:
        return
    if scheduled_for < now:
        raise BadSchedule(_("This time has passed. Choose a later one."))
    if scheduled_for > now + FURTHEST:
        raise BadSchedule(_("This is too far away. Choose a time within a year."))
    if draft.scheduled_for is None and others.exclude(scheduled_for=None).count() >= SCHEDULED_MOST:
        raise TooManyScheduled(SCHEDULED_MOST)


def _lock_author(author: User) -> datetime:
    """Lock the person's row; returns what the database's clock says. Raises `NotFound` if they left."""
    people = User.objects.standing().select_for_update(no_key=True)
    now: datetime | None = people.filter(pk=author.pk).values_list(ClockTimestamp(), flat=True).first()
    if now is None:
        raise NotFound
    return now


def _kept(text: str, field: str, most: int) -> str:
    kept = storable(text)
    if len(kept) > most:
        raise DraftTooLong(field, most)
    return kept


def storable(text: str) -> str:
    """`text` as it was typed, with \\n line ends and without the few characters that no row can hold."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _quotable(post_id: int | None) -> int | None:
    """`post_id` if it may be one; whether it can be quoted is judged when the draft is published."""
    if post_id is not None and not 0 < post_id <= MAX_ID:
        raise QuoteGone
    return post_id


def attach_to_draft(*, draft: Draft, media_ids: Sequence[int]) -> None:
    """Make `media_ids` the pictures of `draft`, in this order; others that it had belong to nothing from now on.

    Raises `TooManyPictures`, or `UnknownPicture` for one that is not the author's or belongs elsewhere.
    """
    wanted = list(dict.fromkeys(media_ids))
    if len(wanted) > MEDIA_MOST:
        raise TooManyPictures(MEDIA_MOST)
    Media.objects.filter(draft=draft).exclude(pk__in=wanted).update(draft=None, position=0)
    if not wanted:
        return
    found = Media.objects.select_for_update().filter(pk__in=wanted, owner=draft.author_id).order_by("pk")
    usable = {media.pk for media in found if media.post_id is None and media.draft_id in (None, draft.pk)}
    if usable != set(wanted):
        raise UnknownPicture
    for position, media_id in enumerate(wanted):
        Media.objects.filter(pk=media_id).update(draft=draft, position=position)


@transaction.atomic
def check_draft(draft: Draft) -> None:
    """Raise what publishing `draft` now would raise: `EmptyPost`, `PostTooLong`, `NotAMember`, `QuoteGone` …"""
    checked_content(draft.content, with_media=bool(draft.pictures))
    checked_warning(draft.content_warning)
    if group := _group_of(draft):
        check_may_post(group, draft.author)
    _lock_quoted(draft)


@transaction.atomic
def delete_draft(*, author: User, draft_id: int) -> None:
    """Its pictures belong to nothing then, and are collected. Raises `NotFound`."""
    _lock_draft(author, draft_id).delete()


def _lock_draft(author: User, draft_id: int) -> Draft:
    if not 0 < draft_id <= MAX_ID:
        raise NotFound
    draft = Draft.objects.of(author).select_for_update().filter(pk=draft_id).first()
    if draft is None:
        raise NotFound
    return draft


# --- publishing ---------------------------------------------------------------------------------------------


@transaction.atomic
def publish_draft(*, author: User, draft_id: int) -> Post:
    """Publish at once, whatever its time; the draft is gone then. Pressed twice at once, the second gets `NotFound`."""
    draft = _lock_draft(author, draft_id)
    draft.author = author
    return _publish(draft)


def _publish(draft: Draft) -> Post:
    """Post instead of draft; for who holds the lock on its row."""
    return publish_post(
        author=draft.author,
        content=draft.content,
        visibility=draft.visibility,
        language=draft.language,
        reply_policy=draft.reply_policy,
        content_warning=draft.content_warning,
        media_ids=[picture.pk for picture in draft.pictures],
        quoted=_lock_quoted(draft),
        draft_id=draft.pk,
        group=_group_of(draft),
    )


def _group_of(draft: Draft) -> Group | None:
    """The one it names; whether that is there, and its author in it, is for `check_may_post` to say."""
    return None if draft.group_id is None else Group(pk=draft.group_id)


def _lock_quoted(draft: Draft) -> Post | None:
    """What `draft` quotes, locked so that it cannot go meanwhile. Raises `QuoteGone` or `CannotShare`."""
    if draft.share_of_id is None:
        return None
    try:
        return lock_original(get_visible_post(draft.share_of_id, viewer=draft.author), by=draft.author)
    except NotFound as error:
        raise QuoteGone from error


def publish_due(*, seconds: float = 10) -> int:
    """Publish what is due, one after another, for at most so long; returns how many. Several at once share the work.

    What cannot be published stays a draft, without its time and with a problem that its author reads.
    """
    ends, published = time.monotonic() + seconds, 0
    while time.monotonic() < ends and (draft_id := _claim()) is not None:
        published += _publish_claimed(draft_id)
    return published


@transaction.atomic
def _claim() -> int | None:
    """Take one that is due, for a while: attempts are counted before they begin, so that none can loop for ever."""
    draft = Draft.objects.to_try().select_for_update(skip_locked=True).order_by("scheduled_for", "pk").first()
    if draft is None:
        return None
    if draft.attempts < ATTEMPTS_MOST:
        Draft.objects.filter(pk=draft.pk).update(attempts=F("attempts") + 1, tried_at=ClockTimestamp())
    else:
        log.error("scheduled_post_given_up", draft_id=draft.pk, attempts=draft.attempts)
        _set_aside(draft, Broken.code)
    return draft.pk


def _publish_claimed(draft_id: int) -> bool:
    """Whether it was published; what goes wrong is written down, and tried again later."""
    try:
        return _publish_if_due(draft_id)
    except Exception as error:
        log.warning("scheduled_post_failed", draft_id=draft_id, error=type(error).__name__)
        return False


@transaction.atomic
def _publish_if_due(draft_id: int) -> bool:
    """Looks again: since it was claimed it may have been published, deleted, changed or put off.

    It waits for the row: another scheduler may hold it for a moment, only to find that it is claimed.
    """
    draft = Draft.objects.due().select_for_update().filter(pk=draft_id).first()
    if draft is None:
        return False
    draft.author = User.objects.select_for_update(no_key=True).get(pk=draft.author_id)
    try:
        with transaction.atomic():
            if not draft.author.may_sign_in:
                raise AccountSuspended
            post = _publish(draft)
    except DomainError as error:
        if error.status >= Broken.status:
            raise
        log.info("scheduled_post_set_aside", draft_id=draft.pk, problem=error.code)
        if isinstance(error, WritingRefused):
            error.note()
        _set_aside(draft, error.code)
        return False
    emit(ScheduledPostPublished(post_id=post.pk, author_id=post.author_id))
    log.info("scheduled_post_published", draft_id=draft_id, post_id=post.pk)
    return True


def _set_aside(draft: Draft, problem: str) -> None:
    """It waits for its author, who reads why; for who holds the lock on its row."""
    Draft.objects.filter(pk=draft.pk).update(
        scheduled_for=None, problem=problem, attempts=0, tried_at=None, version=F("version") + 1
    )
    emit(ScheduledPostFailed(draft_id=draft.pk, author_id=draft.author_id))
