"""Who harasses somebody and then blocks them does not escape a report: the door of reports finds what a block keeps
from them, shows nothing of it, and finds nothing else."""

from typing import Any

import pytest

from accounts.actions import begin_leaving, block_user
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, blocks, follows, page_of, person
from feeds.actions import delete_post, hide_post, publish_post
from feeds.models import Post
from feeds.tests.factories import publish
from groups.tests.factories import a_group, is_in
from interactions.models import Comment
from interactions.tests.threads import say
from moderation import actions
from moderation.models import Case, Report

pytestmark = pytest.mark.django_db
SAID = "Nobody likes you"


@pytest.fixture
def post(ada: User) -> Post:
    return publish(ada, SAID)


def addressed(thing: Any) -> tuple[str, str]:
    if isinstance(thing, User):
        return "user", thing.username
    return ("post" if isinstance(thing, Post) else "comment"), str(thing.pk)


def reports(by: User, thing: Any) -> int:
    """By the API; the page answers alike."""
    kind, ident = addressed(thing)
    page = page_of(by).get(f"/report/{kind}/{ident}")
    sent = {"target_type": kind, "target_id": ident, "reason": "harassment"}
    answer = Api(by)("POST", "reports", sent)
    assert (page.status_code, answer.status_code) in ((200, 201), (404, 404)), answer.content
    assert SAID not in page.content.decode() and SAID not in answer.content.decode()
    return int(answer.status_code)


@pytest.mark.parametrize("direction", ["they block me", "both"])
def test_a_person_and_what_they_said_openly(ada: User, ben: User, cleo: User, direction: str) -> None:
    post = publish(ada, SAID)
    on_other = say(ada, publish(cleo, "Good morning"), SAID)
    under = say(cleo, post, SAID)
    blocks(ada, ben)
    if direction == "both":
        blocks(ben, ada)
    for thing in (ada, post, on_other, under):
        assert reports(ben, thing) == 201, thing
    found = dict(Case.objects.values_list("target_id", "person__username"))
    assert found == {ada.pk: "ada", post.pk: "ada", on_other.pk: "ada", under.pk: "cleo"}
    assert Case.objects.get(target_kind="post").said == SAID
    assert Report.objects.filter(reporter=ben).count() == 4
    for address in (post.get_absolute_url(), "/@ada", f"/@ada/posts/{post.pk}/history"):
        assert page_of(ben).get(address).status_code == 404, address
    assert Api(ben)("GET", f"posts/{post.pk}").status_code == 404


def test_the_page_says_no_more_than_its_address(ada: User, ben: User, post: Post) -> None:
    blocks(ada, ben)
    browser = page_of(ben)
    html = browser.get(f"/report/post/{post.pk}").content.decode()
    assert "a block keeps from you" in html
    for word in (SAID, "@ada", "Ada", post.get_absolute_url()):
        assert word not in html, word
    answer = browser.post(f"/report/post/{post.pk}", {"reason": "harassment"})
    assert (answer.status_code, answer["Location"]) == (302, "/settings/reports")
    mine = browser.get("/settings/reports").content.decode()
    assert SAID not in mine and "@ada" not in mine
    assert str(Api(ben)("GET", "me/reports").json()).count("ada") == 0


def test_what_is_said_in_a_group_of_both(ada: User, ben: User, cleo: User) -> None:
    group = a_group(cleo, "private")
    is_in(group, ada, ben)
    post = publish_post(author=ada, group=group, content=SAID)
    blocks(ada, ben)
    assert reports(ben, post) == 201
    assert Case.objects.get().group == group
    assert reports(person("eve"), post) == 404


def test_what_a_block_is_not_the_reason_for_stays_unknown(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    follows(ben, ada)
    few, own = publish(ada, SAID, audience="followers"), publish(ada, SAID, audience="private")
    gone, hidden = publish(ada, SAID), publish(ada, SAID)
    delete_post(post=gone, actor=ada)
    hide_post(post_id=hidden.pk, actor=mod)
    private = person("pia", is_private=True)
    kept = publish(private, SAID)
    hushed = say(ada, publish(cleo, "Good evening"), SAID)
    Comment.objects.filter(pk=hushed.pk).update(withheld_at="2026-01-01T00:00Z")
    under_few = say(ada, few, SAID)
    for blocker in (ada, private):
        block_user(blocker=blocker, blocked=ben)
    for thing in (few, own, gone, hidden, kept, hushed, under_few):
        assert reports(ben, thing) == 404, thing
    assert not Case.objects.exists()
    begin_leaving(user=ada, password=PASSWORD)
    assert reports(ben, ada) == 404


def test_who_reports_themselves_or_a_group_is_answered_as_before(ada: User, ben: User, post: Post) -> None:
    blocks(ada, ben)
    assert (
        Api(ada)(
            "POST", "reports", {"target_type": "post", "target_id": str(post.pk), "reason": "spam"}
        ).json()["code"]
        == "own_report"
    )
    a_group(ada, "invite", slug="inner")
    sent = {"target_type": "group", "target_id": "inner", "reason": "spam"}
    assert Api(ben)("POST", "reports", sent).status_code == 404
    case = actions.report_target(kind="user", ident="ada", reporter=ben, reason="spam").case
    assert case.person == ada
