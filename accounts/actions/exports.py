"""An archive of everything that is a person's: asked for, made in the background, told by letter, gone in a week."""

import secrets
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import IO, Any

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts import hooks
from accounts.actions.locks import lock_people
from accounts.errors import WrongPassword
from accounts.events import ExportAsked, ExportReady
from accounts.models import Export, User
from socialnet.outbox.actions import emit, record

log = structlog.get_logger(__name__)
_PIECE = 256 * 1024


@transaction.atomic
def ask_export(*, user: User, password: str) -> Export:
    """Begin an archive, unless one was begun within the hour; an older one goes. Raises `WrongPassword`."""
    (person,) = lock_people(user)
    if not person.check_password(password):
        raise WrongPassword
    being_made = Export.objects.filter(
        user=person, state=Export.State.ASKED, asked_at__gt=Now() - timedelta(hours=1)
    ).first()
    if being_made is not None:
        return being_made
    there = Export.objects.filter(user=person).first()
    if there is not None:
        _drop(there)
    export = Export.objects.create(user=person)
    emit(ExportAsked(user_id=person.pk), actor_id=person.pk)
    record("accounts.export", actor_id=person.pk, target_type="user", target_id=person.pk)
    return export


def make_export(*, user_id: int) -> None:
    """Write the archive and say so; nothing where none is owed. Twice is harmless: the second finds it ready."""
    export = Export.objects.filter(user=user_id, state=Export.State.ASKED, user__is_active=True).first()
    if export is None:
        return
    with tempfile.TemporaryFile() as place:
        _write(user_id, place)
        size = place.tell()
        place.seek(0)
        name = default_storage.save(f"exports/{secrets.token_urlsafe(24)}.zip", File(place))
    if not _keep(export, name, size):
        default_storage.delete(name)


@transaction.atomic
def _keep(export: Export, name: str, size: int) -> bool:
    """Whether it is still wanted: its owner may have gone meanwhile, or another worker was faster."""
    lock_people(User(pk=export.user_id))
    kept = Export.objects.filter(pk=export.pk, state=Export.State.ASKED).update(
        state=Export.State.READY,
        file=name,
        size=size,
        expires_at=Now() + timedelta(days=settings.EXPORT_DAYS),
    )
    if kept:
        emit(ExportReady(user_id=export.user_id), actor_id=export.user_id)
    return bool(kept)


def forget_exports() -> int:
    """Delete archives whose time is over, with their files; how many."""
    over = list(Export.objects.filter(expires_at__lt=Now()))
    for export in over:
        with transaction.atomic():
            _drop(export)
    return len(over)


def _drop(export: Export) -> None:
    export.delete()
    if export.file:
        transaction.on_commit(lambda: default_storage.delete(export.file))


def _write(user_id: int, place: IO[bytes]) -> None:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for collect in hooks.export_parts:
            for part in collect(user_id):
                if part.stored:
                    _copy(archive, part)
                else:
                    _rows(archive, part.name, part.rows)


def _copy(archive: zipfile.ZipFile, part: hooks.ExportPart) -> None:
    """A picture that is not there any more is no reason to have no archive."""
    try:
        with default_storage.open(part.stored) as stored, archive.open(_entry(part.name), "w") as entry:
            while piece := stored.read(_PIECE):
                entry.write(piece)
    except FileNotFoundError:
        log.warning("export_without_file", part=part.name.partition("/")[0])


def _rows(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """A list, one row a line, however long: nothing is held in memory."""
    encoder = DjangoJSONEncoder(ensure_ascii=False)
    with archive.open(_entry(name), "w") as entry:
        entry.write(b"[")
        for number, row in enumerate(rows):
            entry.write((",\n" if number else "\n").encode() + encoder.encode(row).encode())
        entry.write(b"\n]\n")


def _entry(name: str) -> zipfile.ZipInfo:
    today: date = timezone.now().date()
    entry = zipfile.ZipInfo(name, date_time=(today.year, today.month, today.day, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".webp") else zipfile.ZIP_DEFLATED
    return entry
