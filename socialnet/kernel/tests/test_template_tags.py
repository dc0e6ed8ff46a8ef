from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from socialnet.kernel.templatetags import socialnet as tags


def render(source: str, **context: object) -> str:
    return Template("{% load socialnet %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1K"),
        (1_234, "1.2K"),
        (12_345, "12.3K"),
        (123_456, "123K"),
        (999_999, "999K"),
        (5_700_000, "5.7M"),
        (2_000_000_000, "2B"),
    ],
)
def test_counts_are_short_and_never_rounded_up(number, shown):
    assert tags.compact_count(number) == shown


def test_a_count_tells_the_exact_figure_to_assistive_technology():
    shown = render('{% count n "follower" "followers" %}', n=1_234)
    assert '<b aria-hidden="true" title="1,234">1.2K</b><span class="vh">1,234</span> followers' in shown
    assert render('{% count n "follower" "followers" %}', n=1) == "<b>1</b> follower"


def test_every_form_gets_a_key_of_its_own():
    source = "{% idempotency_key %}"
    assert render(source) != render(source)


def test_a_face_is_the_picture_or_drawn_in_the_colour_of_the_id():
    ada = SimpleNamespace(id=7, avatar_url="/media/large.webp", avatar_small_url="/media/small.webp")
    assert 'src="/media/small.webp" width="44" height="44" alt=""' in render("{% face ada %}", ada=ada)
    assert 'src="/media/large.webp" width="112"' in render('{% face ada "xl" %}', ada=ada)
    drawn = render('{% face ben "s" %}', ben={"id": 8, "avatar_url": None})
    assert drawn.startswith('<svg class="face s"') and "style=" not in drawn


def test_a_name_cannot_break_out_of_a_picture():
    eve = {"id": 1, "avatar_url": '"><script>'}
    assert "<script>" not in render("{% face eve %}", eve=eve)


def test_times_are_absolute_in_the_html():
    moment = datetime(2026, 11, 20, 10, 4, tzinfo=UTC)
    shown = render("{% time_ago moment %}", moment=moment)
    assert 'datetime="2026-11-20T10:04:00+00:00"' in shown
    assert 'title="20 November 2026 at 10:04 UTC"' in shown
    assert ">20 Nov 2026, 10:04<" in shown


def test_every_icon_and_drawing_can_be_put_into_a_page():
    for folder in ("icons", "img/art"):
        for path in (tags.STATIC / folder).glob("*.svg"):
            shown = tags._inline(folder, path.stem, "icon")
            assert shown.startswith('<svg class="icon" aria-hidden="true"'), path
            assert "style=" not in shown and "<script" not in shown


class Drawn:
    """Counts how often it is drawn."""

    times = 0

    def __str__(self) -> str:
        self.times += 1
        return "piece"


def test_a_kept_piece_is_drawn_once_for_its_values():
    template = Template(
        "{% load socialnet %}{% kept one=one thing=thing %}{{ one }} {{ thing }}{% endkept %}"
    )
    thing = Drawn()
    shown = [template.render(Context({"one": one, "thing": thing})) for one in (1, 2, 1, 2)]
    assert shown == ["1 piece", "2 piece", "1 piece", "2 piece"] and thing.times == 2


def test_a_kept_piece_is_drawn_for_each_language():
    template = Template("{% load i18n socialnet %}{% kept %}{% translate 'Monday' %}{% endkept %}")
    shown = []
    for language in ("en", "de", "en"):
        with translation.override(language):
            shown.append(template.render(Context()))
    assert shown == ["Monday", "Montag", "Monday"]


def test_a_kept_piece_sees_nothing_that_it_does_not_name():
    assert render("{% kept %}<{{ secret }}>{% endkept %}", secret="of somebody") == "<>"


def test_a_kept_piece_escapes_and_two_pieces_are_not_mistaken_for_each_other():
    source = "{% kept a=a %}{{ a }}1{% endkept %}{% kept a=a %}{{ a }}2{% endkept %}"
    assert render(source, a="<") == "&lt;1&lt;2"


def test_each_page_has_its_own_token_in_a_kept_form():
    template = Template("{% load socialnet %}{% kept %}<form>{% csrf_token %}</form>{% endkept %}")
    for token in ("first", "second"):
        assert f'value="{token}"' in template.render(Context({"csrf_token": token}))
    assert template.render(Context()) == "<form></form>"


def test_kept_takes_names_with_values():
    with pytest.raises(TemplateSyntaxError):
        Template("{% load socialnet %}{% kept viewer %}{% endkept %}")
