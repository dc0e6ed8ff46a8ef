"""The way into the admin: through the site's own sign-in, with the second factor of those who have one."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts import factors
from accounts.selectors import has_second_factor

ADMIN = "/admin/"


class AdminEntryMiddleware:
    """Sends to the second factor who has one and did not give it in this session: it may be older than the factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(ADMIN) and self._is_owed(request):
            query = urlencode({"next": request.get_full_path()})
            return redirect(f"{reverse('factor_confirm')}?{query}")
        return self.get_response(request)

    @staticmethod
    def _is_owed(request: HttpRequest) -> bool:
        person = request.user
        return bool(
            person.is_authenticated
            and person.is_staff
            and not factors.was_given(request)
            and has_second_factor(person.pk)
        )
