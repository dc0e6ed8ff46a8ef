"""Groups can be searched. Their documents are made by the nightly job, or at once by `manage.py rebuild_search`."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

_DOCUMENT_KINDS = models.CheckConstraint(
    condition=models.Q(("kind__in", [1, 2, 3, 4])), name="document_kind_known"
)
_SEARCH_KINDS = models.CheckConstraint(
    condition=models.Q(("kind__in", ["posts", "users", "hashtags", "groups"])), name="search_kind_known"
)


def _index(column, name):
    return AddIndexConcurrently(
        model_name="searchdocument",
        index=GinIndex(condition=models.Q(("kind", 4)), fastupdate=False, fields=[column], name=name),
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("discovery", "0004_a_list_that_failed"), ("groups", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="searchdocument",
            name="kind",
            field=models.SmallIntegerField(
                choices=[(1, "person"), (2, "post"), (3, "hashtag"), (4, "group")]
            ),
        ),
        migrations.RemoveConstraint(model_name="searchdocument", name="document_kind_known"),
        AddConstraintNotValid(model_name="searchdocument", constraint=_DOCUMENT_KINDS),
        ValidateConstraint(model_name="searchdocument", name="document_kind_known"),
        migrations.RemoveConstraint(model_name="searchday", name="search_kind_known"),
        AddConstraintNotValid(model_name="searchday", constraint=_SEARCH_KINDS),
        ValidateConstraint(model_name="searchday", name="search_kind_known"),
        _index("names", "document_group_names"),
        _index("words", "document_groups"),
        _index("slips", "document_group_slips"),
    ]
