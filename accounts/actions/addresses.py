"""A new e-mail address: the new one confirms it, the old one agrees, stops it, or keeps silent for three days."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.actions.locks import lock_people
from accounts.errors import BrokenLink, EmailInUse
from accounts.events import EmailChangeAsked, EmailChanged
from accounts.models import EmailChange, User
from socialnet.outbox.actions import emit, record

SILENCE = timedelta(days=3)
_SALT = "accounts.addresses"


def note_change_asked(person: User, *, email: str) -> None:
    """Inside the transaction that begins a change: the old address is told, if anybody ever confirmed it."""
    EmailChange.objects.filter(user=person).delete()
    if not EmailAddress.objects.filter(user=person, email__iexact=person.email, verified=True).exists():
        return
    EmailChange.objects.create(user=person, email=email)
    emit(EmailChangeAsked(user_id=person.pk), actor_id=person.pk)


def old_side_key(change: EmailChange) -> str:
    """What the link to the old address carries; worth nothing once another change was asked for."""
    return signing.dumps({"user": change.user_id, "email": change.email}, salt=_SALT)


def change_of_key(key: str) -> EmailChange:
    """Raises `BrokenLink` for a change that is stopped, done or replaced."""
    try:
        facts = signing.loads(key, salt=_SALT)
    except signing.BadSignature as error:
        raise BrokenLink from error
    change = (
        EmailChange.objects.filter(user=facts["user"], email=facts["email"]).select_related("user").first()
    )
    if change is None:
        raise BrokenLink
    return change


@transaction.atomic
def agree_to_change(*, key: str) -> bool:
    """The old address agrees; whether the new one stands now, or still has to confirm. Raises `BrokenLink`."""
    (person,) = lock_people(change_of_key(key).user)
    change = change_of_key(key)
    change.old_confirmed_at = Now()
    change.save(update_fields=["old_confirmed_at"])
    return _apply(person, change)


@transaction.atomic
def stop_change(*, key: str) -> None:
    """The old address says no: everything stays as it is. Raises `BrokenLink`."""
    (person,) = lock_people(change_of_key(key).user)
    drop_change(person)
    record("accounts.email_stopped", actor_id=person.pk, target_type="user", target_id=person.pk)


@transaction.atomic
def withdraw_email_change(*, user: User) -> None:
    """Who asked for another address keeps the one they have; nothing where none was asked for."""
    (person,) = lock_people(user)
    drop_change(person)
    EmailAddress.objects.filter(user=person, verified=False, primary=False).delete()
    record("accounts.email_stopped", actor_id=person.pk, target_type="user", target_id=person.pk)


def drop_change(person: User) -> None:
    change = EmailChange.objects.filter(user=person).first()
    if change is not None:
        EmailAddress.objects.filter(user=person, email__iexact=change.email, primary=False).delete()
        change.delete()


def confirm_new_side(person: User, address: EmailAddress) -> bool:
    """The new address confirms, in a transaction that holds the person; whether it stands now."""
    change = EmailChange.objects.filter(user=person, email__iexact=address.email).first()
    if change is None:  # nobody had confirmed the old one
        _put(person, address)
        return True
    if change.new_confirmed_at is None:
        change.new_confirmed_at = Now()
        change.save(update_fields=["new_confirmed_at"])
    return _apply(person, change)


def apply_due_changes() -> int:
    """Whose old address kept silent long enough; how many got their new one."""
    due = EmailChange.objects.filter(asked_at__lt=Now() - SILENCE, new_confirmed_at__isnull=False)
    return sum(_apply_due(user_id) for user_id in due.values_list("user_id", flat=True))


def _apply_due(user_id: int) -> bool:
    try:
        with transaction.atomic():
            (person,) = lock_people(User(pk=user_id))
            change = EmailChange.objects.filter(user=person, asked_at__lt=Now() - SILENCE).first()
            return change is not None and _apply(person, change, silent=True)
    except (EmailInUse, IntegrityError):
        with transaction.atomic():
            drop_change(User(pk=user_id))
        return False


def _apply(person: User, change: EmailChange, *, silent: bool = False) -> bool:
    change.refresh_from_db()
    if change.new_confirmed_at is None or not (silent or change.old_confirmed_at):
        return False
    address = EmailAddress.objects.filter(user=person, email__iexact=change.email).first()
    change.delete()
    if address is None:
        return False
    _put(person, address)
    return True


def _put(person: User, address: EmailAddress) -> None:
    """`address` is the one of its owner from now on, and the only one."""
    others = EmailAddress.objects.filter(user=person).exclude(pk=address.pk)
    was_confirmed = others.filter(email=person.email, verified=True).exists()
    others.delete()
    address.verified = address.primary = True
    address.save(update_fields=["verified", "primary"])
    former, changed = person.email, person.email != address.email
    person.email = address.email
    person.save(update_fields=["email"])
    if changed:
        emit(EmailChanged(user_id=person.pk, former=former if was_confirmed else ""), actor_id=person.pk)
    record(
        "accounts.email",
        actor_id=person.pk,
        target_type="user",
        target_id=person.pk,
        after={"changed": changed, "confirmed": True},
    )
