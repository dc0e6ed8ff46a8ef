from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiscoveryConfig(AppConfig):
    name = "discovery"
    verbose_name = _("Finding things")

    def ready(self) -> None:
        from discovery import demo
        from discovery.search.documents import forget_people
        from discovery.trends import reading
        from feeds import hooks

        hooks.topics[reading.TOPIC] = hooks.Topic(
            group=lambda _viewer: reading.GROUP, snapshot=reading.topic_snapshot
        )
        hooks.demo.append(demo.make_trends)
        hooks.demo_leaves.append(forget_people)
