from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiscoveryConfig(AppConfig):
    name = "discovery"
    verbose_name = _("Finding things")

    def ready(self) -> None:
        from discovery.search.documents import forget_people
        from feeds import hooks

        hooks.demo_leaves.append(forget_people)
