from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from feeds.demo import PASSWORD
from feeds.demo.people import cast
from feeds.demo.remove import demo_people


class Command(BaseCommand):
    help = "Print the logins of the demo people that still exist."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.EMAIL_VERIFICATION != "optional":
            return
        here = {person.username for person in demo_people()}
        logins = [person for person in cast() if person.username in here]
        if not logins:
            return
        self.stdout.write(f"Demo logins, all with the password {PASSWORD}:")
        for person in logins:
            self.stdout.write(f"  {person.username:<6} {person.role}")
        self.stdout.write("Remove the demo community with: script/manage remove_demo")
