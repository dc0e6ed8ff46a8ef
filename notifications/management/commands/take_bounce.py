"""`manage.py take_bounce`: a letter that came back, from standard input, as mail servers pipe it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError

from notifications.channels.mail import bounces
from socialnet.kernel.errors import DatabaseAway

MOST = 1024 * 1024
TRY_AGAIN = 75  # EX_TEMPFAIL: the mail server keeps it and pipes it once more


class Command(BaseCommand):
    help = "Reads a delivery status notification from standard input and sends its person no more letters."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = bounces.take(sys.stdin.buffer.read(MOST))
        except (DatabaseError, InterfaceError, DatabaseAway):
            self.stderr.write("Not now: the database is away.")
            sys.exit(TRY_AGAIN)
        if person is None:  # no error: a mail server would send that back, too
            self.stdout.write(
                "Nothing done: no lasting failure of a letter that we sent to a present address."
            )
        else:
            self.stdout.write(f"Person {person.pk} gets no more letters.")
