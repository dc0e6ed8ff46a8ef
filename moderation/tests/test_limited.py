"""Limited people are in nobody's trends, suggestions and Explore, from the moment on and until it ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import Api, follows, person
from discovery.people import lists
from discovery.selectors import explore as reading
from discovery.tests.towns import compute, established, like, plant, talk
from interactions.popular import compute as compute_popular
from moderation import actions
from moderation.models import Sanction
from moderation.tasks import end_due_sanctions
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def limit(who: User, mod: User) -> Sanction:
    until = timezone.now() + timedelta(days=7)
    sanction = actions.impose_sanction(person=who, measure="limit", actor=mod, until=until)
    drain()
    return sanction


def run_out(sanction: Sanction, _mod: User) -> None:
    Sanction.objects.filter(pk=sanction.pk).update(until=timezone.now() - timedelta(seconds=1))
    end_due_sanctions()
    drain()


def grant(sanction: Sanction, mod: User) -> None:
    actions.appeal_sanction(sanction_id=sanction.pk, person=sanction.person, words="A joke")
    actions.answer_appeal(sanction_id=sanction.pk, granted=True, words="Right.", actor=mod)
    drain()


both_ends = pytest.mark.parametrize("end", [run_out, grant])


@both_ends
def test_their_posts_and_they_themselves_do_not_trend(
    ada: User, ben: User, cleo: User, mod: User, end: Callable[[Sanction, User], None]
) -> None:
    crowd = established(6)
    for star in (ada, ben):
        for one in crowd:
            follows(one, star)
        like(plant(star, "Everybody likes this", hours=1), crowd)
    compute()

    def trending() -> tuple[set[str], set[str]]:
        users = {row["user"]["username"] for row in Api(cleo)("GET", "trending/users").json()["results"]}
        posts = {
            row["post"]["author"]["username"] for row in Api(cleo)("GET", "trending/posts").json()["results"]
        }
        return users, posts

    assert trending() == ({"ada", "ben"}, {"ada", "ben"})
    sanction = limit(ada, mod)
    assert trending() == ({"ben"}, {"ben"})  # from the snapshot of before
    compute()
    assert trending() == ({"ben"}, {"ben"})
    end(sanction, mod)
    compute()
    assert trending() == ({"ada", "ben"}, {"ada", "ben"})


@both_ends
def test_what_they_say_makes_no_tag_trend(
    cleo: User, mod: User, end: Callable[[Sanction, User], None]
) -> None:
    crowd = established(6)
    sanctions = [limit(one, mod) for one in crowd]
    talk(crowd, "harbour")
    compute()

    def trending() -> set[str]:
        return {row["name"] for row in Api(cleo)("GET", "trending/hashtags").json()["results"]}

    assert trending() == set()
    for sanction in sanctions:
        end(sanction, mod)
    talk(crowd, "harbour")
    compute()
    assert trending() == {"harbour"}


@both_ends
def test_they_are_not_suggested(
    ada: User, ben: User, cleo: User, mod: User, end: Callable[[Sanction, User], None]
) -> None:
    follows(ada, ben)
    follows(ben, cleo)
    plant(cleo, "Hello", hours=1)

    def suggested(*, made_anew: bool) -> set[str]:
        if made_anew:
            lists.forget(ada.pk)
        return {row["username"] for row in Api(ada)("GET", "recommendations/users").json()["results"]}

    assert "cleo" in suggested(made_anew=True)
    sanction = limit(cleo, mod)
    assert "cleo" not in suggested(made_anew=False)  # a list that was made before
    assert "cleo" not in suggested(made_anew=True)
    end(sanction, mod)
    assert "cleo" in suggested(made_anew=True)


@both_ends
def test_they_are_not_on_explore(
    ada: User, ben: User, cleo: User, mod: User, end: Callable[[Sanction, User], None]
) -> None:
    reading.breaker.close()
    crowd = established(6)
    liked = {star: plant(star, "Everybody likes this", hours=1) for star in (ben, cleo)}
    for post in liked.values():
        like(post, crowd)
    compute()
    compute_popular()

    def explored() -> set[int]:
        """By somebody to whom nothing was shown yet."""
        return {int(row["id"]) for row in Api(person())("GET", "feed/explore").json()["results"]}

    both, left = {post.pk for post in liked.values()}, {liked[ben].pk}
    assert both <= explored()
    sanction = limit(cleo, mod)
    assert explored() & both == left
    compute_popular()
    assert explored() & both == left
    end(sanction, mod)
    compute()
    compute_popular()
    assert both <= explored()


def test_a_page_of_explore_that_was_put_together_before_is_without_them(
    ada: User, cleo: User, mod: User
) -> None:
    reading.breaker.close()
    crowd = established(6)
    posts = [plant(star, "Everybody likes this", hours=1) for star in (cleo, *(person() for _ in range(4)))]
    for post in posts:
        like(post, crowd)
    compute()
    compute_popular()
    first = Api(ada)("GET", "feed/explore?limit=1").json()
    on_it = int(first["results"][0]["id"])
    (theirs,) = [post for post in posts if post.pk != on_it][:1]
    limit(theirs.author, mod)
    more = Api(ada)("GET", f"feed/explore?limit=10&cursor={first['next_cursor']}").json()["results"]
    assert theirs.pk not in {int(row["id"]) for row in more} and len(more) >= 3
