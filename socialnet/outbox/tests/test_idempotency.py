"""One key, one effect, whatever the network and impatient fingers do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from socialnet.outbox import idempotency
from socialnet.outbox.models import IdempotencyKey
from socialnet.outbox.tests import probes
from socialnet.outbox.tests.probes import done

pytestmark = pytest.mark.django_db
ACTS = "/api/v1/acts"


@pytest.fixture(autouse=True)
def addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = "socialnet.outbox.tests.probes"
    settings.RATE_LIMITS_ENABLED = False
    probes.started.clear()
    probes.go_on.clear()


def person(name: str) -> User:
    return User.objects.create(username=name, email=f"{name}@example.com", display_name=name.title())


def browser_of(user: User) -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    return browser


@pytest.fixture
def ada(db: None) -> Client:
    return browser_of(person("ada"))


def send(browser: Client, key: str | None, path: str = ACTS, text: Any = "hello", **more: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return browser.post(path, {"text": text}, "application/json", headers=headers, **more)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def test_a_repeat_gets_the_first_answer_and_does_nothing(ada: Client) -> None:
    first, again = send(ada, "k1"), send(ada, "k1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content and first["Location"] == again["Location"]
    assert "Idempotent-Replay" not in first and again["Idempotent-Replay"] == "true"
    assert again["Content-Type"] == "application/json" and done() == 1


def test_without_a_key_or_with_another_it_is_another_act(ada: Client) -> None:
    for key in (None, None, "k1", "k2"):
        assert send(ada, key).status_code == 201
    assert done() == 4


def test_a_repeat_counts_as_a_write_and_not_against_the_limit_of_the_act(ada: Client, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "publish": "2/h", "write": "6/h"}
    scarce = "/api/v1/scarce-acts"
    first = send(ada, "k1", scarce)
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("2", "1")
    for _ in range(2):
        assert send(ada, "k1", scarce)["Idempotent-Replay"] == "true"
    assert send(ada, None, scarce).status_code == 201
    assert code(send(ada, "k2", scarce)) == (429, "rate_limited")
    assert send(ada, "k1", scarce).status_code == 201  # the answer to the first stays to be had
    assert send(ada, "k1", scarce)["RateLimit-Limit"] == "6"
    assert code(send(ada, "k1", scarce)) == (429, "rate_limited") and done() == 2


def test_a_key_belongs_to_one_person(ada: Client) -> None:
    send(ada, "k1")
    assert "Idempotent-Replay" not in send(browser_of(person("ben")), "k1")
    assert done() == 2


def test_the_same_key_with_something_else_is_a_mismatch(ada: Client) -> None:
    send(ada, "k1")
    assert code(send(ada, "k1", text="other")) == (409, "idempotency_mismatch")
    assert code(send(ada, "k1", path="/api/v1/other-acts")) == (409, "idempotency_mismatch")
    assert done() == 1 and send(ada, "k1").status_code == 201


def test_the_order_of_fields_and_the_slash_do_not_matter(ada: Client) -> None:
    key = {"Idempotency-Key": "k1"}
    ada.post(ACTS, '{"text": "a", "more": 1}', "application/json", headers=key)
    again = ada.post(f"{ACTS}/", '{"more": 1, "text": "a"}', "application/json", headers=key)
    assert again["Idempotent-Replay"] == "true"


def test_files_count_by_their_content(ada: Client) -> None:
    def upload(content: bytes) -> Any:
        file = SimpleUploadedFile("a.png", content)
        return ada.post("/api/v1/uploads", {"file": file}, headers={"Idempotency-Key": "k1"})

    assert upload(b"one").json() == {"size": 3}
    assert upload(b"one")["Idempotent-Replay"] == "true"
    assert code(upload(b"two")) == (409, "idempotency_mismatch")


def test_a_refusal_is_an_answer_and_leaves_nothing_else(ada: Client) -> None:
    first, again = send(ada, "k1", text="conflict"), send(ada, "k1", text="conflict")
    assert code(first) == code(again) == (409, "conflict")
    assert again["Idempotent-Replay"] == "true" and again["Content-Type"] == "application/problem+json"
    assert first.json() == again.json() and done() == 0


@pytest.mark.parametrize(("text", "status"), [("limited", 429), ("paused", 503), ("mistake", 500)])
def test_what_may_end_otherwise_next_time_is_not_kept(ada: Client, text: str, status: int) -> None:
    assert send(ada, "k1", text=text).status_code == status
    again = send(ada, "k1", text=text)
    assert again.status_code == status and "Idempotent-Replay" not in again
    assert done() == 0 and not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "tab\there", "bell\x07"])
def test_a_key_that_is_none_is_refused(ada: Client, key: str) -> None:
    response = send(ada, key)
    assert code(response) == (400, "invalid") and "Idempotency-Key" in response.json()["errors"]
    assert done() == 0


def test_a_key_may_have_200_characters(ada: Client) -> None:
    assert send(ada, "é" * 200).status_code == 201
    assert send(ada, "é" * 200)["Idempotent-Replay"] == "true"


def test_what_cannot_be_read_is_not_kept(ada: Client) -> None:
    response = ada.post(ACTS, "{", "application/json", headers={"Idempotency-Key": "k1"})
    assert code(response) == (400, "malformed") and not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/visits", "/api/v1/auth/acts"])
def test_visitors_and_signing_in_have_no_keys(path: str) -> None:
    visitor = Client()
    send(visitor, "k1", path=path)
    assert "Idempotent-Replay" not in send(visitor, "k1", path=path) and done() == 2


def test_signing_in_has_no_keys_for_who_is_signed_in(ada: Client) -> None:
    send(ada, "k1", path="/api/v1/auth/acts")
    send(ada, "k1", path="/api/v1/auth/acts")
    assert done() == 2


def test_put_is_idempotent_by_nature(ada: Client) -> None:
    for _ in range(2):
        answer = ada.put(ACTS, {"text": "a"}, "application/json", headers={"Idempotency-Key": "k1"})
        assert "Idempotent-Replay" not in answer
    assert not IdempotencyKey.objects.exists()


def age(key: str, hours: float) -> None:
    IdempotencyKey.objects.filter(key=key).update(created_at=Now() - timedelta(hours=hours))


def test_a_key_is_forgotten_after_a_day(ada: Client) -> None:
    send(ada, "k1")
    age("k1", 23.9)
    assert send(ada, "k1")["Idempotent-Replay"] == "true"
    age("k1", 24.1)
    assert "Idempotent-Replay" not in send(ada, "k1", text="new")
    assert done() == 2 and send(ada, "k1", text="new")["Idempotent-Replay"] == "true"


def test_old_keys_are_deleted_in_batches(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_BATCH", 2)
    for number in range(6):
        send(ada, f"k{number}")
    for number in range(5):
        age(f"k{number}", 25)
    assert idempotency.forget_old() == 5
    assert [row.key for row in IdempotencyKey.objects.all()] == ["k5"]
    assert idempotency.forget_old() == 0


def test_what_is_kept_tells_nothing_about_what_was_sent(ada: Client) -> None:
    send(ada, "k1", text="a password")
    row = IdempotencyKey.objects.get()
    assert len(row.fingerprint) == 64
    guess = idempotency.sha256(b'["POST", "/api/v1/acts", {"text": "a password"}]').hexdigest()
    assert row.fingerprint != guess


def test_it_costs_a_lock_a_look_and_a_row(ada: Client) -> None:
    def statements(key: str | None) -> list[str]:
        with CaptureQueriesContext(connection) as context:
            send(ada, key)
        return [query["sql"] for query in context.captured_queries if "SAVEPOINT" not in query["sql"]]

    statements(None)  # whatever is cached now is cached for all
    plain, first, again = statements(None), statements("k1"), statements("k1")
    assert len(first) == len(plain) + 3
    assert len(again) == len(plain) - 2 + 2  # the act's two are not done


# --- at once ------------------------------------------------------------------------------------------------


def at_once(count: int, ask: Any) -> list[Any]:
    def in_thread(number: int) -> Any:
        try:
            return ask(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(in_thread, range(count)))


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_have_one_effect() -> None:
    user = person("ada")
    browsers = [browser_of(user) for _ in range(8)]
    answers = at_once(8, lambda number: send(browsers[number], "k1"))
    fresh = [a for a in answers if a.status_code == 201 and "Idempotent-Replay" not in a]
    assert len(fresh) == 1 and done() == 1
    for answer in answers:
        assert code(answer) in {(201, ""), (409, "idempotency_in_progress")}
        if answer.status_code == 201:
            assert answer.content == fresh[0].content


@pytest.mark.django_db(transaction=True)
def test_who_asks_while_the_first_is_at_work_is_told_so() -> None:
    user = person("ada")
    first, second = browser_of(user), browser_of(user)

    def ask(number: int) -> Any:
        if number == 0:
            return send(first, "k1", text="slow")
        probes.started.wait(10)
        answer = send(second, "k1", text="slow")
        probes.go_on.set()
        return answer

    slow, impatient = at_once(2, ask)
    assert code(impatient) == (409, "idempotency_in_progress") and impatient["Retry-After"] == "1"
    assert slow.status_code == 201 and done() == 1
    assert send(second, "k1", text="slow")["Idempotent-Replay"] == "true"


@pytest.mark.django_db(transaction=True)
def test_a_button_pressed_eight_times_leads_to_one_place() -> None:
    user = person("ada")
    browsers = [browser_of(user) for _ in range(8)]
    fields = {"text": "hello", "idempotency_key": "k1"}
    answers = at_once(8, lambda number: browsers[number].post("/form", fields))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer["Location"] for answer in answers}) == 1 and done() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE", "100ms")
    user = person("ada")
    first, second = browser_of(user), browser_of(user)
    fields = {"text": "slow", "idempotency_key": "k1"}

    def ask(number: int) -> Any:
        if number == 0:
            return first.post("/form", fields)
        probes.started.wait(10)
        answer = second.post("/form", fields)
        probes.go_on.set()
        return answer

    slow, impatient = at_once(2, ask)
    assert slow.status_code == 302 and impatient.status_code == 409 and done() == 1
    assert "Try again" in impatient.content.decode() and "slow" in impatient.content.decode()


# --- forms --------------------------------------------------------------------------------------------------


def test_a_form_sent_twice_redirects_alike(ada: Client) -> None:
    fields = {"text": "hello", "idempotency_key": "k1"}
    first, again = ada.post("/form", fields), ada.post("/form", {**fields, "csrfmiddlewaretoken": "new"})
    assert first["Location"] == again["Location"] and again["Idempotent-Replay"] == "true" and done() == 1


def test_a_form_that_was_refused_may_be_mended(ada: Client) -> None:
    assert ada.post("/form", {"text": "", "idempotency_key": "k1"}).status_code == 400
    assert ada.post("/form", {"text": "mended", "idempotency_key": "k1"}).status_code == 302
    assert done() == 1


def test_a_form_sent_again_with_something_else_asks_first(ada: Client) -> None:
    ada.post("/form", {"text": "first", "idempotency_key": "k1"})
    asked = ada.post("/form", {"text": "second", "idempotency_key": "k1"})
    page = asked.content.decode()
    assert asked.status_code == 409 and "Send it anyway" in page and "second" in page and done() == 1


@pytest.mark.parametrize(("text", "status"), [("conflict", 409), ("paused", 503), ("mistake", 500)])
def test_a_form_that_failed_left_nothing(ada: Client, text: str, status: int) -> None:
    assert ada.post("/form", {"text": text, "idempotency_key": "k1"}).status_code == status
    assert done() == 0 and not IdempotencyKey.objects.exists()


def test_forms_without_a_key_and_of_visitors_pass(ada: Client) -> None:
    for browser, key in ((ada, ""), (ada, ""), (Client(), "k1"), (Client(), "k1")):
        assert browser.post("/form", {"text": "a", "idempotency_key": key}).status_code == 302
    assert done() == 4


def test_a_forged_key_is_refused(ada: Client) -> None:
    assert ada.post("/form", {"text": "a", "idempotency_key": "x" * 201}).status_code == 400
    assert done() == 0
