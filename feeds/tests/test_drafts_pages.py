"""Drafts as pages: the list, its buttons, the outsider, what it costs."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import page_of, person
from feeds.actions import delete_post, publish_due, save_draft
from feeds.models import Draft, Post
from feeds.tests.factories import picture, publish

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def browser(ada: Any) -> Client:
    return page_of(ada)


def shown(browser: Client, query: str = "", **headers: str) -> str:
    return browser.get(f"/drafts{query}", headers=headers).content.decode()


def order_of(page: str, *texts: str) -> list[str]:
    return sorted(texts, key=page.index)


# --- the list -----------------------------------------------------------------------------------------------


def test_nobody_has_drafts_at_first(browser):
    page = shown(browser)
    assert "No drafts" in page and "Write something" in page and "Scheduled</h2>" not in page


def test_scheduled_by_time_and_drafts_newest_first(browser, ada, ben):
    now = timezone.now()
    for content, when in (
        ("draft-old", None), ("at-three", now + 3 * HOUR), ("at-one", now + HOUR), ("draft-new", None),
        ("at-two", now + 2 * HOUR),
    ):  # fmt: skip
        save_draft(author=ada, content=content, scheduled_for=when)
    save_draft(author=ben, content="of-ben")
    page = shown(browser)
    assert "of-ben" not in page
    assert order_of(page, "draft-old", "draft-new", "at-one", "at-two", "at-three") == [
        "at-one", "at-two", "at-three", "draft-new", "draft-old",
    ]  # fmt: skip


def test_a_row_says_what_it_is(browser, ada, ben):
    quoted = publish(ben)
    draft = save_draft(
        author=ada,
        content="<b>Hello</b> " + "x" * 300,
        visibility="friends",
        content_warning="a warning",
        media_ids=[picture(ada).pk, picture(ada).pk],
        share_of=quoted.pk,
    )
    page = shown(browser)
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page and "x" * 300 not in page
    assert "2 pictures" in page and "Quotes @ben" in page and "Friends only" in page and "a warning" in page
    assert f'href="/posts?draft={draft.pk}"' in page
    assert f'action="/drafts/{draft.pk}/publish"' in page and f'href="/drafts/{draft.pk}/delete"' in page
    assert "Nothing written yet" not in page
    delete_post(post=quoted, actor=ben)
    assert "Quotes a post that is gone" in shown(browser)


def test_an_empty_one_has_words_too(browser, ada):
    save_draft(author=ada, content="  \n")
    assert "Nothing written yet" in shown(browser)


def test_times_are_those_of_the_reader():
    ada = person("ada", time_zone="Asia/Kolkata")
    draft = save_draft(author=ada, content="x", scheduled_for=timezone.now() + HOUR)
    Draft.objects.filter(pk=draft.pk).update(scheduled_for=datetime(2031, 7, 1, 20, 30, tzinfo=UTC))
    assert "Wednesday, 2 July 2031 at 02:00 IST" in shown(page_of(ada))


def test_what_could_not_be_published_says_why(browser, ada):
    draft = save_draft(author=ada, content="x", scheduled_for=timezone.now() + HOUR)
    Draft.objects.filter(pk=draft.pk).update(scheduled_for=timezone.now(), content="")
    publish_due()
    page = shown(browser)
    assert "There is nothing in it yet." in page and "Scheduled</h2>" not in page


def test_many_come_in_pages(browser, ada):
    made = [save_draft(author=ada, content=f"text-{number:02}") for number in range(25)]
    save_draft(author=ada, content="timed", scheduled_for=timezone.now() + HOUR)
    page = shown(browser)
    assert page.count('data-post-id="draft-') == 21
    link = re.search(r'rel="next" href="(\?cursor=[^"]+)"', page)
    assert link
    rest = shown(browser, link[1])
    assert rest.count('data-post-id="draft-') == 5 and "timed" not in rest and "Older drafts" in rest
    assert f'data-post-id="draft-{made[0].pk}"' in rest
    part = shown(browser, link[1], **{"X-Partial": "items"})
    assert part.count('data-post-id="draft-') == 5 and "<html" not in part


def test_the_navigation_leads_there(browser):
    assert '<a href="/drafts"' in browser.get("/").content.decode()
    assert 'href="/drafts"' not in Client().get("/").content.decode()


def test_the_list_costs_the_same_for_one_and_for_many(ada, ben, django_assert_num_queries):
    quoted = publish(ben)

    def add() -> None:
        for when in (None, timezone.now() + HOUR):
            save_draft(
                author=ada, content="x", media_ids=[picture(ada).pk], share_of=quoted.pk, scheduled_for=when
            )

    add()
    browser = page_of(ada)
    shown(browser)
    for more in (0, 15):
        for _ in range(more):
            add()
        # both lists, their pictures, and the facts of what they quote; what is unread
        with django_assert_num_queries(6):
            shown(browser)


# --- buttons ------------------------------------------------------------------------------------------------


def test_publish_now_leads_to_the_post(browser, ada):
    draft = save_draft(author=ada, content="Hello", scheduled_for=timezone.now() + HOUR)
    answer = browser.post(f"/drafts/{draft.pk}/publish")
    post = Post.objects.get(author=ada)
    assert (answer.status_code, answer["Location"]) == (302, f"/@ada/{post.pk}")
    assert not Draft.objects.exists()
    assert "Published." in browser.get(answer["Location"]).content.decode()


def test_pressed_twice_it_is_published_once(browser, ada):
    draft = save_draft(author=ada, content="Hello")
    first, second = (browser.post(f"/drafts/{draft.pk}/publish", {"idempotency_key": "k"}) for _ in range(2))
    assert first["Location"] == second["Location"] and second.status_code == 302
    assert Post.objects.filter(author=ada).count() == 1
    assert browser.post(f"/drafts/{draft.pk}/publish", {"idempotency_key": "other"}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"content": " "}, "Write something first."),
        ({"content": "a" * 2001}, "at most 2000 characters"),
        ({"content": "a\x07"}, "characters that cannot be kept"),
        ({"share_of": 4711}, "is gone"),
    ],
)
def test_what_cannot_be_published_goes_on_in_the_composer(browser, ada, fields, said):
    draft = save_draft(author=ada, **{"content": "x", **fields})
    answer = browser.post(f"/drafts/{draft.pk}/publish", {"idempotency_key": "k"})
    assert (answer.status_code, answer["Location"]) == (302, f"/posts?draft={draft.pk}")
    assert said in browser.get("/drafts").content.decode()
    assert Draft.objects.count() == 1 and not Post.objects.exists()


def test_what_is_not_for_everybody_cannot_be_quoted(browser, ada):
    own = publish(ada, "for followers", "followers")
    draft = save_draft(author=ada, content="x", share_of=own.pk)
    assert browser.post(f"/drafts/{draft.pk}/publish")["Location"] == f"/posts?draft={draft.pk}"
    assert "cannot be passed on" in browser.get("/drafts").content.decode()


def test_publishing_too_often_says_when_it_goes_on(browser, ada, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "publish": "1/h"}
    first, second = (save_draft(author=ada, content="x") for _ in range(2))
    assert browser.post(f"/drafts/{first.pk}/publish").status_code == 302
    assert browser.post(f"/drafts/{second.pk}/publish").status_code == 429
    assert Draft.objects.get().pk == second.pk


def test_deleting_asks_first(browser, ada):
    draft = save_draft(author=ada, content="Hello", scheduled_for=timezone.now() + HOUR)
    page = browser.get(f"/drafts/{draft.pk}/delete").content.decode()
    assert "Delete this draft?" in page and "Hello" in page and "will not be published" in page
    assert Draft.objects.exists()
    answer = browser.post(f"/drafts/{draft.pk}/delete")
    assert (answer.status_code, answer["Location"]) == (302, "/drafts")
    assert not Draft.objects.exists() and "Your draft is gone." in shown(browser)


# --- outsiders and bad addresses ----------------------------------------------------------------------------


def test_drafts_of_others_are_not_there(ada, ben, mod):
    draft = save_draft(author=ada, content="secret of ada")
    for who in (page_of(ben), page_of(mod)):
        assert "secret of ada" not in shown(who)
        for ident in (draft.pk, 4711, 2**70):
            assert who.post(f"/drafts/{ident}/publish").status_code == 404
            assert who.get(f"/drafts/{ident}/delete").status_code == 404
            assert who.post(f"/drafts/{ident}/delete").status_code == 404
    assert Draft.objects.count() == 1


def test_visitors_sign_in_first(ada):
    draft = save_draft(author=ada, content="x")
    visitor = Client()
    for answer in (
        visitor.get("/drafts"),
        visitor.post(f"/drafts/{draft.pk}/publish"),
        visitor.get(f"/drafts/{draft.pk}/delete"),
        visitor.post(f"/drafts/{draft.pk}/delete"),
    ):
        assert answer.status_code == 302 and "login" in answer["Location"]
    assert Draft.objects.count() == 1


def test_wrong_methods_and_damaged_links(browser, ada):
    draft = save_draft(author=ada, content="x")
    assert browser.post("/drafts").status_code == 405
    assert browser.get(f"/drafts/{draft.pk}/publish").status_code == 405
    assert browser.put(f"/drafts/{draft.pk}/delete").status_code == 405
    assert browser.get("/drafts?cursor=x").status_code == 400
    assert browser.get("/drafts/x/delete").status_code == 404


def test_nobody_keeps_a_copy_of_the_page(browser):
    assert "private" in browser.get("/drafts")["Cache-Control"]


# --- the admin ----------------------------------------------------------------------------------------------


def test_staff_sees_that_there_is_a_draft_and_not_what_it_says(ada, mod):
    draft = save_draft(author=ada, content="secret of ada", content_warning="secret warning")
    staff = page_of(mod)
    for path in ("", f"{draft.pk}/change/"):
        page = staff.get(f"/admin/feeds/draft/{path}").content.decode()
        assert str(draft.pk) in page and "secret" not in page
    assert staff.post(f"/admin/feeds/draft/{draft.pk}/delete/").status_code == 403
    assert staff.get("/admin/feeds/draft/add/").status_code == 403
