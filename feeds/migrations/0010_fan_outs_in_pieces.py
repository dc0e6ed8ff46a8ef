"""A view of events for the admin: no table of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("feeds", "0009_reply_policy"), ("outbox", "0004_forget_messages_of_errors")]

    operations = [
        migrations.CreateModel(
            name="FanOut",
            fields=[],
            options={
                "verbose_name": "fan-out in pieces",
                "verbose_name_plural": "fan-outs in pieces",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("outbox.event",),
        ),
    ]
