from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("What people are told")

    def ready(self) -> None:
        from accounts import hooks as people
        from feeds import hooks
        from notifications import demo, export, live
        from notifications.channels.push import checks  # noqa: F401 (registers them)
        from notifications.selectors import unread_count

        people.unread_notifications = unread_count
        people.export_parts.append(export.parts)
        hooks.topics[live.TOPIC] = hooks.Topic(
            group=lambda viewer: live.group(viewer.pk), snapshot=live.snapshot
        )
        hooks.demo.append(demo.tell)
        hooks.demo_leaves.append(demo.leave_inboxes)
