"""Pages show and read times in the time zone of who looks; the API speaks UTC."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.backends import who_asks
from accounts.models import User

API = "/api/"


class TimeZoneMiddleware:
    """A person's time zone comes with their viewer record, and holds from when somebody asks who they are.

    So it costs nothing, and nothing at all where nobody asks. Stands below `AuthenticationMiddleware`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(API):
            request.user = SimpleLazyObject(lambda: who_asks(request))  # type: ignore[assignment]
            return self.get_response(request)
        request.user = SimpleLazyObject(lambda: at_home(who_asks(request)))  # type: ignore[assignment]
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


def at_home(person: User | AnonymousUser) -> User | AnonymousUser:
    """`person`, whose time zone is the current one from now on."""
    if isinstance(person, User):
        try:
            timezone.activate(ZoneInfo(person.time_zone))
        except (ValueError, OSError, KeyError):  # a zone that this machine does not know
            timezone.deactivate()
    return person
