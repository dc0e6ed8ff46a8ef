"""What pages of other apps show of this one."""

from typing import Any

from django import template

from discovery.people.forms import PlaceForm
from discovery.selectors import is_found_by_place

register = template.Library()


@register.inclusion_tag("discovery/_place_form.html", takes_context=True)
def place_form(context: template.Context) -> dict[str, Any]:
    """Whether one is found by the place of one's profile."""
    viewer = context["viewer"]
    form = PlaceForm(initial={"by_place": is_found_by_place(viewer)})
    return {"form": form, "viewer": viewer, "csrf_token": context.get("csrf_token")}
