"""The description of the API is complete, valid, and the one that is committed."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client

from socialnet.kernel import docs

COMMITTED = Path(django_settings.BASE_DIR) / "docs/openapi.yaml"


@cache
def described(folder: Path) -> str:
    call_command("spectacular", file=str(folder / "openapi.yaml"), validate=True, fail_on_warn=True)
    return (folder / "openapi.yaml").read_text()


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return yaml.safe_load(described(tmp_path_factory.mktemp("schema")))


def test_the_committed_description_is_true(tmp_path: Path) -> None:
    mend = "run manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn"
    assert COMMITTED.read_text() == described(tmp_path), mend


def test_every_operation_tells_its_refusals_and_headers(schema: Any) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            assert {"400", "429", "503"} <= set(answers), (method, path)
            assert ("404" in answers) or "{" not in path, (method, path)
            success = next(answer for status, answer in answers.items() if status.startswith("2"))
            assert {"RateLimit-Limit", "X-Request-ID"} <= set(success["headers"]), (method, path)


def test_every_post_of_people_takes_a_key(schema: Any) -> None:
    for path, operations in schema["paths"].items():
        parameters = operations.get("post", {}).get("parameters", [])
        takes = {"$ref": "#/components/parameters/Idempotency-Key"} in parameters
        assert takes == ("post" in operations and "/auth/" not in path), path


def test_lists_have_cursors_and_links(schema: Any) -> None:
    followers = schema["paths"]["/api/v1/users/{username}/followers"]["get"]
    assert followers["operationId"] == "users_followers_list"
    assert {"$ref": "#/components/parameters/cursor"} in followers["parameters"]
    assert "Link" in followers["responses"]["200"]["headers"]


def test_paths_have_no_slash_at_the_end(schema: Any) -> None:
    assert not [path for path in schema["paths"] if path.endswith("/")]


@pytest.mark.parametrize("accept", ["application/vnd.oai.openapi", "application/vnd.oai.openapi+json", "*/*"])
def test_it_can_be_fetched(browser: Client, accept: str) -> None:
    docs._schema.cache_clear()
    response = browser.get("/api/v1/schema", headers={"Accept": accept})
    assert response.status_code == 200 and b"/api/v1/things" in response.content
    docs._schema.cache_clear()


def test_swagger_runs_under_the_strict_policy(browser: Client) -> None:
    page = browser.get("/api/v1/docs").content.decode()
    assert "<style" not in page and "style=" not in page
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')
    script = browser.get("/api/v1/docs?script=")
    assert script["Content-Type"].startswith("application/javascript") and b"/api/v1/schema" in script.content
