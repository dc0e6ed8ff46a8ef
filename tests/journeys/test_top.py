"""Latest and Top in a browser: the choice, endless scroll, and that nothing new is put into what is ranked."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from accounts.models import User
from accounts.tests.factories import follows
from feeds import stored
from feeds.actions import delete_post, publish_post
from feeds.models import Post
from feeds.tests.factories import plant_many
from socialnet.kernel import redis
from tests.journeys.windows import JOURNEY, look_at, person, sign_in, window
from tests.stack import Stack, running

pytestmark = JOURNEY


@pytest.fixture
def stack(transactional_db: None, redis_process: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("RANKING_BUDGET_MS", "10000")  # the machine of the tests may be busy
    with running("web", "live", "relay", "worker") as stack:
        stack.wait_until_ready()
        yield stack


@pytest.fixture
def ben(transactional_db: None):
    """He follows three people who wrote 45 posts."""
    ben = person("ben", "Ben Okafor")
    for name in ("ada", "cleo", "emil"):
        author = person(name, name.capitalize())
        follows(ben, author)
        plant_many(author, 15)
        stored.backfill(ben.pk, author_id=author.pk)
    return ben


def test_top_is_chosen_scrolled_to_its_end_and_left_alone_by_news(stack, browser, ben):
    page = window(browser, stack)
    sign_in(page, "ben")
    page.get_by_role("navigation", name="Order of the posts").get_by_role("link", name="Top").click()
    expect(page.locator("[data-feed=top] article.post")).to_have_count(20)
    page.wait_for_timeout(1500)  # the socket is up and subscribed

    fresh = publish_post(author=User.objects.get(username="emil"), content="Just now")
    while page.locator("nav[data-pager]").count():
        page.mouse.wheel(0, 5000)
        page.wait_for_timeout(100)
    expect(page.get_by_text("That is all that was ranked.")).to_be_visible()
    expect(page.locator("article.post")).to_have_count(45)
    ids = page.locator("article.post").evaluate_all("posts => posts.map(post => post.dataset.postId)")
    assert len(set(ids)) == 45 and str(fresh.pk) not in ids
    expect(page.locator(".pill")).to_have_count(0)

    gone = Post.objects.get(pk=ids[0])
    delete_post(post=gone, actor=gone.author)
    expect(page.locator(f"[data-post-id='{ids[0]}']")).to_have_count(0)

    page.locator("#id_content").fill("What I say opens Latest.")
    page.locator("[data-publish]").click()
    expect(page.locator("[data-feed=home] article.post").first).to_contain_text("What I say opens Latest.")
    assert page.troubles == []


def test_a_list_that_grew_old_says_so_and_begins_again(stack, browser, ben):
    page = window(browser, stack)
    sign_in(page, "ben")
    page.goto("/?mode=top")
    expect(page.locator("article.post")).to_have_count(20)
    redis._client().delete(*redis._client().keys("snapshot:*"))
    page.mouse.wheel(0, 50_000)
    expect(page.get_by_text("This list has grown old")).to_be_visible()
    page.get_by_role("link", name="Begin again with a fresh Top").click()
    expect(page.locator("[data-feed=top] article.post").first).to_be_visible()
    assert page.troubles == []


def test_it_works_without_javascript(stack, browser, ben):
    page = window(browser, stack, java_script_enabled=False)
    sign_in(page, "ben")
    page.get_by_role("link", name="Top", exact=True).click()
    seen = set()
    for many in (20, 20, 5):
        expect(page.locator("article.post")).to_have_count(many)
        seen |= {
            *page.locator("article.post").evaluate_all("posts => posts.map(post => post.dataset.postId)")
        }
        if many == 20:
            page.get_by_role("link", name="More posts").click()
    assert len(seen) == 45
    page.get_by_role("link", name="How Top works").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How Top works")


def test_axe_finds_nothing(stack, browser, ben):
    page = window(browser, stack)
    sign_in(page, "ben")
    page.goto("/?mode=top")
    older = page.get_by_role("link", name="More posts").get_attribute("href")
    redis._client().delete(*redis._client().keys("snapshot:*"))
    assert look_at(page, {"top": "/?mode=top", "top-expired": f"/{older}", "help-top": "/help/top"}) == {}
