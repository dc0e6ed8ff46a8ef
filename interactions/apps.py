from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InteractionsConfig(AppConfig):
    name = "interactions"
    verbose_name = _("What people do with posts")

    def ready(self) -> None:
        from accounts import hooks as people
        from feeds import hooks
        from interactions import export
        from interactions.affinity import affinity
        from interactions.demo import forget_likes, keep_posts, leave_threads, like_posts
        from interactions.demo_threads import talk
        from interactions.engagement import engagement
        from interactions.models import IS_BOOKMARKED, IS_LIKED
        from interactions.page import thread_below
        from interactions.popular import popular_posts
        from interactions.touching import touch

        people.export_parts.append(export.parts)
        hooks.viewer_facts["is_bookmarked"] = IS_BOOKMARKED
        hooks.viewer_facts["is_liked"] = IS_LIKED
        hooks.popular = popular_posts
        hooks.affinity = affinity
        hooks.counts_changed = touch
        hooks.engagement = engagement
        hooks.below_post.append(thread_below)
        hooks.demo += [keep_posts, like_posts, talk]
        hooks.demo_leaves += [forget_likes, leave_threads]
