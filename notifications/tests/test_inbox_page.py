"""The inbox as people see it: the page, its forms, the badge."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import page_of, person
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications.models import Notification
from notifications.selectors import inbox_page, unread_count
from socialnet.kernel.postgres import base as postgres
from socialnet.outbox.ids import id_at
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
READ = "/notifications/read"


def like(who: User, post: Post) -> None:
    doing.like_post(post_id=post.pk, person=who)


def told(recipient: User, *, many: int, of: User) -> list[Post]:
    """`many` posts of the recipient that somebody likes: as many notifications, the last on top."""
    posts = [publish(recipient, f"Number {number}") for number in range(many)]
    for post in posts:
        like(of, post)
        drain()
    return posts


def html(browser: Client, address: str = "/notifications", **headers: str) -> str:
    answer = browser.get(address, headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def ids(viewer: User) -> list[int]:
    return [item.id for item in inbox_page(viewer=viewer).items]


def moved(notification: Notification, **ago: float) -> None:
    """As if it had come then."""
    place = id_at(timezone.now() - timedelta(**ago))
    Notification.objects.filter(pk=notification.pk).update(place=place)


def test_it_says_who_did_what_where_and_when(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada, "Bread and <butter>")
    like(ben, post)
    like(cleo, post)
    drain()
    page = html(page_of(ada))
    assert (
        '<a href="/@cleo"><b><bdi>Cleo</bdi></b></a> and <a href="/@ben"><b><bdi>Ben</bdi></b></a> like your post'
        in page
    )
    assert "Bread and &lt;butter&gt;" in page and f'href="{post.get_absolute_url()}"' in page
    assert 'class="icon icon-heart"' in page and ">Today</h2>" in page
    assert page.count('class="face s') >= 2
    assert "Unread: </span>" in page  # a word, not only a colour
    assert "<title>(1) Notifications" in page and 'href="/settings/notifications"' in page


def test_names_are_text_whatever_they_are(ada: User, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(display_name="<b>\ue0000\ue001 & %s")
    like(ben, publish(ada))
    drain()
    page = html(page_of(ada))
    assert "&lt;b&gt;\ue0000\ue001 &amp; %s</bdi>" in page and "<bdi><b>" not in page


def test_days_are_those_of_the_reader(ada: User, ben: User) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone="Pacific/Auckland")
    told(ada, many=4, of=ben)
    rows = list(Notification.objects.order_by("-place"))
    for row, hours in zip(rows, (0, 26, 24 * 40, 24 * 800), strict=True):
        moved(row, hours=hours)
    page = html(page_of(User.objects.get(pk=ada.pk)))
    names = [part.split("</h2>")[0].split(">")[-1] for part in page.split('<h2 id="day-')[1:]]
    assert len(names) == 4 and names[0] == "Today"
    assert names[2].count(",") == 1 and any(char.isdigit() for char in names[3][-4:])


def test_tabs_and_what_is_unread(ada: User, ben: User) -> None:
    post = publish(ada, "Bread")
    like(ben, post)
    people.follow_user(follower=ben, followee=ada)
    doing.comment_on_post(post_id=post.pk, author=ben, content="How long?")
    drain()
    browser = page_of(ada)
    seen = {
        tab: html(browser, f"/notifications?tab={tab}").count("<article")
        for tab in ("all", "talk", "likes", "follows", "requests", "other")
    }
    assert seen == {"all": 3, "talk": 1, "likes": 1, "follows": 1, "requests": 0, "other": 0}
    browser.post(READ, {"id": ids(ada)[0]})
    assert html(browser, "/notifications?unread=1").count("<article") == 2
    assert html(browser, "/notifications?tab=talk&unread=1").count("<article") == 0
    assert browser.get("/notifications?tab=gossip").status_code == 404
    assert browser.get("/notifications?cursor=abc").status_code == 400


def test_an_empty_inbox_says_why_and_offers_one_thing(ada: User) -> None:
    browser = page_of(ada)
    for query, words in {
        "": "Nothing yet",
        "?unread=1": "You have read everything",
        "?tab=requests": "Nobody is waiting",
        "?tab=likes": "Nothing of this kind yet",
    }.items():
        page = html(browser, f"/notifications{query}")
        assert words in page and 'class="art ' in page and page.count('class="button" href') == 1


def test_one_up_to_here_and_all_are_read(ada: User, ben: User) -> None:
    told(ada, many=4, of=ben)
    browser, (first, second, *_older) = page_of(ada), list(Notification.objects.order_by("-place"))
    for _twice in range(2):
        answer = browser.post(READ, {"id": first.pk, "next": "/notifications?tab=likes"})
        assert (answer.status_code, answer["Location"]) == (302, "/notifications?tab=likes")
        assert unread_count(ada.pk) == 3
    like(person("emil"), Post.objects.get(pk=second.post_id))  # it moves up after the page was drawn
    drain()
    browser.post(READ, {"up_to": second.place})
    assert [row.pk for row in Notification.objects.unread()] == [second.pk]
    answer = browser.post(READ, {"all": "1", "next": "//elsewhere.example/"})
    assert answer["Location"] == "/notifications"
    assert unread_count(ada.pk) == 0 and "<title>Notifications" in html(browser)


@pytest.mark.parametrize(
    "fields", [{}, {"id": "x"}, {"id": "0"}, {"up_to": "9" * 17}, {"id": "-1"}, {"id": "١"}]
)
def test_what_makes_no_sense_is_refused(ada: User, fields: dict[str, str]) -> None:
    assert page_of(ada).post(READ, fields).status_code == 400


def test_nobody_sees_or_reads_the_inbox_of_another(ada: User, ben: User, cleo: User) -> None:
    told(ada, many=2, of=ben)
    other = page_of(cleo)
    assert "<article" not in html(other) and "<title>Notifications" in html(other)
    for fields in ({"id": ids(ada)[0]}, {"up_to": 2**53 - 1}, {"all": "1"}):
        assert other.post(READ, fields).status_code == 302
    assert unread_count(ada.pk) == 2
    for address, method in (("/notifications", "get"), (READ, "post")):
        answer = getattr(page_of(), method)(address)
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]


def test_wrong_methods_and_private_answers(ada: User) -> None:
    browser = page_of(ada)
    assert browser.post("/notifications").status_code == 405
    assert browser.get(READ).status_code == 405
    answer = browser.get("/notifications")
    assert "private" in answer["Cache-Control"] and "no-store" in answer["Cache-Control"]
    assert "unsafe" not in answer["Content-Security-Policy"] and " style=" not in answer.content.decode()
    assert Client(enforce_csrf_checks=True).post(READ).status_code in (302, 403)


def test_what_may_not_be_seen_any_more_is_not_quoted(ada: User, ben: User, cleo: User) -> None:
    post = publish(ben, "A secret between us")
    doing.comment_on_post(post_id=post.pk, author=cleo, content="A whisper for @ada")
    drain()
    assert "A whisper" in html(page_of(ada))
    Post.objects.filter(pk=post.pk).update(visibility="private")
    page = html(page_of(ada))
    assert "mentioned you" in page and "whisper" not in page and "secret" not in page


def test_requests_are_answered_where_they_are_read(ada: User, ben: User, cleo: User) -> None:
    people.set_privacy(user=ada, is_private=True)
    ada.refresh_from_db()
    for follower in (ben, cleo):
        people.follow_user(follower=follower, followee=ada)
    drain()
    browser = page_of(ada)
    page = html(browser, "/notifications?tab=requests")
    assert page.count("<article") == 2 and 'action="/follow-requests/ben/accept"' in page
    assert "2 people ask to follow you" in page and 'href="/follow-requests"' in page
    back = {"next": "/notifications?tab=requests"}
    answer = browser.post("/follow-requests/ben/accept", back)
    assert answer["Location"] == "/notifications?tab=requests"
    page = html(browser, "/notifications?tab=requests")  # not settled yet: it says so by having no buttons
    assert page.count("<article") == 2 and "/follow-requests/ben/accept" not in page
    browser.post("/follow-requests/cleo/refuse", back)
    drain()
    assert "<article" not in html(browser, "/notifications?tab=requests")
    assert browser.post("/follow-requests/ben/accept", {"next": "//elsewhere.example"}).status_code in (
        302,
        404,
    )


def test_pages_have_each_once_while_others_add(ada: User, ben: User) -> None:
    posts = told(ada, many=25, of=ben)
    browser = page_of(ada)
    first = browser.get("/notifications")
    page = first.content.decode()
    assert page.count("<article") == 20 and "Older notifications" in page
    like(person("emil"), posts[10])  # is on the first page and moves up
    like(person("finn"), posts[0])  # was to come on the second, moves up to where the reader has been
    told(ada, many=1, of=ben)
    address = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = html(browser, f"/notifications{address}", **{"X-Partial": "items"})
    assert "<html" not in second and second.count("<article") == 4
    both = [part.split('"')[0] for part in (page + second).split('data-post-id="')[1:]]
    assert len(both) == len(set(both)) == 24
    assert "That is all." in second


def test_the_page_costs_the_same_for_one_and_for_twenty(ada: User, ben: User, cleo: User) -> None:
    browser, costs = page_of(ada), []
    for many in (1, 19):
        posts = told(ada, many=many, of=ben)
        for post in posts:
            doing.comment_on_post(post_id=post.pk, author=cleo, content="And another")
        drain()
        html(browser)
        with CaptureQueriesContext(connection) as asked:
            html(browser)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 8


def test_the_badge_is_exact_costs_one_query_and_ends_at_99(ada: User, ben: User) -> None:
    browser = page_of(ada)
    told(ada, many=3, of=ben)
    assert 'data-unread="3"' in html(browser, "/bookmarks") and "3 unread</span>" in html(
        browser, "/bookmarks"
    )
    with CaptureQueriesContext(connection) as asked:
        html(browser, "/help/")
    assert [query["sql"].count("notifications_notification") > 0 for query in asked] == [True]
    with CaptureQueriesContext(connection) as asked:
        html(page_of(), "/help/")
    assert len(asked) == 0
    Notification.objects.bulk_create(
        Notification(recipient=ada, kind="like", target_id=number, due_at=timezone.now())
        for number in range(1, 121)
    )
    page = html(browser, "/help/")
    assert "<title>(99+) " in page and "123 unread</span>" in page and ">99+</span>" in page


class TestWithoutPostgreSQL:
    @pytest.fixture
    def away(self) -> Iterator[None]:
        address = connection.settings_dict["HOST"]
        connection.close()
        connection.settings_dict["HOST"] = "/nowhere"
        yield
        connection.close()
        connection.settings_dict["HOST"] = address
        postgres.breaker.close()

    @pytest.fixture
    def browser(self, transactional_db: None) -> Client:
        browser = Client(raise_request_exception=False)
        browser.force_login(person("ada"))
        assert browser.get("/").status_code == 200
        return browser

    def test_it_is_said_and_pages_have_no_badge(self, browser: Client, away: None) -> None:
        home = browser.get("/")
        assert home.status_code == 200
        assert 'data-unread="0"' in home.content.decode()
        answer = browser.get("/notifications")
        assert answer.status_code == 503 and "Traceback" not in answer.content.decode()
        assert int(answer["Retry-After"]) > 0
        refused = browser.post(READ, {"all": "1"})
        assert refused.status_code == 503 and int(refused["Retry-After"]) > 0
