"""What a person takes along from moderators' records, and what stays there when they are erased."""

import io
import json
import zipfile
from typing import Any

import pytest

from accounts import actions as accounts
from accounts.models import User
from accounts.tests.factories import PASSWORD, page_of
from feeds.tests.factories import publish
from moderation import actions
from moderation.errors import CaseClosed
from moderation.export import parts
from moderation.models import Case, Report, Sanction
from moderation.selectors import appeal_token
from moderation.tasks import end_due_sanctions
from moderation.tests.screened import SPAM, block_words
from notifications.models import Notification
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def report(thing: Any, by: User, **more: str) -> Case:
    kind, ident = ("user", thing.username) if isinstance(thing, User) else ("post", str(thing.pk))
    return actions.report_target(kind=kind, ident=ident, reporter=by, reason="spam", **more).case


def archive_of(user: User) -> dict[str, list[dict[str, Any]]]:
    return {part.name: json.loads(json.dumps(list(part.rows), default=str)) for part in parts(user.pk)}


def erase(who: User) -> None:
    accounts.delete_person(user=who, password=PASSWORD)
    drain()


def test_the_archive_has_my_reports_and_what_was_decided_about_me(ada: User, ben: User, mod: User) -> None:
    mine = report(ben, ada, details="He wrote to me")
    case = report(publish(ada, "My words"), ben, details="Look at hers")
    actions.decide_case(case_id=case.pk, outcome="warn", actor=mod, words="Be kind.", answer="Thanks, Ben")
    actions.appeal_sanction(sanction_id=Sanction.objects.get().pk, person=ada, words="A joke")
    found = archive_of(ada)
    (reported,), (decided,) = found["reports.json"], found["decisions.json"]
    assert (reported["target_id"], reported["details"]) == (str(mine.target_id), "He wrote to me")
    assert (decided["measure"], decided["reason"], decided["appeal"]) == ("warn", "Be kind.", "A joke")
    everything = json.dumps(found)
    for others in ("Look at hers", "Thanks, Ben", '"ben"', '"mod"', str(mod.pk) + ","):
        assert others not in everything
    assert not any(archive_of(mod).values())
    assert len(archive_of(ben)["reports.json"]) == 1 and archive_of(ben)["decisions.json"] == []


def test_the_archive_has_what_screening_found_of_mine(ada: User, ben: User) -> None:
    block_words()
    post = publish(ada, SPAM)
    accounts.edit_profile(user=ada, bio=SPAM)
    found = archive_of(ada)
    assert [row["target_id"] for row in found["screening.json"]] == [post.pk, ada.pk]
    assert found["profile_held.json"] == [{"fields": {"bio": SPAM}}]
    assert not any(archive_of(ben).values())


def test_an_archive_asked_for_has_both_files(ada: User, ben: User) -> None:
    report(ben, ada)
    accounts.ask_export(user=ada, password=PASSWORD)
    accounts.make_exports()
    answer: Any = page_of(ada).get("/settings/export/file")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    (reported,) = json.loads(archive.read("reports.json"))
    assert reported["target_type"] == "user" and json.loads(archive.read("decisions.json")) == []


@pytest.mark.parametrize("measure", ["warn", "limit", "ban"])
def test_of_who_is_erased_nothing_is_in_force_and_no_word_is_kept(
    ada: User, ben: User, mod: User, measure: str
) -> None:
    report(ben, ada, details="He wrote to me")
    about = report(publish(ada, "My words"), ben)
    sanction = actions.impose_sanction(person=ada, measure=measure, actor=mod, words="Enough.")
    actions.appeal_sanction(sanction_id=sanction.pk, person=ada, words="A joke")
    token = appeal_token(sanction)
    drain()
    erase(ada)
    assert broken(sample=20) == []
    sanction.refresh_from_db()
    assert not sanction.is_in_force and (sanction.words, sanction.appeal) == ("", "")
    waits = page_of(mod).get("/admin/moderation/sanction/?state=appealed").content.decode()
    assert f"/sanction/{sanction.pk}/" not in waits
    about.refresh_from_db()
    assert (about.outcome, about.said, about.closed_by) == ("gone", "", None)
    assert AuditEntry.objects.filter(act="moderation.case_closed", target_id=about.pk, actor_id=None).exists()
    assert Notification.objects.filter(recipient=ben, kind="report_outcome").count() == 1
    assert Case.objects.open().get().target_id == ben.pk and Report.objects.filter(reporter=ada).exists()
    tombstone = User.objects.get(pk=ada.pk)
    assert tombstone.suspended_at is None and tombstone.limited_at is None and not tombstone.is_active
    assert page_of().get(f"/appeal/{token}").status_code == 404
    with pytest.raises(CaseClosed):
        actions.decide_case(case_id=about.pk, outcome="ban", actor=mod)
    end_due_sanctions()
    actions.forget_person(user_id=ada.pk)  # twice
    drain()
    assert broken(sample=20) == []
