"""Every text that the database keeps is either looked at by screening, or stands here with why it need not be.

A new field makes `test_every_text_is_named_once` fail until somebody has thought of it.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts import actions as people
from accounts.errors import WritingRefused
from accounts.models import User
from accounts.tests.factories import PASSWORD
from feeds import actions as posts
from feeds.tests.factories import picture, publish
from groups import actions as groups
from groups.tests.factories import a_group
from groups.tests.test_covers import picture as drawn
from interactions.tests.threads import say
from moderation.models import ScreeningResult
from moderation.tests.screened import SPAM, block_words

OURS = frozenset(
    {"accounts", "groups", "feeds", "interactions", "notifications", "discovery", "moderation", "outbox"}
)
TEXTS = (models.CharField, models.TextField, models.JSONField, ArrayField)

# How each is written, for whoever may. All others see it.
LOOKED_AT: dict[str, Callable[[User, str], object]] = {
    "accounts.User.username": lambda _ada, _said: people.register_person(
        username="miracle_cure", email="eve@example.com", password=PASSWORD
    ),
    "accounts.User.display_name": lambda ada, said: people.edit_profile(user=ada, display_name=said),
    "accounts.User.bio": lambda ada, said: people.edit_profile(user=ada, bio=said),
    "accounts.User.location": lambda ada, said: people.edit_profile(user=ada, location=said),
    "accounts.User.website": lambda ada, _said: people.edit_profile(
        user=ada, website="https://shop.example/miracle-cure/"
    ),
    "groups.Group.slug": lambda ada, _said: a_group(ada, slug="the-miracle-cure"),
    "groups.Group.name": lambda ada, said: groups.create_group(owner=ada, slug="cures", name=said),
    "groups.Group.description": lambda ada, said: groups.change_group(
        group=a_group(ada), actor=ada, description=said
    ),
    "groups.Group.rules": lambda ada, said: groups.change_group(group=a_group(ada), actor=ada, rules=said),
    "groups.Group.tags": lambda ada, said: groups.change_group(group=a_group(ada), actor=ada, tags=[said]),
    "groups.Group.cover_alt": lambda ada, said: groups.change_group(
        group=a_group(ada), actor=ada, cover=BytesIO(drawn()), cover_alt=said
    ),
    "feeds.Post.content": lambda ada, said: publish(ada, said),
    "feeds.Post.content_warning": lambda ada, said: posts.publish_post(
        author=ada, content="Hello", content_warning=said
    ),
    "feeds.Media.alt": lambda ada, said: posts.publish_post(
        author=ada, content="Hello", media_ids=[picture(ada, alt=said).pk]
    ),
    "interactions.Comment.content": lambda ada, said: say(ada, publish(ada), said),
}

_DRAWN = "made of what was looked at when it was written"
_OWN = "its owner alone reads it"
_SCREENED_LATER = "its author alone reads it; looked at when it is published"
_STAFF = "written by staff"
_TO_STAFF = "moderators and its author alone read it"
_MADE = "nobody writes it: the program does"
_CODE = "a code, from a list or of one shape"
NOT_NEEDED: dict[str, str] = {
    "accounts.ApiToken.hash": _MADE,
    "accounts.ApiToken.name": _OWN,
    "accounts.ApiToken.prefix": _MADE,
    "accounts.ApiToken.scopes": _CODE,
    "accounts.EmailChange.email": _OWN,
    "accounts.Export.file": _MADE,
    "accounts.KnownDevice.mark": _MADE,
    "accounts.Session.address": _OWN,
    "accounts.Session.device": _OWN,
    "accounts.Session.session_data": _MADE,
    "accounts.Session.session_key": _MADE,
    "accounts.User.email": _OWN,
    "accounts.User.language": _CODE,
    "accounts.User.password": _MADE,
    "accounts.User.time_zone": _CODE,
    "discovery.ExploreDay.source": _CODE,
    "discovery.Finding.place": _CODE,
    "discovery.Interest.topic": _CODE,
    "discovery.PopularSearch.words": "staff alone read it; ten people or more looked for it",
    "discovery.SearchDay.kind": _CODE,
    "discovery.SearchDocument.slips": _DRAWN,
    "discovery.SuggestionList.people": _MADE,
    "discovery.Trend.parts": _MADE,
    "feeds.Draft.content": _SCREENED_LATER,
    "feeds.Draft.content_warning": _SCREENED_LATER,
    "feeds.Draft.language": _CODE,
    "feeds.Draft.problem": _MADE,
    "feeds.FanOut.name": _MADE,
    "feeds.FanOut.payload": _MADE,
    "feeds.FanOut.request_id": _MADE,
    "feeds.Hashtag.display": "a word of a post that was looked at; who only follows a tag gives it no look of its own",
    "feeds.Hashtag.name": "a word of a post that was looked at, or what one person alone follows",
    "feeds.KeywordFilter.phrase": _OWN,
    "feeds.KeywordFilter.places": _CODE,
    "feeds.LinkPreview.description": "what another site says: its address is in the post, where it was looked at",
    "feeds.LinkPreview.image_name": _MADE,
    "feeds.LinkPreview.key": _MADE,
    "feeds.LinkPreview.leads_to": "where an address leads that was looked at in the post",
    "feeds.LinkPreview.site_name": "what another site says: its address is in the post, where it was looked at",
    "feeds.LinkPreview.title": "what another site says: its address is in the post, where it was looked at",
    "feeds.LinkPreview.url": _DRAWN,
    "feeds.Media.blurhash": _MADE,
    "feeds.Media.large_name": _MADE,
    "feeds.Media.small_name": _MADE,
    "feeds.PendingFile.name": _MADE,
    "feeds.Post.html": _DRAWN,
    "feeds.Post.language": _CODE,
    "feeds.PostRevision.content": _DRAWN,
    "feeds.PostRevision.content_warning": _DRAWN,
    "groups.Group.cover": _MADE,
    "groups.Group.cover_blurhash": _MADE,
    "groups.Group.cover_small": _MADE,
    "interactions.Comment.html": _DRAWN,
    "interactions.Comment.path": _MADE,
    "moderation.AnswerTemplate.name": _STAFF,
    "moderation.AnswerTemplate.words": _STAFF,
    "moderation.Case.answer": _STAFF,
    "moderation.Case.said": _TO_STAFF,
    "moderation.HeldGroup.fields": "what was looked at and waits",
    "moderation.HeldProfile.fields": "what was looked at and waits",
    "moderation.Report.details": _TO_STAFF,
    "moderation.Sanction.answer": _STAFF,
    "moderation.Sanction.appeal": _TO_STAFF,
    "moderation.Sanction.words": _STAFF,
    "moderation.ScreeningResult.hits": _MADE,
    "moderation.ScreeningResult.target_kind": _CODE,
    "moderation.ScreeningResult.text_hash": _MADE,
    "moderation.ScreeningRule.entries": _STAFF,
    "moderation.ScreeningRule.id": _CODE,
    "notifications.Announcement.text": _STAFF,
    "notifications.Announcement.url": _STAFF,
    "notifications.ChannelDelivery.outcome": _MADE,
    "notifications.Notification.words": _DRAWN,
    "notifications.Preference.ways": _CODE,
    "notifications.PushSubscription.auth": _MADE,
    "notifications.PushSubscription.endpoint": _MADE,
    "notifications.PushSubscription.label": _OWN,
    "notifications.PushSubscription.p256dh": _MADE,
    "notifications.PushSubscription.session": _MADE,
    "notifications.Settings.mail_trouble": _MADE,
    "notifications.Telling.words": _DRAWN,
    "outbox.AuditEntry.act": _MADE,
    "outbox.AuditEntry.after": _MADE,
    "outbox.AuditEntry.before": _MADE,
    "outbox.AuditEntry.request_id": _MADE,
    "outbox.AuditEntry.target_type": _MADE,
    "outbox.DeadLetter.claimed_by": _MADE,
    "outbox.DeadLetter.handler": _MADE,
    "outbox.DeadLetter.key": _MADE,
    "outbox.DeadLetter.last_error": _MADE,
    "outbox.Delivery.claimed_by": _MADE,
    "outbox.Delivery.handler": _MADE,
    "outbox.Delivery.key": _MADE,
    "outbox.Delivery.last_error": _MADE,
    "outbox.Event.name": _MADE,
    "outbox.Event.payload": _MADE,
    "outbox.Event.request_id": _MADE,
    "outbox.IdempotencyKey.body": "an answer, for who asked",
    "outbox.IdempotencyKey.fingerprint": _MADE,
    "outbox.IdempotencyKey.headers": _MADE,
    "outbox.IdempotencyKey.key": _OWN,
}


def texts() -> Iterator[str]:
    """All that may hold words, but what is chosen from a list."""
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            for field in model._meta.concrete_fields:
                if isinstance(field, TEXTS) and not field.choices:
                    yield f"{model._meta.label}.{field.name}"


def test_every_text_is_named_once() -> None:
    named = LOOKED_AT.keys() | NOT_NEEDED.keys()
    assert set(texts()) - named == set(), "Is it screened? If it need not be, say why in NOT_NEEDED."
    assert named - set(texts()) == set(), "There is no such field any more."
    assert LOOKED_AT.keys() & NOT_NEEDED.keys() == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("field", LOOKED_AT)
@pytest.mark.parametrize("outcome", ["hold", "refuse"])
def test_each_that_others_see_is_looked_at(ada: User, field: str, outcome: str) -> None:
    block_words(outcome=outcome)
    try:
        LOOKED_AT[field](ada, SPAM)
    except WritingRefused as error:
        error.note()
    row = ScreeningResult.objects.get()
    assert "miracle cure" in [hit["because"] for hit in row.hits]
    assert row.outcome == ("refuse" if field == "accounts.User.username" else outcome)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("field", LOOKED_AT)
def test_what_is_held_or_refused_is_read_by_nobody_else(ada: User, field: str) -> None:
    """The row that everybody reads does not say it, or is hidden."""
    block_words()
    with suppress(WritingRefused):
        LOOKED_AT[field](ada, SPAM)
    app, name, column = field.split(".")
    model: Any = apps.get_model(app, name)
    for row in model.objects.all():
        said = str(getattr(row, column)).replace("_", " ").replace("-", " ")
        owner = row.post if name == "Media" else row
        assert "miracle cure" not in said or getattr(owner, "held_at", None)
