"""What is said in a group that moderators hid is for its author alone.

The function is changed as it stands, so that it does not matter what else it has learnt meanwhile.
"""

from django.db import migrations

_CHANGE = """
DO $do$
DECLARE
    was text := pg_get_functiondef('feeds_page_facts(bigint, bigint[])'::regprocedure);
    becomes text := replace(replace(was, $old${old_open}$old$, $new${new_open}$new$),
        $old${old_status}$old$, $new${new_status}$new$);
BEGIN
    IF becomes = was THEN
        RAISE EXCEPTION 'feeds_page_facts does not say what it is expected to say';
    END IF;
    EXECUTE becomes;
END
$do$
"""
_BEFORE = ("g.privacy = 'public' AND g.deleted_at IS NULL", "m.status::text")
_AFTER = (
    "g.privacy = 'public' AND g.deleted_at IS NULL AND g.hidden_at IS NULL",
    "CASE WHEN g.hidden_at IS NULL THEN m.status::text END",
)


def _change(old: tuple[str, str], new: tuple[str, str]) -> str:
    return _CHANGE.format(old_open=old[0], old_status=old[1], new_open=new[0], new_status=new[1])


class Migration(migrations.Migration):
    dependencies = [("feeds", "0016_draft_group"), ("groups", "0003_moderated")]

    operations = [migrations.RunSQL(_change(_BEFORE, _AFTER), _change(_AFTER, _BEFORE))]
