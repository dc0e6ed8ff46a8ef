"""What was looked for, marked in what was found."""

from django import template
from django.utils.safestring import SafeString

from discovery.search.marks import Marks
from feeds.text import plain_content

register = template.Library()


@register.simple_tag(takes_context=True)
def marked(context: template.Context, text: str, what: str) -> SafeString:
    """A name, whose beginning counts, or a `bio`, which loses its own marks; escaped."""
    marks: Marks = context["marks"]
    if what == "bio":
        return marks.in_text(plain_content(text, brief=True))
    return marks.in_text(text, beginnings=True)
