"""The pure parts: words, slips, questions as they are read, order, and marks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.search import ranking, slips
from discovery.search.marks import Marks, Part
from discovery.search.query import parse
from discovery.search.words import plain, vector, words_in


def written(text):
    return [word.written for word in words_in(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop", ["don", "t", "stop"]),
        ("ada_lovelace", ["ada_lovelace", "ada", "lovelace"]),
        ("__x__", ["x"]),
        ("ＦＵＬＬ width", ["full", "width"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("東京タワー2026", ["東京タワー", "2026"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("a" * 80, []),
        ("😀 … —", []),
    ],
)
def test_words_of_a_text(text, words):
    assert written(text) == words


@pytest.mark.parametrize(
    ("word", "bare"),
    [("wójcik", "wojcik"), ("łódź", "lodz"), ("ё", "е"), ("हिन्दी", "हिन्दी"), ("مُحَمَّد", "محمد")],
)
def test_words_without_their_accents(word, bare):
    assert plain(word) == bare


@given(st.text(max_size=300))
def test_any_text_becomes_a_vector_without_surprise(text):
    assert "\x00" not in vector((text.replace("\x00", ""), "A"))


letters = st.text("abcdeé", min_size=4, max_size=8)


@given(letters, st.data())
def test_one_slip_is_one_slip_and_shares_a_form(word, data):
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("xyz"))
    slipped = data.draw(
        st.sampled_from(
            [
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
                word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            ]
        )
    )
    assert slips.is_slip(word, slipped) and slips.is_slip(slipped, word)
    assert slips.forms(word) & slips.forms(slipped)


@given(letters, letters)
def test_what_is_further_apart_is_no_slip(one, other):
    assert slips.is_slip(one, other) == (_distance(one, other) <= 1)


def _distance(one, other):
    """Optimal string alignment, as in a textbook."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def test_a_question_is_read():
    query = parse(
        'fog "old harbour" -rain -"heavy rain" from:@Ada from:following tag:Fog since:2026-01-02 has:media'
    )
    assert [len(phrase.words) for phrase in query.phrases] == [1, 2]
    assert [len(phrase.words) for phrase in query.without] == [1, 2]
    assert query.authors == ["ada"] and query.from_following and query.tags == ["fog"] and query.with_media
    assert query.since == date(2026, 1, 2) and query.until is None


@pytest.mark.parametrize(
    "typed", ["since:2026-02-30", "from:x!", "has:nothing", "until:soon", "in:ha", "tag:!"]
)
def test_what_makes_no_sense_is_words(typed):
    query = parse(typed)
    assert not query.has_filters and (query.phrases or typed == "tag:!")


def test_nobody_asks_too_much_at_once():
    query = parse(" ".join(f"word{number} from:person{number} tag:t{number}x" for number in range(100)))
    assert len(query.words) <= 12 and len(query.authors) <= 5 and len(query.tags) <= 5


def test_the_order_of_posts():
    now, lively = {"relevance": 0.5, "reactions": 1.0}, ranking.engagement(likes=100, comments=0, shares=0)
    assert ranking.post_score(days=0, is_followed=False, **now) > ranking.post_score(
        days=9, is_followed=False, **now
    )
    assert ranking.post_score(days=9, is_followed=True, **now) > ranking.post_score(
        days=9, is_followed=False, **now
    )
    assert 1.9 < lively < 2.0 and ranking.engagement(likes=0, comments=0, shares=0) == 1
    assert ranking.recency(14) == pytest.approx(0.6) and ranking.recency(10_000) == pytest.approx(0.2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "text", "matches"),
    [
        ("fog", "Fog, foggy FOG, frog", ["Fog", "foggy", "FOG"]),  # what begins so is taken for its kin
        ("harbour", "the harbours", ["harbours"]),
        ("天气", "今天天气很好", ["天气"]),
        ("cafe", "Café", ["Café"]),
        ("#fog", "#Fog here", ["Fog"]),
        ("amp", "a & b", []),
        ("nothing", "else", []),
    ],
)
def test_what_was_looked_for_is_marked(typed, text, matches):
    parts = Marks(parse(typed), languages=["en"]).parts(text)
    assert [part.text for part in parts if part.is_match] == matches
    assert "".join(part.text for part in parts) == text


@pytest.mark.django_db
def test_marks_change_no_html():
    marks = Marks(parse("amp href b fog"), languages=["en"])
    html = """<p><a href="/x?fog=1&amp;b=2" title="fog > b">fog &amp; <b>b</b></a> &lt;fog&gt;</p>"""
    assert marks.in_html(html) == (
        """<p><a href="/x?fog=1&amp;b=2" title="fog > b"><mark>fog</mark> &amp; <b><mark>b</mark></b></a>"""
        """ &lt;<mark>fog</mark>&gt;</p>"""
    )
    assert marks.parts("") == [Part("")]
