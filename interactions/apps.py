from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InteractionsConfig(AppConfig):
    name = "interactions"
    verbose_name = _("What people do with posts")

    def ready(self) -> None:
        from feeds import hooks
        from interactions.demo import keep_posts
        from interactions.models import IS_BOOKMARKED

        hooks.viewer_facts["is_bookmarked"] = IS_BOOKMARKED
        hooks.demo.append(keep_posts)
