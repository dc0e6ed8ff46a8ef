from collections.abc import Iterator

import pytest

from tests.stack import Stack, running


@pytest.fixture
def stack(transactional_db: None, redis_process: object) -> Iterator[Stack]:
    """The site as it runs, on this test's database and Redis."""
    with running("web", "live", "relay", "worker") as stack:
        stack.wait_until_ready()
        yield stack
