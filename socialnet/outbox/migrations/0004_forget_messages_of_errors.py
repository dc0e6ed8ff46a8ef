from django.db import migrations

# Dead letters are few and have an index. Everybody else's last error is emptied by the next lease.
FORGET = "UPDATE outbox_delivery SET last_error = split_part(last_error, ':', 1) WHERE state = 2"


class Migration(migrations.Migration):
    """Messages of exceptions may quote addresses and posts: of those kept so far only the type stays."""

    dependencies = [("outbox", "0003_delivery_due_by_handler")]

    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
