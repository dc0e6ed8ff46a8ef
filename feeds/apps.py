from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedsConfig(AppConfig):
    name = "feeds"
    verbose_name = _("Posts and feeds")

    def ready(self) -> None:
        from accounts import hooks as people
        from feeds import export
        from feeds.composing import last_written
        from feeds.models import GROUP_PINS, HIDDEN_OF_PERSON
        from groups import hooks as groups

        people.export_parts.append(export.parts)
        people.standins["hidden_posts"] = HIDDEN_OF_PERSON
        groups.last_written = last_written
        groups.head_facts["pinned"] = GROUP_PINS
