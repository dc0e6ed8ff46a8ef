"""How often somebody may try to get in: by page and by API, with a password, a code or the link of a letter."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from accounts.selectors import find_by_login
from socialnet.kernel import ratelimit

View = Callable[..., HttpResponseBase]


def whom_of(request: HttpRequest, login: str) -> str:
    """What an attempt counts for: an address and an account, under whichever of its two names."""
    person = find_by_login(login)
    return f"{ratelimit.address_of(request)} {person.pk if person else login.lower()}"


def count_sign_in(request: HttpRequest, login: str) -> None:
    """Count an attempt of this address, also against what it may try on all accounts. Raises `RateLimited`."""
    address = ratelimit.address_of(request)
    ratelimit.check_all(("sign_in", whom_of(request, login)), ("sign_in_address", address))


def password_subject(user_id: int) -> str:
    """Whom somebody counts for who is signed in and gives the password once more."""
    return f"password {user_id}"


def code_subject(user_id: int) -> str:
    """Whom a try at the second factor counts for; whoever tries knew the password."""
    return f"code {user_id}"


def count_password(user_id: int) -> None:
    """Raises `RateLimited`."""
    ratelimit.check("sign_in", password_subject(user_id))


def count_code(user_id: int) -> None:
    """Raises `RateLimited`."""
    ratelimit.check("sign_in", code_subject(user_id))


def counts_passwords(view: View) -> View:
    """Each sending of the page's form is a try at the password of who is signed in."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and request.user.is_authenticated:
            count_password(request.user.pk)
        return view(request, *args, **kwargs)

    return counted


def counts_passkeys(view: View) -> View:
    """Each sending is a try at some account, nobody knows whose before."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            ratelimit.check("sign_in_address", ratelimit.address_of(request))
        return view(request, *args, **kwargs)

    return counted


def counts_letters(view: View) -> View:
    """Each sending of the page's form asks for a letter, or tries the link of one."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            ratelimit.check("password_reset", request.user.pk or ratelimit.address_of(request))
        return view(request, *args, **kwargs)

    return counted
