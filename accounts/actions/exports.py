"""An archive of everything that is a person's: asked for, made in the background, told by letter, gone in a week."""

import secrets
import tempfile
import time
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
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts import hooks
from accounts.actions.locks import lock_people
from accounts.errors import WrongPassword
from accounts.events import ExportReady
from accounts.models import Export, User
from socialnet.outbox.actions import emit, record

log = structlog.get_logger(__name__)
STILL_WANTED = timedelta(hours=1)  # an archive that did not come by then is asked for again
AT_WORK = timedelta(minutes=2)  # who showed no work for so long has died
_SHOW_EVERY = 20.0
_PIECE = 256 * 1024


@transaction.atomic
def ask_export(*, user: User, password: str) -> Export:
    """Begin an archive, unless one was begun within the hour; an older one goes. Raises `WrongPassword`."""
    (person,) = lock_people(user)
    if not person.check_password(password):
        raise WrongPassword
    being_made = Export.objects.filter(
        user=person, state=Export.State.ASKED, asked_at__gt=Now() - STILL_WANTED
    ).first()
    if being_made is not None:
        return being_made
    there = Export.objects.filter(user=person).first()
    if there is not None:
        _drop(there)
    export = Export.objects.create(user=person)
    record("accounts.export", actor_id=person.pk, target_type="user", target_id=person.pk)
    return export


def make_exports() -> int:
    """Make the archives that are owed, one after the other; how many. Who finds another at work leaves it to them.

    What a worker that died had begun is begun again by the next one who looks, two minutes later.
    """
    made = 0
    while (export := _take()) is not None:
        _make(export)
        made += 1
    return made


@transaction.atomic
def _take() -> Export | None:
    """What was never tried comes first, so that one that fails keeps nobody waiting."""
    owed = Export.objects.filter(
        state=Export.State.ASKED, asked_at__gt=Now() - STILL_WANTED, user__is_active=True
    )
    if owed.filter(worked_on_at__gt=Now() - AT_WORK).exists():
        return None
    idle = owed.filter(Q(worked_on_at=None) | Q(worked_on_at__lte=Now() - AT_WORK))
    export = (
        idle.select_for_update(of=["self"], no_key=True)
        .order_by(F("worked_on_at").asc(nulls_first=True), "asked_at")
        .first()
    )
    if export is not None:
        Export.objects.filter(pk=export.pk).update(worked_on_at=Now())
    return export


def _make(export: Export) -> None:
    """Write the archive and say so, unless it is not wanted any more."""
    with tempfile.TemporaryFile() as place:
        try:
            _write(export.user_id, place, at_work=AtWork(export))
        except NotWanted:
            return
        size = place.tell()
        place.seek(0)
        name = default_storage.save(f"exports/{secrets.token_urlsafe(24)}.zip", File(place))
    if not _keep(export, name, size):
        default_storage.delete(name)


class NotWanted(Exception):
    """Its owner asked for another one meanwhile, or left."""


class AtWork:
    """Shows now and then that an archive is being made; to be called often. Raises `NotWanted`."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.shown = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self.shown < _SHOW_EVERY:
            return
        if not Export.objects.filter(pk=self.export.pk).update(worked_on_at=Now()):
            raise NotWanted
        self.shown = time.monotonic()


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


def _write(user_id: int, place: IO[bytes], *, at_work: AtWork) -> None:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for collect in hooks.export_parts:
            for part in collect(user_id):
                at_work()
                if part.stored:
                    _copy(archive, part)
                else:
                    _rows(archive, part.name, part.rows, at_work=at_work)


def _copy(archive: zipfile.ZipFile, part: hooks.ExportPart) -> None:
    """A picture that is not there any more is no reason to have no archive."""
    try:
        with default_storage.open(part.stored) as stored, archive.open(_entry(part.name), "w") as entry:
            while piece := stored.read(_PIECE):
                entry.write(piece)
    except FileNotFoundError:
        log.warning("export_without_file", part=part.name.partition("/")[0])


def _rows(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, Any]], *, at_work: AtWork) -> None:
    """A list, one row a line, however long: nothing is held in memory."""
    encoder = DjangoJSONEncoder(ensure_ascii=False)
    with archive.open(_entry(name), "w") as entry:
        entry.write(b"[")
        for number, row in enumerate(rows):
            at_work()
            entry.write((",\n" if number else "\n").encode() + encoder.encode(row).encode())
        entry.write(b"\n]\n")


def _entry(name: str) -> zipfile.ZipInfo:
    today: date = timezone.now().date()
    entry = zipfile.ZipInfo(name, date_time=(today.year, today.month, today.day, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".webp") else zipfile.ZIP_DEFLATED
    return entry
