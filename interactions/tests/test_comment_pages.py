"""Comments through the HTML door: what the page of a post shows, and what forms and buttons do without JavaScript."""

import re
from typing import Any

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import blocks, follows, page_of
from feeds.actions import publish_post, share_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions
from interactions.models import Comment, CommentLike, ConversationMute
from interactions.tests.threads import chain, count_of, plant_comments, say

pytestmark = pytest.mark.django_db
PARTIAL = {"X-Partial": "items"}


def html(who: User | None, path: str, **headers: str) -> str:
    answer = page_of(who).get(path, headers=headers)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def url(post: Post) -> str:
    return post.get_absolute_url()


def test_a_form_without_javascript_comments_and_answers(ada: User, ben: User) -> None:
    post, browser = publish(ada), page_of(ben)
    page = browser.get(url(post)).content.decode()
    assert f'action="{url(post)}/comments"' in page and "Nobody has said anything yet" in page
    answer = browser.post(f"{url(post)}/comments", {"content": "First\r\nof all", "parent_id": ""})
    first = Comment.objects.get()
    assert first.content == "First\nof all"
    place = f"{url(post)}?comment={first.pk}#comment-{first.pk}"
    assert (answer.status_code, answer["Location"]) == (302, place)
    page = browser.get(place).content.decode()
    assert f'id="comment-{first.pk}"' in page and f'name="parent_id" value="{first.pk}"' in page
    browser.post(f"{url(post)}/comments", {"content": "Second", "parent_id": first.pk})
    assert Comment.objects.get(content="Second").parent_id == first.pk
    page = browser.get(url(post)).content.decode()
    assert page.index("First") < page.index("Second") and "<b>2</b> comments" in page
    assert re.search(r'class="act comments" href="[^"]+#comments"', page)


def test_the_same_form_sent_twice_comments_once(ada: User) -> None:
    post, browser = publish(ada), page_of(ada)
    form = {"content": "Once", "idempotency_key": "k"}
    first, again = (browser.post(f"{url(post)}/comments", form) for _ in range(2))
    assert first["Location"] == again["Location"] and Comment.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "sentence", "status"),
    [
        ({"content": "x" * 1001}, "at most 1000 characters", 400),
        ({"content": "  "}, "Write something first", 400),
        ({}, "Write something first", 400),
        ({"content": "typed", "parent_id": "7"}, "not there any more", 400),
        ({"content": "typed", "parent_id": "x"}, "", 400),
    ],
)
def test_mistakes_keep_what_was_typed(ada: User, form: dict[str, str], sentence: str, status: int) -> None:
    answer = page_of(ada).post(f"{url(publish(ada))}/comments", form)
    page = answer.content.decode()
    assert (answer.status_code, sentence in page, form.get("content", "") in page) == (status, True, True)
    assert not Comment.objects.exists()


def test_too_many_at_once_are_told_so(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "comment": "1/15m"}
    post, browser = publish(ada), page_of(ada)
    for status in (302, 429):
        assert browser.post(f"{url(post)}/comments", {"content": "Hello"}).status_code == status
    assert count_of(post) == 1


def test_sorts_are_links_and_lists_go_on_by_links(ada: User) -> None:
    post = publish(ada)
    top = plant_comments(post, [ada], many=25)
    plant_comments(post, [ada], many=5, parents=top[:1])
    page = html(ada, f"{url(post)}?sort=old")
    for sort in ("hot", "top", "new", "old"):
        assert f'href="{url(post)}?sort={sort}#comments"' in page
    assert page.count("data-branch=") == 23 and "2 more replies" in page
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)" data-further', page)]
    replies, rest = (html(ada, link.partition("#")[0]) for link in links)
    assert all(f"Planted {number}" in rest for number in range(20, 25)) and "Planted 19<" not in rest
    assert replies.count("data-branch=") == 3  # the comment, and the two replies that were left
    for link in links:
        part = html(ada, link.partition("#")[0].replace("?", "/comments?"), **PARTIAL)
        assert "<html" not in part and part.count("data-branch=") == (2 if "comment=" in link else 5)


def test_an_order_that_ends_early_says_so_and_leads_to_all(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interactions.selectors.comments.LONGEST", 22)
    post = publish(ada)
    plant_comments(post, [ada], many=22)
    words, way = "This order ends here", f'href="{url(post)}?sort=new#comments">Show all'
    page = html(ada, f"{url(post)}?sort=top")
    (further,) = (link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)" data-further', page))
    assert words not in page and words not in html(ada, further.partition("#")[0])  # all 22 are there
    plant_comments(post, [ada], many=1, parents=[Comment.objects.first()])  # replies are no top level
    assert words not in html(ada, further.partition("#")[0])
    say(ada, post)
    for last in (further.partition("#")[0], further.partition("#")[0].replace("?", "/comments?")):
        part = html(ada, last, **(PARTIAL if "/comments?" in last else {}))
        assert words in part and way in part and part.count("data-branch=") == 3  # one is a reply
    assert words not in page  # while it goes on
    assert words not in html(ada, f"{url(post)}?sort=old")


def test_a_page_without_the_script_is_at_the_post(ada: User) -> None:
    post = publish(ada)
    comment = say(ada, post)
    browser = page_of(ada)
    assert browser.get(f"{url(post)}/comments?sort=new")["Location"] == f"{url(post)}?sort=new#comments"
    assert browser.get(f"{url(post)}/comments")["Location"] == f"{url(post)}#comments"
    place = f"{url(post)}?comment={comment.pk}#comment-{comment.pk}"
    assert browser.get(f"{url(post)}/comments/{comment.pk}")["Location"] == place
    part = html(ada, f"{url(post)}/comments/{comment.pk}", **PARTIAL)
    assert part.count("data-branch=") == 1 and "<html" not in part


def test_a_permalink_opens_a_place_with_what_is_above(ada: User, ben: User) -> None:
    post = publish(ada)
    line = chain(ben, post, 4)
    beside = say(ada, post, "Beside")
    page = html(ada, f"{url(post)}?comment={line[2].pk}")
    assert all(f'id="comment-{one.pk}"' in page for one in line) and f"comment-{beside.pk}" not in page
    assert re.search(rf'class="branch focus" data-branch="{line[2].pk}"', page)
    assert f'href="{url(post)}#comments"' in page
    for wrong in ("7", "x", "9" * 17, str(say(ada, publish(ada)).pk)):
        assert page_of(ada).get(f"{url(post)}?comment={wrong}").status_code == 404
    assert page_of(ada).get(f"{url(post)}?cursor=x").status_code == 400


def test_where_the_tree_ends_the_page_says_whom_one_answers(ada: User, ben: User) -> None:
    post = publish(ada)
    say(ada, chain(ben, post, 6)[-1], "Deeper")
    page = html(ada, f"{url(post)}?comment={Comment.objects.get(content='5').pk}")
    assert "Replying to @ben" in page


def test_tombstones_folds_and_marks(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    gone = say(ben, post, "A secret")
    say(ada, gone, "An answer")
    hidden = say(cleo, post, "Hidden words")
    edited = say(cleo, post)
    actions.delete_comment(comment_id=gone.pk, actor=ben)
    actions.hide_comment(comment_id=hidden.pk, actor=ada)
    actions.edit_comment(comment_id=edited.pk, actor=cleo, content="Edited words")
    page = html(ada, url(post))
    assert "This comment is not there any more" in page and "A secret" not in page and "An answer" in page
    assert "Hidden by the author of the post" in page and page.count(">edited<") == 1
    assert f"{url(post)}/comments/{hidden.pk}/unhide" in page
    assert f"{url(post)}/comments/{edited.pk}/hide" in page
    of_ben = html(ben, url(post))
    assert not re.search(r"/comments/\d+/(un)?hide", of_ben)
    people.mute_user(muter=ben, muted=cleo)
    assert html(ben, url(post)).count("By somebody you muted") == 1  # the other is hidden already


def test_editing_on_a_page(ada: User, ben: User) -> None:
    post = publish(ada)
    comment = say(ben, post, "Frist")
    path, browser = f"{url(post)}/comments/{comment.pk}/edit", page_of(ben)
    page = browser.get(path).content.decode()
    assert "Frist" in page and 'name="version" value="1"' in page
    answer = browser.post(path, {"content": "First", "version": 1})
    assert answer["Location"] == f"{url(post)}?comment={comment.pk}#comment-{comment.pk}"
    stale = browser.post(path, {"content": "Mine", "version": 1})
    page = stale.content.decode()
    assert stale.status_code == 409 and "First" in page and "Mine" in page and 'value="2"' in page
    assert browser.post(path, {"content": "Mine", "version": 2}).status_code == 302
    assert browser.post(path, {"content": " "}).status_code == 400
    assert browser.post(path, {"content": "x", "version": "x"}).status_code == 400
    comment.refresh_from_db()
    assert comment.content == "Mine"
    assert page_of(ada).get(path).status_code == page_of(ada).post(path, {"content": "x"}).status_code == 403


def test_deleting_on_a_page(ada: User, ben: User, mod: User) -> None:
    post = publish(ada)
    of_ben, other = say(ben, post, "My words"), say(ben, post)
    path = f"{url(post)}/comments/{of_ben.pk}/delete"
    assert "My words" in html(ben, path)
    assert page_of(ada).get(path).status_code == page_of(ada).post(path).status_code == 403
    answer = page_of(ben).post(path)
    assert (answer.status_code, answer["Location"], count_of(post)) == (302, f"{url(post)}#comments", 1)
    assert page_of(ben).post(path).status_code == 404
    path = f"{url(post)}/comments/{other.pk}/delete"
    assert path in html(mod, url(post)) and path not in html(ada, url(post))
    page_of(mod).post(path)
    assert count_of(post) == 0


def test_buttons_without_javascript(ada: User, ben: User) -> None:
    post = publish(ada)
    comment = say(ben, post)
    path, browser = f"{url(post)}/comments/{comment.pk}", page_of(ada)
    for act, is_active in (("like", True), ("like", True), ("unlike", False)):
        answer = browser.post(f"{path}/{act}", {"next": f"{url(post)}?sort=new"})
        assert (answer.status_code, answer["Location"]) == (302, f"{url(post)}?sort=new")
        assert CommentLike.objects.get().is_active is is_active
    for act, is_hidden in (("hide", True), ("unhide", False)):
        browser.post(f"{path}/{act}", {"next": "//elsewhere.example"})
        comment.refresh_from_db()
        assert (comment.hidden_at is not None) is is_hidden
        assert page_of(ben).post(f"{path}/{act}").status_code == 403
    assert "Mute this conversation" in html(ben, url(post))
    page_of(ben).post(f"{url(post)}/mute")
    assert ConversationMute.objects.exists() and "Unmute this conversation" in html(ben, url(post))
    page_of(ben).post(f"{url(post)}/unmute")
    assert not ConversationMute.objects.exists()


def test_who_may_comment_is_said_and_chosen(ada: User, ben: User, cleo: User) -> None:
    follows(ben, ada)
    post = publish_post(author=ada, content="Hello", reply_policy="followers")
    say(ben, post, "Hello back")
    page = html(cleo, url(post))
    assert (
        "Followers of Ada may comment" in page
        and "data-comment-form" not in page
        and "data-reply" not in page
    )
    assert "data-comment-form" in html(ben, url(post))
    answer = page_of(cleo).post(f"{url(post)}/comments", {"content": "typed words"})
    assert answer.status_code == 403 and "typed words" in answer.content.decode()
    page = html(ada, f"{url(post)}/edit")
    assert '<option value="followers" selected>' in page
    form = {"content": "Hello", "visibility": "public", "reply_policy": "mentioned", "version": ""}
    assert page_of(ada).post(f"{url(post)}/edit", form).status_code == 302
    assert "Only people whom the post mentions may comment" in html(ben, url(post))
    page_of(ada).post("/posts", {"content": "Composed", "visibility": "public", "reply_policy": "followers"})
    assert Post.objects.get(content="Composed").reply_policy == "followers"


def test_visitors_read_and_are_asked_to_sign_in(ada: User) -> None:
    post = publish(ada)
    comment = say(ada, post, "For all to read")
    actions.like_comment(comment_id=comment.pk, person=ada)
    page = html(None, url(post))
    assert "For all to read" in page and "Sign in to comment" in page
    assert "data-comment-like" not in page and "<b>1</b> like" in page
    for path in ("comments", f"comments/{comment.pk}/like", f"comments/{comment.pk}/edit", "mute"):
        assert "/accounts/login/" in page_of().post(f"{url(post)}/{path}", {"content": "x"})["Location"]


def test_a_share_shows_the_thread_of_what_it_shares(ada: User, ben: User) -> None:
    post = publish(ada)
    comment = say(ada, post, "Under the original")
    share = share_post(post=post, person=ben)
    page = html(ben, url(share))
    assert "Under the original" in page and f"{url(post)}/comments/{comment.pk}/like" in page


@pytest.mark.parametrize("state", ["followers", "blocked", "suspended", "absent", "another name"])
def test_the_outsider_finds_nothing(ada: User, ben: User, cleo: User, state: str) -> None:
    post = publish(ada)
    comment = say(ben, post)
    path, ident = url(post), comment.pk
    match state:
        case "followers":
            Post.objects.filter(pk=post.pk).update(visibility="followers")
        case "blocked":
            blocks(ada, cleo)
        case "suspended":
            people.suspend_user(user=ada, actor=None)
        case "absent":
            path, ident = "/@ada/77", 77
        case "another name":
            path = f"/@ben/{post.pk}"
    browser = page_of(cleo)
    for one in ("comments", f"comments/{ident}"):
        assert browser.get(f"{path}/{one}", headers=PARTIAL).status_code == 404
    acts = ("edit", "delete", "like", "unlike", "hide", "unhide")
    for one in ("comments", "mute", "unmute", *(f"comments/{ident}/{act}" for act in acts)):
        assert browser.post(f"{path}/{one}", {"content": "x"}).status_code == 404, one
    assert not ConversationMute.objects.exists() and Comment.objects.count() == 1


def test_a_comment_under_another_post_is_not_found(ada: User) -> None:
    comment, other = say(ada, publish(ada)), publish(ada)
    for act in ("edit", "delete", "like", "hide"):
        assert page_of(ada).post(f"{url(other)}/comments/{comment.pk}/{act}").status_code == 404


@pytest.mark.parametrize("act", ["like", "unlike", "hide", "unhide"])
def test_wrong_methods(ada: User, act: str) -> None:
    browser = page_of(ada)
    for path in (f"/@ada/1/comments/1/{act}", "/@ada/1/mute", "/@ada/1/unmute"):
        assert [send(path).status_code for send in (browser.get, browser.put)] == [405, 405]
    for path in ("/@ada/1/comments", "/@ada/1/comments/1/edit", "/@ada/1/comments/1/delete"):
        assert browser.put(path).status_code == 405
    assert browser.post("/@ada/comments").status_code == browser.post("/@ada/1/comments/1").status_code == 405


def test_the_tab_of_a_profile(ada: User, ben: User, cleo: User, dora: User) -> None:
    for number in range(22):
        say(ben, publish(ada), f"Said {number:02}")
    Post.objects.filter(comments__content="Said 05").update(visibility="private")
    page = html(cleo, "/@ben/comments")
    assert 'aria-current="page">Comments</a>' in page and page.count("<article") == 20
    cursor = re.search(r"\?cursor=([^\"]+)", page)
    assert cursor is not None
    rest = html(cleo, f"/@ben/comments?cursor={cursor[1]}", **PARTIAL)
    assert rest.count("<article") == 1 and "<html" not in rest and "Said 05" not in page + rest
    assert "No comments from Ada yet" in html(cleo, "/@ada/comments")
    assert "No comments yet" in html(ada, "/@ada/comments")
    assert page_of(cleo).get("/@BEN/comments")["Location"] == "/@ben/comments"
    people.set_privacy(user=ben, is_private=True)
    assert "Said" not in html(cleo, "/@ben/comments")
    blocks(ben, dora)
    assert page_of(dora).get("/@ben/comments").status_code == 404


def test_a_page_costs_the_same_for_one_comment_and_for_twenty(
    ada: User, django_assert_num_queries: Any
) -> None:
    small, large = publish(ada), publish(ada)
    plant_comments(small, [ada], many=1)
    plant_comments(large, [ada], many=60, parents=plant_comments(large, [ada], many=20))
    browser = page_of(ada)
    for post in (small, large):
        browser.get(f"{url(post)}?sort=new")
        # the facts of the post, the thread, whether it is muted; what is unread
        with django_assert_num_queries(4):
            browser.get(f"{url(post)}?sort=new")


def test_pages_are_for_nobodys_cache(ada: User) -> None:
    post = publish(ada)
    say(ada, post)
    for path in (url(post), f"{url(post)}/comments", "/@ada/comments"):
        assert "no-store" in page_of(ada).get(path, headers=PARTIAL)["Cache-Control"]
