"""The order of Top: what makes a post come earlier, and that no author fills the list."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.ranking import APART, FLOOR, HALF_LIFE_HOURS, Candidate, liveliness, ranked, score, spread
from socialnet.outbox.ids import MAX_ID

HOUR = 3600 * 1000 << 12
counts = st.integers(0, 10**9)
candidates = st.builds(
    Candidate,
    post_id=st.integers(1, MAX_ID),
    author_id=st.integers(1, 6),
    affinity=st.floats(0, 1),
    likes=counts,
    comments=counts,
    shares=counts,
)
lists = st.lists(candidates, max_size=60, unique_by=lambda one: one.post_id)


@given(posts=lists, seed=st.randoms(use_true_random=False))
def test_nothing_is_lost_or_doubled_and_the_order_of_the_input_does_not_matter(posts, seed):
    found = ranked(posts)
    assert sorted(found, key=lambda one: one.post_id) == sorted(posts, key=lambda one: one.post_id)
    shuffled = list(posts)
    seed.shuffle(shuffled)
    assert ranked(shuffled) == found


@given(posts=lists)
@example(posts=[Candidate(post_id=number, author_id=1 + number // 4) for number in range(1, 12)])
def test_an_author_has_at_most_every_third_place_while_others_are_left(posts):
    found = [one.author_id for one in ranked(posts)]
    for place, author_id in enumerate(found):
        recent = found[max(0, place - APART + 1) : place]
        if author_id in recent:
            assert set(found[place:]) <= set(recent), "there was somebody else"


@given(posts=lists)
def test_variety_moves_nothing_that_need_not_move(posts):
    best_first = sorted(posts, key=score, reverse=True)
    apart = [replace(one, author_id=number) for number, one in enumerate(best_first)]
    assert spread(apart) == apart
    found = spread(best_first)
    for author_id in {one.author_id for one in posts}:  # each author's own keep their order
        assert [one for one in found if one.author_id == author_id] == [
            one for one in best_first if one.author_id == author_id
        ]


@given(post=candidates, more=st.integers(1, 1000), name=st.sampled_from(["likes", "comments", "shares"]))
def test_a_reaction_more_never_harms(post, more, name):
    assert score(replace(post, **{name: getattr(post, name) + more})) >= score(post)
    few = replace(post, likes=0, comments=0, shares=0)
    assert score(replace(few, **{name: more})) > score(few)


@given(post=candidates, affinity=st.floats(0, 1))
def test_the_closer_author_comes_first(post, affinity):
    nearer, farther = max(post.affinity, affinity), min(post.affinity, affinity)
    assert score(replace(post, affinity=nearer)) >= score(replace(post, affinity=farther))
    if nearer - farther > 1e-6:
        assert score(replace(post, affinity=nearer)) > score(replace(post, affinity=farther))


@given(post=candidates, other_id=st.integers(1, MAX_ID))
def test_the_newer_post_comes_first(post, other_id):
    newer, older = (replace(post, post_id=made(post.post_id, other_id)) for made in (max, min))
    assert score(newer) >= score(older)
    assert ranked([older, newer])[0] == newer


def test_the_numbers_are_those_of_the_help_page():
    now = 1000 * HOUR
    base = score(Candidate(post_id=now, author_id=1))
    assert score(Candidate(post_id=now - HALF_LIFE_HOURS * HOUR, author_id=1)) == pytest.approx(base - 1)
    assert score(Candidate(post_id=now, author_id=1, affinity=FLOOR)) == pytest.approx(base + 1)
    assert score(Candidate(post_id=now, author_id=1, likes=4, comments=1, shares=1)) == pytest.approx(
        base + 1
    )
    assert [liveliness(reactions) for reactions in (0, 9, 99)] == pytest.approx([1, 2, 3])


def test_a_close_author_of_yesterday_passes_a_stranger_of_today_and_a_popular_post_both():
    now = 1000 * HOUR
    fresh = Candidate(post_id=now, author_id=1)
    close = Candidate(post_id=now - 24 * HOUR, author_id=2, affinity=1.0)
    loved = Candidate(post_id=now - 20 * HOUR, author_id=3, likes=99_999)
    assert [one.author_id for one in ranked([fresh, close, loved])] == [3, 2, 1]


def test_age_without_end_still_has_an_order():
    posts = [Candidate(post_id=number * 10_000 * HOUR, author_id=number) for number in range(1, 20)]
    assert ranked(posts) == posts[::-1]


def test_when_only_one_author_is_left_nothing_is_held_back():
    posts = [Candidate(post_id=number, author_id=1) for number in range(1, 6)]
    assert ranked(posts) == posts[::-1]
    two = [Candidate(post_id=9 - number, author_id=1 if number < 4 else 2) for number in range(6)]
    assert [one.author_id for one in ranked(two)] == [1, 2, 1, 2, 1, 1]
