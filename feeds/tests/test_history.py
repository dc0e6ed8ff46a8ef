"""What changed between two texts, and the page and API that show it to whoever may see the post."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import actions as people
from accounts.tests.factories import Api, follows, page_of
from feeds.actions import delete_post, edit_post, share_post
from feeds.history import ADDED, REMOVED, SAME, Change, as_html, changes_between, words_of
from feeds.models import Post, PostRevision
from feeds.selectors import history_of
from feeds.tests.factories import publish

TEXTS = st.text(alphabet=st.sampled_from("ab  \n'!我今天é\u0301\u200d👩🇩🇪สวั<&\u2067\u2069"), max_size=60)


def parts(old: str, new: str) -> list[tuple[str, str]]:
    return [(change.kind, change.text) for change in changes_between(old, new)]


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_the_pieces_make_both_texts_again(old: str, new: str) -> None:
    changes = changes_between(old, new)
    assert "".join(change.text for change in changes if change.kind != REMOVED) == new
    assert "".join(change.text for change in changes if change.kind != ADDED) == old
    assert all(change.text for change in changes)
    assert all(one.kind != two.kind for one, two in pairwise(changes))


@settings(deadline=None)
@given(TEXTS)
def test_what_did_not_change_is_one_piece(text: str) -> None:
    assert changes_between(text, text) == ([Change(SAME, text)] if text else [])


@settings(deadline=None)
@given(TEXTS)
def test_words_make_the_text_again(text: str) -> None:
    assert "".join(words_of(text)) == text


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "Hello", [(ADDED, "Hello")]),
        ("Hello", "", [(REMOVED, "Hello")]),
        ("I like tea", "I like green tea", [(SAME, "I like "), (ADDED, "green "), (SAME, "tea")]),
        (
            "The quick brown fox runs",
            "The slow red fox runs",
            [(SAME, "The "), (REMOVED, "quick brown"), (ADDED, "slow red"), (SAME, " fox runs")],
        ),
        (
            "我今天很高兴",
            "我昨天很高兴",
            [(SAME, "我"), (REMOVED, "今"), (ADDED, "昨"), (SAME, "天很高兴")],
        ),
        ("مرحبا بكم", "مرحبا بك", [(SAME, "مرحبا "), (REMOVED, "بكم"), (ADDED, "بك")]),
        ("don't go", "won't go", [(REMOVED, "don't"), (ADDED, "won't"), (SAME, " go")]),
    ],
)
def test_words_that_went_and_came(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert parts(old, new) == expected


def test_nothing_is_cut_that_is_drawn_as_one_sign() -> None:
    assert words_of("e\u0301 👩\u200d👩\u200d👧👍🏽 🇩🇪🇫🇷 नमस्ते สวัส") == [
        "e\u0301", " ", "👩\u200d👩\u200d👧", "👍🏽", " ", "🇩🇪", "🇫🇷", " ", "नमस्ते", " ", "ส", "วั", "ส",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 1000, "b a " * 500),
        ("我今天" * 666, "今我天很" * 500),
        ("x" * 2000, "y" * 2000),
        ("!?" * 1000, "?!." * 666),
    ],
    ids=["words", "squares", "one word", "signs"],
)
def test_the_cost_does_not_depend_on_what_the_texts_say(old: str, new: str) -> None:
    took = []
    for _ in range(5):
        start = time.thread_time()
        changes_between(old, new)
        took.append(time.thread_time() - start)
    assert min(took) < 0.02


def test_what_is_longer_than_any_post_is_replaced_as_a_whole() -> None:
    old, new = "a b " * 4000, "b c " * 4000
    assert [kind for kind, _text in parts(old, new)] == [REMOVED, ADDED, SAME]


def test_the_html_is_safe_says_what_happened_and_shows_breaks() -> None:
    html = as_html(changes_between("a <b>\nend", "a <i>\n\nend"))
    assert "<b>" not in html and "<i>" not in html and "&lt;" in html
    assert '<del><span class="vh">[removed: </span>b' in html
    assert '<ins><span class="vh">[added: </span>i' in html
    assert html.count("↵") == 3


def test_an_isolate_that_is_never_closed_stays_in_its_piece() -> None:
    assert "\u2067" not in as_html([Change(ADDED, "one \u2067two")])


# --- the list ----------------------------------------------------------------------------------------------------


@pytest.fixture
def edited(ada, ben, dora) -> Post:
    """Three texts, of which the first had no warning."""
    follows(ben, ada)
    people.block_user(blocker=ada, blocked=dora)
    post = publish(ada, "One fish")
    edit_post(post=post, actor=ada, content="Two fish", content_warning="fish")
    edit_post(post=post, actor=ada, content="Two red fish")
    return Post.objects.get(pk=post.pk)


def test_versions_come_newest_first_each_with_its_time(edited: Post) -> None:
    versions = history_of(post=edited).items
    assert [(v.content, v.content_warning) for v in versions] == [
        ("Two red fish", "fish"), ("Two fish", "fish"), ("One fish", ""),
    ]  # fmt: skip
    first, second = PostRevision.objects.order_by("pk")
    assert [v.written_at for v in versions] == [second.replaced_at, first.replaced_at, edited.created_at]
    assert [(c.kind, c.text) for c in versions[0].changes] == [
        (SAME, "Two "),
        (ADDED, "red "),
        (SAME, "fish"),
    ]
    assert [(c.kind, c.text) for c in versions[1].warning_changes] == [(ADDED, "fish")]
    assert [(c.kind, c.text) for c in versions[2].changes] == [(SAME, "One fish")]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 20])
def test_pages_of_a_long_history_have_no_gap(ada, size: int) -> None:
    post = publish(ada, "word 0")
    for number in range(1, 6):
        edit_post(post=post, actor=ada, content=f"word {number}")
    seen, cursor = [], None
    while True:
        page = history_of(post=Post.objects.get(pk=post.pk), cursor=cursor, size=size)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [version.content for version in seen] == [f"word {number}" for number in (5, 4, 3, 2, 1, 0)]
    assert [len(version.changes) for version in seen] == [3, 3, 3, 3, 3, 1]
    times = [version.written_at for version in seen]
    assert times == sorted(times, reverse=True) and times[-1] == post.created_at


def test_a_history_costs_the_same_whatever_its_length(edited: Post, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        history_of(post=edited)


@pytest.mark.parametrize("audience", ["public", "followers", "private"])
@pytest.mark.parametrize("name", ["ada", "ben", "cleo", "dora", None])
def test_who_may_see_the_post_may_see_what_it_said_and_nobody_else(request, edited, audience, name) -> None:
    edit_post(post=edited, actor=edited.author, visibility=audience)
    for fixture in ("ada", "ben", "cleo", "dora"):
        request.getfixturevalue(fixture)
    viewer = request.getfixturevalue(name) if name else None
    expected = name in {
        "public": {"ada", "ben", "cleo", None}, "followers": {"ada", "ben"}, "private": {"ada"},
    }[audience]  # fmt: skip
    page = page_of(viewer).get(f"{edited.get_absolute_url()}/history")
    answer = Api(viewer)("GET", f"posts/{edited.pk}/history")
    assert (page.status_code, answer.status_code) == ((200, 200) if expected else (404, 404))
    assert ("One fish" in page.content.decode()) is expected
    assert ("One fish" in answer.content.decode()) is expected


def test_the_page_shows_what_changed(edited, cleo) -> None:
    page = page_of(cleo).get(f"{edited.get_absolute_url()}/history").content.decode()
    assert '<ins><span class="vh">[added: </span>red ' in page
    assert '<del><span class="vh">[removed: </span>One' in page
    assert '<meta name="robots" content="noindex">' in page
    assert "This is how it began." in page


def test_the_api_gives_texts_times_and_pieces(edited, cleo) -> None:
    answer = Api(cleo)("GET", f"posts/{edited.pk}/history?limit=2").json()
    assert answer["has_more"] is True
    newest = answer["results"][0]
    assert set(newest) == {"content", "content_warning", "written_at", "diff"}
    assert (newest["content"], newest["content_warning"]) == ("Two red fish", "fish")
    assert newest["diff"][1] == {"kind": "added", "text": "red "}
    rest = Api(cleo)("GET", f"posts/{edited.pk}/history?cursor={answer['next_cursor']}").json()
    assert [version["content"] for version in rest["results"]] == ["One fish"]
    assert rest["results"][0]["content_warning"] is None


def test_a_post_that_was_never_edited_has_one_version(ada) -> None:
    post = publish(ada, "Only this")
    assert [v.content for v in history_of(post=post).items] == ["Only this"]


def test_shares_deleted_posts_and_other_names_have_no_history(edited, ada, ben) -> None:
    share = share_post(post=edited, person=ben)
    assert page_of(ben).get(f"{share.get_absolute_url()}/history").status_code == 404
    assert Api(ben)("GET", f"posts/{share.pk}/history").status_code == 404
    assert page_of(ben).get(f"/@ben/{edited.pk}/history").status_code == 404
    delete_post(post=edited, actor=ada)
    assert page_of(ada).get(f"{edited.get_absolute_url()}/history").status_code == 404
    assert Api(ada)("GET", f"posts/{edited.pk}/history").status_code == 404


def test_wrong_methods_and_damaged_cursors(edited, ada) -> None:
    assert page_of(ada).post(f"{edited.get_absolute_url()}/history").status_code == 405
    assert Api(ada)("POST", f"posts/{edited.pk}/history", {}).status_code == 405
    assert Api(ada)("GET", f"posts/{edited.pk}/history?cursor=x").json()["code"] == "invalid_cursor"
    assert page_of(ada).get(f"{edited.get_absolute_url()}/history?cursor=x").status_code == 400


def test_a_warning_that_came_later_covers_what_was_said_before(ada) -> None:
    post = publish(ada, "About spiders")
    edit_post(post=post, actor=ada, content_warning="Spiders")
    body = page_of().get(f"/@ada/{post.pk}/history").content.decode()
    assert body.count("About spiders") == body.count('<details class="warned">') == 2
