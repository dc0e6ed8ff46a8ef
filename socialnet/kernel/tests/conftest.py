from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from socialnet.kernel.ratelimit import _fallback

PROBES = "socialnet.kernel.tests.probes"


@pytest.fixture
def probes(settings: Any) -> None:
    """The throw-away addresses of `probes.py` in place of the site's."""
    settings.ROOT_URLCONF = PROBES


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    _fallback.forget()


@pytest.fixture
def browser(probes: None, redis_process: Any) -> Client:
    """A visitor that gets the 500 page as a person would."""
    return Client(raise_request_exception=False)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create(username="ada", email="ada@example.com", display_name="Ada")


@pytest.fixture
def signed_in(browser: Client, ada: User) -> Client:
    browser.force_login(ada)
    return browser
