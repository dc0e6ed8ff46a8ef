"""The tabs of a profile: posts, and pictures for whom they are meant."""

from typing import Any

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of
from feeds.actions import delete_post, share_post
from feeds.models import Post
from feeds.tests.factories import picture, plant, plant_many

pytestmark = pytest.mark.django_db
TAB = "/@ada/media"


def with_pictures(author: User, many: int = 1, *, alts: tuple[str, ...] = (), **fields: Any) -> Post:
    post = plant(author, with_media=True, **fields)
    for position in range(many):
        alt = alts[position] if position < len(alts) else ""
        picture(author, post=post, position=position, alt=alt)
    return post


def test_both_tabs_are_there_and_say_which_one_is_shown(ada: User) -> None:
    for path, current in (("/@ada", "Posts"), (TAB, "Media")):
        page = page_of().get(path).content.decode()
        tabs = page[page.index('<nav class="tabs"') :].split("</nav>")[0]
        assert '<a href="/@ada"' in tabs and '<a href="/@ada/media"' in tabs
        assert f'aria-current="page">{current}</a>' in tabs and tabs.count("aria-current") == 1


def test_pictures_lead_to_their_posts(ada: User) -> None:
    post = with_pictures(ada, 2, alts=('A "red" boat',))
    plain = plant(ada, content="Only words")
    page = page_of().get(TAB).content.decode()
    assert page.count(f'href="{post.get_absolute_url()}"') == 2
    assert 'alt="A &quot;red&quot; boat"' in page and 'alt="Picture without a description"' in page
    assert page.count("/small.webp") == 2 and "/large.webp" not in page
    assert plain.get_absolute_url() not in page


def test_a_warning_stands_for_all_pictures_under_it_and_one_may_still_be_coming(ada: User) -> None:
    with_pictures(ada, 3, content_warning="Spiders <b>")
    coming = plant(ada, with_media=True)
    picture(ada, post=coming, is_stored=False)
    page = page_of().get(TAB).content.decode()
    assert page.count("Spiders &lt;b&gt;") == 1
    assert "/small.webp" not in page
    assert "The picture is coming" in page


def test_an_empty_tab_says_so(ada: User) -> None:
    assert "No pictures from Ada yet" in page_of().get(TAB).content.decode()
    assert "No pictures yet" in page_of(ada).get(TAB).content.decode()


def test_it_goes_on_where_it_ended(ada: User) -> None:
    posts = plant_many(ada, 25, with_media=True)
    for post in posts:
        picture(ada, post=post)
    client = page_of()
    first = client.get(TAB).content.decode()
    assert first.count('<a class="tile"') == 20 and 'rel="next"' in first
    cursor = Api()("GET", "users/ada/media").json()["next_cursor"]
    rest = client.get(f"{TAB}?cursor={cursor}", headers={"X-Partial": "items"}).content.decode()
    assert rest.count('<a class="tile"') == 5 and "<html" not in rest
    assert "tabs" not in rest


@pytest.mark.parametrize("audience", ["public", "followers", "friends", "private"])
@pytest.mark.parametrize("name", ["ada", "ben", "cleo", "dora", "visitor"])
def test_who_sees_which_pictures(
    ada: User, ben: User, cleo: User, dora: User, audience: str, name: str
) -> None:
    follows(ben, ada)
    blocks(ada, dora)
    post = with_pictures(ada, visibility=audience)
    viewer = {"ada": ada, "ben": ben, "cleo": cleo, "dora": dora}.get(name)
    allowed = {"public": {"ada", "ben", "cleo", "visitor"}, "followers": {"ada", "ben"}}.get(
        audience, {"ada"}
    )
    page, answer = page_of(viewer).get(TAB), Api(viewer)("GET", "users/ada/media")
    if name == "dora":
        assert (page.status_code, answer.status_code) == (404, 404)
        return
    assert (post.get_absolute_url() in page.content.decode()) is (name in allowed)
    assert [each["id"] for each in answer.json()["results"]] == ([str(post.pk)] if name in allowed else [])


def test_what_is_not_shown_on_the_posts_tab_is_not_shown_here(ada: User, ben: User, cleo: User) -> None:
    post = with_pictures(ada)
    people.set_privacy(user=ada, is_private=True)
    page = page_of(cleo).get(TAB)
    assert page.status_code == 200 and "keeps this account private" in page.content.decode()
    assert '<nav class="tabs"' not in page.content.decode()
    answer = Api(cleo)("GET", "users/ada/media")
    assert (answer.status_code, answer.json()["code"]) == (403, "private_account")
    people.set_privacy(user=ada, is_private=False)
    blocks(cleo, ada)
    assert "You blocked Ada" in page_of(cleo).get(TAB).content.decode()
    people.suspend_user(user=ada, actor=None)
    page = page_of(ben).get(TAB)
    assert "This account is suspended" in page.content.decode()
    assert post.get_absolute_url() not in page.content.decode()


def test_deleted_posts_and_shares_have_no_pictures_here(ada: User, ben: User) -> None:
    gone, of_ben = with_pictures(ada), with_pictures(ben)
    delete_post(post=gone, actor=ada)
    share_post(post=of_ben, person=ada)
    assert '<a class="tile"' not in page_of().get(TAB).content.decode()
    assert Api()("GET", "users/ada/media").json()["results"] == []


def test_a_page_costs_the_same_for_one_post_and_for_twenty(ada: User, django_assert_num_queries: Any) -> None:
    for _ in range(21):
        with_pictures(ada, 4)
    page_of().get(TAB)
    with django_assert_num_queries(3):  # the person, the ids, the facts
        page = page_of().get(TAB).content.decode()
    assert page.count('<a class="tile"') == 80


@pytest.mark.parametrize("path", ["/@nobody/media", "/@a%20b/media", "/@ada/media/x"])
def test_what_is_not_there(ada: User, path: str) -> None:
    assert page_of().get(path).status_code == 404


def test_another_spelling_is_sent_on_and_wrong_methods_are_refused(ada: User) -> None:
    assert page_of().get("/@ADA/media")["Location"] == TAB
    assert page_of(ada).post(TAB).status_code == 405
    assert Api(ada)("POST", "users/ada/media").status_code == 405
    assert (
        Api()("GET", "users/ada/media?cursor=x").status_code
        == page_of().get(f"{TAB}?cursor=x").status_code
        == 400
    )
