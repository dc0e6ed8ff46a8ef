"""What can be looked into when something is wrong, and mended, with `manage.py diagnose`.

Each app declares its own in `diagnoses.py`. A look changes nothing that reading a page would not change; a repair
goes through the verbs that keep things right every day.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.module_loading import autodiscover_modules

_PATIENCE = "10min"  # for one statement; the role's own limit is meant for the web


@dataclass(frozen=True)
class Case:
    """What was asked about."""

    username: str = ""
    post_id: int | None = None


@dataclass(frozen=True)
class Finding:
    """A line of the table: in what way something differs, which thing, and why. `ident` is for the repair.

    What is not `wrong` is explained by its reason and needs no repair.
    """

    kind: str
    what: str
    why: str
    ident: int = 0
    wrong: bool = True


@dataclass(frozen=True)
class Moment:
    """Something that happened on behalf of one request."""

    at: datetime
    where: str
    what: str


Told = str | Finding  # a string is a fact worth knowing beside the findings
Look = Callable[[Case], Iterable[Told]]
Repair = Callable[[Case, Sequence[Finding]], Iterable[str]]
Witness = Callable[[str], Iterable[Moment]]


@dataclass
class Diagnosis:
    """`look` tells what it finds; `mend`, if there is one, gets what was wrong and says what it did, step by step."""

    subjects: tuple[str, ...]
    title: str
    look: Look
    mend: Repair | None = None

    @property
    def is_advice(self) -> bool:
        """Whether it only tells what to know, and can find nothing wrong."""
        return self.subjects == ("queries",)

    def repair(self, mend: Repair) -> Repair:
        """Declare how to mend what `look` finds."""
        self.mend = mend
        return mend


_diagnoses: list[Diagnosis] = []
_witnesses: list[Witness] = []


def diagnosis(*subjects: str, title: str) -> Callable[[Look], Diagnosis]:
    """Declare a look at `subjects`: feed, counts, graph, notifications, queries."""

    def declare(look: Look) -> Diagnosis:
        _diagnoses.append(Diagnosis(subjects, title, look))
        return _diagnoses[-1]

    return declare


def witness(tell: Witness) -> Witness:
    """Declare who knows something about a request, by its id."""
    _witnesses.append(tell)
    return tell


def diagnoses_of(subject: str) -> list[Diagnosis]:
    """All that the installed apps declare, in the order of the apps."""
    autodiscover_modules("diagnoses")
    return [one for one in _diagnoses if subject in one.subjects]


def moments_of(request_id: str) -> list[Moment]:
    """What the stores know about a request."""
    autodiscover_modules("diagnoses")
    with patience():
        return [moment for tell in _witnesses for moment in tell(request_id)]


@contextmanager
def patience() -> Iterator[None]:
    """A transaction whose statements may take long."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [_PATIENCE])
        yield
