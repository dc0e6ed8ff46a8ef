"""Passwords, addresses, sessions and tokens: what lets a person in, and what throws others out."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import url_str_to_user_pk
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now, TruncDate
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import cache, hooks
from accounts.actions.addresses import confirm_new_side, note_change_asked
from accounts.actions.locks import lock_people
from accounts.devices import Device
from accounts.errors import (
    AccountSuspended,
    BadToken,
    BrokenLink,
    EmailInUse,
    EmailNotConfirmed,
    InvalidFields,
    ScopeMissing,
    WrongCredentials,
    WrongPassword,
)
from accounts.events import (
    ConfirmationAsked,
    JoinedTwice,
    PasswordChanged,
    PasswordResetAsked,
    SessionsEnded,
    SignedIn,
    TokensRevoked,
)
from accounts.models import ApiToken, EmailChange, KnownDevice, Session, User
from accounts.profiles import clean_fields
from accounts.selectors import find_by_login, has_second_factor
from socialnet.kernel import realtime
from socialnet.kernel.errors import NotFound
from socialnet.kernel.text import clean
from socialnet.outbox.actions import emit, record

TOKEN_PREFIX = "sn_"  # lets scanners of leaked secrets know ours
TOKEN_NAME_MAX = 100
KNOWN_DEVICES_MOST = 50  # of one person: those where they signed in last


@dataclass(frozen=True)
class MadeToken:
    """A new token with its secret, which nobody can read again."""

    token: ApiToken
    secret: str


def check_credentials(*, login: str, password: str, confirmed: bool = True) -> User:
    """Who has this username or address and this password, and may come in.

    One hash is computed whether or not there is such a person. Raises `WrongCredentials`, and to who knows the
    password `AccountSuspended` or (unless `confirmed` is False) `EmailNotConfirmed`. Who has a second factor hears of a
    suspension once that is given: `check_may_enter`.
    """
    person = find_by_login(login)
    if person is None:
        make_password(password)
        raise WrongCredentials
    if not person.check_password(password):
        raise WrongCredentials
    if not has_second_factor(person.pk):
        check_may_enter(person)
    if confirmed and settings.EMAIL_VERIFICATION == "mandatory" and not is_confirmed(person):
        resend_confirmation(user=person)
        raise EmailNotConfirmed
    return person


def check_may_enter(person: User) -> None:
    """For who has shown all that is asked of them; raises `AccountSuspended`, with the way to an appeal."""
    if not person.may_sign_in:
        raise AccountSuspended(appeal=hooks.appeal_page(person.pk))


def is_confirmed(person: User) -> bool:
    return bool(EmailAddress.objects.filter(user=person, verified=True).exists())


@transaction.atomic
def note_sign_in(*, user: User, by: str, device: Device) -> None:
    """Put a sign-in on the record; `by` is session or token. Whoever gets ready for the person hears of it."""
    record("accounts.sign_in", actor_id=user.pk, target_type="user", target_id=user.pk, after={"by": by})
    is_new = _is_new(user, device)
    emit(SignedIn(user_id=user.pk, is_new=is_new, by=by, device=device.label), actor_id=user.pk)


def _is_new(user: User, device: Device) -> bool:
    """Whether the person signed in before, but never there; from now on they did.

    What is stored gives neither the cookie nor the network away.
    """
    mark = salted_hmac("accounts.devices", f"{user.pk} {device.trait}", algorithm="sha256").hexdigest()
    devices = KnownDevice.objects.filter(user=user)
    if devices.filter(mark=mark).update(seen_at=Now()):
        return False
    is_first = not devices.exists()
    KnownDevice.objects.bulk_create([KnownDevice(user=user, mark=mark)], ignore_conflicts=True)
    known = devices.order_by("-seen_at", "-pk").values_list("pk", flat=True)
    devices.filter(pk__in=list(known[KNOWN_DEVICES_MOST:])).delete()
    return not is_first


@transaction.atomic
def make_token_by_password(*, user: User, password: str, name: str, scopes: Iterable[str]) -> MadeToken:
    """As `make_token`, for a browser: a token outlives the session that asks. Raises `WrongPassword`, too."""
    (person,) = lock_people(user)
    if not person.check_password(password):
        raise WrongPassword
    return make_token(user=person, name=name, scopes=scopes)


@transaction.atomic
def make_token_by_token(*, user: User, token_id: int, name: str, scopes: Iterable[str]) -> MadeToken:
    """As `make_token`, for a program: what it makes may no more than it may itself, and for no longer.

    Raises `ScopeMissing`, and `BadToken` when it was revoked in the meantime.
    """
    wanted = _scopes_of(user, scopes)
    lock_people(user)
    own = ApiToken.objects.in_force().filter(user=user, pk=token_id).first()
    if own is None:
        raise BadToken
    if not set(wanted) <= set(own.scopes):
        raise ScopeMissing
    return make_token(user=user, name=name, scopes=wanted, expires_at=own.expires_at)


@transaction.atomic
def make_token(
    *, user: User, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> MadeToken:
    """A token for a program. Only staff may ask for `moderate`; raises `InvalidFields`, `AccountSuspended`."""
    wanted = _scopes_of(user, scopes)
    label = " ".join(clean(name).split())
    if not label or len(label) > TOKEN_NAME_MAX:
        raise InvalidFields(name=[_("Give the token a name of at most 100 characters.")])
    (person,) = lock_people(user)
    if person.is_suspended:  # since they were let in
        raise AccountSuspended
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=label,
        hash=hash_of(secret),
        prefix=secret[:8],
        scopes=wanted,
        expires_at=expires_at,
    )
    _record("accounts.token_made", user, after={"token": token.pk, "scopes": wanted})
    return MadeToken(token=token, secret=secret)


@transaction.atomic
def revoke_token(*, user: User, token_id: int) -> None:
    """End one token of `user` at once; raises `NotFound` for anybody else's."""
    if not _revoke_tokens(user, ApiToken.objects.filter(user=user, pk=token_id)):
        raise NotFound


@transaction.atomic
def revoke_all_tokens(user: User) -> int:
    return _revoke_tokens(user, ApiToken.objects.filter(user=user))


def note_token_use(*, token_id: int) -> None:
    """Remember the day; writes once a day."""
    unnoted = ApiToken.objects.filter(
        Q(last_used_on=None) | Q(last_used_on__lt=TruncDate(Now())), pk=token_id
    )
    unnoted.update(last_used_on=TruncDate(Now()))


def _scopes_of(user: User, scopes: Iterable[str]) -> list[str]:
    """In order; raises `InvalidFields` for none, and for what `user` is not offered."""
    wanted = sorted(set(scopes))
    allowed = {ApiToken.Scope.READ, ApiToken.Scope.WRITE} | (
        {ApiToken.Scope.MODERATE} if user.is_staff else set()
    )
    if not wanted or not set(wanted) <= allowed:
        raise InvalidFields(scopes=[_("Choose from the scopes that are offered.")])
    return wanted


def hash_of(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()


@transaction.atomic
def revoke_session(*, user: User, public_id: str) -> None:
    """Sign one browser of `user` out at once; raises `NotFound`."""
    if not _end(user, Session.objects.filter(account=user, public_id=public_id)):
        raise NotFound
    _record("accounts.session_revoked", user)


@transaction.atomic
def end_other_sessions(*, user: User, keep: str | None) -> int:
    """Sign `user` out of every browser but the one that asks; how many."""
    ended = end_sessions(user, keep=keep)
    if ended:
        _record("accounts.session_revoked", user, after={"count": ended})
    return ended


@transaction.atomic
def end_sessions(user: User, *, keep: str | None = None) -> int:
    """Sign `user` out of every browser but the one with the session key `keep`; how many."""
    return _end(user, Session.objects.filter(account=user).exclude(session_key=keep or ""))


@transaction.atomic
def end_other_ways_in(user: User, *, keep: str | None = None, keep_token: int | None = None) -> None:
    """End every session but `keep` (a session key) and every token but `keep_token` (its id).

    For when more is asked from now on than whoever got in before had to give. Tokens with other names end, too: one of
    signing in could have made them.
    """
    end_sessions(user, keep=keep)
    tokens = ApiToken.objects.filter(user=user)
    _revoke_tokens(user, tokens if keep_token is None else tokens.exclude(pk=keep_token))


@transaction.atomic
def change_password(
    *, user: User, old: str, new: str, keep: str | None = None, keep_token: int | None = None
) -> None:
    """Raises `WrongPassword` for the old one and `InvalidFields` for a new one that is too weak."""
    (person,) = lock_people(user)
    if not person.check_password(old):
        raise WrongPassword("old_password")
    check_new_password(new, person, field="new_password")
    set_password(user=person, password=new, keep=keep, keep_token=keep_token)


@transaction.atomic
def set_password(
    *, user: User, password: str, keep: str | None = None, keep_token: int | None = None
) -> None:
    """Replace the password and end every way in but those kept, see `end_other_ways_in`; the caller knows it may."""
    user.set_password(password)
    user.save(update_fields=["password"])
    end_other_ways_in(user, keep=keep, keep_token=keep_token)
    emit(PasswordChanged(user_id=user.pk), actor_id=user.pk)
    _record("accounts.password", user)
    cache.viewers.drop(user.pk)
    transaction.on_commit(lambda: cache.viewers.drop(user.pk))


@transaction.atomic
def ask_password_reset(*, email: str) -> None:
    """Owe a letter to whoever has this address; does nothing, silently, for an address nobody has."""
    person = User.objects.reachable().with_email(email.strip()).first()
    if person is not None:
        emit(PasswordResetAsked(user_id=person.pk))


@transaction.atomic
def reset_password(*, uid: str, key: str, password: str) -> User:
    """Set a password by the link of a letter; ends every session and token. Raises `BrokenLink`, `InvalidFields`."""
    (person,) = lock_people(_person_of_link(uid))
    if not default_token_generator.check_token(person, key):
        raise BrokenLink
    check_new_password(password, person, field="password")
    set_password(user=person, password=password)
    return person


@transaction.atomic
def ask_email_change(*, user: User, email: str, password: str) -> None:
    """Begin to change the address: nothing changes until the letter's link is followed. A taken address gets the
    same answer. Raises `WrongPassword`, `InvalidFields`."""
    address = clean_fields({"email": email})["email"]
    (person,) = lock_people(user)
    if not person.check_password(password):
        raise WrongPassword
    if address == person.email:
        raise InvalidFields(email=[_("This is your address already.")])
    EmailAddress.objects.filter(user=person, verified=False, primary=False).delete()
    waiting, _new = EmailAddress.objects.get_or_create(user=person, email=address)
    note_change_asked(person, email=address)
    _owe_letter(person, waiting)


def confirm_email(*, key: str) -> User:
    """Confirm the address a letter's link stands for; raises `BrokenLink`, `EmailInUse`."""
    confirmation = EmailConfirmationHMAC.from_key(key)
    if confirmation is None:
        raise BrokenLink
    return confirm_address(address=confirmation.email_address)


def confirm_address(*, address: EmailAddress) -> User:
    """Make `address` the one of its owner, as soon as the old one has agreed, too.

    Raises `BrokenLink`, `EmailInUse` when somebody else was faster.
    """
    try:
        return _confirm_address(address.pk, address.user_id)
    except IntegrityError as error:
        raise EmailInUse from error


@transaction.atomic
def _confirm_address(address_id: int, user_id: int) -> User:
    (person,) = lock_people(User(pk=user_id))
    address = EmailAddress.objects.filter(pk=address_id, user=person).first()
    if address is None:
        raise BrokenLink
    confirm_new_side(person, address)
    return person


@transaction.atomic
def resend_confirmation(*, user: User) -> None:
    """Owe a letter with a link to the address that waits; nothing when none does."""
    waiting = EmailAddress.objects.filter(user=user, verified=False).order_by("-pk").first()
    if waiting is not None:
        if (
            not waiting.primary
            and not EmailChange.objects.filter(user=user, email__iexact=waiting.email).exists()
        ):
            note_change_asked(User.objects.get(pk=user.pk), email=waiting.email)
        _owe_letter(user, waiting)


def _owe_letter(person: User, waiting: EmailAddress) -> None:
    """With a link; or, to somebody who has the address already, without one: who asked sees no difference."""
    owner = User.objects.with_email(waiting.email).exclude(pk=person.pk).first()
    if owner is not None:
        emit(JoinedTwice(user_id=owner.pk))
    else:
        emit(ConfirmationAsked(address_id=waiting.pk), actor_id=person.pk)


@transaction.atomic
def tell_address_owner(*, email: str) -> None:
    """Owe a letter to who has this address already: somebody, perhaps they, tried to sign up with it."""
    owner = User.objects.standing().with_email(email.strip()).first()
    if owner is not None:
        emit(JoinedTwice(user_id=owner.pk))


def check_new_password(password: str, person: User, *, field: str) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InvalidFields(**{field: error.messages}) from error


def _person_of_link(uid: str) -> User:
    try:
        person: User | None = User.objects.filter(pk=url_str_to_user_pk(uid)).first()
    except (ValueError, ValidationError):
        person = None
    if person is None:
        raise BrokenLink
    return person


def _end(user: User, sessions: Any) -> int:
    keys = list(sessions.values_list("session_key", flat=True))
    if not keys:
        return 0
    Session.objects.filter(session_key__in=keys).delete()
    copies = [cache.copy_of(key) for key in keys]
    emit(SessionsEnded(user_id=user.pk, copies=copies), actor_id=user.pk)
    cache.sessions.drop(*copies)
    transaction.on_commit(lambda: cache.sessions.drop(*copies))
    transaction.on_commit(lambda: realtime.recheck(user.pk))
    return len(keys)


def _revoke_tokens(user: User, tokens: Any) -> int:
    hashes = list(tokens.values_list("hash", flat=True))
    if not hashes:
        return 0
    ApiToken.objects.filter(hash__in=hashes).delete()
    emit(TokensRevoked(user_id=user.pk, hashes=hashes), actor_id=user.pk)
    cache.tokens.drop(*hashes)
    transaction.on_commit(lambda: cache.tokens.drop(*hashes))
    transaction.on_commit(lambda: realtime.recheck(user.pk))
    _record("accounts.tokens_revoked", user, after={"count": len(hashes)})
    return len(hashes)


def _record(act: str, person: User, *, after: dict[str, Any] | None = None) -> None:
    record(act, actor_id=person.pk, target_type="user", target_id=person.pk, after=after)
