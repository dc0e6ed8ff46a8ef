from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModerationConfig(AppConfig):
    name = "moderation"
    verbose_name = _("Moderation")

    def ready(self) -> None:
        from accounts import hooks as people
        from feeds import hooks
        from groups import hooks as groups
        from moderation import export, selectors
        from moderation.demo import forget_people, keep_order
        from moderation.in_groups import selectors as in_groups
        from moderation.screening import screen
        from moderation.screening.selectors import held_changes, held_profile

        hooks.demo.append(keep_order)
        hooks.demo_leaves.append(forget_people)
        people.screen = screen.screen
        people.held_profile = held_profile
        people.export_parts.append(export.parts)
        groups.held_changes = held_changes
        groups.reports_page = in_groups.reports_page_of
        groups.reports_waiting = in_groups.waiting_in
        people.appeal_page = selectors.appeal_page_of
        people.decisions_page = selectors.decisions_page_of
