"""Keeping drafts: as typed, in versions, within limits, with their pictures."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import person
from feeds import selectors
from feeds.actions import check_draft, delete_draft, delete_post, publish_draft, save_draft
from feeds.actions.drafts import storable
from feeds.errors import (
    BadSchedule,
    CannotShare,
    DraftConflict,
    DraftTooLong,
    EmptyPost,
    PostTooLong,
    QuoteGone,
    TooManyDrafts,
    TooManyPictures,
    TooManyScheduled,
    UnknownAudience,
    UnknownPicture,
    WarningTooLong,
)
from feeds.models import Draft, Media, Post
from feeds.tests.factories import picture, publish
from socialnet.kernel.errors import NotFound
from socialnet.kernel.text import UnusableText
from socialnet.outbox.models import Event

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def soon() -> Any:
    return timezone.now() + HOUR


def draft_of(author: User, content: str = "A thought", **fields: Any) -> Draft:
    return save_draft(author=author, content=content, **fields)


# --- what is kept -------------------------------------------------------------------------------------------


def test_a_draft_keeps_everything_and_tells_nobody(ada, ben):
    quoted, first, second = publish(ben), picture(ada), picture(ada)
    events = Event.objects.count()
    draft = draft_of(
        ada,
        "Hello @ben #tag",
        visibility="friends",
        language="en",
        content_warning="long",
        media_ids=[second.pk, first.pk],
        share_of=quoted.pk,
    )
    kept = selectors.draft_for(ada, draft.pk)
    assert (kept.content, kept.visibility, kept.language, kept.content_warning, kept.share_of_id) == (
        "Hello @ben #tag", "friends", "en", "long", quoted.pk,
    )  # fmt: skip
    assert [media.pk for media in kept.pictures] == [second.pk, first.pk]
    assert (kept.version, kept.scheduled_for, kept.problem) == (1, None, "")
    assert Event.objects.count() == events
    assert Post.objects.filter(author=ada).count() == 0


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("  two blanks \n\n", "  two blanks \n\n"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00b\ud800c", "abc"),
        ("bell \x07", "bell \x07"),
        ("e\u0301", "e\u0301"),
        ("a" * 10_000, "a" * 10_000),
        ("\x00" + "a" * 10_000, "a" * 10_000),
    ],
    ids=lambda value: ascii(value[:8]),
)
def test_text_is_kept_as_it_was_typed(ada, typed, kept):
    assert draft_of(ada, typed).content == kept
    assert draft_of(ada, "x", content_warning=typed[:900]).content_warning == storable(typed[:900])


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"content": "a" * 10_001}, DraftTooLong),
        ({"content_warning": "a" * 1001}, DraftTooLong),
        ({"visibility": "group"}, UnknownAudience),
        ({"visibility": ""}, UnknownAudience),
        ({"share_of": 2**53}, QuoteGone),
        ({"share_of": 0}, QuoteGone),
        ({"media_ids": [1, 2, 3, 4, 5]}, TooManyPictures),
        ({"media_ids": [1]}, UnknownPicture),
    ],
)
def test_what_no_row_can_hold_is_refused_and_nothing_changes(ada, fields, error):
    for draft_id in (None, draft_of(ada).pk):
        before = list(Draft.objects.values())
        with pytest.raises(error) as caught:
            save_draft(author=ada, draft_id=draft_id, **{"content": "Another", **fields})
        assert caught.value.status == 400
        assert list(Draft.objects.values()) == before


def test_saving_replaces_the_whole_and_counts_versions(ada):
    draft = draft_of(ada, "One", content_warning="w", visibility="private", scheduled_for=soon())
    again = save_draft(author=ada, draft_id=draft.pk, version=1, content="Two")
    assert (again.pk, again.version, again.content, again.content_warning) == (draft.pk, 2, "Two", "")
    assert (again.visibility, again.scheduled_for) == ("public", None)
    assert again.updated_at > draft.updated_at


def test_another_version_changes_nothing(ada):
    draft = draft_of(ada, "One")
    save_draft(author=ada, draft_id=draft.pk, version=1, content="Here")
    for version in (1, 3, 0):
        with pytest.raises(DraftConflict) as caught:
            save_draft(author=ada, draft_id=draft.pk, version=version, content="There")
        assert (caught.value.status, caught.value.code) == (409, "draft_conflict")
    assert selectors.draft_for(ada, draft.pk).content == "Here"


def test_without_a_version_whatever_is_there_is_replaced(ada):
    draft = draft_of(ada)
    save_draft(author=ada, draft_id=draft.pk, version=1, content="Here")
    assert save_draft(author=ada, draft_id=draft.pk, content="Mine").version == 3


def test_drafts_of_others_and_drafts_that_are_gone_are_not_there(ada, ben):
    draft = draft_of(ada)
    for who, ident in ((ben, draft.pk), (ada, 77), (ada, 0), (ada, -1), (ada, 2**63)):
        for act in (
            lambda who=who, ident=ident: save_draft(author=who, draft_id=ident, content="x"),
            lambda who=who, ident=ident: delete_draft(author=who, draft_id=ident),
            lambda who=who, ident=ident: publish_draft(author=who, draft_id=ident),
            lambda who=who, ident=ident: selectors.draft_for(who, ident),
        ):
            with pytest.raises(NotFound):
                act()
    assert selectors.draft_for(ada, draft.pk).version == 1


def test_people_who_left_or_are_suspended_keep_nothing_new(ada, mod):
    people.suspend_user(user=ada, actor=mod)
    with pytest.raises(NotFound):
        draft_of(ada)


# --- pictures -----------------------------------------------------------------------------------------------


def test_pictures_come_and_go_and_change_places(ada):
    one, two, three = (picture(ada) for _ in range(3))
    draft = draft_of(ada, media_ids=[one.pk, two.pk, one.pk])
    draft = save_draft(author=ada, draft_id=draft.pk, media_ids=[three.pk, one.pk])
    assert [media.pk for media in draft.pictures] == [three.pk, one.pk]
    two.refresh_from_db()
    assert (two.draft_id, two.post_id, two.position) == (None, None, 0)
    assert save_draft(author=ada, draft_id=draft.pk).pictures == []
    assert Media.objects.filter(draft=None).count() == 3


def test_only_own_pictures_that_belong_nowhere_else(ada, ben):
    elsewhere, strange = picture(ada), picture(ben)
    published = picture(ada, post=publish(ada))
    draft_of(ada, media_ids=[elsewhere.pk])
    own = picture(ada)
    for wrong in (elsewhere, strange, published):
        with pytest.raises(UnknownPicture):
            draft_of(ada, media_ids=[own.pk, wrong.pk])
    assert Draft.objects.count() == 1
    own.refresh_from_db()
    assert own.draft_id is None


def test_pictures_of_a_deleted_draft_belong_to_nothing(ada):
    media = picture(ada)
    delete_draft(author=ada, draft_id=draft_of(ada, media_ids=[media.pk]).pk)
    media.refresh_from_db()
    assert (media.draft_id, media.post_id) == (None, None)
    assert not Draft.objects.exists()


# --- limits -------------------------------------------------------------------------------------------------


def test_at_most_two_hundred(ada, ben):
    Draft.objects.bulk_create(Draft(author=ada, content="x") for _ in range(199))
    last = draft_of(ada)
    with pytest.raises(TooManyDrafts) as caught:
        draft_of(ada)
    assert (caught.value.code, "200" in str(caught.value.sentence)) == ("too_many_drafts", True)
    save_draft(author=ada, draft_id=last.pk, content="still saved")
    draft_of(ben)


def test_at_most_fifty_scheduled(ada):
    Draft.objects.bulk_create(Draft(author=ada, content="x", scheduled_for=soon()) for _ in range(49))
    fiftieth, plain = draft_of(ada, scheduled_for=soon()), draft_of(ada)
    for fields in ({}, {"draft_id": plain.pk}):
        with pytest.raises(TooManyScheduled):
            draft_of(ada, scheduled_for=soon(), **fields)
    draft_of(ada, draft_id=fiftieth.pk, scheduled_for=soon() + HOUR)
    draft_of(ada, draft_id=plain.pk)


# --- what is scheduled must be publishable ------------------------------------------------------------------


@pytest.mark.parametrize(
    "when", [-timedelta(seconds=1), -timedelta(days=400), timedelta(days=367), timedelta(days=4000)]
)
def test_times_that_passed_or_are_too_far(ada, when):
    draft = draft_of(ada)
    for draft_id in (None, draft.pk):
        with pytest.raises(BadSchedule) as caught:
            draft_of(ada, draft_id=draft_id, scheduled_for=timezone.now() + when)
        assert caught.value.code == "bad_schedule" and list(caught.value.errors) == ["scheduled_for"]
    assert Draft.objects.get().scheduled_for is None


def test_a_time_that_came_meanwhile_may_stay(ada):
    """Somebody corrects a word in the second in which it is due."""
    draft = draft_of(ada, scheduled_for=soon())
    past = timezone.now() - timedelta(seconds=2)
    Draft.objects.update(scheduled_for=past)
    assert save_draft(author=ada, draft_id=draft.pk, content="Right", scheduled_for=past).content == "Right"
    assert draft_of(ada, scheduled_for=timezone.now() + timedelta(seconds=5)).scheduled_for is not None


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"content": " \u200b"}, EmptyPost),
        ({"content": "a" * 2001}, PostTooLong),
        ({"content": "a\x07"}, UnusableText),
        ({"content_warning": "a" * 201}, WarningTooLong),
        ({"share_of": 12345}, QuoteGone),
    ],
)
def test_what_could_not_be_published_is_refused_at_once(ada, fields, error):
    plain = save_draft(author=ada, **{"content": "x", **fields})
    with pytest.raises(error):
        save_draft(author=ada, **{"content": "x", **fields}, scheduled_for=soon())
    with pytest.raises(error):
        check_draft(plain)
    with pytest.raises(error):
        publish_draft(author=ada, draft_id=plain.pk)
    assert Draft.objects.get().pk == plain.pk


def test_quotes_are_judged_when_it_matters(ada, ben, cleo):
    secret, gone, fine = publish(ben, "s", "private"), publish(ben), publish(ben)
    delete_post(post=gone, actor=ben)
    own = publish(ada, "for followers", "followers")
    for post, error in ((secret, QuoteGone), (gone, QuoteGone), (own, CannotShare)):
        draft_of(ada, share_of=post.pk)
        with pytest.raises(error):
            draft_of(ada, share_of=post.pk, scheduled_for=soon())
    people.block_user(blocker=ben, blocked=cleo)
    with pytest.raises(QuoteGone):
        draft_of(cleo, share_of=fine.pk, scheduled_for=soon())
    assert draft_of(ada, share_of=fine.pk, scheduled_for=soon()).share_of_id == fine.pk


# --- publishing ---------------------------------------------------------------------------------------------


def test_a_draft_becomes_a_post_with_all_it_had(ada, ben):
    quoted, media = publish(ben), picture(ada)
    draft = draft_of(
        ada, "Look", visibility="followers", language="de", content_warning="w",
        media_ids=[media.pk], share_of=quoted.pk, scheduled_for=soon(),
    )  # fmt: skip
    post = publish_draft(author=ada, draft_id=draft.pk)
    post.refresh_from_db()
    assert (post.content, post.visibility, post.language, post.content_warning) == (
        "Look", "followers", "de", "w",
    )  # fmt: skip
    assert (post.share_of_id, [picture.pk for picture in post.media.all()]) == (quoted.pk, [media.pk])
    assert not Draft.objects.exists()
    with pytest.raises(NotFound):
        publish_draft(author=ada, draft_id=draft.pk)


def test_a_draft_of_a_share_quotes_what_that_shares(ada, ben, cleo):
    from feeds.actions import share_post

    original = publish(ben)
    share = share_post(post=original, person=cleo)
    post = publish_draft(author=ada, draft_id=draft_of(ada, share_of=share.pk).pk)
    assert post.share_of_id == original.pk


# --- reading ------------------------------------------------------------------------------------------------


def test_the_draft_to_go_on_with_is_the_newest_without_a_time(ada, ben, django_assert_num_queries):
    assert selectors.latest_draft(ada) is None
    draft_of(ada, "older")
    draft_of(ada, "newer")
    draft_of(ada, "scheduled", scheduled_for=soon())
    draft_of(ben, "of ben")
    with django_assert_num_queries(1):
        found = selectors.latest_draft(ada)
        assert found is not None and found.content == "newer"


def test_saving_costs_little(ada, django_assert_max_num_queries):
    media = [picture(ada).pk for _ in range(4)]
    draft = draft_of(ada)
    with django_assert_max_num_queries(
        7
    ):  # two savepoints, lock, row, pictures away, and two to read it again
        save_draft(author=ada, draft_id=draft.pk, version=1, content="x")
    with django_assert_max_num_queries(13):
        save_draft(author=ada, draft_id=draft.pk, version=2, content="x", media_ids=media)


def test_the_database_knows_the_audiences(ada):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.create(author=ada, visibility="group")
    assert connection.is_usable()


def test_two_people_do_not_see_each_others_drafts(ada, ben):
    draft_of(ada)
    assert selectors.drafts_of(author=ben).items == []
    assert selectors.scheduled_of(author=ben) == []
    assert person("eve").drafts.count() == 0
