"""Articles that were drawn lately are kept, and what is shown is never older than what they are drawn from."""

import re

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import page_of
from feeds.actions import delete_post, publish_post, share_post
from feeds.models import LinkPreview, Post
from feeds.templatetags import feeds as articles
from feeds.tests.factories import picture
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_drawn_yet() -> None:
    articles._drawn.clear()


def home_of(viewer: User) -> str:
    return page_of(viewer).get("/").content.decode()


def test_a_second_reader_costs_no_second_drawing(ada: User, ben: User, cleo: User) -> None:
    for follower in (ben, cleo):
        people.follow_user(follower=follower, followee=ada)
    publish_post(author=ada, content="Look at this")
    drain()
    assert "Look at this" in home_of(ben)
    assert len(articles._drawn) == 1
    assert "Look at this" in home_of(cleo)
    assert len(articles._drawn) == 1


def test_only_the_author_is_offered_to_delete(ada: User, ben: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    post = publish_post(author=ada, content="Mine")
    drain()
    offer = f"/@ada/{post.pk}/delete"
    assert offer in home_of(ada)
    assert offer not in home_of(ben)
    assert offer in home_of(ada)


def test_a_new_name_is_seen_at_once(ada: User, ben: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    publish_post(author=ada, content="Who wrote this?")
    drain()
    assert "Ada of Lisbon" not in home_of(ben)
    people.edit_profile(user=ada, display_name="Ada of Lisbon")
    assert "Ada of Lisbon" in home_of(ben)


def test_what_is_kept_has_an_end(ada: User) -> None:
    assert articles._drawn.maxsize == articles.KEPT


# --- what an article shows ----------------------------------------------------------------------------------


def text_of(viewer: User | None, address: str) -> str:
    html = page_of(viewer).get(address).content.decode().replace("&#x27;", "'")
    return re.sub(r"\s+", " ", html)


def article(html: str, post_id: int) -> str:
    """The article of one post out of a page."""
    begin = html.index(f'id="post-{post_id}"')
    return html[begin : html.index("</article>", begin)]


def test_a_share_shows_the_original_and_who_passed_it_on(ada: User, ben: User, cleo: User) -> None:
    people.follow_user(follower=ada, followee=cleo)
    original = publish_post(author=ben, content="Worth passing on")
    first = share_post(post=original, person=ada)
    share = share_post(post=first, person=cleo)
    drain()
    shown = article(text_of(ada, "/@cleo"), share.pk)
    assert f'data-original="{original.pk}"' in shown
    for part in ("Cleo shared", "via @ada", "Worth passing on", f'href="/@ben/{original.pk}"', "@ben"):
        assert part in shown
    home = text_of(ada, "/")
    newest = article(home, share.pk)
    assert f'data-also="{first.pk}"' in newest
    assert "Cleo and Ada shared" in newest
    assert home.count("Worth passing on") == 1


def test_sharing_from_a_share_keeps_whose_share_led_there(ada: User, ben: User, cleo: User) -> None:
    original = publish_post(author=ben, content="Worth passing on")
    share = share_post(post=original, person=cleo)
    shown = article(text_of(ada, "/@cleo"), share.pk)
    assert f'formaction="/@cleo/{share.pk}/share" data-act="share"' in shown
    page_of(ada).post(f"/@cleo/{share.pk}/share")
    assert Post.objects.get(author=ada, share_of=original.pk).via_id == share.pk
    own = article(text_of(cleo, "/@cleo"), share.pk)  # to be shared again after it was undone
    assert f'formaction="/@ben/{original.pk}/share" data-act="share"' in own


def test_a_quote_holds_the_original_until_it_is_gone(ada: User, ben: User) -> None:
    original = publish_post(author=ben, content="Said first")
    quote = publish_post(author=ada, content="Said after", quoted=original)
    shown = text_of(ben, f"/@ada/{quote.pk}")
    assert "Said first" in shown
    assert f'href="/@ben/{original.pk}"' in shown
    delete_post(post=original, actor=ben)
    shown = text_of(ben, f"/@ada/{quote.pk}")
    assert "Said first" not in shown
    assert "Said after" in shown
    assert "This post is not available." in shown


def test_a_warning_covers_words_pictures_and_quotes(ada: User, ben: User) -> None:
    original = publish_post(author=ben, content="The quoted secret", content_warning="Ends badly")
    post = publish_post(
        author=ada,
        content="The butler did it",
        content_warning="Spoilers <b>",
        media_ids=[picture(ada, alt="A knife").pk],
        quoted=original,
    )
    shown = article(text_of(ben, "/@ada"), post.pk)
    cover = shown[shown.index("<details") : shown.index("</details>")]
    assert "Spoilers &lt;b&gt;" in cover[: cover.index("</summary>")]
    for part in ("The butler did it", "A knife", "Ends badly"):
        assert part in cover[cover.index("</summary>") :]
        assert part not in shown.replace(cover, "")
    assert "The quoted secret" not in shown


def test_pictures_have_their_place_words_and_both_sizes(ada: User) -> None:
    media = picture(ada, alt="Three figs")
    waiting = picture(ada, is_stored=False)
    publish_post(author=ada, content="", media_ids=[media.pk, waiting.pk])
    shown = text_of(None, "/@ada")
    assert 'width="800" height="600" alt="Three figs" loading="lazy" decoding="async"' in shown
    assert f"/media/{media.pk}/small.webp 400w, /media/{media.pk}/large.webp 800w" in shown
    assert f'href="/media/{media.pk}/large.webp"' in shown
    assert f'data-blurhash="{media.blurhash}"' in shown
    assert "The picture is coming" in shown
    assert f"/media/{waiting.pk}/" not in shown


def test_a_link_shows_where_it_leads_and_gives_away_nothing(ada: User) -> None:
    preview = LinkPreview.objects.create(
        key="1", url="https://www.example.org/figs", state="ready", title="Figs <i>", site_name="Not Example",
        image_name="links/1.webp", image_width=800, image_height=400,
    )  # fmt: skip
    post = publish_post(author=ada, content="https://www.example.org/figs")
    Post.objects.filter(pk=post.pk).update(preview=preview)
    shown = article(text_of(None, "/@ada"), post.pk)
    assert 'class="preview broad" href="https://www.example.org/figs" rel="nofollow noopener ugc"' in shown
    assert "example.org · <bdi>Not Example</bdi>" in shown
    assert "Figs &lt;i&gt;" in shown
    assert f'src="/media/links/{preview.pk}.webp"' in shown


def test_visitors_get_no_buttons_and_only_what_is_public_can_be_shared(ada: User, ben: User) -> None:
    public = publish_post(author=ada, content="For all")
    narrow = publish_post(author=ada, content="For friends", visibility="friends")
    assert 'class="acts"' not in text_of(None, "/@ada")
    mine = text_of(ada, "/@ada")
    assert f'formaction="/@ada/{public.pk}/share"' in article(mine, public.pk)
    assert f"/@ada/{public.pk}/edit" in article(mine, public.pk)
    assert "/share" not in article(mine, narrow.pk)
    theirs = article(text_of(ben, "/@ada"), public.pk)
    assert f'formaction="/@ada/{public.pk}/share"' in theirs
    assert "/edit" not in theirs


def test_what_changes_is_drawn_anew(ada: User, ben: User) -> None:
    post = publish_post(author=ada, content="Count me")
    before = article(text_of(ben, "/@ada"), post.pk)
    assert "1 share" not in before
    share_post(post=post, person=ben)
    drain()
    after = article(text_of(ben, "/@ada"), post.pk)
    assert "1 share" in after
    assert "you shared it" in after
    others = article(text_of(ada, "/@ada"), post.pk)
    assert "1 share" in others
    assert "you shared it" not in others


def test_share_and_undo_by_plain_form(ada: User, ben: User) -> None:
    post = publish_post(author=ada, content="Pass it on")
    client = page_of(ben)
    answer = client.post(f"/@ada/{post.pk}/share", {"next": "/@ada"})
    assert (answer.status_code, answer.url) == (302, "/@ada")
    client.post(f"/@ada/{post.pk}/share", {"next": "//elsewhere.example"})
    assert Post.objects.filter(author=ben, share_of=post.pk, deleted_at=None).count() == 1
    answer = client.post(f"/@ada/{post.pk}/unshare", {"next": "//elsewhere.example"})
    assert answer.url == f"/@ada/{post.pk}"
    assert not Post.objects.filter(author=ben, deleted_at=None).exists()
    assert client.get(f"/@ada/{post.pk}/share").status_code == 405
    assert client.post(f"/@cleo/{post.pk}/share").status_code == 404
    assert page_of().post(f"/@ada/{post.pk}/share").url.startswith("/accounts/login")
    narrow = publish_post(author=ada, content="Not for all", visibility="private")
    assert client.post(f"/@ada/{narrow.pk}/share").status_code == 404
