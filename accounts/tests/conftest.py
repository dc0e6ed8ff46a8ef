"""The cast: ada (owner), ben (follower), cleo (outsider), dora (blocked), mod (moderator)."""

import pytest

from accounts.models import User
from accounts.tests.factories import person


@pytest.fixture
def ada(db: None) -> User:
    return person("ada")


@pytest.fixture
def ben(db: None) -> User:
    return person("ben")


@pytest.fixture
def cleo(db: None) -> User:
    return person("cleo")


@pytest.fixture
def dora(db: None) -> User:
    return person("dora")


@pytest.fixture
def mod(db: None) -> User:
    return person("mod", is_staff=True, is_superuser=True)
