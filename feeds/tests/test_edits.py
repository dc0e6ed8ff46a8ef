"""Editing a post, by page and API: what is kept, who is told, who sees it from then on."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of, person
from accounts.tests.test_follow_races import at_once
from feeds.actions import delete_post, edit_post, publish_post, share_post
from feeds.errors import CannotEditShare, EmptyPost, TooManyPictures, UnknownPicture
from feeds.models import Media, Mention, Post, PostHashtag, PostRevision
from feeds.tests.factories import ids_at_home, picture, plant, publish
from socialnet.kernel import pictures
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(ada, ben, cleo, dora) -> dict[str | None, User | None]:
    """ben follows ada, cleo is a stranger, dora is blocked by her."""
    follows(ben, ada)
    people.block_user(blocker=ada, blocked=dora)
    return {"ada": ada, "ben": ben, "cleo": cleo, "dora": dora, None: None}


@pytest.fixture
def post(town) -> Post:
    return publish(town["ada"], "One #fish for @ben")


def now(post: Post) -> Post:
    return Post.objects.get(pk=post.pk)


def address(post: Post) -> str:
    return f"{post.get_absolute_url()}/edit"


def form_of(page: Any) -> dict[str, Any]:
    """What a browser would send of the form, untouched."""
    form = page.context["form"]
    sent: dict[str, Any] = {name: form[name].value() or "" for name in form.fields if name != "pictures"}
    sent["media_ids"] = [row.media.pk for row in form.rows]
    for row in form.rows:
        sent |= {f"alt_{row.media.pk}": row.alt, f"order_{row.media.pk}": row.place}
    return sent


def photo(name: str = "hill.png") -> SimpleUploadedFile:
    from io import BytesIO

    drawn = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "PNG")
    return SimpleUploadedFile(name, drawn.getvalue(), "image/png")


# --- what an edit does ----------------------------------------------------------------------------------------


def test_the_old_text_is_kept_and_the_new_one_shown(post, ada) -> None:
    page_of(ada).get(post.get_absolute_url())  # the card is cached
    answer = Api(ada)("PATCH", f"posts/{post.pk}", {"content": "Two *fish*", "content_warning": " spiders "})
    edited = answer.json()
    assert (answer.status_code, edited["content"], edited["content_warning"]) == (
        200,
        "Two *fish*",
        "spiders",
    )
    assert "<em>fish</em>" in edited["content_html"]
    assert edited["edited_at"] == now(post).edited_at.isoformat()
    (revision,) = PostRevision.objects.filter(post=post)
    assert (revision.content, revision.content_warning) == ("One #fish for @ben", "")
    assert "<em>fish</em>" in page_of(ada).get(post.get_absolute_url()).content.decode()


def test_what_did_not_change_leaves_no_trace(post, ada) -> None:
    before = Event.objects.count()
    for changes in ({}, {"content": "  One #fish for @ben\n"}, {"visibility": "public", "media_ids": []}):
        assert Api(ada)("PATCH", f"posts/{post.pk}", changes).json()["edited_at"] is None
    assert not PostRevision.objects.exists()
    assert Event.objects.count() == before


def test_language_and_audience_are_edits_without_an_earlier_text(post, ada) -> None:
    edited = Api(ada)("PATCH", f"posts/{post.pk}", {"language": "de", "visibility": "followers"}).json()
    assert (edited["language"], edited["visibility"]) == ("de", "followers")
    assert edited["edited_at"] is not None
    assert not PostRevision.objects.exists()


def test_tags_are_those_of_the_new_text(post, ada) -> None:
    edit_post(post=post, actor=ada, content="#Birds and #bees")
    assert set(PostHashtag.objects.filter(post=post).values_list("hashtag__name", flat=True)) == {
        "birds",
        "bees",
    }


def test_nobody_gets_it_anew(post, ada, ben) -> None:
    drain()
    edit_post(post=post, actor=ada, content="Two fish")
    drain()
    assert Event.objects.filter(name="feeds.post_published").count() == 1
    assert Event.objects.filter(name="feeds.post_edited").count() == 1
    assert ids_at_home(ben) == [post.pk]
    assert "Two fish" in page_of(ben).get("/").content.decode()


def told() -> list[list[int]]:
    events = Event.objects.filter(name="feeds.people_mentioned").order_by("pk")
    return [event.payload["user_ids"] for event in events]


def test_whom_an_edit_names_is_told_once_for_ever(post, ada, ben, cleo) -> None:
    for content in ("For @cleo and @ben", "For nobody", "For @ben and @CLEO", "For @ada", "For @cleo"):
        edit_post(post=post, actor=ada, content=content)
    assert told() == [[ben.pk], [cleo.pk]]
    assert set(Mention.objects.filter(post=post).values_list("user_id", flat=True)) == {ben.pk, cleo.pk}


def test_a_card_that_could_not_be_dropped_is_dropped_by_the_handler(post, ada, monkeypatch) -> None:
    from feeds import cards

    browser = page_of(ada)
    browser.get(post.get_absolute_url())
    with monkeypatch.context() as patch:
        patch.setattr(cards, "drop", lambda *_ids: None)
        edit_post(post=post, actor=ada, content="Two fish")
    assert "Two fish" not in browser.get(post.get_absolute_url()).content.decode()
    drain()
    assert "Two fish" in browser.get(post.get_absolute_url()).content.decode()


# --- who may --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "status"), [("ben", 403), ("cleo", 403), ("dora", 404), (None, 401)])
def test_only_the_author_edits_by_api(town, post, name, status) -> None:
    assert Api(town[name])("PATCH", f"posts/{post.pk}", {"content": "Mine now"}).status_code == status
    assert now(post).content == "One #fish for @ben"


@pytest.mark.parametrize(("name", "status"), [("ben", 403), ("cleo", 403), ("dora", 404), (None, 302)])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_the_author_edits_by_page(town, post, name, status, method) -> None:
    answer = getattr(page_of(town[name]), method)(address(post), {"content": "Mine now"})
    assert answer.status_code == status
    assert now(post).content == "One #fish for @ben"


def test_what_is_not_for_ones_eyes_cannot_be_told_from_what_is_not_there(town) -> None:
    hidden = publish(town["ada"], "Secret", "private")
    for ident in (hidden.pk, 77):
        answer = Api(town["ben"])("PATCH", f"posts/{ident}", {"content": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_deleted_and_hidden_posts_are_not_edited(post, ada) -> None:
    hidden = plant(ada, hidden_at="2024-05-01T00:00Z")
    delete_post(post=post, actor=ada)
    for gone in (post, hidden):
        assert Api(ada)("PATCH", f"posts/{gone.pk}", {"content": "Back"}).status_code == 404
        assert page_of(ada).get(address(gone)).status_code == 404
        with pytest.raises(NotFound):
            edit_post(post=gone, actor=ada, content="Back")


def test_a_share_says_nothing_that_could_be_edited(town, post) -> None:
    share = share_post(post=post, person=town["ben"])
    answer = Api(town["ben"])("PATCH", f"posts/{share.pk}", {"content": "And I add"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cannot_edit_share")
    assert page_of(town["ben"]).get(address(share)).status_code == 403
    with pytest.raises(CannotEditShare):
        edit_post(post=share, actor=town["ben"], content="And I add")


def test_a_quote_can_be_edited_and_still_quotes(town, post) -> None:
    quote = publish_post(author=town["ben"], content="Look", quoted=post)
    edited = Api(town["ben"])("PATCH", f"posts/{quote.pk}", {"content": "Look here"}).json()
    assert (edited["content"], edited["share_of"]["id"]) == ("Look here", str(post.pk))
    with pytest.raises(EmptyPost):  # it would be a share
        edit_post(post=quote, actor=town["ben"], content="")


# --- what cannot be kept --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"content": " \n"}, "empty_post", "content"),
        ({"content": "x" * 2001}, "post_too_long", "content"),
        ({"content": "a\x07b"}, "unusable_text", None),
        ({"content": ["x"]}, "invalid", "content"),
        ({"content_warning": "x" * 201}, "warning_too_long", "content_warning"),
        ({"visibility": "everyone"}, "invalid", "visibility"),
        ({"language": "klingon!"}, "invalid", "language"),
        ({"media_ids": ["1"]}, "unknown_picture", "media_ids"),
        ({"media_ids": ["x"]}, "invalid", "media_ids"),
        ({"media_ids": ["1", "2", "3", "4", "5"]}, "invalid", "media_ids"),
        ({"version": "yesterday"}, "invalid", "version"),
        ({"author": "ben"}, "invalid", "author"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_changes(post, ada, changes, code, field) -> None:
    answer = Api(ada)("PATCH", f"posts/{post.pk}", changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert field is None or any(name.split(".")[0] == field for name in answer.json()["errors"])
    assert now(post).content == "One #fish for @ben" and now(post).edited_at is None
    assert not PostRevision.objects.exists()


def test_wrong_methods(post, ada) -> None:
    assert Api(ada)("PUT", f"posts/{post.pk}", {"content": "x"}).status_code == 405
    assert page_of(ada).delete(address(post)).status_code == 405


# --- audience -------------------------------------------------------------------------------------------------

WIDE_TO_NARROW = ["public", "followers", "friends", "private"]


@pytest.mark.parametrize("before", WIDE_TO_NARROW)
@pytest.mark.parametrize("after", WIDE_TO_NARROW)
def test_an_audience_only_narrows(town, before, after) -> None:
    post = publish(town["ada"], "Here", before)
    answer = Api(town["ada"])("PATCH", f"posts/{post.pk}", {"visibility": after})
    if WIDE_TO_NARROW.index(after) >= WIDE_TO_NARROW.index(before):
        assert (answer.status_code, now(post).visibility) == (200, after)
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "audience_widened")
        assert now(post).visibility == before
    choices = dict(
        page_of(town["ada"]).get(address(post)).context["form"].fields["visibility"].widget.choices
    )
    assert list(choices) == WIDE_TO_NARROW[WIDE_TO_NARROW.index(now(post).visibility) :]


def test_a_narrowed_post_is_gone_for_the_outsider_everywhere_at_once(town, post) -> None:
    ada, ben, cleo = town["ada"], town["ben"], town["cleo"]
    follows(cleo, ben)
    share = share_post(post=post, person=ben)
    quote = publish_post(author=ben, content="What ada says", quoted=post)
    drain()
    assert "One" in page_of(cleo).get("/").content.decode()
    assert Api(cleo)("GET", f"posts/{quote.pk}").json()["share_of"]["id"] == str(post.pk)
    edit_post(post=post, actor=ada, visibility="followers")
    for path in (post.get_absolute_url(), share.get_absolute_url(), address(post)):
        assert page_of(cleo).get(path).status_code == 404
    for path in (f"posts/{post.pk}", f"posts/{share.pk}", f"posts/{post.pk}/history"):
        assert Api(cleo)("GET", path).status_code == 404
    assert ids_at_home(cleo) == [quote.pk]
    quoted = Api(cleo)("GET", f"posts/{quote.pk}").json()
    assert (quoted["share_of"], quoted["share_of_gone"]) == (None, True)
    for path in ("/", "/@ada", "/@ben", quote.get_absolute_url()):
        assert "One" not in page_of(cleo).get(path).content.decode()
    assert Api(ben)("GET", f"posts/{share.pk}").json()["share_of"]["id"] == str(post.pk)
    assert broken() == []


def test_a_post_that_became_private_is_turned_away_where_it_was_delivered(town, post) -> None:
    ada, ben = town["ada"], town["ben"]
    drain()
    assert ids_at_home(ben) == [post.pk]
    edit_post(post=post, actor=ada, visibility="private")
    drain()
    assert (ids_at_home(ben), ids_at_home(ada)) == ([], [post.pk])
    assert broken() == []


# --- pictures -------------------------------------------------------------------------------------------------


def shown(post: Post) -> list[int]:
    return list(Media.objects.filter(post=post).order_by("position").values_list("pk", flat=True))


def test_pictures_come_go_and_change_places(town) -> None:
    ada = town["ada"]
    one, two, three = picture(ada), picture(ada), picture(ada)
    post = publish_post(author=ada, content="Look", media_ids=[one.pk, two.pk])
    for wanted in ([two.pk, one.pk], [three.pk, two.pk], [], [one.pk]):
        edited = edit_post(post=post, actor=ada, media_ids=wanted)
        assert shown(post) == wanted
        assert edited.with_media is bool(wanted) is now(post).with_media
    assert not PostRevision.objects.exists()
    assert Media.objects.filter(post=None).count() == 2


def test_a_post_may_not_end_up_saying_nothing(town) -> None:
    ada = town["ada"]
    one = picture(ada)
    post = publish_post(author=ada, content="", media_ids=[one.pk])
    with pytest.raises(EmptyPost):
        edit_post(post=post, actor=ada, media_ids=[])
    assert edit_post(post=post, actor=ada, content="Words", media_ids=[]).with_media is False
    assert edit_post(post=post, actor=ada, content="", media_ids=[one.pk]).content == ""


def test_pictures_of_others_of_other_posts_and_too_many_are_refused(town) -> None:
    ada, ben = town["ada"], town["ben"]
    mine, elsewhere, theirs = picture(ada), picture(ada), picture(ben)
    publish_post(author=ada, content="Elsewhere", media_ids=[elsewhere.pk])
    post = publish_post(author=ada, content="Look", media_ids=[mine.pk])
    for media_ids in ([elsewhere.pk], [theirs.pk], [mine.pk, 77]):
        with pytest.raises(UnknownPicture):
            edit_post(post=post, actor=ada, content="New", media_ids=media_ids)
    with pytest.raises(TooManyPictures):
        edit_post(post=post, actor=ada, media_ids=[picture(ada).pk for _ in range(5)])
    assert (shown(post), now(post).content) == ([mine.pk], "Look")


# --- the page -------------------------------------------------------------------------------------------------


def test_the_page_holds_what_is_there_and_saves_what_was_typed(town, post) -> None:
    browser = page_of(town["ada"])
    page = browser.get(address(post))
    assert "One #fish for @ben</textarea>" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    sent = form_of(page) | {"content": "Two fish", "content_warning": "fish", "language": "nl"}
    answer = browser.post(address(post), sent)
    assert (answer.status_code, answer.url) == (302, post.get_absolute_url())
    saved = now(post)
    assert (saved.content, saved.content_warning, saved.language) == ("Two fish", "fish", "nl")
    assert "Your changes are saved." in browser.get(answer.url).content.decode()


def test_a_form_that_was_not_touched_changes_nothing(town) -> None:
    ada = town["ada"]
    one, two = picture(ada, alt="a hill"), picture(ada)
    post = publish_post(
        author=ada, content="Two\n\nlines", language="pt-BR", content_warning="w", media_ids=[two.pk, one.pk]
    )
    browser = page_of(ada)
    assert browser.post(address(post), form_of(browser.get(address(post)))).status_code == 302
    assert now(post).edited_at is None
    assert shown(post) == [two.pk, one.pk]


def test_pictures_are_described_ordered_removed_and_added_without_javascript(town) -> None:
    ada = town["ada"]
    one, two, three = picture(ada), picture(ada), picture(ada)
    post = publish_post(author=ada, content="Look", media_ids=[one.pk, two.pk, three.pk])
    browser = page_of(ada)
    sent = form_of(browser.get(address(post))) | {
        f"order_{three.pk}": "1", f"order_{one.pk}": "2", f"remove_{two.pk}": "on", f"alt_{three.pk}": "a hill",
        "pictures": photo(),
    }  # fmt: skip
    assert browser.post(address(post), sent).status_code == 302
    added = Media.objects.exclude(pk__in=[one.pk, two.pk, three.pk]).get()
    assert shown(post) == [three.pk, one.pk, added.pk]
    assert Media.objects.get(pk=three.pk).alt == "a hill"
    assert Api(ada)("GET", f"posts/{post.pk}").json()["media"][0]["alt"] == "a hill"


def test_a_new_description_alone_is_no_edit_but_seen(town) -> None:
    ada = town["ada"]
    one = picture(ada)
    post = publish_post(author=ada, content="Look", media_ids=[one.pk])
    browser = page_of(ada)
    browser.post(address(post), form_of(browser.get(address(post))) | {f"alt_{one.pk}": "a hill"})
    item = Api(ada)("GET", f"posts/{post.pk}").json()
    assert (item["media"][0]["alt"], item["edited_at"]) == ("a hill", None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"content": ""}, "Write something first."),
        ({"content": "x" * 2001}, "at most 2000 characters"),
        ({"content": "a\x07b"}, "cannot be kept"),
        ({"content_warning": "w" * 201}, "at most 200 characters"),
        ({"visibility": "everyone"}, "Select a valid choice"),
        ({"language": "klingon!"}, "Select a valid choice"),
        ({"media_ids": ["77"]}, "not there any more"),
    ],
)
def test_a_mistake_keeps_what_was_typed(town, post, change, sentence) -> None:
    browser = page_of(town["ada"])
    sent = form_of(browser.get(address(post))) | {"content": "Typed & kept", "content_warning": "w"} | change
    answer = browser.post(address(post), sent)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page.replace("&#x27;", "'")
    assert "content" in change or "Typed &amp; kept</textarea>" in page
    assert now(post).edited_at is None


def test_a_picture_that_came_with_a_mistake_is_kept(town, post) -> None:
    browser = page_of(town["ada"])
    sent = form_of(browser.get(address(post))) | {"content": "x" * 2001, "pictures": photo()}
    page = browser.post(address(post), sent)
    (row,) = page.context["form"].rows
    again = form_of(page) | {"content": "Short"}
    assert browser.post(address(post), again).status_code == 302
    assert shown(post) == [row.media.pk]


def test_what_was_typed_stays_when_too_many_pictures_wait_for_their_turn(town, post, monkeypatch) -> None:
    monkeypatch.setattr("socialnet.kernel.pictures.PATIENCE", 0.01)
    with pictures._turn:
        sent = {"content": "New words", "visibility": "public", "pictures": photo()}
        page = page_of(town["ada"]).post(address(post), sent)
    assert page.status_code == 503
    assert "New words</textarea>" in page.content.decode()


def test_what_is_no_picture_is_refused_with_a_sentence(town, post) -> None:
    browser = page_of(town["ada"])
    sent = form_of(browser.get(address(post))) | {
        "content": "New",
        "pictures": SimpleUploadedFile("x.png", b"no"),
    }
    answer = browser.post(address(post), sent)
    assert answer.status_code == 400
    assert "This is not a picture we can read" in answer.content.decode()
    assert "New</textarea>" in answer.content.decode()
    assert not Media.objects.exists()


def test_too_many_pictures_are_refused_before_they_are_drawn(town) -> None:
    ada = town["ada"]
    post = publish_post(author=ada, content="Four", media_ids=[picture(ada).pk for _ in range(4)])
    browser = page_of(ada)
    answer = browser.post(address(post), form_of(browser.get(address(post))) | {"pictures": photo()})
    assert answer.status_code == 400
    assert "at most 4 pictures" in answer.content.decode()
    assert Media.objects.count() == 4


def test_of_somebody_elses_picture_the_page_shows_nothing(town, post) -> None:
    theirs = picture(town["ben"], alt="ben's own")
    browser = page_of(town["ada"])
    sent = form_of(browser.get(address(post))) | {"media_ids": [theirs.pk]}
    answer = browser.post(address(post), sent)
    assert answer.status_code == 400
    assert answer.context["form"].rows == []
    assert "ben&#x27;s own" not in answer.content.decode()


def test_another_name_in_the_address_is_not_found(town, post) -> None:
    assert page_of(town["ada"]).get(f"/@ben/{post.pk}/edit").status_code == 404


# --- two editors ----------------------------------------------------------------------------------------------


def test_a_stale_version_is_a_conflict_unless_it_would_change_nothing(town, post) -> None:
    api = Api(town["ada"])
    first = api("PATCH", f"posts/{post.pk}", {"content": "From here", "version": None})
    assert first.status_code == 200
    stale = api("PATCH", f"posts/{post.pk}", {"content": "From there", "version": None})
    assert (stale.status_code, stale.json()["code"]) == (409, "edit_conflict")
    assert now(post).content == "From here"
    assert api("PATCH", f"posts/{post.pk}", {"content": "From here", "version": None}).status_code == 200
    seen = first.json()["edited_at"]
    fresh = api("PATCH", f"posts/{post.pk}", {"content": "From there", "version": seen})
    assert fresh.status_code == 200
    zulu = fresh.json()["edited_at"].replace("+00:00", "Z")
    assert api("PATCH", f"posts/{post.pk}", {"content": "Once more", "version": zulu}).status_code == 200
    assert api("PATCH", f"posts/{post.pk}", {"content": "Without asking"}).status_code == 200


def test_the_page_shows_both_and_saves_when_asked_again(town, post) -> None:
    browser = page_of(town["ada"])
    form = form_of(browser.get(address(post)))
    edit_post(post=post, actor=town["ada"], content="From the other\nwindow", visibility="followers")
    answer = browser.post(address(post), form | {"content": "From this\r\nwindow"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "From the other\nwindow" in page and "From this\r\nwindow</textarea>" in page
    assert "↵" not in page  # line ends are no difference
    assert now(post).content == "From the other\nwindow"
    again = form_of(answer) | {"visibility": "followers"}
    assert browser.post(address(post), again).status_code == 302
    assert now(post).content == "From this\nwindow"
    assert [revision.content for revision in PostRevision.objects.order_by("pk")] == [
        "One #fish for @ben", "From the other\nwindow",
    ]  # fmt: skip


def test_pressed_twice_saves_once(town, post) -> None:
    browser = page_of(town["ada"])
    sent = form_of(browser.get(address(post))) | {"content": "Two fish"}
    assert [browser.post(address(post), sent).status_code for _ in range(2)] == [302, 302]
    assert PostRevision.objects.count() == 1


def test_an_edit_costs_the_same_whatever_the_history(town, post, django_assert_max_num_queries) -> None:
    for number in range(3):
        edit_post(post=post, actor=town["ada"], content=f"Text {number}")
    with django_assert_max_num_queries(22):  # savepoints, lock, text, row, earlier text, tags, names, event
        edit_post(post=post, actor=town["ada"], content="Another #tag for @cleo")


# --- races ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_two_editors_of_one_version_one_wins(self) -> None:
        ada = person("ada")
        post = publish(ada, "Start")
        results = at_once(
            *[
                lambda text=text: edit_post(post=post, actor=ada, content=text, version="")
                for text in ("One", "Two", "Three", "Four")
            ]
        )
        assert sorted(getattr(result, "code", "saved") for result in results) == [
            "edit_conflict", "edit_conflict", "edit_conflict", "saved",
        ]  # fmt: skip
        assert [revision.content for revision in PostRevision.objects.all()] == ["Start"]

    def test_without_a_version_every_text_is_kept(self) -> None:
        ada, cleo = person("ada"), person("cleo")
        post = publish(ada, "Start")
        texts = [f"Text {number} for @cleo #tag{number}" for number in range(6)]
        at_once(*[lambda text=text: edit_post(post=post, actor=ada, content=text) for text in texts])
        kept = list(PostRevision.objects.order_by("pk").values_list("content", flat=True))
        assert kept[0] == "Start"
        assert sorted([*kept[1:], now(post).content]) == texts
        assert told() == [[cleo.pk]]
        assert PostHashtag.objects.filter(post=post).count() == 1
        drain()
        assert broken() == []

    def test_editing_against_deleting_and_sharing(self) -> None:
        ada, fans = person("ada"), [person() for _ in range(3)]
        post = publish(ada, "Start")
        at_once(
            lambda: edit_post(post=post, actor=ada, visibility="private"),
            *[lambda who=fan: share_post(post=Post.objects.get(pk=post.pk), person=who) for fan in fans],
            lambda: edit_post(post=post, actor=ada, content="End"),
            lambda: delete_post(post=post, actor=ada),
        )
        drain()
        assert now(post).deleted_at is not None
        assert broken() == []
