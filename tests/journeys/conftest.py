from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.windows import chromium


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
