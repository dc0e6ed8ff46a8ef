"""People, posts and tags are found by what is written of them, in every language, and by nothing else."""

from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import transaction

from accounts.actions import edit_profile, suspend_user, unsuspend_user
from accounts.tests.factories import follows, person
from discovery.models import Kind, SearchDocument
from discovery.search.documents import keep_people
from discovery.tasks import tend_documents
from discovery.tests.finding import known, people, posts, said, suggested, tags
from feeds.actions import delete_post, edit_post
from feeds.events import PostsLoaded
from feeds.models import Hashtag, PostCounts, PostHashtag
from feeds.tests.factories import plant, publish
from socialnet.outbox.actions import emit
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
VISITOR = AnonymousUser()


# --- people --------------------------------------------------------------------------------------------------


def test_people_are_found_by_username_name_bio_and_place_in_this_order():
    known("harbour", display_name="Somebody")
    known("one", display_name="Harbour Jones")
    known("two", bio="I live by the harbour")
    known("three", location="Harbour")
    assert people("harbour", VISITOR) == ["harbour", "one", "two", "three"]


def test_exact_comes_first_then_beginnings_then_the_rest(ada):
    known("annabel", display_name="Annabel", bio="ann")
    known("zoe", bio="ann ann ann ann")
    known("ann", display_name="Ann")
    assert people("ann", VISITOR) == ["ann", "annabel", "zoe"]


@pytest.mark.parametrize("typed", ["zofai", "zfia", "zoffia", "zofja", "zofi", "Zofia"])
def test_one_slip_still_finds_people(typed):
    known("zofia_w", display_name="Zofia Wójcik")
    known("sofa", display_name="Comfortable")
    assert people(typed, VISITOR) == ["zofia_w"]


@pytest.mark.parametrize("typed", ["zaiof", "xofja", "zo1ja"])
def test_two_slips_find_nobody(typed):
    known("zofia_w", display_name="Zofia")
    assert people(typed, VISITOR) == []


@pytest.mark.parametrize("typed", ["wojcik", "WÓJCIK", "wójcik", "zofia wojcik", "zofia woj"])
def test_accents_and_case_do_not_matter(typed):
    known("zwo", display_name="Zofia Wójcik")
    assert people(typed, VISITOR) == ["zwo"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("王小明", "小明"), ("王小明", "王"), ("さくら みどり", "みど"), ("김민준", "민준"), ("สมชาย ใจดี", "ใจดี"),
        ("अमित शर्मा", "शर्मा"), ("محمد علي", "محمد"), ("Ольга", "ольга"), ("Ελένη", "ελενη"),
    ],
)  # fmt: skip
def test_names_in_every_script(name, typed):
    known("somebody", display_name=name)
    known("another", display_name="Another")
    assert people(typed, VISITOR) == ["somebody"]


def test_ties_and_followers_lift_people(ada, ben):
    stranger = known("maria_a", display_name="Maria")
    friend = known("maria_b", display_name="Maria")
    star = known("maria_c", display_name="Maria")
    for number in range(9):
        follows(known(f"fan_{number}"), star)
    keep_people([star.pk])
    follows(ada, ben)
    follows(ben, friend)
    assert people("maria", VISITOR)[0] == "maria_c"
    follows(ada, friend)
    assert people("maria", ada)[0] == "maria_b"
    assert stranger.username in people("maria", ada)


# --- posts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "language", "typed"),
    [
        ("The boats were fishing", "en", "boat fish"),
        ("Die Häuser am Hafen", "de", "häuser"),
        ("Книги на столе", "ru", "книга"),
        ("東京都の夜は静か", "ja", "東京"),
        ("今天天气很好", "zh", "天气"),
        ("ฉันรักทะเล", "th", "ทะเล"),
        ("오늘 서울에서 만나요", "ko", "서울"),
        ("मुझे किताबें पसंद हैं", "hi", "किताबें"),
        ("café crème", "fr", "cafe"),
        ("nothing of any language 12345", "", "12345"),
    ],
)
def test_posts_in_every_language(ada, content, language, typed):
    post = said(ada, content, language=language)
    said(ada, "something else altogether")
    assert posts(typed, VISITOR) == [post.pk]


def test_pairs_of_letters_stand_together(ada):
    said(ada, "京の東 都の京")
    assert posts("東京都", VISITOR) == []


def test_phrases_and_words_that_are_not_wanted(ada):
    fog = said(ada, "fog over the old harbour")
    other = said(ada, "the harbour is old, no fog")
    assert set(posts("old harbour", VISITOR)) == {fog.pk, other.pk}
    assert posts('"old harbour"', VISITOR) == [fog.pk]
    assert posts('harbour -"old harbour"', VISITOR) == [other.pk]
    assert posts("harbour -no", VISITOR) == [fog.pk]


def test_operators_narrow_posts(ada, ben):
    by_ada, by_ben = said(ada, "fog today"), said(ben, "fog tonight", with_media=True)
    assert posts("fog from:ada", ben) == [by_ada.pk]
    assert posts("from:@ADA", VISITOR) == [by_ada.pk]
    assert posts("fog has:media", VISITOR) == [by_ben.pk]
    assert posts("fog from:following", ada) == []
    follows(ada, ben)
    assert posts("tonight from:following", ada) == [by_ben.pk]
    assert posts("fog from:following", VISITOR) == []
    assert posts("fog from:nobody_at_all", ada) == []


def test_days_narrow_posts(ada):
    post = said(ada, "fog")
    day = post.created_at.date().isoformat()
    assert posts(f"fog since:{day} until:{day}", VISITOR) == [post.pk]
    assert posts("fog until:2024-02-01", VISITOR) == []
    assert posts("fog since:2090-01-01", VISITOR) == []


def test_tags_narrow_posts(ada):
    tagged = publish(ada, "morning #Fog")
    publish(ada, "evening fog")
    drain()
    assert (
        posts("tag:fog", VISITOR)
        == posts("#FOG", VISITOR)
        == posts("morning tag:fog", VISITOR)
        == [tagged.pk]
    )


@pytest.mark.parametrize(
    "typed",
    [
        '"', '""', "from:", "since:yesterday", "until:2024-13-45", "has:legs", "-", "--", "tag:", "in:", ":", "&|!<->",
        "'", "\\", "a'b", "\x00", "(((", "from:a b:c", "a" * 5000, "😀", "-fog", "%", "_", "since:0001-01-01",
        "in:fog from:following from:x", "'':*", "\ud800", "tag:#", "a & ! b", "until:9999-12-31",
    ],
)  # fmt: skip
def test_nothing_that_is_typed_is_wrong(ada, typed):
    said(ada, "fog")
    for look in (posts, people, tags, suggested):
        look(typed, ada)
        look(typed, VISITOR)


def test_an_operator_that_makes_no_sense_is_words(ada):
    post = said(ada, "since yesterday: fog")
    assert posts("since:yesterday", VISITOR) == [post.pk]
    assert posts("-fog", VISITOR) == [post.pk]


def test_newer_livelier_and_followed_posts_come_first(ada, ben, cleo):
    old = said(ada, "fog")
    lively = said(ada, "fog")
    new = publish(ada, "fog")
    by_ben = said(ben, "fog")
    drain()
    PostCounts.objects.filter(pk=lively.pk).update(likes=500)
    assert posts("fog", VISITOR) == [lively.pk, new.pk, by_ben.pk, old.pk]
    follows(cleo, ben)
    found = posts("fog", cleo)
    assert found.index(by_ben.pk) < found.index(old.pk)


def test_words_as_written_come_before_their_kin(ada):
    kin = said(ada, "He was fishing all day", language="en")
    exact = said(ada, "He likes fish", language="en")
    assert posts("fish", VISITOR) == [exact.pk, kin.pk]


# --- tags ----------------------------------------------------------------------------------------------------


def test_tags_are_found_by_their_beginning_and_past_a_slip(ada):
    publish(ada, "#Harbour #harbourlights #fog")
    drain()
    assert tags("harbour", VISITOR) == ["harbour", "harbourlights"]
    assert set(tags("#harb", VISITOR)) == {"harbour", "harbourlights"}
    assert tags("harbuor", VISITOR) == ["harbour"]


def test_a_tag_of_posts_that_one_may_not_see_is_not_there(ada, ben):
    publish(ada, "#secretplan", "private")
    drain()
    assert tags("secretplan", ben) == [] and suggested("secretp", ben) == []
    assert tags("secretplan", ada) == ["secretplan"] and suggested("#secretp", ada) == ["#secretplan"]


# --- suggestions ---------------------------------------------------------------------------------------------


def test_suggestions_begin_as_one_writes(ada):
    known("harriet", display_name="Harriet"), known("bob", display_name="Bob Harrison")
    publish(ada, "#harvest")
    drain()
    assert set(suggested("har", VISITOR)) == {"harriet", "bob", "#harvest"}
    assert set(suggested("@har", VISITOR)) == {"harriet", "bob"}
    assert suggested("#har", VISITOR) == ["#harvest"]


def test_followed_people_are_suggested_first(ada):
    friend = known("mona_low")
    follows(ada, friend)
    for number in range(12):
        known(f"mona_{number}")
    found = suggested("mona", ada)
    assert found[0] == "mona_low" and len(found) == 10


# --- the documents follow ------------------------------------------------------------------------------------


def test_events_keep_the_documents(ada):
    edit_profile(user=ada, bio="lighthouse keeper")
    post = publish(ada, "first words")
    drain()
    assert people("lighthouse", VISITOR) == ["ada"] and posts("first", VISITOR) == [post.pk]
    edit_profile(user=ada, bio="")
    edit_post(post=post, actor=ada, content="second words")
    drain()
    assert people("lighthouse keepers", VISITOR) == []
    assert posts("second words", VISITOR) == [post.pk] and posts("first words", VISITOR) == []
    suspend_user(user=ada, actor=None)
    drain()
    assert not SearchDocument.objects.filter(kind=Kind.PERSON).exists()
    unsuspend_user(user=ada, actor=None)
    drain()
    assert people("ada", VISITOR) == ["ada"]
    delete_post(post=post, actor=ada)
    drain()
    assert not SearchDocument.objects.filter(kind=Kind.POST).exists()


def test_what_is_loaded_at_once_is_found_when_the_news_of_it_is_heard(ada, ben):
    post = plant(ada, content="loaded words")
    with transaction.atomic():
        emit(PostsLoaded(first_author_id=min(ada.pk, ben.pk), last_author_id=max(ada.pk, ben.pk)))
    drain()
    assert posts("loaded", VISITOR) == [post.pk] and people("ben", VISITOR) == ["ben"]


def test_the_command_makes_everything_anew(ada):
    post = plant(ada, content="words of before #before")
    SearchDocument.objects.create(kind=Kind.POST, object_id=1, words="'ghost'")
    tag = Hashtag.objects.create(name="before", display="Before")
    PostHashtag.objects.create(hashtag=tag, post=post)
    call_command("rebuild_search", stdout=StringIO())
    assert posts("before", VISITOR) == [post.pk] and people("ada", VISITOR) == ["ada"]
    assert tags("before", VISITOR) == ["before"]
    assert not SearchDocument.objects.filter(object_id=1, kind=Kind.POST).exists()
    call_command("rebuild_search", stdout=StringIO())


def test_the_nightly_job_mends_what_nobody_told(ada, ben):
    post = plant(ada, content="untold")
    SearchDocument.objects.create(kind=Kind.POST, object_id=1, words="'ghost'")
    tend_documents()
    assert posts("untold", VISITOR) == [post.pk] and people("ben", VISITOR) == ["ben"]
    assert not SearchDocument.objects.filter(object_id=1, kind=Kind.POST).exists()
    for number in range(3):
        follows(person(f"fan_{number}"), ben)
    tend_documents()
    assert SearchDocument.objects.get(kind=Kind.PERSON, object_id=ben.pk).standing == 2
