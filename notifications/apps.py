from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("What people are told")

    def ready(self) -> None:
        from feeds import hooks
        from notifications import live, settling

        hooks.topics[live.TOPIC] = hooks.Topic(
            group=lambda viewer: live.group(viewer.pk), snapshot=live.snapshot
        )
        hooks.demo_leaves.append(lambda people: settling.let_people_leave(list(people)))
