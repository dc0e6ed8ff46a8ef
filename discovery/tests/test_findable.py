"""Whom not everybody may find is in nobody's search, suggestions, trends and Explore, but in their followers' search if
they say so; their address stays open."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import actions
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of
from discovery.people import lists
from discovery.search.documents import keep_people, keep_posts
from discovery.selectors import explore as reading
from discovery.tests.finding import known, people, posts, said, suggested
from discovery.tests.towns import compute, established, like, plant
from feeds.actions import share_post
from feeds.tests.factories import publish
from interactions.popular import compute as compute_popular
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def be_found_by(who: User, whom: str) -> None:
    actions.set_privacy(user=who, found_by=whom)
    drain()


@pytest.mark.parametrize(
    ("whom", "stranger", "follower"),
    [("everyone", True, True), ("followers", False, True), ("nobody", False, False)],
)
def test_search_and_suggestions_ask_each_time(
    ada: User, ben: User, cleo: User, whom: str, stranger: bool, follower: bool
) -> None:
    keep_people([ada.pk])
    post = said(ada, "unheardof words")
    follows(ben, ada)
    for viewer in (AnonymousUser(), cleo, ben, ada):  # what was found before is asked again, too
        assert people("ada", viewer) == ["ada"] and posts("unheardof", viewer) == [post.pk]
    be_found_by(ada, whom)
    for viewer, expected in ((AnonymousUser(), stranger), (cleo, stranger), (ben, follower), (ada, True)):
        assert (people("ada", viewer) == ["ada"]) == expected
        assert (suggested("@ad", viewer) == ["ada"]) == expected
        assert bool(posts("unheardof", viewer)) == bool(posts("from:ada", viewer)) == expected
    assert page_of(cleo).get("/@ada").status_code == 200
    assert Api(cleo)("GET", f"posts/{post.pk}").status_code == 200


def test_by_the_api_and_on_the_page(ada: User, cleo: User) -> None:
    keep_people([ada.pk])
    be_found_by(ada, "nobody")
    assert Api(cleo)("GET", "search?q=ada&type=users").json()["results"] == []
    assert Api(cleo)("GET", "search/suggest?q=@ada").json()["results"] == []
    assert 'href="/@ada"' not in page_of(cleo).get("/search", {"q": "ada", "type": "users"}).content.decode()


def test_a_share_does_not_lead_to_them(ada: User, ben: User, cleo: User) -> None:
    shared = said(ada, "unheardof words")
    share = share_post(post=shared, person=ben)
    keep_posts([share.pk])
    be_found_by(ada, "nobody")
    assert posts("unheardof", cleo) == [] and posts("from:ben", cleo) == []


def test_nor_do_lists_of_who_writes_nor_the_landing_page(ada: User, ben: User, cleo: User) -> None:
    for writer in (ada, ben):
        publish(writer, "About #fog")
    drain()
    follows(cleo, ada)
    be_found_by(ada, "followers")

    def writers(viewer: User | None) -> set[str]:
        return {row["username"] for row in Api(viewer)("GET", "hashtags/fog/people").json()["results"]}

    assert (writers(None), writers(ben), writers(cleo)) == ({"ben"}, {"ben"}, {"ada", "ben"})
    landing = page_of().get("/").content.decode()
    assert 'href="/@ben"' in landing and 'href="/@ada"' not in landing


def test_a_page_of_search_is_full_all_the_same(cleo: User) -> None:
    for number in range(12):
        known(f"zoe{number:02}", found_by="nobody" if number % 3 == 0 else "everyone")
    answer = Api(cleo)("GET", "search?q=zoe&type=users&limit=5").json()
    assert len(answer["results"]) == 5 and answer["has_more"]


@pytest.mark.parametrize("whom", ["followers", "nobody"])
@pytest.mark.parametrize("before", [True, False])
def test_they_do_not_trend_and_are_not_on_explore(
    ada: User, ben: User, cleo: User, whom: str, before: bool
) -> None:
    reading.breaker.close()
    crowd = established(6)
    for star in (ada, ben):
        for one in crowd:
            follows(one, star)
        like(plant(star, "Everybody likes this", hours=1), crowd)
    if before:
        be_found_by(ada, whom)
    compute()
    compute_popular()
    if not before:
        be_found_by(ada, whom)
    users = {row["user"]["username"] for row in Api(cleo)("GET", "trending/users").json()["results"]}
    trending = Api(cleo)("GET", "trending/posts").json()["results"]
    assert "ada" not in users and "ada" not in {row["post"]["author"]["username"] for row in trending}
    assert "ada" not in {item.author.username for item in reading.explore_page(viewer=cleo).items}
    assert "ada" not in lists.popular_people()


def test_nobody_is_told_to_follow_them(ada: User, ben: User, cleo: User) -> None:
    follows(cleo, ben)
    follows(ben, ada)
    for one in established(3):
        follows(ben, one)
        follows(one, ada)
    plant(ada, "Here I am", hours=1)
    lists.renew([cleo.pk])

    def suggestions() -> set[str]:
        return {row["username"] for row in Api(cleo)("GET", "recommendations/users").json()["results"]}

    assert "ada" in suggestions()
    be_found_by(ada, "nobody")
    assert "ada" not in suggestions()
    lists.renew([cleo.pk])
    assert "ada" not in suggestions()
