"""Each rule, in each mode, through page and API: what it finds, what follows, and what it leaves alone."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.screening import Writing
from accounts.tests.factories import Api, page_of, person
from feeds import actions as posts
from feeds.models import Draft, Post
from feeds.tasks import publish_due
from feeds.tests.factories import plant_many, publish
from interactions.models import Comment
from interactions.tests.threads import plant_comments, say
from moderation import actions
from moderation.models import Case, HeldProfile, ScreeningResult
from moderation.screening.known import _LATELY
from moderation.screening.models import Mode, Outcome
from moderation.screening.rules import RULES, Book, Known, Setting, alike, compact, domains_from, words_from
from moderation.screening.screen import screen
from moderation.tests.screened import SPAM, block_words, older, set_rule
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
LINK = "Look at https://shop.example/watches"
LONG = "The bread is in the oven since five this morning"


@pytest.fixture(autouse=True)
def quiet(db: None, settings) -> None:
    """Only the rule that a test sets is used."""
    for rule in RULES:
        set_rule(rule, "off")
    set_rule("classifier", "off")
    settings.LINK_PREVIEWS = False


def mentions(many: int) -> str:
    return " ".join(f"@somebody{number}" for number in range(many))


def crowd_says(text: str, many: int) -> None:
    for number in range(many):
        publish(person(f"crowd{number}"), text)


# What the author said before, what the rule needs to be set to, and what it finds then.
FOUND = {
    "too_fast": (3, {"threshold": 4, "minutes": 5}, "Something new"),
    "same_text": (1, {"threshold": 2, "minutes": 60}, LONG),
    "links_new_account": (0, {"threshold": 1}, LINK),
    "blocked_words": (0, {"entries": "miracle cure"}, SPAM),
    "blocked_domains": (0, {"entries": "shop.example"}, LINK),
    "mass_mentions": (0, {"threshold": 3}, mentions(3)),
}


def said_before(author: User, many: int) -> None:
    for number in range(many):
        publish(author, LONG if many == 1 else f"Before, {number}")


def post_by_page(author: User, text: str) -> int:
    return (
        page_of(author).post("/posts", {"content": text, "visibility": "public", "do": "publish"}).status_code
    )


def post_by_api(author: User, text: str) -> int:
    return Api(author)("POST", "posts", {"content": text}).status_code


@pytest.mark.parametrize("door", [post_by_page, post_by_api])
@pytest.mark.parametrize("mode", Mode.values)
@pytest.mark.parametrize("rule", FOUND)
def test_a_rule_holds_when_it_is_on_and_else_changes_nothing(ada: User, rule, mode, door) -> None:
    many, fields, text = FOUND[rule]
    said_before(ada, many)
    set_rule(rule, mode, outcome="hold", **fields)
    assert door(ada, text) in (201, 302)
    post = Post.objects.latest("pk")
    assert (post.held_at is not None) == (mode == Mode.ON)
    if mode == Mode.OFF:
        assert not ScreeningResult.objects.exists()
        return
    (row,) = ScreeningResult.objects.all()
    assert [(hit["rule"], hit["mode"]) for hit in row.hits] == [(rule, mode)]
    assert row.outcome == ("hold" if mode == Mode.ON else "allow") and row.target_id == post.pk
    drain()
    assert Case.objects.exists() == (mode == Mode.ON)


@pytest.mark.parametrize("rule", FOUND)
def test_a_rule_refuses_with_a_sentence_and_the_text_is_kept(ada: User, rule) -> None:
    many, fields, text = FOUND[rule]
    said_before(ada, many)
    set_rule(rule, "on", outcome="refuse", **fields)
    before = Post.objects.count()
    answer = page_of(ada).post("/posts", {"content": text, "visibility": "public", "do": "publish"})
    page = answer.content.decode()
    sentence = str(RULES[rule].refusal)
    assert answer.status_code == 400 and sentence in page and text.split("/")[-1] in page
    answer = Api(ada)("POST", "posts", {"content": text})
    assert answer.status_code == 400 and answer["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] == "writing_refused" and answer.json()["errors"] == {"content": [sentence]}
    assert Post.objects.count() == before and not Case.objects.exists()
    rows = ScreeningResult.objects.all()  # each survived what was undone
    assert [(row.outcome, row.target_id, row.author_id) for row in rows] == [("refuse", None, ada.pk)] * 2


def test_with_a_key_a_refusal_is_written_down_once_and_told_again(ada: User) -> None:
    block_words(outcome="refuse")
    answers = [Api(ada)("POST", "posts", {"content": SPAM}, **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert ScreeningResult.objects.count() in (1, 2) and not Post.objects.exists()


def test_comments_are_refused_and_held_as_posts_are(ada: User, ben: User) -> None:
    post = publish(ada)
    block_words(outcome="refuse")
    address = f"{post.get_absolute_url()}/comments"
    answer = page_of(ben).post(address, {"content": SPAM})
    assert answer.status_code == 400 and SPAM in answer.content.decode()
    answer = Api(ben)("POST", f"posts/{post.pk}/comments", {"content": SPAM})
    assert (answer.status_code, answer.json()["code"]) == (400, "writing_refused")
    assert not Comment.objects.exists() and ScreeningResult.objects.filter(target_kind="comment").count() == 2
    block_words()
    answer = Api(ben)("POST", f"posts/{post.pk}/comments", {"content": SPAM})
    assert answer.status_code == 201 and answer.json()["held"] is True


def test_an_edit_is_looked_at_and_what_does_not_change_words_is_not(ada: User) -> None:
    post = publish(ada, "Good morning")
    comment = say(ada, post, "Good morning")
    block_words(outcome="refuse")
    api = Api(ada)
    assert api("PATCH", f"posts/{post.pk}", {"content": SPAM}).status_code == 400
    assert api("PATCH", f"comments/{comment.pk}", {"content": SPAM}).status_code == 400
    form = {"content": SPAM, "visibility": "public", "reply_policy": "everyone", "version": ""}
    answer = page_of(ada).post(f"{post.get_absolute_url()}/edit", form)
    assert answer.status_code == 400 and SPAM in answer.content.decode()
    assert Post.objects.get().content == Comment.objects.get().content == "Good morning"
    Post.objects.update(content=SPAM)
    assert api("PATCH", f"posts/{post.pk}", {"visibility": "followers"}).status_code == 200


def test_words_in_the_warning_count_too(ada: User) -> None:
    block_words(outcome="refuse")
    answer = Api(ada)("POST", "posts", {"content": "Hello", "content_warning": SPAM})
    assert answer.status_code == 400


def test_a_scheduled_post_that_is_refused_stays_a_draft_and_says_why(ada: User) -> None:
    draft = posts.save_draft(author=ada, content=SPAM, scheduled_for=timezone.now() + timedelta(hours=1))
    Draft.objects.update(scheduled_for=timezone.now() - timedelta(minutes=1))
    block_words(outcome="refuse")
    publish_due()
    draft.refresh_from_db()
    assert draft.problem == "writing_refused" and not Post.objects.exists()
    assert ScreeningResult.objects.get().outcome == "refuse"
    assert "cannot be" in page_of(ada).get("/drafts").content.decode()


def test_staff_may_say_anything(mod: User) -> None:
    block_words(outcome="refuse")
    assert publish(mod, SPAM).held_at is None and not ScreeningResult.objects.exists()


def test_switched_off_nothing_is_looked_at(ada: User, settings) -> None:
    settings.SCREENING = False
    block_words(outcome="refuse")
    assert publish(ada, SPAM).held_at is None


# --- too fast, the same ------------------------------------------------------------------------------------------


def test_posts_and_comments_together_are_too_fast(ada: User) -> None:
    post = publish(ada, "One")
    say(ada, post, "Two")
    set_rule("too_fast", threshold=3, minutes=5)
    assert say(ada, post, "Three").held_at is not None


def test_what_was_said_before_the_window_is_not_too_fast(ada: User) -> None:
    plant_many(ada, 5)
    set_rule("too_fast", threshold=3, minutes=5)
    assert publish(ada, "Today").held_at is None


def test_the_same_by_many_accounts(ada: User) -> None:
    set_rule("same_text", threshold=4, minutes=60)
    crowd_says(f"{LONG}!", 3)
    assert publish(ada, LONG.upper()).held_at is not None
    assert publish(person("eve"), "Something else entirely, my dear friends").held_at is None


def test_nearly_the_same_again(ada: User) -> None:
    set_rule("same_text", threshold=2, minutes=60)
    assert publish(ada, f"{LONG} 1").held_at is None
    assert publish(ada, f"{LONG} 2").held_at is not None


def test_short_texts_are_said_often(ada: User) -> None:
    set_rule("same_text", threshold=2, minutes=60)
    publish(ada, "Good morning!")
    assert publish(ada, "Good morning!").held_at is None


def test_an_edit_is_not_the_same_as_what_it_replaces(ada: User) -> None:
    post = publish(ada, LONG)
    set_rule("same_text", threshold=2, minutes=60)
    assert posts.edit_post(post=post, actor=ada, content=f"{LONG}!").held_at is None


def test_while_redis_is_away_people_post_and_rules_ask_postgresql(ada: User, redis_process) -> None:
    publish(ada, LONG)
    set_rule("same_text", threshold=2, minutes=60)
    block_words()
    redis_process.stop()
    try:
        assert publish(ada, LONG).held_at is not None
        assert publish(ada, SPAM).held_at is not None
        assert publish(ada, "Something else").held_at is None
    finally:
        redis_process.start()


# --- links, words, domains ---------------------------------------------------------------------------------------


def test_links_of_old_accounts_are_fine(ada: User) -> None:
    set_rule("links_new_account", threshold=3)
    assert publish(ada, LINK).held_at is not None
    assert publish(older(person("eve"), days=13), LINK).held_at is None


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("A MIRACLE  CURE", "hold"),
        ("a Miracle Cure!", "hold"),
        ("miracle cures", "allow"),
        ("m.i.r.a.c.l.e cure", "allow"),
        ("ｍｉｒａｃｌｅ ｃｕｒｅ", "hold"),
        ("a miracle, a cure", "allow"),
    ],
)
def test_words_are_found_whole_in_any_spelling(ada: User, text: str, outcome: str) -> None:
    block_words("miracle cure")
    publish(ada, text)
    assert (Post.objects.get().held_at is not None) == (outcome == "hold")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("https://shop.example/x", True),
        ("http://www.deals.shop.example", True),
        ("[here](https://SHOP.example)", True),
        ("https://myshop.example", False),
        ("https://shop.example.org", False),
        ("https://xn--bcher-kva.example", True),
        ("https://bücher.example", True),
    ],
)
def test_domains_and_what_is_below_them(ada: User, text: str, is_found: bool) -> None:
    set_rule("blocked_domains", outcome="hold", entries="https://www.shop.example/\nBücher.example")
    publish(ada, text)
    assert (Post.objects.get().held_at is not None) == is_found


def test_lists_are_read_line_by_line() -> None:
    assert words_from(" Miracle   Cure \n\nmiracle cure\nCasino") == ("miracle cure", "casino")
    assert domains_from("HTTP://Shop.example/path\nshop.example\n\nwww.bad.example") == (
        "shop.example",
        "bad.example",
    )


def test_alike_is_of_letters() -> None:
    assert compact("Ｈello, W0rld!") == "hellow0rld"
    assert alike(compact(LONG), compact(f"{LONG} again"))
    assert not alike(compact(LONG), compact("Something else entirely, my dear friends"))


# --- findings alone ----------------------------------------------------------------------------------------------


def test_half_of_a_threshold_is_found_weakly() -> None:
    book = Book({"mass_mentions": Setting(mode="on", outcome="hold", threshold=6)})
    known = Known(age=timedelta(days=1))

    def found(many: int) -> list[bool]:
        writing = Writing(kind="post", author=None, text=mentions(many))
        return [hit.is_weak for hit in book.hits(writing, known, ["mass_mentions"])]

    assert (found(2), found(3), found(6)) == ([], [True], [False])


def test_the_severest_of_several_rules_counts(ada: User) -> None:
    block_words()
    set_rule("mass_mentions", outcome="refuse", threshold=2)
    answer = Api(ada)("POST", "posts", {"content": f"{SPAM} {mentions(2)}"})
    assert answer.status_code == 400
    assert [hit["rule"] for hit in ScreeningResult.objects.get().hits] == ["blocked_words", "mass_mentions"]
    assert ScreeningResult.objects.get().outcome == Outcome.REFUSE


def test_every_rule_costs_one_query_and_one_round_trip(ada: User, django_assert_num_queries) -> None:
    for rule, (_many, fields, _text) in FOUND.items():
        set_rule(rule, "shadow", **fields)
    for word in ("kept in Redis", "and in the process"):
        screen(Writing(kind="post", author=ada, text=word))
    trips = []
    client = redis._client()
    send = client.connection_pool.get_connection

    def counted(*args, **more):
        trips.append(args)
        return send(*args, **more)

    with patch.object(client.connection_pool, "get_connection", counted), django_assert_num_queries(1):
        screen(Writing(kind="post", author=ada, text=LONG))
    assert len(trips) == 1


# --- profiles ----------------------------------------------------------------------------------------------------


def test_a_profile_is_refused_with_all_that_was_typed(ada: User) -> None:
    block_words(outcome="refuse")
    answer = Api(ada)("PATCH", "me", {"bio": SPAM})
    assert (answer.status_code, answer.json()["code"]) == (400, "writing_refused")
    assert User.objects.get(pk=ada.pk).bio == "" and ScreeningResult.objects.get().target_kind == "user"


def test_a_held_profile_says_what_it_said_until_moderators_looked(ada: User, ben: User, mod: User) -> None:
    block_words()
    assert Api(ada)("PATCH", "me", {"bio": SPAM, "language": "de"}).status_code == 200
    drain()
    person = User.objects.get(pk=ada.pk)
    assert (person.bio, person.language) == ("", "de")
    assert "miracle" not in page_of(ben).get("/@ada").content.decode()
    assert HeldProfile.objects.get().fields == {"bio": SPAM}
    case = Case.objects.get()
    actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod)
    drain()
    assert User.objects.get(pk=ada.pk).bio == SPAM and not HeldProfile.objects.exists()


def test_a_held_profile_is_forgotten_when_something_is_wrong(ada: User, mod: User) -> None:
    block_words()
    Api(ada)("PATCH", "me", {"bio": SPAM})
    drain()
    actions.decide_case(case_id=Case.objects.get().pk, outcome="warn", words="No", actor=mod)
    assert User.objects.get(pk=ada.pk).bio == "" and not HeldProfile.objects.exists()


def test_the_last_wish_for_a_profile_counts(ada: User) -> None:
    block_words()
    Api(ada)("PATCH", "me", {"bio": SPAM})
    Api(ada)("PATCH", "me", {"bio": "I bake"})
    assert User.objects.get(pk=ada.pk).bio == "I bake" and not HeldProfile.objects.exists()


def test_taking_words_away_takes_back_what_waits(ada: User) -> None:
    Api(ada)("PATCH", "me", {"bio": "I bake"})
    block_words()
    Api(ada)("PATCH", "me", {"bio": SPAM})
    assert HeldProfile.objects.exists()
    Api(ada)("PATCH", "me", {"bio": ""})
    assert User.objects.get(pk=ada.pk).bio == "" and not HeldProfile.objects.exists()


def test_what_is_asked_about_an_author_uses_its_indexes(ada: User, ben: User) -> None:
    plant_many(ben, 3000)
    post = plant_many(ada, 5)[0]
    plant_comments(post, [ben], many=3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE feeds_post")
        cursor.execute("ANALYZE interactions_comment")
        cursor.execute(f"EXPLAIN {_LATELY}", {"author": ada.pk, "minutes": 60, "most": 30, "texts": True})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "post_by_author" in plan and "comment_by_author" in plan


def test_websites_are_links(ada: User) -> None:
    set_rule("blocked_domains", outcome="refuse", entries="shop.example")
    assert Api(ada)("PATCH", "me", {"website": "https://shop.example"}).status_code == 400
