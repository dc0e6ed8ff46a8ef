"""Bios look like posts on the profile, and are plain text wherever they are only described."""

from typing import Any

import pytest
from django.test import Client

from accounts import selectors
from accounts.models import User
from accounts.text import bio_html

pytestmark = pytest.mark.django_db
BIO = "I *count*.\nWith @BEN, not @nobody. #Maths https://ada.example/\n\n- no list <b>"


def test_a_bio_has_links_names_tags_and_emphasis_but_no_blocks(ben: User) -> None:
    assert bio_html(BIO, by=0) == (
        '<p dir="auto">I <em>count</em>.<br>'
        'With <a class="mention" dir="ltr" href="/@ben">@ben</a>, not @nobody. '
        '<a class="tag" dir="auto" href="/tags/maths">#Maths</a> '
        '<a dir="ltr" href="https://ada.example/" rel="nofollow noopener ugc" target="_blank">ada.example/</a>'
        '</p><p dir="auto">- no list &lt;b&gt;</p>'
    )


@pytest.mark.parametrize(
    ("bio", "queries"), [("I count. #maths", 0), ("With @ben", 1), ("me at x.com", 0), ("", 0)]
)
def test_a_bio_costs_a_query_only_when_it_names_somebody(
    ben: User, bio: str, queries: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(queries):
        bio_html(bio, by=0)


def test_the_profile_shows_it_and_programs_get_what_was_typed(ada: User, ben: User) -> None:
    User.objects.filter(pk=ada.pk).update(bio=BIO)
    page = Client().get("/@ada").content.decode()
    assert 'I <em>count</em>.<br>With <a class="mention" dir="ltr" href="/@ben">@ben</a>' in page
    assert "- no list &lt;b&gt;</p>" in page
    assert Client().get("/api/v1/users/ada").json()["bio"] == BIO


def test_who_may_not_see_a_profile_gets_no_bio(ada: User, dora: User) -> None:
    ada.blocks_made.create(blocked=dora)
    ada.bio = "I count."
    seen = selectors.profile_of(ada, viewer=dora)
    assert seen.bio_html == ""
