"""What screening holds: its author sees it waiting, nobody else does on any surface, and it is told when released."""

from typing import Any

import pytest

from accounts import standins
from accounts.actions import erase_person
from accounts.models import PersonCounts, User
from accounts.tests.factories import Api, follows, page_of
from feeds import actions as posts
from feeds import paused
from feeds.cards import CARD, hydrate
from feeds.door import facts
from feeds.models import HashtagCounts, Post, PostCounts
from feeds.tests.factories import ids_at_home, picture, publish
from groups.tests.factories import a_group, is_in
from interactions import actions as comments
from interactions.models import Comment
from interactions.tests.threads import say
from moderation import actions
from moderation.models import Case, Sanction, ScreeningResult
from moderation.tests.screened import SPAM, block_words
from notifications.models import Notification
from socialnet.kernel import redis
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
WAITING = "Waiting for review"


def told(user: User) -> int:
    drain()
    return Notification.objects.standing().filter(recipient=user).count()


def the_case() -> Case:
    drain()
    return Case.objects.get()


def decide(mod: User, outcome: str, **more: Any) -> Case:
    return actions.decide_case(case_id=the_case().pk, outcome=outcome, actor=mod, **more)


def events(name: str) -> int:
    return Event.objects.filter(name=name).count()


def html(viewer: User | None, address: str) -> str:
    return page_of(viewer).get(address).content.decode()


def seen_on(post: Post, viewer: User | None) -> dict[str, bool]:
    """On which surfaces somebody finds a post about miracle cures with the tag #cure."""
    api, words = Api(viewer), "miracle cure"
    here = {
        "page": page_of(viewer).get(post.get_absolute_url()).status_code == 200,
        "api": api("GET", f"posts/{post.pk}").status_code == 200,
        "profile": words in html(viewer, "/@ada"),
        "profile, api": words in api("GET", "users/ada/posts").content.decode(),
        "rss": words in html(viewer, "/@ada/rss"),
        "landing": words in html(None, "/") if viewer is None else False,
        "tag": words in html(viewer, "/tags/cure"),
        "tag, api": words in api("GET", "hashtags/cure/posts").content.decode(),
        "comments": api("GET", f"posts/{post.pk}/comments").status_code == 200,
        "history": page_of(viewer).get(f"{post.get_absolute_url()}/history").status_code == 200,
        "search": f'href="{post.get_absolute_url()}"' in html(viewer, "/search?q=miracle&type=posts"),
        "search, api": api("GET", "search?q=miracle&type=posts").json()["results"] != [],
    }
    if viewer is not None:
        here["home"] = post.pk in ids_at_home(viewer)
        here["home, api"] = str(post.pk) in api("GET", "feed").content.decode()
        here["head"] = str(post.pk) in api("GET", "feed/head").content.decode()
    return here


def test_a_held_post_is_seen_by_its_author_alone_and_by_everybody_once_it_is_released(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    follows(ben, ada)
    block_words()
    post = publish(ada, f"{SPAM} #cure @cleo")
    drain()
    assert post.held_at is not None and events("feeds.post_published") == 0
    for viewer in (None, ben, cleo, mod):
        assert not any(seen_on(post, viewer).values()), (viewer, seen_on(post, viewer))
    assert told(cleo) == 0 and not HashtagCounts.objects.filter(posts__gt=0).exists()
    mine = seen_on(post, ada)
    for where in ("page", "api", "profile", "profile, api", "home", "home, api", "comments"):
        assert mine[where], where
    assert not mine["rss"]
    for address in (post.get_absolute_url(), "/@ada", "/"):
        assert WAITING in html(ada, address), address
    assert Api(ada)("GET", f"posts/{post.pk}").json()["held"] is True
    assert broken(sample=20) == []

    decide(mod, "nothing")
    drain()
    for viewer in (None, ben, cleo, ada):
        seen = seen_on(post, viewer)
        assert seen["page"] and seen["profile"] and seen["tag"] and seen["search"] and seen["api"], viewer
    assert ids_at_home(ben) == [post.pk] and told(cleo) == 1
    assert HashtagCounts.objects.get(hashtag__name="cure").posts == 1
    assert events("feeds.post_published") == 1
    assert WAITING not in html(ada, post.get_absolute_url())
    assert Api(ada)("GET", f"posts/{post.pk}").json()["held"] is False
    (news,) = Notification.objects.standing().filter(recipient=ada)
    assert news.words["what"] == "released" and news.words["url"] == post.get_absolute_url()
    assert broken(sample=20) == []


def test_a_held_post_counts_as_a_hidden_one_does(ada: User, mod: User) -> None:
    block_words()
    publish(ada, SPAM)
    assert PersonCounts.objects.get(pk=ada.pk).posts == 1
    decide(mod, "hide")
    assert PersonCounts.objects.get(pk=ada.pk).posts == 1
    assert broken(sample=20) == []


def test_hiding_what_is_held_is_a_sanction_and_its_end_tells_everybody_for_the_first_time(
    ada: User, ben: User, mod: User
) -> None:
    follows(ben, ada)
    block_words()
    post = publish(ada, SPAM)
    decide(mod, "hide", words="No cures here")
    drain()
    post.refresh_from_db()
    assert post.held_at is None and post.hidden_at is not None
    assert page_of(ada).get(post.get_absolute_url()).status_code == 404
    assert [news.words["what"] for news in Notification.objects.filter(recipient=ada)] == ["hide"]
    actions.end_sanction(sanction_id=Sanction.objects.get().pk, actor=mod)
    drain()
    assert ids_at_home(ben) == [post.pk] and events("feeds.post_published") == 1
    assert broken(sample=20) == []


def test_another_decision_than_hiding_lets_it_be_seen(ada: User, ben: User, mod: User) -> None:
    block_words()
    post = publish(ada, SPAM)
    decide(mod, "warn", words="Only this once")
    drain()
    assert page_of(ben).get(post.get_absolute_url()).status_code == 200
    assert broken(sample=20) == []


def test_what_waits_is_not_gone(ada: User, mod: User) -> None:
    block_words()
    publish(ada, SPAM)
    with pytest.raises(Exception, match="invalid"):
        decide(mod, "gone")
    posts.delete_post(post=Post.objects.get(), actor=ada)
    drain()
    assert Case.objects.get().outcome == "gone"
    assert broken(sample=20) == []


def test_the_author_may_delete_it_and_nothing_else(ada: User, ben: User) -> None:
    block_words()
    post = publish(ada, SPAM)
    page, api = page_of(ada), Api(ada)
    answer = api("PATCH", f"posts/{post.pk}", {"content": "Something else"})
    assert (answer.status_code, answer.json()["code"]) == (409, "waits_for_review")
    assert page.get(f"{post.get_absolute_url()}/edit").status_code == 409
    assert api("POST", f"posts/{post.pk}/share").json()["code"] == "cannot_share"
    assert (
        api("POST", "posts", {"content": "Look", "share_of": str(post.pk)}).json()["code"] == "cannot_share"
    )
    assert api("PUT", f"posts/{post.pk}/pin").status_code == 409
    assert api("DELETE", f"posts/{post.pk}").status_code == 204
    drain()
    assert broken(sample=20) == []


def test_an_edit_that_is_held_goes_out_of_sight_and_comes_back_without_being_told_again(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    follows(ben, ada)
    post = publish(ada, "Good morning #cure @ben")
    comments.like_post(post_id=post.pk, person=ben)
    block_words()
    drain()
    assert ids_at_home(ben) == [post.pk] and told(ben) == 1
    posts.edit_post(post=post, actor=ada, content=f"{SPAM} #cure @ben @cleo")
    drain()
    assert not any(seen_on(post, ben).values()) and not any(seen_on(post, None).values())
    assert WAITING in html(ada, post.get_absolute_url())
    assert (told(ben), told(cleo)) == (0, 0) and HashtagCounts.objects.get().posts == 0
    assert broken(sample=20) == []
    decide(mod, "nothing")
    drain()
    assert ids_at_home(ben) == [post.pk] and (told(ben), told(cleo)) == (1, 1)
    assert events("feeds.post_published") == 1 and PostCounts.objects.get(pk=post.pk).likes == 1
    assert broken(sample=20) == []


def test_what_is_held_shows_through_nothing_that_passes_it_on(ada: User, ben: User, cleo: User) -> None:
    follows(cleo, ben)
    post = publish(ada, "Good morning")
    share = posts.share_post(post=post, person=ben)
    quote = posts.publish_post(author=ben, content="Nice", quoted=post)
    block_words()
    posts.edit_post(post=post, actor=ada, content=SPAM)
    drain()
    for viewer in (ben, cleo):
        assert page_of(viewer).get(share.get_absolute_url()).status_code == 404
        assert "miracle" not in html(viewer, quote.get_absolute_url())
        assert share.pk not in ids_at_home(viewer)


def test_without_postgresql_it_is_shown_to_nobody_else_though_its_card_is_kept(ada: User, ben: User) -> None:
    follows(ben, ada)
    post = publish(ada, "Good morning")
    drain()
    ids_at_home(ben), ids_at_home(ada)
    block_words()
    posts.edit_post(post=post, actor=ada, content=SPAM)
    for one in (ada, ben):
        standins.keep(one.pk)
    redis._client().delete(CARD.key(post.pk))  # a moment later it may be kept again
    assert hydrate({post.pk: ada.pk}).cards[post.pk]["is_held"]
    assert [fact.post_id for fact in paused.home(ben.pk, before=None).shown] == []
    assert [fact.post_id for fact in paused.home(ada.pk, before=None).shown] == [post.pk]


def test_pictures_of_a_held_post_are_its_authors(ada: User, ben: User) -> None:
    block_words()
    shown = picture(ada)
    post = posts.publish_post(author=ada, content=SPAM, media_ids=[shown.pk])
    assert Api(ada)("GET", f"media/{shown.pk}").status_code == 200
    assert Api(ben)("GET", f"media/{shown.pk}").status_code == 404
    assert facts(viewer_id=None, post_ids=[post.pk])[post.pk].visible is False


def test_what_is_held_in_a_group_its_members_see_when_it_is_released(ada: User, ben: User, mod: User) -> None:
    bakers = a_group(ada)
    is_in(bakers, ben)
    block_words()
    post = posts.publish_post(author=ben, content=SPAM, group=bakers)
    drain()
    address = bakers.get_absolute_url()
    assert "miracle" not in html(ada, address) and post.pk not in ids_at_home(ada)
    assert WAITING in html(ben, address)
    decide(mod, "nothing")
    drain()
    assert "miracle" in html(ada, address) and post.pk in ids_at_home(ada)
    assert broken(sample=20) == []


def test_a_held_draft_is_a_post_that_waits(ada: User, ben: User, mod: User) -> None:
    block_words()
    draft = posts.save_draft(author=ada, content=SPAM)
    post = posts.publish_draft(author=ada, draft_id=draft.pk)
    drain()
    assert post.held_at and page_of(ben).get(post.get_absolute_url()).status_code == 404
    decide(mod, "nothing")
    assert page_of(ben).get(post.get_absolute_url()).status_code == 200


# --- comments ---------------------------------------------------------------------------------------------------


def test_a_held_comment_is_seen_by_its_author_alone_until_it_is_released(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    post = publish(ada)
    block_words()
    comment = say(ben, post, f"{SPAM} @cleo")
    drain()
    address = post.get_absolute_url()
    for viewer in (None, ada, cleo, mod):
        assert "miracle" not in html(viewer, address)
        assert "miracle" not in html(viewer, "/@ben/comments")
        assert "miracle" not in Api(viewer)("GET", f"posts/{post.pk}/comments").content.decode()
        assert Api(viewer)("GET", f"comments/{comment.pk}").status_code == 404
    assert WAITING in html(ben, address) and "miracle" in html(ben, "/@ben/comments")
    (mine,) = Api(ben)("GET", f"posts/{post.pk}/comments").json()["results"]
    assert mine["held"] is True
    assert (told(ada), told(cleo)) == (0, 0) and events("interactions.comment_written") == 0
    assert PostCounts.objects.get(pk=post.pk).comments == 1  # as while it is withheld
    assert broken(sample=20) == []

    decide(mod, "nothing")
    assert (told(ada), told(cleo), told(ben)) == (1, 1, 1)
    for viewer in (None, ada, cleo, ben):
        assert "miracle" in html(viewer, address)
    assert PostCounts.objects.get(pk=post.pk).comments == 1
    assert broken(sample=20) == []


def test_a_held_comment_is_not_answered_nor_edited_and_may_be_deleted(ada: User, ben: User) -> None:
    post = publish(ada)
    block_words()
    comment = say(ben, post, SPAM)
    api = Api(ben)
    answer = api("POST", f"posts/{post.pk}/comments", {"content": "More", "parent_id": str(comment.pk)})
    assert answer.status_code in (400, 404, 409)
    answer = api("PATCH", f"comments/{comment.pk}", {"content": "Something else"})
    assert (answer.status_code, answer.json()["code"]) == (409, "waits_for_review")
    assert (
        page_of(ben)
        .post(f"{post.get_absolute_url()}/comments/{comment.pk}/edit", {"content": "x"})
        .status_code
        == 409
    )
    assert api("DELETE", f"comments/{comment.pk}").status_code == 204
    drain()
    assert PostCounts.objects.get(pk=post.pk).comments == 0
    assert broken(sample=20) == []


def test_an_edited_comment_that_is_held_leaves_a_gap_where_it_is_answered(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    post = publish(ada)
    comment = say(ben, post, "Good morning")
    say(cleo, comment, "To you too")
    block_words()
    drain()
    comments.edit_comment(comment_id=comment.pk, actor=ben, content=SPAM)
    drain()
    shown = html(ada, post.get_absolute_url())
    assert "miracle" not in shown and "not there any more" in shown and "To you too" in shown
    assert WAITING in html(ben, post.get_absolute_url())
    decide(mod, "nothing")
    assert "miracle" in html(ada, post.get_absolute_url())
    drain()
    assert broken(sample=20) == []


def test_a_held_comment_may_be_withheld_by_decision(ada: User, ben: User, mod: User) -> None:
    post = publish(ada)
    block_words()
    comment = say(ben, post, SPAM)
    decide(mod, "hide")
    drain()
    assert "miracle" not in html(ben, post.get_absolute_url())
    assert Comment.objects.get().held_at is None
    actions.end_sanction(sanction_id=Sanction.objects.get().pk, actor=mod)
    drain()
    assert "miracle" in html(ada, post.get_absolute_url()) and told(ada) == 1
    assert comment.pk == Comment.objects.get().pk and broken(sample=20) == []


# --- what is kept of it -----------------------------------------------------------------------------------------


def test_the_result_says_which_rule_and_why_and_never_the_text(ada: User, mod: User) -> None:
    block_words()
    post = publish(ada, SPAM)
    case = the_case()
    row = ScreeningResult.objects.get()
    assert (row.target_kind, row.target_id, row.outcome, row.case_id) == ("post", post.pk, "hold", case.pk)
    assert row.hits == [{"rule": "blocked_words", "mode": "on", "outcome": "hold", "because": "miracle cure"}]
    assert "today" not in str([getattr(row, field.attname) for field in row._meta.concrete_fields])
    assert case.is_screened and case.reports == 0 and case.person_id == ada.pk and case.said == SPAM


def test_what_is_held_joins_the_case_that_is_open(ada: User, ben: User, mod: User) -> None:
    post = publish(ada, "Good morning")
    reported = actions.report_target(kind="post", ident=str(post.pk), reporter=ben, reason="spam").case
    block_words()
    posts.edit_post(post=post, actor=ada, content=SPAM)
    case = the_case()
    assert case.pk == reported.pk and case.is_screened and case.reports == 1
    decide(mod, "nothing")
    assert told(ben) == 1
    assert page_of(ben).get(post.get_absolute_url()).status_code == 200


def test_who_leaves_takes_results_and_waiting_things_along(ada: User, mod: User) -> None:
    block_words()
    publish(ada, SPAM)
    drain()
    erase_person(user=ada)
    drain()
    assert not ScreeningResult.objects.exists() and not Case.objects.open().exists()
    assert broken(sample=20) == []
