"""What follows from changes of people. Each looks at what is true now, and may run twice."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress

from accounts import actions, cache, cards, mail, standins
from accounts.actions.addresses import old_side_key
from accounts.events import (
    ConfirmationAsked,
    EmailChangeAsked,
    EmailChanged,
    ExportReady,
    JoinedTwice,
    LeavingBegun,
    PasswordChanged,
    PasswordResetAsked,
    PersonDeleted,
    PrivacyChanged,
    ProfileChanged,
    SecondFactorChanged,
    SessionsEnded,
    TokensRevoked,
    UserBlocked,
    UserFollowed,
    UserMuted,
    UserSuspended,
    UserUnblocked,
    UserUnfollowed,
    UserUnmuted,
    UserUnsuspended,
)
from accounts.models import EmailChange, Follow, User
from socialnet.kernel import realtime
from socialnet.outbox.actions import owe
from socialnet.outbox.events import Event
from socialnet.outbox.handlers import Owed, on, owed

PIECE = 200  # follows that one piece of work goes through
LARGE_PIECE = 5000  # where many go in one statement


@on(ProfileChanged, PrivacyChanged, PasswordChanged, UserSuspended, UserUnsuspended, PersonDeleted)
def forget_person(events: Sequence[ProfileChanged]) -> None:
    """Once more, and surely: whoever changed the row may have died, or found no Redis, before it dropped the copies."""
    people = {event.user_id for event in events}
    cards.surely_drop_author_card(*people)
    cache.viewers.surely_drop(*people)


@on(SessionsEnded)
def forget_sessions(events: Sequence[SessionsEnded]) -> None:
    """Once more, and surely: a copy that stands by would be believed for a day, whenever PostgreSQL is away."""
    cache.sessions.surely_drop(*(copy for event in events for copy in event.copies))
    _recheck(events)


@on(TokensRevoked)
def forget_tokens(events: Sequence[TokensRevoked]) -> None:
    cache.tokens.surely_drop(*(token_hash for event in events for token_hash in event.hashes))
    _recheck(events)


def _recheck(events: Sequence[SessionsEnded | TokensRevoked]) -> None:
    """Open sockets look again whether they may stay, after nothing is left that would let them."""
    for user_id in {event.user_id for event in events}:
        realtime.recheck(user_id)


@on(UserFollowed, UserUnfollowed, UserBlocked, UserUnblocked, UserMuted, UserUnmuted)
def forget_relations(events: Sequence[Event]) -> None:
    """Once more, and surely; every field of these events that names somebody ends in `_id`."""
    standins.forget(
        *{value for event in events for name, value in event.payload().items() if name.endswith("_id")}
    )


@on(PrivacyChanged, queue="default", batch=10)
def let_in_waiting(events: Sequence[PrivacyChanged]) -> None:
    """Whoever opens the account lets in everybody who asked, in pieces."""
    for event in events:
        waiting = Follow.objects.pending().filter(followee=event.user_id, followee__is_private=False)
        owe(let_in_piece, event, _pieces(waiting.order_by("id").values_list("id", flat=True)))


@owed(queue="default")
def let_in_piece(pieces: Sequence[Owed]) -> None:
    for piece in pieces:
        first, last = map(int, piece.key.split("-"))
        actions.accept_requests_of_public(followee_id=piece.event.user_id, first=first, last=last)  # type: ignore[attr-defined]


@on(PersonDeleted, queue="default", batch=10)
def end_follows_of_deleted(events: Sequence[PersonDeleted]) -> None:
    for event in events:
        person = event.user_id
        follows = Follow.objects.filter(follower=person) | Follow.objects.filter(followee=person)
        owe(end_follows_piece, event, _pieces(follows.order_by("id").values_list("id", flat=True)))


@owed(queue="default")
def end_follows_piece(pieces: Sequence[Owed]) -> None:
    for piece in pieces:
        first, last = map(int, piece.key.split("-"))
        actions.end_follows_of_deleted(user_id=piece.event.user_id, first=first, last=last)  # type: ignore[attr-defined]


@on(UserSuspended, UserUnsuspended, queue="default", batch=10)
def count_follows_of_suspended(events: Sequence[UserSuspended | UserUnsuspended]) -> None:
    """Their follows, either way, stop to count for others, or count again: in pieces."""
    for event in events:
        person = event.user_id
        follows = Follow.objects.filter(follower=person) | Follow.objects.filter(followee=person)
        ids = follows.order_by("id").values_list("id", flat=True)
        owe(count_follows_piece, event, _pieces(ids, size=LARGE_PIECE))


@owed(queue="maintenance")
def count_follows_piece(pieces: Sequence[Owed]) -> None:
    for piece in pieces:
        first, last = map(int, piece.key.split("-"))
        actions.count_follows_of(user_id=piece.event.user_id, first=first, last=last)  # type: ignore[attr-defined]


@on(ConfirmationAsked, queue="mail", batch=1)
def send_confirmation(events: Sequence[ConfirmationAsked]) -> None:
    for event in events:
        address = (
            EmailAddress.objects.filter(pk=event.address_id, verified=False).select_related("user").first()
        )
        if address is not None:
            with mail.patience(event):
                mail.send_confirmation(address, joining=event.joining)


@on(PasswordResetAsked, queue="mail", batch=1)
def send_password_reset(events: Sequence[PasswordResetAsked]) -> None:
    _write(events, mail.send_password_reset)


@on(JoinedTwice, queue="mail", batch=1)
def send_joined_twice(events: Sequence[JoinedTwice]) -> None:
    _write(events, mail.send_joined_twice)


@on(EmailChanged, queue="mail", batch=1)
def tell_former_address(events: Sequence[EmailChanged]) -> None:
    """That it is another now; the new one hears of it as news."""
    for event in events:
        if event.former:
            _write([event], partial(mail.send_address_changed, former=event.former))


@on(SecondFactorChanged, queue="mail", batch=1)
def send_second_factor_changed(events: Sequence[SecondFactorChanged]) -> None:
    people = User.objects.standing().in_bulk([event.user_id for event in events])
    for event in events:
        if person := people.get(event.user_id):
            with mail.patience(event):
                mail.send_second_factor_changed(person, change=event.change)


@on(EmailChangeAsked, queue="mail", batch=1)
def send_email_change(events: Sequence[EmailChangeAsked]) -> None:
    """To the old address, as long as it is one."""
    changes = EmailChange.objects.filter(user__in=[event.user_id for event in events]).select_related("user")
    waiting = {change.user_id: change for change in changes}
    for event in events:
        if change := waiting.get(event.user_id):
            with mail.patience(event):
                mail.send_email_change(change, key=old_side_key(change))


@on(LeavingBegun, queue="mail", batch=1)
def send_leaving(events: Sequence[LeavingBegun]) -> None:
    people = User.objects.exclude(leaving_since=None).in_bulk([event.user_id for event in events])
    for event in events:
        if person := people.get(event.user_id):
            with mail.patience(event):
                mail.send_leaving(person)


@on(ExportReady, queue="mail", batch=1)
def send_export_ready(events: Sequence[ExportReady]) -> None:
    _write(events, mail.send_export_ready)


def _write(events: Sequence[Any], letter: Callable[[User], None]) -> None:
    """One letter per event, to the person that it names, if they are still there."""
    people = User.objects.reachable().in_bulk([event.user_id for event in events])
    for event in events:
        if person := people.get(event.user_id):
            with mail.patience(event):
                letter(person)


def _pieces(ids: Iterable[int], *, size: int = PIECE) -> list[str]:
    """Ascending ids as ranges `first-last` of at most `size` of them."""
    known = list(ids)
    chunks = [known[start : start + size] for start in range(0, len(known), size)]
    return [f"{chunk[0]}-{chunk[-1]}" for chunk in chunks]
