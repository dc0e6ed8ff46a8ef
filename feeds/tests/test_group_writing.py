"""Writing to a group: chosen in the composer, kept in drafts, published at its time, and what comes between."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from accounts.tests.test_follow_races import rounds
from feeds.actions import publish_due, publish_post, save_draft, version_of
from feeds.composing import groups_to_post_in
from feeds.demo.groups import leave_groups
from feeds.errors import UnknownAudience
from feeds.export import parts
from feeds.models import Draft, Post
from feeds.tests.factories import picture, plant_many, publish
from feeds.tests.test_indexes import analyze, plans_of
from feeds.tests.test_publish_due import due
from groups import actions as groups
from groups.models import Category, Group, GroupCounts
from groups.selectors import discoverable
from groups.tests.factories import a_group, is_in
from groups.tests.test_membership import at_once
from notifications.models import Notification
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def audience(group: Group) -> str:
    return f"group:{group.slug}"


def options(page: str) -> list[tuple[str, bool]]:
    """The audiences that a page lets one choose, and which is chosen."""
    (found,) = re.findall(r'<select id="id_visibility".*?</select>', page, re.S)
    return [
        (value, bool(chosen)) for value, chosen in re.findall(r'<option value="([^"]*)"( selected)?', found)
    ]


def chosen(page: str) -> str:
    return next(value for value, is_chosen in options(page) if is_chosen)


# --- choosing -----------------------------------------------------------------------------------------------


def test_the_composer_offers_my_groups_the_lately_used_first(ada: User, ben: User, cleo: User) -> None:
    used, older, private = a_group(ada), a_group(ada), a_group(ada, "private")
    is_in(a_group(ben), ada, status="pending")
    is_in(a_group(ben), ada, status="invited")
    is_in(a_group(ben), ada, status="banned")
    gone = a_group(ada)
    groups.delete_group(group=gone, actor=ada)
    publish_post(author=ada, content="One", group=older)
    publish_post(author=ada, content="Two", group=used)
    offered = [audience(used), audience(older), audience(private)]
    own = ["public", "followers", "friends", "private"]
    assert [value for value, _chosen in options(page_of(ada).get("/posts").content.decode())] == own + offered
    listed = page_of(ada).get("/posts/groups").content.decode()
    assert re.findall(r'<option value="([^"]*)"', listed) == offered
    assert "optgroup" not in page_of(cleo).get("/posts/groups").content.decode()


def test_home_asks_for_them_later_and_leads_there_without_scripts(ada: User) -> None:
    a_group(ada)
    browser = page_of(ada)
    browser.get("/")
    with CaptureQueriesContext(connection) as asked:
        page = browser.get("/").content.decode()
    assert not [query for query in asked.captured_queries if 'FROM "groups_group"' in query["sql"]]
    assert 'data-groups-url="/posts/groups"' in page and 'href="/posts">Write to a group' in page
    assert "group:" not in page


def test_the_list_costs_the_same_for_one_group_and_for_many(
    ada: User, django_assert_num_queries: Any
) -> None:
    for many in (1, 6):
        for _each in range(many):
            publish_post(author=ada, content="Here", group=a_group(ada))
        with django_assert_num_queries(2):
            groups_to_post_in(ada)


def test_it_is_published_there_and_leads_back_to_where_it_was_written(ada: User, ben: User) -> None:
    group = a_group(ada, "private")
    is_in(group, ben)
    media = picture(ben, alt="A loaf")
    fields = {
        "content": "Look",
        "visibility": audience(group),
        "content_warning": "Bread",
        "media_ids": str(media.pk),
    }
    assert page_of(ben).post("/posts", fields).headers["Location"] == "/"
    post = Post.objects.get()
    assert (post.group_id, post.visibility, post.content_warning, post.with_media) == (
        group.pk, "group", "Bread", True,
    )  # fmt: skip
    answer = page_of(ben).post(
        "/posts", {"content": "Again", "visibility": audience(group), "place": "group"}
    )
    assert answer.headers["Location"] == f"/g/{group.slug}"
    elsewhere = page_of(ben).post("/posts", {"content": "To all", "visibility": "public", "place": "group"})
    assert elsewhere.headers["Location"] == "/"


def test_the_page_of_a_group_has_the_whole_composer_for_its_members(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    page = page_of(ben).get(f"/g/{group.slug}").content.decode()
    assert chosen(page) == audience(group)
    for name in ("pictures", "content_warning", "scheduled_for", "draft", "reply_policy", "language"):
        assert f'name="{name}"' in page, name
    assert f'data-place="{audience(group)}"' in page
    assert "data-composer" not in page_of(cleo).get(f"/g/{group.slug}").content.decode()
    assert "data-composer" not in page_of().get(f"/g/{group.slug}").content.decode()
    assert chosen(page_of(ben).get(f"/posts?group={group.slug}").content.decode()) == audience(group)
    assert page_of(ben).get("/posts?group=no-such").status_code == 404


@pytest.mark.parametrize(
    ("privacy", "status", "said"),
    [
        ("public", 403, "Only members can post in this group."),
        ("private", 403, "Only members can post in this group."),
        ("invite", 400, "There is no such group."),
    ],
)
def test_an_outsider_gets_a_sentence_and_keeps_the_words(
    privacy: str, status: int, said: str, ada: User, cleo: User
) -> None:
    group = a_group(ada, privacy)
    answer = page_of(cleo).post("/posts", {"content": "Let me in", "visibility": audience(group)})
    page = answer.content.decode()
    assert answer.status_code == status
    assert said in page and "Let me in" in page
    assert chosen(page) == audience(group)  # never silently for more people than was meant
    assert not Post.objects.exists()


@pytest.mark.parametrize("wrong", ["group:", "group:No Such", "group", "everybody"])
def test_what_is_no_audience_is_refused(wrong: str, ada: User) -> None:
    answer = page_of(ada).post("/posts", {"content": "My words", "visibility": wrong})
    assert answer.status_code == 400 and "My words" in answer.content.decode()
    assert not Post.objects.exists()


def test_who_is_banned_cannot_post(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    groups.ban_person(group=group, actor=ada, person=ben)
    assert page_of(ben).post("/posts", {"content": "Still", "visibility": audience(group)}).status_code == 403
    assert (
        Api(ben)("POST", "posts", {"content": "Still", "group": group.slug}).json()["code"] == "not_a_member"
    )


def test_refused_attempts_use_nothing_up(ada: User, cleo: User) -> None:
    group = a_group(ada)
    for _each in range(12):
        answer = page_of(cleo).post("/posts", {"content": "In", "visibility": audience(group)})
        assert answer.status_code == 403
    assert page_of(cleo).post("/posts", {"content": "In", "visibility": "public"}).status_code == 302


def test_the_list_of_groups_is_for_those_who_are_signed_in() -> None:
    assert Client().get("/posts/groups").status_code == 302
    assert Client().post("/posts/groups").status_code == 405


def test_an_edit_on_the_page_leaves_the_post_in_its_group(ada: User) -> None:
    group = a_group(ada)
    post = publish_post(author=ada, content="First", group=group)
    page = page_of(ada).get(f"/@ada/{post.pk}/edit").content.decode()
    (select,) = re.findall(r'<select name="visibility".*?</select>', page, re.S)
    assert re.findall(r'<option value="([^"]*)"', select) == ["group"]
    fields = {"content": "Second", "visibility": "group", "version": ""}
    assert page_of(ada).post(f"/@ada/{post.pk}/edit", fields).status_code == 302
    post.refresh_from_db()
    assert (post.content, post.visibility, post.group_id) == ("Second", "group", group.pk)
    version = version_of(post.edited_at)
    wider = page_of(ada).post(
        f"/@ada/{post.pk}/edit", {**fields, "content": "Third", "visibility": "public", "version": version}
    )
    assert wider.status_code == 400
    outside = publish(ada)
    into = page_of(ada).post(f"/@ada/{outside.pk}/edit", {**fields, "visibility": "group"})
    assert into.status_code == 400


# --- drafts -------------------------------------------------------------------------------------------------


def test_a_draft_keeps_its_group_by_page(ada: User) -> None:
    group = a_group(ada, "private")
    fields = {"content": "Not yet", "visibility": audience(group), "do": "draft"}
    assert page_of(ada).post("/posts", fields).status_code == 302
    draft = Draft.objects.get()
    assert (draft.visibility, draft.group_id) == ("group", group.pk)
    listed = page_of(ada).get("/drafts").content.decode()
    assert group.name in listed
    page = page_of(ada).get(f"/posts?draft={draft.pk}").content.decode()
    assert chosen(page) == audience(group)
    assert page_of(ada).post(f"/drafts/{draft.pk}/publish").status_code == 302
    assert Post.objects.get().group_id == group.pk


def test_a_draft_keeps_its_group_by_api(ada: User) -> None:
    group = a_group(ada)
    api = Api(ada)
    made = api("POST", "drafts", {"content": "A", "group": group.slug}).json()
    assert (made["visibility"], made["group"]) == ("group", group.slug)
    path = f"drafts/{made['id']}"
    same = api("PATCH", path, {"version": 1, "content": "B"}).json()
    assert (same["visibility"], same["group"]) == ("group", group.slug)
    sent = {"version": 2, "visibility": "group", "group": group.slug, "content": "C"}  # as the composer saves
    assert api("PATCH", path, sent).json()["group"] == group.slug
    out = api("PATCH", path, {"version": 3, "visibility": "friends"}).json()
    assert (out["visibility"], out["group"]) == ("friends", None)
    api("PATCH", path, {"version": 4, "group": group.slug})
    alone = api("PATCH", path, {"version": 5, "group": None})
    assert (alone.status_code, alone.json()["code"]) == (400, "unknown_audience")
    answer = api("POST", f"{path}/publish")
    assert (answer.status_code, answer.json()["group"]) == (201, group.slug)


def test_groups_that_one_may_not_know_of_go_into_no_draft(ada: User, cleo: User) -> None:
    hidden = a_group(ada, "invite")
    for slug in (hidden.slug, "no-such", "NO SUCH"):
        answer = Api(cleo)("POST", "drafts", {"content": "A", "group": slug})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_group"), slug
        assert "group" in answer.json()["errors"]
    kept = page_of(cleo).post("/posts", {"content": "Kept", "visibility": audience(hidden), "do": "draft"})
    assert kept.status_code == 400 and "Kept" in kept.content.decode()
    assert not Draft.objects.exists()


def test_who_left_loses_no_draft_and_learns_nothing_new(ada: User, ben: User) -> None:
    group = a_group(ada, "invite")
    is_in(group, ben)
    draft = save_draft(author=ben, content="Mine", group=group)
    groups.leave_group(group=group, person=ben)
    groups.change_group(group=group, actor=ada, name="A new name")
    for path in ("/drafts", f"/posts?draft={draft.pk}", f"/drafts/{draft.pk}/delete"):
        page = page_of(ben).get(path).content.decode()
        assert "Mine" in page and "A new name" not in page, path
    assert "For a group in which you cannot post" in page_of(ben).get("/drafts").content.decode()
    assert chosen(page_of(ben).get(f"/posts?draft={draft.pk}").content.decode()) == audience(group)
    saved = Api(ben)("PATCH", f"drafts/{draft.pk}", {"version": 1, "content": "More", "group": group.slug})
    assert saved.status_code == 200
    fields = {"content": "More yet", "visibility": audience(group), "draft": draft.pk, "do": "draft"}
    assert page_of(ben).post("/posts", fields).status_code == 302
    refused = Api(ben)("POST", f"drafts/{draft.pk}/publish")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")
    back = page_of(ben).post(f"/drafts/{draft.pk}/publish", follow=True)
    assert back.redirect_chain[-1][0] == f"/posts?draft={draft.pk}"
    assert "Only members can post in this group." in back.content.decode()
    out = {"content": "To friends", "visibility": "friends", "draft": draft.pk, "version": ""}
    assert page_of(ben).post("/posts", out).status_code == 302
    assert Post.objects.get().visibility == "friends" and not Draft.objects.exists()


def test_a_group_that_ends_leaves_drafts_to_their_authors(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    draft = save_draft(author=ben, content="Mine", group=group)
    groups.delete_group(group=group, actor=ada)
    assert Api(ben)("GET", f"drafts/{draft.pk}").json()["group"] == group.slug
    refused = Api(ben)("POST", f"drafts/{draft.pk}/publish")
    assert (refused.status_code, refused.json()["code"]) == (400, "group_gone")
    answer = page_of(ben).post(
        "/posts", {"content": "Mine", "visibility": audience(group), "draft": draft.pk}
    )
    assert answer.status_code == 400
    assert "The group is not there any more." in answer.content.decode()


def test_the_table_wants_a_group_with_its_audience(ada: User) -> None:
    group = a_group(ada)
    draft = save_draft(author=ada, content="A", group=group)
    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.filter(pk=draft.pk).update(visibility="public")
    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.filter(pk=draft.pk).update(group=None)
    with pytest.raises(UnknownAudience):
        save_draft(author=ada, content="A", visibility="group")


def test_drafts_with_groups_cost_no_more(ada: User, django_assert_num_queries: Any) -> None:
    from feeds.selectors import drafts_of

    for _each in range(4):
        save_draft(author=ada, content="A", group=a_group(ada))
    with django_assert_num_queries(2):
        page = drafts_of(author=ada)
        assert {draft.group.slug for draft in page.items if draft.is_in_group} != set()


def test_the_archive_says_where_one_wrote(ada: User) -> None:
    group = a_group(ada)
    publish_post(author=ada, content="Said", group=group)
    save_draft(author=ada, content="Unsaid", group=group)
    told = {
        part.name: list(part.rows) for part in parts(ada.pk) if part.name in ("posts.json", "drafts.json")
    }
    assert {rows[0]["group_slug"] for rows in told.values()} == {group.slug}


# --- at their time ------------------------------------------------------------------------------------------


def test_it_is_published_in_its_group_at_its_time(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    moment = (timezone.now() + HOUR).strftime("%Y-%m-%dT%H:%M")
    fields = {"content": "By page", "visibility": audience(group), "do": "schedule", "scheduled_for": moment}
    assert page_of(ben).post("/posts", fields).status_code == 302
    due(ben, "Good morning", group=group)
    Draft.objects.update(scheduled_for=timezone.now() - HOUR)
    assert publish_due() == 2
    assert list(Post.objects.values_list("group_id", "visibility")) == [(group.pk, "group")] * 2
    assert GroupCounts.objects.get(pk=group.pk).posts == 2


@pytest.mark.parametrize(
    ("act", "problem", "said"),
    [
        ("leave", "not_a_member", "You were no member of its group at its time."),
        ("ban", "not_a_member", "You were no member of its group at its time."),
        ("end", "group_gone", "Its group is not there any more."),
    ],
)
def test_who_is_out_by_then_is_told_and_keeps_the_draft(
    act: str, problem: str, said: str, ada: User, ben: User
) -> None:
    group = a_group(ada)
    is_in(group, ben)
    draft = due(ben, "Good morning", group=group)
    if act == "leave":
        groups.leave_group(group=group, person=ben)
    elif act == "ban":
        groups.ban_person(group=group, actor=ada, person=ben)
    else:
        groups.delete_group(group=group, actor=ada)
    assert publish_due() == 0
    draft.refresh_from_db()
    assert (draft.problem, draft.scheduled_for, draft.group_id) == (problem, None, group.pk)
    assert said in page_of(ben).get("/drafts").content.decode()
    told = Api(ben)("GET", f"drafts/{draft.pk}").json()
    assert told["problem"] == problem and said in told["problem_text"]
    drain()
    assert Notification.objects.filter(recipient=ben, kind="post_failed").exists()
    assert not Post.objects.exists()


def test_nothing_is_scheduled_where_one_cannot_post(ada: User, cleo: User) -> None:
    group = a_group(ada)
    body = {"content": "A", "group": group.slug, "scheduled_for": (timezone.now() + HOUR).isoformat()}
    answer = Api(cleo)("POST", "drafts", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_member")
    assert not Draft.objects.exists()


@rounds
def test_leaving_while_it_is_published(ada: User, ben: User, round_: int) -> None:
    """Whoever comes first: nobody says anything in a group after they have left it."""
    group = a_group(ada)
    is_in(group, ben)
    due(ben, "Good morning", group=group)
    left: list[bool] = []

    def leave() -> None:
        groups.leave_group(group=group, person=ben)
        left.append(Post.objects.filter(author=ben).exists())  # committed before?

    assert at_once(leave, publish_due) == []
    was_there = left[0]
    assert Post.objects.filter(author=ben).exists() == was_there
    assert Draft.objects.exists() != was_there
    assert GroupCounts.objects.get(pk=group.pk).posts == int(was_there)


@rounds
def test_being_banned_while_one_posts(ada: User, ben: User, round_: int) -> None:
    group = a_group(ada)
    is_in(group, ben)
    seen: list[int] = []

    def ban() -> None:
        groups.ban_person(group=group, actor=ada, person=ben)
        seen.append(Post.objects.filter(group=group).count())

    failed = at_once(ban, lambda: publish_post(author=ben, content="Last words", group=group))
    assert failed in ([], ["NotAMember"])
    assert Post.objects.filter(group=group).count() == seen[0] == (0 if failed else 1)


# --- kept composers -----------------------------------------------------------------------------------------


def test_a_kept_composer_is_shown_only_where_the_same_may_be_chosen(ada: User, ben: User) -> None:
    one, two = a_group(ada), a_group(ada)
    is_in(one, ben)
    for _twice in range(2):
        assert chosen(page_of(ada).get(f"/g/{one.slug}").content.decode()) == audience(one)
        assert chosen(page_of(ada).get(f"/g/{two.slug}").content.decode()) == audience(two)
        assert audience(two) in dict(options(page_of(ada).get("/posts").content.decode()))
        assert audience(two) not in dict(options(page_of(ben).get("/posts").content.decode()))
        assert chosen(page_of(ben).get("/posts").content.decode()) == "public"
        assert chosen(page_of(ben).get(f"/posts?group={one.slug}").content.decode()) == audience(one)
    groups.change_group(group=one, actor=ada, name="Another name")
    assert "Another name" in page_of(ben).get("/posts").content.decode()


def test_a_demo_that_goes_leaves_drafts_of_others_to_them_alone(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    draft = due(ben, "Mine", group=group)
    groups.leave_group(group=group, person=ben)
    with transaction.atomic():
        leave_groups([ada.pk])
    assert not Group.objects.exists()
    draft.refresh_from_db()
    assert (draft.group_id, draft.visibility, draft.scheduled_for) == (None, "private", None)


# --- plans --------------------------------------------------------------------------------------------------


def test_what_is_asked_is_served_by_indexes(ada: User) -> None:
    """Among many groups, for somebody who wrote a lot."""
    made = Group.objects.bulk_create(
        Group(slug=f"many-{number}", name="Many", category=Category.values[number % 9])
        for number in range(3000)
    )
    GroupCounts.objects.bulk_create(GroupCounts(group=group) for group in made)
    plant_many(ada, 3000)
    for _each in range(20):
        plant_many(person(), 100)
    analyze()
    plan = plans_of(lambda: discoverable(viewer=ada, category=Category.FOOD))
    assert "group_newest_of_category" in plan and "Seq Scan on groups_group" not in plan
    plan = plans_of(lambda: groups_to_post_in(ada))
    assert "post_by_author" in plan and "Seq Scan on feeds_post" not in plan
