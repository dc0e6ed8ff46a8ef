from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiscoveryConfig(AppConfig):
    name = "discovery"
    verbose_name = _("Finding things")

    def ready(self) -> None:
        from accounts import hooks as people
        from discovery.people import (
            admin,  # noqa: F401 (registers it)
            demo,
        )
        from discovery.people.first_posts import first_posts
        from discovery.people.welcome import first_page
        from discovery.selectors.people import suggested_people
        from feeds import hooks

        people.suggested_people = suggested_people
        people.first_page = first_page
        hooks.first_posts = first_posts
        hooks.demo.append(demo.choose_interests)
        hooks.demo_leaves.append(demo.leave_lists)
