"""Second factors: an app that shows codes, passkeys, and the recovery codes that stand in for both."""

from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import factors
from accounts.actions.locks import lock_people
from accounts.actions.sign_in import end_other_ways_in
from accounts.errors import (
    FactorExists,
    InvalidFields,
    MfaRequired,
    NoFactor,
    TicketOver,
    WrongCode,
    WrongPassword,
)
from accounts.events import SecondFactorChanged
from accounts.models import User
from accounts.selectors import has_second_factor
from socialnet.kernel.errors import NotFound
from socialnet.kernel.text import clean
from socialnet.outbox.actions import emit, record

PASSKEYS_MOST = 10
NAME_MAX = 60


@dataclass(frozen=True)
class BegunApp:
    """What an app needs to know: `url` for a QR code, `secret` for typing. `ticket` goes back with the first code."""

    secret: str
    url: str
    ticket: str


def begin_app(*, user: User, password: str, code: str = "") -> BegunApp:
    """The first step; keeps nothing. Who has a second factor gives a `code`, too.

    Raises `WrongPassword`, `FactorExists`, `InvalidFields` where a code is missing, `WrongCode`.
    """
    _check_password(user, password)
    if Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists():
        raise FactorExists
    proved = _prove_more(user, code=code)
    return begun_app(user=user, ticket=factors.ticket_for(user, secret=generate_totp_secret(), proved=proved))


def begun_app(*, user: User, ticket: str) -> BegunApp:
    """What the app is told once more; raises `TicketOver`."""
    secret = factors.secret_of(ticket, user=user)
    return BegunApp(secret=secret, url=factors.MFAAdapter().build_totp_url(user, secret), ticket=ticket)


@transaction.atomic
def confirm_app(
    *, user: User, ticket: str, code: str, keep: str | None = None, keep_token: int | None = None
) -> list[str]:
    """The second step: the app shows the right code. Every session but `keep` and every token but `keep_token` ends:
    none of them gave one.

    Returns the recovery codes if this made them. Raises `TicketOver`, `WrongCode`, `FactorExists`.
    """
    secret = factors.secret_of(ticket, user=user)
    counter = factors.counter_of(secret, _plain(code))
    if counter is None:
        raise WrongCode
    (person,) = lock_people(user)
    _check_proved(person, ticket)
    try:
        with transaction.atomic():
            _note_counter(TOTP.activate(person, secret).instance, counter)
    except IntegrityError as error:
        raise FactorExists from error
    return _added(person, "app", keep=keep, keep_token=keep_token)


def begin_passkey(*, user: User, password: str, code: str = "") -> str:
    """A ticket for `add_passkey`; asks for what `begin_app` does, and raises the same."""
    _check_password(user, password)
    return factors.ticket_for(user, adds="passkey", proved=_prove_more(user, code=code))


@transaction.atomic
def add_passkey(
    *, user: User, ticket: str, name: str, credential: dict[str, Any], keep: str | None = None
) -> list[str]:
    """Keep what a browser made and was found good. Returns the recovery codes if this made them.

    Raises `TicketOver`, `InvalidFields`.
    """
    if factors.facts_of(ticket, user=user).get("adds") != "passkey":
        raise TicketOver
    (person,) = lock_people(user)
    _check_proved(person, ticket)
    passkeys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    if passkeys.count() >= PASSKEYS_MOST:
        raise InvalidFields(name=[_("You have as many passkeys as one can. Remove one first.")])
    label = " ".join(clean(name).split())[:NAME_MAX] or str(_("Passkey"))
    WebAuthn.add(person, label, credential)
    return _added(person, "passkey", keep=keep)


@transaction.atomic
def remove_app(*, user: User, password: str, code: str) -> None:
    """Raises `WrongPassword`, `WrongCode`, and `NoFactor` where none is."""
    person = _prove(user, password=password, code=code)
    if not Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).delete()[0]:
        raise NoFactor
    _removed(person, "app")


@transaction.atomic
def remove_passkey(*, user: User, passkey_id: int, password: str, code: str) -> None:
    """As `remove_app`; raises `NotFound` for anybody else's."""
    person = _prove(user, password=password, code=code)
    passkeys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    if not passkeys.filter(pk=passkey_id).delete()[0]:
        raise NotFound
    _removed(person, "passkey")


@transaction.atomic
def renew_recovery_codes(*, user: User, password: str, code: str) -> list[str]:
    """New ones; the old ones open nothing any more. Raises as `remove_app`."""
    person = _prove(user, password=password, code=code)
    Authenticator.objects.filter(user=person, type=Authenticator.Type.RECOVERY_CODES).delete()
    emit(SecondFactorChanged(user_id=person.pk, change="codes"), actor_id=person.pk)
    _record("accounts.recovery_codes", person)
    return _made_codes(person)


@transaction.atomic
def remove_all_factors(*, user: User, actor: User | None) -> None:
    """For somebody who lost everything and proved to an operator who they are."""
    (person,) = lock_people(user)
    if Authenticator.objects.filter(user=person).delete()[0]:
        emit(SecondFactorChanged(user_id=person.pk, change="off"), actor_id=actor.pk if actor else None)
        _record("accounts.factors_removed", person, actor=actor)


def check_code(*, user: User, code: str) -> None:
    """Whether `user`, who gave the password, may come in with `code`: each opens once.

    Nothing is asked of who has no second factor. Raises `MfaRequired` without a code, `WrongCode`.
    """
    if not has_second_factor(user.pk):
        return
    if not code.strip():
        raise MfaRequired
    if use_code(user=user, code=code) is None:
        raise WrongCode


@transaction.atomic
def use_code(*, user: User, code: str) -> Authenticator | None:
    """The factor of `user` that `code` stands for, and never again; None where it is wrong or was used."""
    kept = Authenticator.objects.filter(user_id=user.pk).exclude(type=Authenticator.Type.WEBAUTHN)
    for factor in kept.order_by("pk").select_for_update():
        if _takes(factor, _plain(code)):
            factor.record_usage()
            return factor
    return None


def _takes(factor: Authenticator, code: str) -> bool:
    """An app's code opens once, and none opens that the app showed before the last one."""
    if factor.type != Authenticator.Type.TOTP:
        return bool(factor.wrap().validate_code(code))
    counter = factors.counter_of(decrypt(factor.data["secret"]), code)
    if counter is None or counter <= factor.data.get("last_counter", -1):
        return False
    _note_counter(factor, counter)
    return True


def _note_counter(factor: Authenticator, counter: int) -> None:
    factor.data["last_counter"] = counter
    factor.save(update_fields=["data"])


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "")


def _check_password(user: User, password: str) -> None:
    if not User.objects.get(pk=user.pk).check_password(password):
        raise WrongPassword


def _prove(user: User, *, password: str, code: str) -> User:
    """What turns protection off asks for both; a thief with an open browser has neither."""
    (person,) = lock_people(user)
    if not person.check_password(password):
        raise WrongPassword
    if not has_second_factor(person.pk):
        raise NoFactor
    if use_code(user=person, code=code) is None:
        raise WrongCode
    return person


def _prove_more(user: User, *, code: str) -> str:
    """What a ticket says of this: "yes" when a factor that is there already was given; the first one needs none."""
    if not has_second_factor(user.pk):
        return ""
    if not code.strip():
        raise InvalidFields(code=[_("There is a second factor already: give a code of it, too.")])
    if use_code(user=user, code=code) is None:
        raise WrongCode
    return "yes"


def _check_proved(person: User, ticket: str) -> None:
    """A ticket from before there was a factor adds none to it; raises `TicketOver`."""
    if has_second_factor(person.pk) and not factors.facts_of(ticket, user=person).get("proved"):
        raise TicketOver


def _added(person: User, kind: str, *, keep: str | None, keep_token: int | None = None) -> list[str]:
    end_other_ways_in(person, keep=keep, keep_token=keep_token)
    emit(SecondFactorChanged(user_id=person.pk, change=f"{kind} added"), actor_id=person.pk)
    _record("accounts.factor_added", person, after={"kind": kind})
    return _made_codes(person)


def _removed(person: User, kind: str) -> None:
    if not has_second_factor(person.pk):
        Authenticator.objects.filter(user=person).delete()  # recovery codes stand in for nothing now
    emit(SecondFactorChanged(user_id=person.pk, change=f"{kind} removed"), actor_id=person.pk)
    _record("accounts.factor_removed", person, after={"kind": kind})


def _made_codes(person: User) -> list[str]:
    """New recovery codes; none where there are some, which are not shown again."""
    if Authenticator.objects.filter(user=person, type=Authenticator.Type.RECOVERY_CODES).exists():
        return []
    codes: list[str] = RecoveryCodes.activate(person).get_unused_codes()
    return codes


def _record(
    act: str, person: User, *, actor: User | None = None, after: dict[str, Any] | None = None
) -> None:
    record(act, actor_id=(actor or person).pk, target_type="user", target_id=person.pk, after=after)
