"""Writes: what a person likes to read about, whom they do not want to be shown, by what they may be found."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Follow, User
from discovery.explore import seen
from discovery.models import Finding, Interest, SuggestionDismissal
from discovery.people import first_posts, lists, numbers
from discovery.people.places import normal_place
from discovery.people.topics import TOPICS
from discovery.selectors.explore import LAST_FOUND
from socialnet.kernel.errors import Invalid

Why = SuggestionDismissal.Why


@transaction.atomic
def save_interests(*, person: User, topics: Iterable[str]) -> None:
    """Replace what `person` likes to read about; raises `Invalid` for topics that there are not."""
    wanted = set(topics)
    if wanted - TOPICS.keys():
        raise Invalid(errors={"interests": [_("There is no such topic.")]})
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    chosen = set(Interest.objects.filter(user=person.pk).values_list("topic", flat=True))
    if wanted == chosen:
        return
    Interest.objects.filter(user=person.pk, topic__in=chosen - wanted).delete()
    Interest.objects.bulk_create(
        Interest(user_id=person.pk, topic=topic) for topic in sorted(wanted - chosen)
    )
    _begin_anew(person.pk)
    transaction.on_commit(lambda: first_posts.INTERESTS.drop(person.pk))


@transaction.atomic
def dismiss_suggestion(*, viewer: User, person: User) -> None:
    """Do not suggest `person` to `viewer` any more; repeating it changes nothing."""
    if viewer.pk == person.pk:
        return
    _dismissal, created = SuggestionDismissal.objects.get_or_create(user_id=viewer.pk, person_id=person.pk)
    if created:
        transaction.on_commit(lambda: numbers.note_outcome(viewer.pk, person.pk, "dismissed"))


@transaction.atomic
def be_found_by_place(*, person: User, by_place: bool) -> None:
    """Whether `person` is suggested to, and is suggested, people of the same place who chose it, too."""
    place = (
        normal_place(User.objects.values_list("location", flat=True).get(pk=person.pk)) if by_place else ""
    )
    Finding.objects.update_or_create(
        pk=person.pk,
        defaults={"by_place": by_place, "place": place},
        create_defaults={"by_place": by_place, "place": place, "welcomed_at": Now()},
    )
    _begin_anew(person.pk)


@transaction.atomic
def end_welcome(*, person: User) -> None:
    """`person` was welcomed, or does not want to be: it does not come by itself again."""
    Finding.objects.update_or_create(
        pk=person.pk,
        defaults={"welcomed_at": Coalesce("welcomed_at", Now())},
        create_defaults={"welcomed_at": Now()},
    )


def expect_welcome(*, user_ids: Iterable[int]) -> None:
    """People who joined are welcomed when they come next; who was is not again."""
    there = User.objects.standing().filter(pk__in=list(user_ids)).values_list("pk", flat=True)
    Finding.objects.bulk_create((Finding(user_id=user_id) for user_id in there), ignore_conflicts=True)


def remember_partings(*, pairs: Iterable[tuple[int, int]], why: str) -> None:
    """Do not suggest, of `pairs` of ids, the second to the first: they parted, and are not together again."""
    wanted = set(pairs)
    ids = {ident for pair in wanted for ident in pair}
    there = set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    follows = Follow.objects.filter(follower__in={one for one, _other in wanted})
    together = set(follows.filter(followee__in=ids).values_list("follower_id", "followee_id"))
    SuggestionDismissal.objects.bulk_create(
        (
            SuggestionDismissal(user_id=one, person_id=other, why=why)
            for one, other in sorted(wanted - together)
            if {one, other} <= there
        ),
        ignore_conflicts=True,
    )


def follow_places(*, user_ids: Iterable[int]) -> None:
    """Keep up with places in profiles, of those who are found by them."""
    for finding in Finding.objects.filter(pk__in=list(user_ids), by_place=True).select_related("user"):
        place = normal_place(finding.user.location)
        if place != finding.place:
            Finding.objects.filter(pk=finding.pk, by_place=True).update(place=place)
            lists.forget(finding.pk)


def forget_of_deleted(*, user_ids: Iterable[int]) -> None:
    """What people who left chose, and who was suggested to them, or not wanted."""
    ids = list(user_ids)
    Interest.objects.filter(user__in=ids).delete()
    SuggestionDismissal.objects.filter(user__in=ids).delete()
    SuggestionDismissal.objects.filter(person__in=ids).delete()
    Finding.objects.filter(pk__in=ids).delete()
    lists.forget(*ids)
    first_posts.INTERESTS.surely_drop(*ids)
    numbers.forget_people(ids)
    seen.forget_people(ids)
    LAST_FOUND.surely_drop(*ids)


def _begin_anew(user_id: int) -> None:
    lists.forget(user_id)
    transaction.on_commit(lambda: lists.RECOMMENDATIONS.drop(user_id))
