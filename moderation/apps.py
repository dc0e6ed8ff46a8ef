from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModerationConfig(AppConfig):
    name = "moderation"
    verbose_name = _("Moderation")

    def ready(self) -> None:
        from accounts import hooks as people
        from feeds import hooks
        from moderation import export, selectors
        from moderation.demo import forget_people, keep_order
        from moderation.screening import screen
        from moderation.screening.selectors import held_profile

        hooks.demo.append(keep_order)
        hooks.demo_leaves.append(forget_people)
        people.screen = screen.screen
        people.held_profile = held_profile
        people.export_parts.append(export.parts)
        people.appeal_page = selectors.appeal_page_of
        people.decisions_page = selectors.decisions_page_of
