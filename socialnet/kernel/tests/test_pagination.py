"""Keyset pages, and cursors that nobody can make up."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socialnet.kernel.errors import InvalidCursor
from socialnet.kernel.pagination import Cursor, Page

cursors = st.integers(0, 2**53 - 1).map(lambda before: Cursor(before=before))


@given(cursor=cursors)
def test_a_cursor_survives_the_way_through_a_url(cursor):
    text = cursor.encode()
    assert Cursor.decode(text) == cursor
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(cursor=cursors, place=st.integers(0, 21), letter=st.sampled_from("AZaz09-_"))
def test_a_changed_cursor_is_refused_or_the_same(cursor, place, letter):
    text = cursor.encode()
    changed = text[:place] + letter + text[place + 1 :]
    try:
        assert Cursor.decode(changed) == cursor
    except InvalidCursor as error:
        assert (error.status, error.code) == (400, "invalid_cursor")


@given(text=st.text(min_size=1, max_size=200))
@example("=")
@example("AAAA")
@example("ä")
@example("\x00")
@example("💥" * 8)
@example("A" * 10_000)
def test_what_we_did_not_make_is_refused(text):
    with pytest.raises(InvalidCursor):
        Cursor.decode(text)


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_cursor_is_the_first_page(nothing):
    assert Cursor.decode(nothing) is None


def test_a_cursor_of_another_secret_is_refused(settings):
    text = Cursor(before=7).encode()
    settings.SECRET_KEY = "another"
    with pytest.raises(InvalidCursor):
        Cursor.decode(text)


def test_a_cursor_without_its_signature_is_refused():
    packed = base64.urlsafe_b64encode((7).to_bytes(8, "big")).decode().rstrip("=")
    with pytest.raises(InvalidCursor):
        Cursor.decode(packed)


@pytest.mark.parametrize(
    ("many", "shown", "more"), [(0, 0, False), (2, 2, False), (3, 3, False), (4, 3, True)]
)
def test_a_page_knows_whether_there_is_more(many, shown, more):
    page = Page.of([*range(many, 0, -1)], size=3, key=lambda row: row)
    assert (len(page.items), page.has_more) == (shown, more)
    assert page.next_cursor == (Cursor(before=many - 2) if more else None)
