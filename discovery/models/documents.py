"""What can be searched: one narrow row for each person, post, hashtag and group, beside the rows that are hot."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Kind(models.IntegerChoices):
    PERSON = 1, _("person")
    POST = 2, _("post")
    TAG = 3, _("hashtag")
    GROUP = 4, _("group")


NAMED = (
    Kind.PERSON,
    Kind.TAG,
)  # what is also found by the beginning of its name, and with a slip of the finger


class SearchDocument(models.Model):
    """The words by which something is found. Who may see it is asked of the thing itself, each time.

    `words`: all of them, weighted. `names`: of all but posts, the words of their names alone. `slips`: numbers of
    these names with one letter left out (`discovery.search.slips`). `standing`: how well known a person or tag is,
    as a logarithm: a good first order, brought up to date at night.
    """

    pk = models.CompositePrimaryKey("kind", "object_id")
    kind = models.SmallIntegerField(choices=Kind)
    object_id = models.BigIntegerField()
    author_id = models.BigIntegerField(null=True)
    words = SearchVectorField()
    names = SearchVectorField(null=True)
    slips = ArrayField(models.IntegerField(), null=True)
    standing = models.SmallIntegerField(default=0)
    with_media = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("document to search")
        verbose_name_plural = _("documents to search")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="document_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=Kind.POST) | Q(names__isnull=False, slips__isnull=False),
                name="document_with_names",
            ),
        ]
        indexes = [
            # serves: search.posts; without a pending list, which every search would have to read through
            GinIndex(fields=["words"], name="document_posts", condition=Q(kind=Kind.POST), fastupdate=False),
            # serves: search.people
            GinIndex(
                fields=["words"], name="document_people", condition=Q(kind=Kind.PERSON), fastupdate=False
            ),
            # serves: search.people, search.tags, search.suggesting
            GinIndex(fields=["names"], name="document_names", condition=Q(kind__in=NAMED), fastupdate=False),
            # serves: search.people, search.tags, when nothing is written as it was asked for
            GinIndex(fields=["slips"], name="document_slips", condition=Q(kind__in=NAMED), fastupdate=False),
            # serves: search.groups; they are few
            GinIndex(
                fields=["names"], name="document_group_names", condition=Q(kind=Kind.GROUP), fastupdate=False
            ),
            GinIndex(
                fields=["words"], name="document_groups", condition=Q(kind=Kind.GROUP), fastupdate=False
            ),
            GinIndex(
                fields=["slips"], name="document_group_slips", condition=Q(kind=Kind.GROUP), fastupdate=False
            ),
            # serves: words that very many have: the best known of them are met at once
            models.Index(
                F("kind"),
                F("standing").desc(),
                F("object_id").desc(),
                name="document_standing",
                condition=Q(kind__in=NAMED),
            ),
            # serves: from:name and from:following
            models.Index(
                F("author_id"),
                F("object_id").desc(),
                name="document_author",
                condition=Q(kind=Kind.POST),
            ),
        ]

    def __str__(self) -> str:
        return f"{Kind(self.kind).name.lower()} {self.object_id}"
