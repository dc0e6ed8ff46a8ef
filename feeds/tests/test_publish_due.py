"""Drafts at their time: each once, whatever runs at once, dies, or cannot be published."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import actions as people
from accounts.tests.factories import person
from accounts.tests.test_follow_races import at_once
from feeds import actions, selectors, tasks, upkeep
from feeds.actions import delete_draft, delete_post, drafts, publish_draft, publish_due, save_draft
from feeds.errors import DraftGone
from feeds.models import Draft, Media, Post
from feeds.tests.factories import ids_at_home, picture, publish
from feeds.tests.test_indexes import plans_of
from socialnet.celery import app
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def due(author: Any, content: str = "Good morning", *, ago: timedelta = MINUTE, **fields: Any) -> Draft:
    """A draft that was scheduled, and whose time came `ago`."""
    draft = save_draft(
        author=author, content=content, scheduled_for=timezone.now() + timedelta(hours=1), **fields
    )
    Draft.objects.filter(pk=draft.pk).update(scheduled_for=timezone.now() - ago)
    return draft


def wait_over() -> None:
    """The pause after an attempt passes."""
    Draft.objects.exclude(tried_at=None).update(tried_at=timezone.now() - timedelta(hours=1))


def texts(author: Any) -> list[str]:
    return list(Post.objects.filter(author=author, deleted_at=None).values_list("content", flat=True))


# --- at their time ------------------------------------------------------------------------------------------


def test_what_is_due_is_published_with_all_it_had(ada, ben):
    quoted, media = publish(ben), picture(ada)
    due(
        ada, "Good morning #town", visibility="followers", language="en", content_warning="w",
        media_ids=[media.pk], share_of=quoted.pk,
    )  # fmt: skip
    assert publish_due() == 1
    post = Post.objects.get(author=ada)
    assert (post.content, post.visibility, post.content_warning, post.share_of_id) == (
        "Good morning #town", "followers", "w", quoted.pk,
    )  # fmt: skip
    assert Media.objects.get().post_id == post.pk
    assert not Draft.objects.exists()
    drain()
    assert post.pk in ids_at_home(ada)


def test_what_is_not_due_waits(ada):
    save_draft(author=ada, content="later", scheduled_for=timezone.now() + MINUTE)
    save_draft(author=ada, content="some day")
    assert publish_due() == 0
    assert Draft.objects.count() == 2 and texts(ada) == []


def test_the_earliest_first_and_late_is_better_than_never(ada):
    """No worker was there for a week."""
    for days, content in ((1, "third"), (7, "first"), (3, "second")):
        due(ada, content, ago=timedelta(days=days))
    assert publish_due() == 3
    assert [post.content for post in Post.objects.order_by("pk")] == ["first", "second", "third"]
    assert publish_due() == 0


def test_its_id_is_the_time_of_publication(ada):
    due(ada, ago=timedelta(days=7))
    publish_due()
    assert timezone.now() - Post.objects.get().created_at < MINUTE


def test_the_clock_of_this_process_decides_nothing(ada, time_machine):
    draft = save_draft(author=ada, content="later", scheduled_for=timezone.now() + timedelta(minutes=10))
    now = timezone.now()
    time_machine.move_to(now + timedelta(hours=1))
    assert publish_due() == 0
    Draft.objects.filter(pk=draft.pk).update(scheduled_for=now - MINUTE)
    time_machine.move_to(now - timedelta(hours=9))
    assert publish_due() == 1


def test_the_job_runs_every_five_seconds_and_does_not_pile_up():
    job = app.conf.beat_schedule["posts whose time has come"]
    assert (job["task"], job["schedule"]) == (tasks.publish_due.name, 5.0)
    assert job["options"] == {"queue": "default", "expires": 60.0}


def test_the_job_publishes(ada):
    due(ada)
    tasks.publish_due()
    assert texts(ada) == ["Good morning"]


def test_no_rate_limit_holds_back_what_was_scheduled(ada, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "publish": "1/h"}
    for number in range(3):
        due(ada, f"Post {number}")
    assert publish_due() == 3


def test_a_run_ends_when_its_time_is_over(ada):
    due(ada)
    assert publish_due(seconds=0) == 0
    assert publish_due() == 1


# --- what cannot be published -------------------------------------------------------------------------------


def problem_of(draft: Draft) -> tuple[str, bool]:
    draft.refresh_from_db()
    assert draft.scheduled_for is None or draft.problem == ""
    return draft.problem, bool(draft.problem_text)


def test_a_quote_that_is_gone_keeps_the_draft_and_says_why(ada, ben):
    quoted = publish(ben)
    draft, other = due(ada, "Look", share_of=quoted.pk, ago=2 * MINUTE), due(ada, "Hello")
    delete_post(post=quoted, actor=ben)
    assert publish_due() == 1
    assert problem_of(draft) == ("quote_gone", True)
    assert (draft.content, draft.version) == ("Look", 2)
    assert texts(ada) == ["Hello"] and not Draft.objects.filter(pk=other.pk).exists()
    assert publish_due() == 0
    assert broken() == []


def test_a_quote_that_is_not_for_everybody_any_more(ada, ben, cleo):
    first, second = (due(ada, share_of=publish(author).pk) for author in (ben, cleo))
    people.set_privacy(user=ben, is_private=True)
    people.block_user(blocker=cleo, blocked=ada)
    assert publish_due() == 0
    assert problem_of(first)[0] in ("cannot_share", "quote_gone")
    assert problem_of(second) == ("quote_gone", True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"content": " "}, "empty_post"),
        ({"content": "a" * 2001}, "post_too_long"),
        ({"content": "a\x07"}, "unusable_text"),
        ({"content_warning": "a" * 201}, "warning_too_long"),
        ({"share_of_id": 4711}, "quote_gone"),
    ],
)
def test_what_cannot_be_published_waits_for_its_author(ada, fields, code):
    draft = due(ada)
    Draft.objects.filter(pk=draft.pk).update(**fields)
    assert publish_due() == 0
    assert problem_of(draft) == (code, True)
    assert texts(ada) == []


def test_who_is_suspended_publishes_nothing(ada, ben, mod):
    draft = due(ada)
    due(ben)
    people.suspend_user(user=ada, actor=mod)
    assert publish_due() == 1
    assert problem_of(draft) == ("account_suspended", True)
    assert texts(ada) == []


def test_mending_it_takes_the_problem_away(ada):
    draft = due(ada)
    Draft.objects.filter(pk=draft.pk).update(content="")
    publish_due()
    mended = save_draft(author=ada, draft_id=draft.pk, version=2, content="Now with text")
    assert (mended.problem, mended.problem_text) == ("", "")


def test_a_deleted_person_leaves_no_draft(ada, ben):
    due(ada, media_ids=[picture(ada).pk])
    save_draft(author=ben, content="of ben")
    upkeep.forget_person(ada.pk)
    assert list(Draft.objects.values_list("author", flat=True)) == [ben.pk]


# --- what breaks --------------------------------------------------------------------------------------------


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`breaks("text")`: publishing that text fails after everything was written."""
    original, poison = actions.publish_post, set()

    def publish_post(**fields: Any) -> Post:
        post = original(**fields)
        if fields["content"] in poison:
            raise MemoryError
        return post

    monkeypatch.setattr(drafts, "publish_post", publish_post)
    return lambda *texts, never=False: poison.clear() if never else poison.update(texts)


def test_what_dies_in_the_middle_published_nothing_and_is_tried_again(ada, breaks):
    media = picture(ada)
    draft = due(ada, "Poison", media_ids=[media.pk], ago=2 * MINUTE)
    due(ada, "Hello")
    breaks("Poison")
    assert publish_due() == 1
    draft.refresh_from_db()
    media.refresh_from_db()
    assert texts(ada) == ["Hello"]
    assert (draft.attempts, draft.problem, media.draft_id) == (1, "", draft.pk)
    assert Draft.objects.due().count() == 1
    assert publish_due() == 0  # not at once
    breaks(never=True)
    wait_over()
    assert publish_due() == 1
    assert sorted(texts(ada)) == ["Hello", "Poison"]


def test_it_is_not_tried_for_ever(ada, breaks):
    draft = due(ada, "Poison")
    breaks("Poison")
    for attempt in range(1, 6):
        publish_due()
        draft.refresh_from_db()
        assert (draft.attempts, draft.problem) == (attempt, "")
        wait_over()
    publish_due()
    assert problem_of(draft) == ("server_error", True)
    assert (draft.attempts, texts(ada)) == (0, [])
    breaks(never=True)
    assert publish_draft(author=ada, draft_id=draft.pk).content == "Poison"


def test_pauses_grow_and_a_clock_set_back_does_not_prolong_them(ada):
    draft = due(ada)
    now = timezone.now()
    for attempts, ago, is_tried in (
        (1, 9, False),
        (1, 11, True),
        (3, 25, False),
        (3, 31, True),
        (1, -60, True),
    ):
        Draft.objects.filter(pk=draft.pk).update(attempts=attempts, tried_at=now - timedelta(seconds=ago))
        assert Draft.objects.to_try().exists() is is_tried


def test_what_was_claimed_by_who_died_comes_back(ada):
    due(ada)
    assert drafts._claim() is not None  # and killed here
    assert publish_due() == 0
    wait_over()
    assert publish_due() == 1


def test_what_was_put_off_after_the_claim_is_not_published(ada):
    draft = due(ada)
    claimed = drafts._claim()
    save_draft(author=ada, draft_id=draft.pk, content="Later", scheduled_for=timezone.now() + MINUTE)
    assert claimed is not None and drafts._publish_claimed(claimed) is False
    assert texts(ada) == []


# --- at once ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_publish_each_once():
    ada, ben = person("ada"), person("ben")
    for number in range(20):
        due(ada if number % 2 else ben, f"Post {number}")
    counts = at_once(publish_due, publish_due)
    assert sum(counts) == 20 and not Draft.objects.exists()
    assert sorted(texts(ada) + texts(ben)) == sorted(f"Post {number}" for number in range(20))
    drain()
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_publishing_by_hand_at_its_time_publishes_once():
    ada = person("ada")
    drafts_of_ada = [due(ada, f"Post {number}") for number in range(6)]

    def press() -> int:
        done = 0
        for draft in drafts_of_ada:
            try:
                publish_draft(author=ada, draft_id=draft.pk)
                done += 1
            except NotFound:
                pass
        return done

    assert sum(at_once(publish_due, press, press)) == 6
    assert len(texts(ada)) == 6
    drain()
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_publishing_in_the_composer_at_its_time_publishes_once():
    ada = person("ada")
    drafts_of_ada = [due(ada, f"Post {number}") for number in range(6)]

    def press() -> int:
        done = 0
        for draft in drafts_of_ada:
            try:
                actions.publish_post(author=ada, content=draft.content, draft_id=draft.pk)
                done += 1
            except DraftGone:
                pass
        return done

    assert sum(at_once(publish_due, press, press)) == 6
    assert len(texts(ada)) == 6
    drain()
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_saving_and_deleting_at_its_time_either_or():
    ada = person("ada")
    drafts_of_ada = [due(ada, f"Post {number}") for number in range(8)]

    def meddle() -> list[int]:
        deleted = []
        for number, draft in enumerate(drafts_of_ada):
            try:
                if number % 2:
                    delete_draft(author=ada, draft_id=draft.pk)
                    deleted.append(draft.pk)
                else:
                    save_draft(author=ada, draft_id=draft.pk, content=f"Kept {number}")
            except NotFound:
                pass
        return deleted

    published, deleted = at_once(publish_due, meddle)
    assert published + len(deleted) + Draft.objects.count() == 8
    assert len(texts(ada)) == published
    drain()
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_limits_are_exact_when_many_devices_save():
    ada = person("ada")
    Draft.objects.bulk_create(Draft(author=ada, content="x") for _ in range(198))
    at_once(*[lambda: save_draft(author=ada, content="y") for _ in range(6)])
    assert Draft.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_that_save_one_version_one_wins():
    ada = person("ada")
    draft = save_draft(author=ada, content="One")
    results = at_once(
        *[
            lambda text=text: save_draft(author=ada, draft_id=draft.pk, version=1, content=text)
            for text in "abcd"
        ]
    )
    assert sum(isinstance(result, Draft) for result in results) == 1
    assert Draft.objects.get().version == 2


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_somebody_holds_does_not_hold_up_others():
    ada, ben = person("ada"), person("ben")
    held = due(ada, "Held", ago=2 * MINUTE)
    due(ben, "Free")
    has_lock, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Draft.objects.select_for_update().get(pk=held.pk)
            has_lock.set()
            may_go.wait(20)

    def work() -> int:
        has_lock.wait(20)
        published = publish_due()
        may_go.set()
        return published

    assert at_once(hold, work)[1] == 1
    assert texts(ben) == ["Free"] and texts(ada) == []
    assert publish_due() == 1


def test_an_overdue_draft_breaks_the_invariant(ada):
    due(ada, ago=timedelta(seconds=30))
    assert broken() == []
    due(ada, ago=timedelta(seconds=90))
    assert broken() == ["5 no scheduled draft is overdue by more than 60 s: 1"]
    publish_due()
    drain()
    assert broken() == []


@pytest.mark.parametrize(
    ("index", "read"),
    [
        ("draft_due", lambda ada: drafts._claim()),
        ("draft_by_author", lambda ada: selectors.latest_draft(ada)),
        ("draft_by_author", lambda ada: selectors.drafts_of(author=ada)),
    ],
)
def test_hot_reads_use_the_indexes_made_for_them(ada, index, read):
    due(ada)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table is too small for the planner to bother
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    assert index in plans_of(lambda: read(ada))


@pytest.mark.django_db(transaction=True)
def test_publishing_while_the_composer_saves_waits_and_wins():
    ada = person("ada")
    media = [picture(ada).pk for _ in range(4)]
    draft = save_draft(author=ada, content="Half a sent", media_ids=media)

    def save() -> None:
        for _ in range(10):
            save_draft(author=ada, draft_id=draft.pk, content="Half a sentence", media_ids=media)

    at_once(
        save, lambda: actions.publish_post(author=ada, content="Whole", media_ids=media, draft_id=draft.pk)
    )
    assert texts(ada) == ["Whole"] and not Draft.objects.exists()
    assert Media.objects.filter(post__author=ada).count() == 4
