"""Addresses for whoever is elsewhere: search engines, cards on other sites."""

from django import template
from django.utils.encoding import escape_uri_path

from socialnet.kernel import links

register = template.Library()


@register.filter
def absolute(path: str | None) -> str:
    """`path` on the public address of this site, by whatever name the page was asked for."""
    return links.absolute(path) or ""


@register.simple_tag(takes_context=True)
def canonical(context: template.Context) -> str:
    """The one address of this page: the public host, no query."""
    request = context.get("request")
    return links.absolute(escape_uri_path(request.path)) or "" if request else ""
