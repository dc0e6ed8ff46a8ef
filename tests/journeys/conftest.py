from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.windows import chromium


@pytest.fixture(scope="module")
def _one_browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(_one_browser: Browser) -> Iterator[Browser]:
    """Nobody is signed in, and no window is open."""
    yield _one_browser
    for context in _one_browser.contexts:
        context.close()
