"""Join, edit, be private, be suspended, leave."""

from collections.abc import Sequence
from functools import partial
from typing import IO, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts import cache, hooks, pictures
from accounts.actions.hiding import set_hidden
from accounts.actions.locks import lock_people
from accounts.actions.sign_in import end_sessions, revoke_all_tokens
from accounts.cards import drop_author_card
from accounts.errors import EditConflict, EmailInUse, InvalidFields, WrongPassword
from accounts.events import (
    ConfirmationAsked,
    PersonDeleted,
    PersonJoined,
    PrivacyChanged,
    ProfileChanged,
    ReachChanged,
)
from accounts.models import Block, EmailChange, Export, FoundBy, KnownDevice, MentionsFrom, Mute, User
from accounts.pictures import Avatar
from accounts.profiles import clean_fields, spoken
from accounts.screening import Verdict, Writing
from accounts.usernames import TOMBSTONE
from socialnet.kernel import realtime
from socialnet.outbox.actions import emit, record

SAID = frozenset({"display_name", "bio", "website", "location"})  # what screening looks at
EDITABLE = frozenset({"display_name", "bio", "website", "location", "language", "time_zone"})


def register_person(
    *,
    username: str,
    email: str,
    password: str,
    display_name: str = "",
    language: str = "en",
    time_zone: str = "UTC",
) -> User:
    """Make a person whose address waits to be confirmed; the letter is owed. Of many who want a name, one gets it.

    A name to show that screening holds waits, and the username stands for it. Raises `InvalidFields`, `WritingRefused`,
    and `EmailInUse`, which must not be told to who asks where confirming is mandatory.
    """
    fields = clean_fields(
        {
            "username": username,
            "email": email,
            "display_name": display_name.strip() or username,
            "language": language,
            "time_zone": time_zone,
        }
    )
    if User.objects.named(fields["username"]).exists():
        raise InvalidFields(username=[_("This username is taken.")])
    _check_password(password, fields)
    verdicts = screen_names(fields["username"], fields["display_name"])
    if any(verdict.is_held for verdict in verdicts):
        fields["display_name"] = fields["username"]
    try:
        return _create_person(password=password, verdicts=verdicts, **fields)
    except IntegrityError as error:
        if "person_username_unique" in str(error):
            raise InvalidFields(username=[_("This username is taken.")]) from error
        if "person_email_unique" in str(error):
            raise EmailInUse from error
        raise


def screen_names(username: str, display_name: str) -> list[Verdict]:
    """What screening says of the names of somebody who joins; raises `WritingRefused`.

    Asked before anybody looks whose the address is, so that the answer does not tell.
    """
    hopeful = User(username=username)
    asked = [Writing(kind="name", author=hopeful, text="", beside=spoken(username))]
    if display_name not in ("", username):
        said = {"display_name": display_name}
        asked.append(Writing(kind="user", author=hopeful, text=display_name, fields=said))
    return [hooks.screen(writing) for writing in asked]


@transaction.atomic
def _create_person(
    *, username: str, email: str, password: str, verdicts: Sequence[Verdict], **fields: str
) -> User:
    person: User = User.objects.create_user(username, email, password, **fields)
    address = EmailAddress.objects.create(user=person, email=email, primary=True, verified=False)
    for verdict in verdicts:
        verdict.keep(person.pk)
    emit(PersonJoined(user_id=person.pk), actor_id=person.pk)
    emit(ConfirmationAsked(address_id=address.pk, joining=True), actor_id=person.pk)
    record("accounts.join", actor_id=person.pk, target_type="user", target_id=person.pk)
    return person


def _check_password(password: str, fields: dict[str, str]) -> None:
    hopeful = User(username=fields["username"], email=fields["email"], display_name=fields["display_name"])
    try:
        validate_password(password, hopeful)
    except ValidationError as error:
        raise InvalidFields(password=error.messages) from error


def edit_profile(
    *,
    user: User,
    version: int | None = None,
    is_private: bool | None = None,
    may_be_indexed: bool | None = None,
    may_be_archived: bool | None = None,
    mentions_from: str | None = None,
    found_by: str | None = None,
    avatar: IO[bytes] | Avatar | None = None,
    without_avatar: bool = False,
    is_screened: bool = True,
    **changes: str,
) -> User:
    """Change what the profile says; what did not change costs no version, and pictures never do.

    `version` is what the editor saw: raises `EditConflict` when the profile moved on since (None: do not ask).
    Raises `InvalidFields` for text that cannot be kept, `WritingRefused`, `BadPicture` and `PictureTooLarge`; then
    nothing is changed. What screening holds is left as it was until moderators looked; not `is_screened`: they did.
    """
    if unknown := changes.keys() - EDITABLE:
        raise InvalidFields(**{field: [_("This cannot be changed.")] for field in unknown})
    cleaned = clean_fields(changes)
    drawn = avatar if avatar is None or isinstance(avatar, Avatar) else pictures.render_avatar(avatar)
    written: list[str] = []
    try:
        with transaction.atomic():
            (person,) = lock_people(user)
            if version is not None and version != person.version:
                raise EditConflict(person)
            _write_profile(person, _screened(person, cleaned) if is_screened else cleaned)
            _change_privacy(person, is_private)
            _change_choices(
                person,
                may_be_indexed=may_be_indexed,
                may_be_archived=may_be_archived,
                mentions_from=_one_of(MentionsFrom, mentions_from=mentions_from),
                found_by=_one_of(FoundBy, found_by=found_by),
            )
            if drawn is not None or (without_avatar and person.avatar):
                _replace_avatar(person, drawn, written)
            return person
    except BaseException:
        _delete_files(written)
        raise


def set_privacy(
    *,
    user: User,
    is_private: bool | None = None,
    may_be_indexed: bool | None = None,
    may_be_archived: bool | None = None,
    mentions_from: str | None = None,
    found_by: str | None = None,
) -> User:
    """Open or close the account, what search engines are asked, and who may mention and find them; None leaves a choice
    as it is. Raises `InvalidFields`.

    Opening lets in everybody who waits, in batches, soon.
    """
    return edit_profile(
        user=user,
        is_private=is_private,
        may_be_indexed=may_be_indexed,
        may_be_archived=may_be_archived,
        mentions_from=mentions_from,
        found_by=found_by,
    )


def change_avatar(*, user: User, upload: IO[bytes] | Avatar) -> User:
    """Replace the picture; raises `BadPicture` or `PictureTooLarge`. The old files go once the new ones stand."""
    return edit_profile(user=user, avatar=upload)


def remove_avatar(*, user: User) -> User:
    return edit_profile(user=user, without_avatar=True)


@transaction.atomic
def suspend_user(*, user: User, actor: User | None, reason: str = "") -> User:
    """Sign `user` out everywhere at once and hide what they made; nothing is deleted."""
    (person,) = lock_people(user)
    if not set_hidden(person, shut_out=True, actor=actor):
        return person
    end_sessions(person)
    revoke_all_tokens(person)
    _record_on(person, "accounts.suspend", actor, after={"reason": reason})
    forget_cached(person.pk)
    return person


@transaction.atomic
def unsuspend_user(*, user: User, actor: User | None) -> User:
    """Let `user` in again; who asked to be deleted meanwhile stays hidden."""
    (person,) = lock_people(user)
    if not set_hidden(person, shut_out=False, actor=actor):
        return person
    _record_on(person, "accounts.unsuspend", actor)
    forget_cached(person.pk)
    return person


@transaction.atomic
def delete_person(*, user: User, password: str) -> None:
    """Leave for good, without days of grace. Raises `WrongPassword`."""
    (person,) = lock_people(user)
    if not person.check_password(password):
        raise WrongPassword
    erase_person(user=person)


@transaction.atomic
def erase_person(*, user: User) -> None:
    """A nameless tombstone stays, so that ids of others' rows keep their meaning.

    Blocks and mutes go at once; follows and requests, with counts and news of each, by and by
    (`end_follows_of_deleted`). Other apps hear `PersonDeleted`.
    """
    (person,) = lock_people(user)
    end_sessions(person)
    revoke_all_tokens(person)
    _remove_relations(person)
    EmailAddress.objects.filter(user=person).delete()
    KnownDevice.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    EmailChange.objects.filter(user=person).delete()
    archives = list(Export.objects.filter(user=person).values_list("file", flat=True))
    Export.objects.filter(user=person).delete()
    files = [person.avatar.name, person.avatar_small.name, *archives]
    _bury(person)
    emit(PersonDeleted(user_id=person.pk), actor_id=person.pk)
    _record_on(person, "accounts.delete", person)
    transaction.on_commit(lambda: _delete_files(files))
    forget_cached(person.pk)


def forget_cached(*user_ids: int) -> None:
    """Drop what is cached of people: now, and once more when the change is there for others to read."""

    def drop() -> None:
        drop_author_card(*user_ids)
        cache.viewers.drop(*user_ids)

    drop()
    transaction.on_commit(drop)
    for user_id in user_ids:
        transaction.on_commit(partial(realtime.recheck, user_id))


def _screened(person: User, cleaned: dict[str, str]) -> dict[str, str]:
    """What may be written now of `cleaned`."""
    said = {
        field: value for field, value in cleaned.items() if field in SAID and value != getattr(person, field)
    }
    if not said:
        return cleaned
    text = "\n".join(value for field, value in said.items() if field != "website")
    beside = spoken(said.get("website", ""))
    verdict = hooks.screen(
        Writing(kind="user", author=person, text=text, beside=beside, target_id=person.pk, fields=said)
    )
    verdict.keep(person.pk)
    return (
        {field: value for field, value in cleaned.items() if field not in said}
        if verdict.is_held
        else cleaned
    )


def _write_profile(person: User, cleaned: dict[str, str]) -> None:
    new = {field: value for field, value in cleaned.items() if getattr(person, field) != value}
    if not new:
        return
    for field, value in new.items():
        setattr(person, field, value)
    person.version += 1
    person.save(update_fields=[*new, "version"])
    emit(ProfileChanged(user_id=person.pk), actor_id=person.pk)
    forget_cached(person.pk)


def _change_privacy(person: User, is_private: bool | None) -> None:
    if is_private is None or person.is_private == is_private:
        return
    person.is_private = is_private
    person.version += 1
    person.save(update_fields=["is_private", "version"])
    emit(PrivacyChanged(user_id=person.pk, is_private=is_private), actor_id=person.pk)
    _record_on(
        person,
        "accounts.privacy",
        person,
        before={"is_private": not is_private},
        after={"is_private": is_private},
    )
    forget_cached(person.pk)


def _one_of(choices: type[TextChoices], **asked: str | None) -> str | None:
    """The one value that is asked for; raises `InvalidFields` for one that there is not."""
    ((field, value),) = asked.items()
    if value is not None and value not in choices.values:
        raise InvalidFields(**{field: [_("Choose one of those that there are.")]})
    return value


def _change_choices(person: User, **wanted: bool | str | None) -> None:
    """What search engines are asked, who may mention a person, and who may find them."""
    new = {name: to for name, to in wanted.items() if to is not None and getattr(person, name) != to}
    if not new:
        return
    for name, to in new.items():
        setattr(person, name, to)
    person.version += 1
    person.save(update_fields=[*new, "version"])
    emit(ProfileChanged(user_id=person.pk), actor_id=person.pk)
    if new.keys() & {"mentions_from", "found_by"}:
        emit(ReachChanged(user_id=person.pk), actor_id=person.pk)
    forget_cached(person.pk)


def _replace_avatar(person: User, drawn: Avatar | None, written: list[str]) -> None:
    """Point `person` at new files; names of those written go into `written`, the old ones go after the commit."""
    old = [person.avatar.name, person.avatar_small.name]
    person.avatar = person.avatar_small = ""
    if drawn is not None:
        for field, picture in ((person.avatar, drawn.large), (person.avatar_small, drawn.small)):
            field.save("", picture, save=False)
            written.append(field.name)
    person.save(update_fields=["avatar", "avatar_small"])
    emit(ProfileChanged(user_id=person.pk), actor_id=person.pk)
    transaction.on_commit(lambda: _delete_files(old))
    forget_cached(person.pk)


def _delete_files(names: Sequence[str | None]) -> None:
    storage = User._meta.get_field("avatar").storage
    for name in filter(None, names):
        storage.delete(name)


def _remove_relations(person: User) -> None:
    """What needs no telling; follows and requests end one by one when `PersonDeleted` is handled."""
    Block.objects.filter(blocker=person).delete()
    Mute.objects.filter(muter=person).delete()
    Mute.objects.filter(muted=person).delete()


def _bury(person: User) -> None:
    person.username = f"{TOMBSTONE}{person.pk}"
    person.email = f"{person.pk}@deleted.invalid"
    person.display_name = str(_("Somebody who left"))
    person.bio = person.website = person.location = ""
    person.language, person.time_zone = "en", "UTC"
    person.avatar = person.avatar_small = ""
    person.set_unusable_password()
    person.is_active = person.is_staff = person.is_superuser = False
    person.mentions_from, person.found_by = MentionsFrom.EVERYONE, FoundBy.EVERYONE
    person.last_login = person.suspended_at = person.leaving_since = person.limited_at = None
    person.version += 1
    person.save()


def _record_on(person: User, act: str, actor: User | None, **states: dict[str, Any]) -> None:
    record(act, actor_id=actor.pk if actor else None, target_type="user", target_id=person.pk, **states)
