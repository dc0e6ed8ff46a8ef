"""What every template may load: icons, drawings, faces, counts, times, and the hidden key against double posting."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import uuid4

from cachebox import LRUCache
from django import template
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.loader import get_template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, ngettext_lazy
from django.utils.translation import gettext as _

from socialnet.kernel.markup import plain_content

register = template.Library()
_drawn: dict[tuple[str, str | None, bool], SafeString] = {}
_kept: LRUCache[tuple[Any, ...], SafeString] = LRUCache(2_000)  # a few KB each, most of them much smaller
_CSRF_TOKEN = f"csrf-token-{token_hex(16)}"  # stands in pieces that are kept for the token of who asks

STATIC = Path(__file__).resolve().parents[3] / "static"

COUNTED = (  # named here so that makemessages finds what templates count
    ngettext_lazy("comment", "comments"),
    ngettext_lazy("follower", "followers"),
    ngettext_lazy("like", "likes"),
    ngettext_lazy("post", "posts"),
    ngettext_lazy("reply", "replies"),
    ngettext_lazy("request", "requests"),
    ngettext_lazy("share", "shares"),
)

FACE_PIXELS = {"s": 32, "m": 44, "l": 64, "xl": 112}

DRAWN_COVER = (
    '<svg class="cover" viewBox="0 0 640 128" preserveAspectRatio="xMidYMax slice" aria-hidden="true"'
    ' focusable="false">'
    '<rect width="640" height="128" fill="oklch(84% .07 {hue})"/>'
    '<circle cx="{sun}" cy="40" r="22" fill="oklch(95% .06 85)"/>'
    '<path d="M0 128V92c90-46 170-46 250-12s150 40 220 2 120-34 170-14v60z" fill="oklch(66% .08 {hue})"/>'
    '<path d="M0 128v-14c110-34 210-30 320-6s220 16 320-16v36z" fill="oklch(46% .075 {hue})"/></svg>'
)

DRAWN_FACE = (
    '<svg class="face {size}" viewBox="0 0 40 40" aria-hidden="true" focusable="false">'
    '<rect width="40" height="40" fill="oklch(80% .09 {hue})"/>'
    '<circle cx="20" cy="16" r="7.5" fill="oklch(96% .03 {hue})"/>'
    '<path d="M6 40c1-10 7-15 14-15s13 5 14 15z" fill="oklch(45% .09 {hue})"/></svg>'
)


@cache
def _svg(folder: str, name: str) -> str:
    """The file's text; one read per process. An unknown name is a mistake of the template and raises."""
    return (STATIC / folder / f"{name}.svg").read_text().strip()


@cache
def _inline(folder: str, name: str, css_class: str) -> SafeString:
    attributes = f'<svg class="{css_class}" aria-hidden="true" focusable="false"'
    return mark_safe(_svg(folder, name).replace("<svg", attributes, 1))


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of static/icons, hidden from assistive technology: give the control its own name."""
    return _inline("icons", name, f"icon icon-{name}")


@register.simple_tag
def drawing(name: str) -> SafeString:
    """A drawing of static/img/art; decoration only."""
    return _inline("img/art", name, f"art art-{name}")


@register.simple_tag
def idempotency_key() -> SafeString:
    """A fresh key: the same form sent twice has one effect."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid4())


@register.simple_tag
def face(person: Any, size: str = "m") -> SafeString:
    """The picture of an author card or user, or a drawn face whose colour stays with the id."""
    pixels = FACE_PIXELS[size]
    url = _picture_of(person, large=pixels > FACE_PIXELS["l"])
    if not url:
        return format_html(DRAWN_FACE, size=size, hue=_hue(_read(person, "id") or 0))
    return format_html(
        '<img class="face {}" src="{}" width="{}" height="{}" alt="" loading="lazy" decoding="async">',
        size, url, pixels, pixels,
    )  # fmt: skip


@register.simple_tag
def cover(person: Any) -> SafeString:
    """Hills in the colour of the person's drawn face."""
    person_id = int(_read(person, "id") or 0)
    return format_html(DRAWN_COVER, hue=_hue(person_id), sun=120 + person_id * 97 % 420)


@register.filter
def plain(text: str) -> str:
    """A short text as it was written, without its marks and on one line."""
    return plain_content(text, brief=True)


@register.filter
def cursor(value: Any) -> str:
    """The text of a page's next cursor, for the address of a link."""
    return value if isinstance(value, str) else value.encode()


def _picture_of(person: Any, *, large: bool) -> str:
    names = ("avatar_url",) if large else ("avatar_small_url", "avatar_url")
    return next((url for name in names if (url := _read(person, name))), "")


def _read(person: Any, name: str) -> Any:
    return person.get(name) if isinstance(person, dict) else getattr(person, name, None)


def _hue(person_id: int) -> int:
    """Neighbouring ids get colours far apart (steps of the golden angle)."""
    return int(int(person_id) * 137.508) % 360


@register.filter
def compact_count(number: int) -> str:
    """999, 1.2K, 12.3K, 123K, 5.7M: never rounded up, so that 999,999 is not yet 1M."""
    for unit, suffix in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")):
        if number >= unit:
            tenths = number * 10 // unit
            decimals = 1 if tenths < 1_000 and tenths % 10 else 0
            return number_format(tenths / 10 if decimals else tenths // 10, decimals) + suffix
    return str(number)


@register.simple_tag
def count(number: int, one: str, many: str) -> SafeString:
    """`1.2K followers` to the eye, `1,234 followers` to assistive technology."""
    words = ngettext(one, many, number)
    if number < 1_000:
        return format_html("<b>{}</b> {}", number, words)
    exact = number_format(number, force_grouping=True)
    return format_html(
        '<b aria-hidden="true" title="{}">{}</b><span class="vh">{}</span> {}',
        exact, compact_count(number), exact, words,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def drawn_once(context: template.Context, name: str) -> SafeString:
    """A piece of the frame that is the same on every page: drawn once per process, language, and visitor or not."""
    viewer = context.get("viewer")
    key = (name, get_language(), bool(viewer and viewer.is_authenticated))
    if key not in _drawn:
        _drawn[key] = mark_safe(get_template(name).render({"viewer": viewer}))
    return _drawn[key]


class KeptNode(template.Node):
    child_nodelists = ()  # there are no blocks in it; Django looks for some with every page

    def __init__(self, nodelist: template.NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist = nodelist
        self.values = values

    def render(self, context: template.Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        key = (self, _language(context), *values.values())
        piece = _kept.get(key)
        if piece is None:
            piece = self.nodelist.render(context.new(values | {"csrf_token": _CSRF_TOKEN}))
            _kept[key] = piece
        if _CSRF_TOKEN not in piece:
            return piece
        if "csrf_token" not in context:
            return self.nodelist.render(context.new(values))
        return mark_safe(piece.replace(_CSRF_TOKEN, str(context["csrf_token"])))


def _language(context: template.Context) -> str | None:
    """Of the whole page: asked once, for it costs as much as a piece that is kept."""
    page: dict[Any, Any] = context.render_context.dicts[0]
    if KeptNode not in page:
        page[KeptNode] = get_language()
    return page[KeptNode]  # type: ignore[no-any-return]


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """`{% kept name=value … %} … {% endkept %}`: drawn once per process for each language and these values.

    It sees nothing but them and the CSRF token, which is put in for each page. Values must be hashable.
    """
    words = token.split_contents()[1:]
    values = token_kwargs(words, parser)
    if words:
        raise template.TemplateSyntaxError("kept takes name=value")
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, values)


@register.simple_tag
def time_ago(moment: datetime | None) -> SafeString:
    """Absolute in the HTML; time.js makes it relative and leaves the exact time as the title."""
    if moment is None:
        return mark_safe("")
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=UTC)  # as in the headers of mail
    local = timezone.localtime(moment)
    exact = _("%(date)s at %(time)s") % {
        "date": date_format(local, "j F Y"),
        "time": date_format(local, "H:i T"),
    }
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        moment.isoformat(), exact, date_format(local, "j M Y, H:i"),
    )  # fmt: skip
