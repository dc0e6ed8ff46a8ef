"""Words that people do not want to read: what is found in texts, against a plain telling of the rule; what homes show,
what the doors take, when a filter ends."""

import threading
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import standins
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of, person
from feeds import insights, selectors, shields, sources, top
from feeds.actions import add_filter, change_filter, delete_filter, publish_post, share_post
from feeds.errors import BadFilter, BadPhrase, FilterExists, FilterLimit
from feeds.filters import Action, Compiled, Phrase, Place, Verdict, folded, touches
from feeds.models import FILTERS_MOST, KeywordFilter
from feeds.selectors import FeedPage, head_of, home_page
from feeds.tests.factories import picture, plant_many, publish
from feeds.upkeep import forget_person
from socialnet.kernel import overload, redis
from socialnet.kernel.errors import NotFound
from socialnet.outbox.testing import drain

HOME = ["home"]


def found(phrase: str, text: str, *, whole_word: bool = True) -> bool:
    wanted = Phrase.of(phrase, whole_word=whole_word, action=Action.HIDE)
    return Compiled([wanted]).judge([[text]]) != [None]


# --- what is found -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("cat", "A CAT sat"),
        ("cat", "my cat, of course"),
        ("cat", "#cat"),
        ("cat", "cat's"),
        ("new  york", "New\nYork is big"),
        ("straße", "In der STRASSE"),
        ("ﬁne", "that is fine"),
        ("cafe\u0301", "Café au lait"),
        ("soft", "so\u00adft"),
        ("猫", "黒猫が好き"),
        ("แมว", "ฉันชอบแมวมาก"),
        ("#cats", "look: #cats!"),
        ("!", "wow!"),
        ("πόλις", "ΠΌΛΙΣ"),
        ("مرحبا", "قال مرحبا لي"),
    ],
)
def test_a_phrase_is_found_in_any_spelling(phrase: str, text: str) -> None:
    assert found(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("cat", "concatenate"),
        ("cat", "cats"),
        ("cat", "cat_5"),
        ("cat", "cat5"),
        ("क", "की"),
        ("new york", "new. york"),
        ("#cats", "#catsup"),
        ("кот", "который"),
    ],
)
def test_a_whole_word_is_not_part_of_another(phrase: str, text: str) -> None:
    assert not found(phrase, text)
    if phrase != "new york":
        assert found(phrase, text, whole_word=False)


def test_what_nobody_sees_hides_no_word() -> None:
    """Category Cf, and the rest of what Unicode calls default-ignorable."""
    unseen = [
        *"\u034f\u061c\u115f\u1160\u17b4\u180b\u180e\u3164\ufe0f\uffa0\U000e0020\U000e0100",
        *(chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) == "Cf"),
    ]
    assert [ascii(one) for one in unseen if folded(f"mira{one}cle") != "miracle"] == []
    assert found("miracle cure", "A mira\u034fcle cu\U000e0020re")


def test_no_phrase_is_found_across_two_parts_of_a_text() -> None:
    wanted = Phrase.of("red herring", whole_word=False, action=Action.FOLD)
    compiled = Compiled([wanted])
    assert compiled.judge([["red", "herring"], ["a red herring", ""]]) == [
        None,
        Verdict(Action.FOLD, ("red herring",)),
    ]


def test_hiding_wins_over_folding_and_all_words_are_named() -> None:
    compiled = Compiled(
        [
            Phrase.of("Tea", whole_word=True, action=Action.FOLD),
            Phrase.of("coffee", whole_word=True, action=Action.HIDE),
        ]
    )
    assert compiled.judge([["tea"], ["tea or COFFEE"], ["water"]]) == [
        Verdict(Action.FOLD, ("Tea",)),
        Verdict(Action.HIDE, ("Tea", "coffee")),
        None,
    ]


_LETTERS = st.text(alphabet="aAbßé é\u0301 _-'#\n1猫กिक\u200d。", max_size=30)


@settings(max_examples=600, deadline=None)
@given(
    phrases=st.lists(st.tuples(st.text("aAbé 猫ßก_ि1क#", min_size=1, max_size=4), st.booleans()), max_size=6),
    texts=st.lists(st.lists(_LETTERS, max_size=3), max_size=4),
)
def test_what_is_found_is_what_the_rule_says(phrases: list[tuple[str, bool]], texts: list[list[str]]) -> None:
    compiled = Compiled(Phrase.of(text, whole_word=whole, action=Action.HIDE) for text, whole in phrases)
    told = [verdict.phrases if verdict else () for verdict in compiled.judge(texts)]
    expected = [
        tuple(
            dict.fromkeys(
                text for text, whole in phrases if any(plainly(text, part, whole) for part in parts)
            )
        )
        for parts in texts
    ]
    assert told == expected


def plainly(phrase: str, text: str, whole_word: bool) -> bool:
    """The rule once more, place by place."""

    def plain(raw: str) -> str:
        seen = "".join(one for one in raw if one not in "\u00ad\u200b\u200c\u200d\u200e\u200f\ufeff")
        return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).split())

    wanted, said = plain(phrase), plain(text)
    if not wanted:
        return False
    for start in range(len(said) - len(wanted) + 1):
        end = start + len(wanted)
        if said[start:end] != wanted:
            continue
        joined = (start > 0 and goes_on(said[start - 1], said[start])) or (
            end < len(said) and goes_on(said[end - 1], said[end])
        )
        if not (whole_word and joined):
            return True
    return False


def goes_on(one: str, other: str) -> bool:
    def in_word(letter: str) -> bool:
        spaceless = any(name in unicodedata.name(letter, "") for name in ("CJK", "THAI"))
        return not spaceless and (letter == "_" or unicodedata.category(letter)[0] in "LNM")

    return in_word(one) and in_word(other)


def test_letters_of_words() -> None:
    assert all(map(touches, "aZ9_éß\u0301क\u093fж٣"))
    assert not any(map(touches, " .-'#猫あกခក!…"))
    assert folded("  ＡＢＣ\n ß ") == "abc ss"


# --- at home -----------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(ada: User, ben: User) -> User:
    """ben, who follows ada."""
    follows(ben, ada)
    return ben


def texts(viewer: User, **asked: Any) -> list[str]:
    return [item.shown.content for item in home_page(viewer=viewer, **asked).items]


def test_what_is_hidden_is_not_at_home_and_the_page_is_full(ada: User, reader: User) -> None:
    for number in range(30):
        publish(ada, f"{'Spoiler' if number % 2 else 'Fine'} {number}")
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    first = home_page(viewer=reader, size=10)
    assert len(first.items) == 10 and first.hidden == 11
    assert all("Fine" in item.content for item in first.items)
    rest = home_page(viewer=reader, size=10, cursor=first.next_cursor)
    shown = [item.content for item in (*first.items, *rest.items)]
    assert shown == [f"Fine {number}" for number in range(28, -1, -2)]
    assert rest.next_cursor is None and first.hidden + rest.hidden == 15
    assert head_of(viewer=reader) == [item.id for item in (*first.items, *rest.items)]


def test_what_is_folded_says_for_which_words(ada: User, reader: User) -> None:
    publish(ada, "The match is over")
    other = publish(ada, "Nice weather")
    drain()
    add_filter(person=reader, phrase="Match", action="fold", places=HOME)
    items = home_page(viewer=reader).items
    assert [(item.content, item.filtered) for item in items] == [
        ("Nice weather", ()),
        ("The match is over", ("Match",)),
    ]
    told = Api(reader)("GET", "feed").json()["results"]
    assert "filtered" not in told[0] and told[0]["id"] == str(other.pk)
    assert told[1]["filtered"] == {"action": "fold", "phrases": ["Match"]}
    page = page_of(reader).get("/").content.decode()
    assert page.count('<details class="warned filtered">') == 1 and "<bdi>Match</bdi>" in page


def test_all_that_is_read_of_a_post_counts(ada: User, reader: User, cleo: User) -> None:
    add_filter(person=reader, phrase="spoiler", places=HOME)
    quoted = publish(cleo, "A spoiler here")
    publish_post(author=ada, content="Look", content_warning="Spoiler")
    publish_post(author=ada, content="See what she says", quoted=quoted)
    share_post(post=quoted, person=ada)
    publish_post(author=ada, content="", media_ids=[picture(ada, alt="A spoiler in a picture").pk])
    fine = publish(ada, "Nothing of the kind")
    drain()
    assert [item.id for item in home_page(viewer=reader).items] == [fine.pk]


def test_ones_own_words_are_never_filtered(ada: User, reader: User) -> None:
    add_filter(person=reader, phrase="spoiler", places=HOME)
    mine = publish(reader, "My spoiler")
    share = share_post(post=mine, person=ada)
    quote = publish_post(author=ada, content="He is right", quoted=mine)
    drain()
    assert {item.id for item in home_page(viewer=reader).items} >= {quote.pk}
    shown = {ident for item in home_page(viewer=reader).items for ident in (item.id, *item.also)}
    assert shown == {mine.pk, share.pk, quote.pk}


def test_what_one_may_not_see_gives_nothing_away(ada: User, reader: User, cleo: User) -> None:
    quoted = publish(cleo, "A spoiler here")
    quote = publish_post(author=ada, content="See", quoted=quoted)
    cleo.is_private = True
    cleo.save()
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    assert [item.id for item in home_page(viewer=reader).items] == [quote.pk]


def test_a_filter_of_other_places_leaves_home_alone(ada: User, reader: User) -> None:
    publish(ada, "Spoiler")
    drain()
    add_filter(person=reader, phrase="spoiler", places=["threads", "notifications"])
    assert texts(reader) == ["Spoiler"]


def test_top_is_filtered_too(ada: User, reader: User) -> None:
    for number in range(8):
        publish(ada, f"{'Spoiler' if number % 2 else 'Fine'} {number}")
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    add_filter(person=reader, phrase="4", places=HOME, action="fold")
    page: FeedPage = top.top_page(viewer=reader, size=3)
    further = top.top_page(viewer=reader, size=3, cursor=page.next_cursor)
    shown = [*page.items, *further.items]
    assert sorted(item.content for item in shown) == ["Fine 0", "Fine 2", "Fine 4", "Fine 6"]
    assert [item.filtered for item in shown if item.content == "Fine 4"] == [("4",)]


def test_a_home_of_hidden_posts_is_empty_and_no_beginning(ada: User, reader: User) -> None:
    plain = plant_many(ada, 3, content="A spoiler")
    assert plain
    publish(ada, "Spoiler")
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    page = home_page(viewer=reader)
    assert not page.items and not page.is_beginning and page.next_cursor is None


def test_a_change_counts_at_once(ada: User, reader: User) -> None:
    publish(ada, "Spoiler")
    drain()
    row = add_filter(person=reader, phrase="spoiler", places=HOME)
    assert texts(reader) == []
    kept = {"person": reader, "filter_id": row.pk, "whole_word": True, "places": HOME, "expires_at": None}
    change_filter(phrase="spoiler", action="fold", **kept)
    assert texts(reader) == ["Spoiler"]
    change_filter(phrase="spoil", action="hide", **kept)
    assert home_page(viewer=reader).items[0].filtered == ()
    change_filter(phrase="spoil", action="hide", **{**kept, "whole_word": False})
    assert texts(reader) == []
    delete_filter(person=reader, filter_id=row.pk)
    assert texts(reader) == ["Spoiler"]
    drain()


def test_a_filter_ends_by_the_clock_of_the_database(ada: User, reader: User) -> None:
    publish(ada, "Spoiler")
    drain()
    row = add_filter(person=reader, phrase="spoiler", places=HOME)
    soon = Now() + timedelta(seconds=60)
    KeywordFilter.objects.filter(pk=row.pk).update(expires_at=soon)
    shields.drop(reader.pk)
    with redis.door() as client:
        client.delete(shields.key_of(reader.pk))
    assert texts(reader) == []
    with redis.door() as client:
        assert 0 < client.pttl(shields.key_of(reader.pk)) <= 60_000
        client.delete(shields.key_of(reader.pk))  # as it goes by itself
    KeywordFilter.objects.filter(pk=row.pk).update(expires_at=Now() - timedelta(seconds=1))
    assert texts(reader) == ["Spoiler"]


def test_without_redis_they_hold_all_the_same(ada: User, reader: User, redis_process: Any) -> None:
    publish(ada, "Spoiler")
    fine = publish(ada, "Fine")
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    redis_process.stop()
    try:
        page = home_page(viewer=reader)
    finally:
        redis_process.start()
    redis.breaker.close()
    assert [item.id for item in page.items] == [fine.pk]


def test_lesser_homes_are_filtered_too(ada: User, reader: User, monkeypatch: Any) -> None:
    publish(ada, "Spoiler")
    publish(ada, "A match")
    fine = publish(ada, "Fine")
    drain()
    home_page(viewer=reader)
    kept = standins.Standins(frozenset({ada.pk}), frozenset(), frozenset(), frozenset())
    monkeypatch.setattr(standins, "read", lambda _viewer_id: kept)
    add_filter(person=reader, phrase="spoiler", places=HOME)
    for is_folding in (False, True):
        if is_folding:
            add_filter(person=reader, phrase="match", places=HOME, action="fold")
        assert home_page(viewer=reader).items[0].id == fine.pk
        lesser = [
            selectors.home._kept_page(reader, None, 20, read_only=True),
            selectors.home._closest_page(reader, 20),
        ]
        with monkeypatch.context() as patched:
            patched.setattr(overload, "homes_come_from_sql", lambda: True)
            lesser.append(home_page(viewer=reader))
        for page in lesser:
            assert [(item.content, item.filtered) for item in page.items] == [
                ("Fine", ()),
                ("A match", ("match",) if is_folding else ()),
            ]


def test_comparing_a_home_looks_past_them(ada: User, reader: User) -> None:
    publish(ada, "Spoiler")
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    assert texts(reader, is_visit=False) == ["Spoiler"]


# --- what it costs -----------------------------------------------------------------------------------------


def test_a_warm_page_costs_one_query_and_no_round_trip_more(
    ada: User, reader: User, django_assert_num_queries: Any, monkeypatch: Any
) -> None:
    for number in range(40):
        publish(ada, f"Post {number} {'spoiler' if number % 8 == 0 else ''}")
    drain()
    for number in range(FILTERS_MOST - 1):
        KeywordFilter.objects.create(user=reader, slot=number + 1, phrase=f"word{number}", places=HOME)
    add_filter(person=reader, phrase="spoiler", places=HOME)
    with redis.door() as client:
        client.delete(shields.key_of(reader.pk))  # the tombstone of the change, which goes after 5 s
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    home_page(viewer=reader)
    home_page(viewer=reader)
    trips = []
    pool = redis._client().connection_pool.connection_class
    send = pool.send_packed_command
    monkeypatch.setattr(
        pool,
        "send_packed_command",
        lambda self, command, **kw: trips.append(b"".join(command)[:60]) or send(self, command, **kw),
    )
    with django_assert_num_queries(1):
        page = home_page(viewer=reader)
    assert len(page.items) == 20 and page.hidden == 2
    assert len(trips) <= 3, trips  # the timeline; cards, counts and authors; now and then the relations


def test_a_cold_page_asks_for_them_with_the_timeline(ada: User, reader: User) -> None:
    publish(ada, "Spoiler")
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    with redis.door() as client:
        client.flushall()
    with CaptureQueriesContext(connection) as caught:
        assert texts(reader) == []
    asked = [query["sql"] for query in caught if "feeds_keywordfilter" in query["sql"]]
    assert len(asked) == 1 and "feeds_feedentry" in asked[0]


# --- the doors ---------------------------------------------------------------------------------------------


def test_the_api_adds_changes_lists_and_deletes(ada: User) -> None:
    api = Api(ada)
    made = api("POST", "filters", {"phrase": " Big  News ", "where": ["home"], "action": "fold"})
    assert made.status_code == 201
    body = made.json()
    assert made["Location"] == f"/api/v1/filters/{body['id']}"
    assert (body["phrase"], body["whole_word"], body["action"], body["where"], body["expires_at"]) == (
        "Big News", True, "fold", ["home"], None,
    )  # fmt: skip
    path = f"filters/{body['id']}"
    changed = api("PATCH", path, {"whole_word": False, "expires_at": "2999-01-01T00:00:00Z"}).json()
    assert (changed["phrase"], changed["whole_word"]) == ("Big News", False)
    assert changed["expires_at"] == "2999-01-01T00:00:00.000Z"
    assert api("GET", "filters").json()["results"] == [changed]
    assert api("GET", path).json() == changed
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert api("DELETE", path).status_code == 404


def test_nobody_sees_or_touches_those_of_others(ada: User, ben: User) -> None:
    row = add_filter(person=ada, phrase="mine")
    for method in ("GET", "PATCH", "DELETE"):
        assert Api(ben)(method, f"filters/{row.pk}", {}).status_code == 404
    assert Api(ben)("GET", "filters").json()["results"] == []
    assert page_of(ben).get(f"/settings/filters/{row.pk}").status_code == 404
    assert page_of(ben).post(f"/settings/filters/{row.pk}/delete").status_code == 404
    assert Api()("GET", "filters").status_code == 401
    assert Api()("GET", "filters/preview?phrase=a").status_code == 401
    assert page_of().get("/settings/filters").status_code == 302


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "phrase"),
        ({"phrase": "   "}, "phrase"),
        ({"phrase": "\u200b"}, "phrase"),
        ({"phrase": "x" * 101}, "phrase"),
        ({"phrase": "a", "action": "burn"}, "action"),
        ({"phrase": "a", "where": []}, "where"),
        ({"phrase": "a", "where": ["home", "kitchen"]}, "where.1"),
        ({"phrase": "a", "where": ["home", "home"]}, None),
        ({"phrase": "a", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"phrase": "a", "expires_at": "soon"}, "expires_at"),
        ({"phrase": "a", "slot": 3}, "slot"),
    ],
)
def test_bad_input_is_refused_with_its_field(ada: User, body: dict[str, Any], field: str | None) -> None:
    answer = Api(ada)("POST", "filters", body)
    if field is None:
        assert answer.status_code == 201 and answer.json()["where"] == ["home"]
        return
    assert answer.status_code == 400 and field in answer.json()["errors"]
    assert not KeywordFilter.objects.exists()


def test_wrong_methods(ada: User) -> None:
    row = add_filter(person=ada, phrase="mine")
    assert Api(ada)("PUT", "filters").status_code == 405
    assert Api(ada)("POST", f"filters/{row.pk}").status_code == 405
    assert Api(ada)("POST", "filters/preview").status_code == 405
    assert page_of(ada).get(f"/settings/filters/{row.pk}/delete").status_code == 405
    assert page_of(ada).put("/settings/filters").status_code == 405


def test_the_same_words_twice_are_one_filter(ada: User) -> None:
    row = add_filter(person=ada, phrase="news")
    with pytest.raises(FilterExists):
        add_filter(person=ada, phrase=" news ")
    other = add_filter(person=ada, phrase="views")
    kept = {"whole_word": True, "action": "hide", "places": HOME, "expires_at": None}
    with pytest.raises(FilterExists):
        change_filter(person=ada, filter_id=other.pk, phrase="news", **kept)
    change_filter(person=ada, filter_id=row.pk, phrase="news", **kept)
    assert Api(ada)("POST", "filters", {"phrase": "news"}).json()["code"] == "filter_exists"


def test_five_hundred_are_the_most(ada: User) -> None:
    KeywordFilter.objects.bulk_create(
        KeywordFilter(user=ada, slot=slot, phrase=f"w{slot}", places=HOME)
        for slot in range(1, FILTERS_MOST + 1)
    )
    with pytest.raises(FilterLimit):
        add_filter(person=ada, phrase="one more")
    answer = Api(ada)("POST", "filters", {"phrase": "one more"})
    assert answer.status_code == 400 and answer.json()["code"] == "filter_limit"
    delete_filter(person=ada, filter_id=KeywordFilter.objects.get(slot=77).pk)
    assert add_filter(person=ada, phrase="one more").slot == 77
    with pytest.raises(IntegrityError), transaction.atomic():
        KeywordFilter.objects.create(user=ada, slot=FILTERS_MOST + 1, phrase="beyond", places=HOME)


def test_the_actions_refuse_what_makes_no_filter(ada: User) -> None:
    with pytest.raises(BadPhrase):
        add_filter(person=ada, phrase=" \u00ad ")
    with pytest.raises(BadFilter):
        add_filter(person=ada, phrase="a", places=[])
    with pytest.raises(BadFilter):
        add_filter(person=ada, phrase="a", action="burn")
    with pytest.raises(NotFound):
        delete_filter(person=ada, filter_id=4711)


def test_an_ended_filter_can_be_changed_without_a_new_end(ada: User) -> None:
    row = add_filter(person=ada, phrase="news")
    KeywordFilter.objects.filter(pk=row.pk).update(expires_at=Now() - timedelta(days=1))
    assert Api(ada)("PATCH", f"filters/{row.pk}", {"action": "fold"}).status_code == 200
    assert Api(ada)("PATCH", f"filters/{row.pk}", {"expires_at": None}).json()["expires_at"] is None


def test_a_list_of_filters_costs_one_query(ada: User, django_assert_num_queries: Any) -> None:
    for number in range(25):
        add_filter(person=ada, phrase=f"word {number}")
    api = Api(ada)
    api("GET", "filters")
    with django_assert_num_queries(1):
        page = api("GET", "filters").json()
    assert len(page["results"]) == 20 and page["has_more"]
    rest = api("GET", f"filters?cursor={page['next_cursor']}").json()
    assert [row["phrase"] for row in rest["results"]] == [f"word {number}" for number in range(4, -1, -1)]


# --- looking before --------------------------------------------------------------------------------------------


def test_a_preview_says_how_much_it_would_keep_away(ada: User, reader: User) -> None:
    for number in range(6):
        publish(ada, f"A {'spoiler' if number < 4 else 'story'} {number}")
    publish(reader, "My own spoiler")
    drain()
    told = Api(reader)("GET", "filters/preview?phrase=SPOILER").json()
    assert (told["matches"], told["looked_at"]) == (4, 7)
    assert [example["content"] for example in told["examples"]] == [
        "A spoiler 3",
        "A spoiler 2",
        "A spoiler 1",
    ]
    assert Api(reader)("GET", "filters/preview?phrase=spoil").json()["matches"] == 0
    assert Api(reader)("GET", "filters/preview?phrase=spoil&whole_word=false").json()["matches"] == 4
    assert not KeywordFilter.objects.exists()


@pytest.mark.parametrize("query", ["", "phrase=", "phrase=%20", "phrase=a&whole_word=perhaps"])
def test_a_preview_of_nothing_is_refused(ada: User, query: str) -> None:
    assert Api(ada)("GET", f"filters/preview?{query}").status_code == 400


def test_the_page_looks_adds_changes_and_deletes_without_scripts(ada: User, reader: User) -> None:
    publish(ada, "A spoiler")
    drain()
    client = page_of(reader)
    typed = {"phrase": "spoiler", "whole_word": "on", "action": "hide", "where": ["home", "threads"]}
    looked = client.post("/settings/filters", {**typed, "preview": "1"}).content.decode()
    assert "Would hide 1 of the one post" in looked and 'value="spoiler"' in looked
    assert not KeywordFilter.objects.exists()
    assert client.post("/settings/filters", typed).status_code == 302
    row = KeywordFilter.objects.get()
    assert (row.phrase, row.places, row.whole_word) == ("spoiler", ["home", "threads"], True)
    listed = client.get("/settings/filters").content.decode()
    assert f"/settings/filters/{row.pk}" in listed
    edit = client.get(f"/settings/filters/{row.pk}").content.decode()
    assert 'value="spoiler"' in edit
    again = client.post(f"/settings/filters/{row.pk}", {**typed, "phrase": "story", "preview": "1"})
    assert "Would hide 0 of the one post" in again.content.decode()
    changed = {
        "phrase": "story",
        "action": "fold",
        "where": "notifications",
        "expires_at": "2999-01-01T10:00",
    }
    assert client.post(f"/settings/filters/{row.pk}", changed).status_code == 302
    row.refresh_from_db()
    assert (row.phrase, row.action, row.places, row.whole_word) == ("story", "fold", ["notifications"], False)
    assert client.post(f"/settings/filters/{row.pk}/delete").status_code == 302
    assert not KeywordFilter.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"phrase": "", "where": "home", "action": "hide"},
        {"phrase": "a", "action": "hide"},
        {"phrase": "a", "where": "home", "action": "hide", "expires_at": "2001-01-01T10:00"},
        {"phrase": "x" * 101, "where": "home", "action": "hide"},
    ],
)
def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(ada: User, typed: dict[str, Any]) -> None:
    answer = page_of(ada).post("/settings/filters", typed)
    assert answer.status_code == 400 and 'class="errorlist"' in answer.content.decode()
    preview = page_of(ada).post("/settings/filters", {**typed, "phrase": "", "preview": "1"})
    assert preview.status_code == 400


# --- leaving ------------------------------------------------------------------------------------------------


def test_who_is_erased_leaves_no_filter(ada: User) -> None:
    add_filter(person=ada, phrase="secret")
    forget_person(ada.pk)
    assert not KeywordFilter.objects.exists()
    assert shields.of_person(ada.pk, Place.HOME) is shields.NONE


@pytest.mark.django_db(transaction=True)
def test_adding_at_once_gives_each_a_slot_and_never_one_too_many() -> None:
    ada = person("ada")
    KeywordFilter.objects.bulk_create(
        KeywordFilter(user=ada, slot=slot, phrase=f"w{slot}", places=HOME) for slot in range(1, 497)
    )
    told: list[str] = []

    def add(number: int) -> None:
        try:
            add_filter(person=ada, phrase=f"new {number}")
            told.append("added")
        except FilterLimit:
            told.append("full")
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["added"] * 4 + ["full"] * 4
    assert KeywordFilter.objects.filter(user=ada).count() == FILTERS_MOST


def test_numbers_of_homes_are_noted(ada: User, reader: User) -> None:
    publish(ada, "Spoiler")
    publish(ada, "A match")
    publish(ada, "Fine")
    publish(reader, "Mine")
    drain()
    add_filter(person=reader, phrase="spoiler", places=HOME)
    add_filter(person=reader, phrase="match", places=HOME, action="fold")
    home_page(viewer=reader)
    assert dict(insights._pending) == {
        (reader.pk, insights.SHOWN): 2,
        (reader.pk, insights.FILTERED): 2,
        (ada.pk, insights.IMPRESSIONS): 1,
    }
