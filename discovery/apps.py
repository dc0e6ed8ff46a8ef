from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiscoveryConfig(AppConfig):
    name = "discovery"
    verbose_name = _("Finding things")

    def ready(self) -> None:
        from accounts import hooks as people
        from discovery import demo, export
        from discovery.people.demo import choose_interests, leave_lists
        from discovery.people.first_posts import first_posts
        from discovery.people.welcome import first_page
        from discovery.search.documents import forget_people
        from discovery.selectors import suggested_people
        from discovery.trends import reading
        from feeds import hooks

        people.suggested_people = suggested_people
        people.first_page = first_page
        people.export_parts.append(export.parts)
        hooks.first_posts = first_posts
        hooks.topics[reading.TOPIC] = hooks.Topic(
            group=lambda _viewer: reading.GROUP, snapshot=reading.topic_snapshot
        )
        hooks.demo += [choose_interests, demo.make_trends]
        hooks.demo_leaves += [forget_people, leave_lists]
