"""Snapshots: what was put in order stays so for a quarter of an hour, for the list and the person it was made for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialnet.kernel import redis, snapshots
from socialnet.kernel.errors import CursorExpired, InvalidCursor, RedisAway
from socialnet.kernel.pagination import Cursor
from socialnet.kernel.snapshots import Place

SCOPE = "top:7"


def test_it_gives_back_what_was_kept_in_its_order_for_a_quarter_of_an_hour(redis_process):
    place = snapshots.keep([5, 9, 2**53 - 1, 1], scope=SCOPE)
    assert snapshots.ids_of(Place.decode(place.at(3).encode(), scope=SCOPE)) == [5, 9, 2**53 - 1, 1]
    assert 890 <= redis._client().ttl(snapshots.POLICY.key(place.token.hex())) <= 900


def test_it_keeps_no_more_than_500(redis_process):
    assert len(snapshots.ids_of(snapshots.keep(range(1, 1000), scope=SCOPE))) == 500


def test_what_is_not_kept_any_longer_has_expired(redis_process):
    place = snapshots.keep([1, 2], scope=SCOPE)
    redis._client().delete(snapshots.POLICY.key(place.token.hex()))
    with pytest.raises(CursorExpired) as caught:
        snapshots.ids_of(place)
    assert (caught.value.status, caught.value.code) == (400, "cursor_expired")


def test_two_of_the_same_are_apart(redis_process):
    first, second = (snapshots.keep(ids, scope=SCOPE) for ids in ([1], [2]))
    assert (snapshots.ids_of(first), snapshots.ids_of(second)) == ([1], [2])


def test_without_redis_nothing_can_be_kept_or_read(redis_process, monkeypatch):
    place = snapshots.keep([1], scope=SCOPE)
    monkeypatch.setattr(redis, "_client", lambda: redis.Redis(host="127.0.0.1", port=1))
    for act in (lambda: snapshots.keep([1], scope=SCOPE), lambda: snapshots.ids_of(place)):
        with pytest.raises(RedisAway):
            act()


places = st.builds(Place, st.binary(min_size=12, max_size=12), st.integers(0, 65_535), st.just(SCOPE))


@given(place=places)
def test_a_place_survives_the_way_through_an_address_and_is_void_elsewhere(place):
    text = place.encode()
    assert Place.decode(text, scope=SCOPE) == place
    for other in ("top:8", "hot:7", ""):
        with pytest.raises(InvalidCursor):
            Place.decode(text, scope=other)
    for scope in (SCOPE, ""):
        with pytest.raises(InvalidCursor):
            Cursor.decode(text, scope=scope)


@given(place=places, index=st.integers(0, 29), letter=st.sampled_from("AZaz09-_"))
def test_a_changed_place_is_refused_or_the_same(place, index, letter):
    text = place.encode()
    try:
        assert Place.decode(text[:index] + letter + text[index + 1 :], scope=SCOPE) == place
    except InvalidCursor as error:
        assert error.code == "invalid_cursor"


@given(before=st.integers(0, 2**53 - 1))
def test_a_cursor_of_another_list_is_no_place_and_keeps_to_its_scope(before):
    cursor = Cursor(before=before, scope=SCOPE)
    assert Cursor.decode(cursor.encode(), scope=SCOPE) == cursor
    for scope in ("", "top:8"):
        with pytest.raises(InvalidCursor):
            Cursor.decode(cursor.encode(), scope=scope)
    with pytest.raises(InvalidCursor):
        Place.decode(cursor.encode(), scope=SCOPE)
