"""Appeals, and the answers to them."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from moderation.actions.sanctions import check_not_about, end_locked, lock_sanction, record_on_person
from moderation.actions.words import words_of
from moderation.errors import AppealedAlready, NotInForce
from moderation.events import AppealAnswered
from moderation.models import Sanction
from socialnet.kernel.errors import NotFound
from socialnet.outbox.actions import emit


@transaction.atomic
def appeal_sanction(*, sanction_id: int, person: User, words: str) -> Sanction:
    """Ask moderators to look again, once. Raises `NotFound` (another's), `NotInForce`, `AppealedAlready`."""
    sanction = lock_sanction(sanction_id)
    if sanction.person_id != person.pk:
        raise NotFound
    said = words_of(words, field="appeal", needed=True)
    if sanction.appealed_at is not None:
        raise AppealedAlready
    if not sanction.is_in_force:
        raise NotInForce
    Sanction.objects.filter(pk=sanction.pk).update(appeal=said, appealed_at=Now())
    sanction.refresh_from_db(fields=["appeal", "appealed_at"])
    record_on_person("moderation.appealed", sanction, person, {}, {"sanction": sanction.pk})
    return sanction


@transaction.atomic
def answer_appeal(*, sanction_id: int, granted: bool, words: str, actor: User) -> Sanction:
    """Grant an appeal, which ends the sanction, or let it stand. Raises `NotFound`, `AppealedAlready` (answered),
    `Forbidden` (oneself)."""
    sanction = lock_sanction(sanction_id)
    check_not_about(sanction.person_id, actor)
    if sanction.appealed_at is None:
        raise NotFound
    if sanction.answered_at is not None:
        raise AppealedAlready
    said = words_of(words, field="answer", needed=True)
    Sanction.objects.filter(pk=sanction.pk).update(answer=said, answered_at=Now(), granted=granted)
    sanction.refresh_from_db(fields=["answer", "answered_at", "granted"])
    after = {"sanction": sanction.pk, "granted": granted}
    record_on_person("moderation.appeal_answered", sanction, actor, {"sanction": sanction.pk}, after)
    if granted and sanction.is_in_force:
        end_locked(sanction, actor)
    emit(AppealAnswered(sanction_id=sanction.pk, user_id=sanction.person_id), actor_id=actor.pk)
    return sanction
