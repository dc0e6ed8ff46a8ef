"""The HTML door."""

from feeds.views.home import home, home_new
from feeds.views.media import media
from feeds.views.posts import post, post_create, post_delete
from feeds.views.profiles import profile

__all__ = ["home", "home_new", "media", "post", "post_create", "post_delete", "profile"]
