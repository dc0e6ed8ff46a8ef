"""What people type, made safe to keep; and what would leave no mark on a page."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socialnet.kernel.text import UnusableText, clean, is_blank

usable = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\u202a\u202b\u202c\u202d\u202e")
)


@given(text=usable)
@example("\u0958\ufb1d")  # longer in normal form
def test_clean_text_is_in_normal_form_without_blanks_around_and_stays_so(text):
    kept = clean(text)
    assert kept == unicodedata.normalize("NFC", text).strip() == clean(kept)
    kept.encode()


@pytest.mark.parametrize(
    "bad",
    [
        "\x00",
        "\x01",
        "\x08",
        "\x0b",
        "\x0c",
        "\x1b",
        "\x7f",
        "\x85",
        "\x9f",
        "�",
        "�",
        "�",
        "\u202e",
        "\u202a",
        "\ufffe",
        "\uffff",
    ],
)
@pytest.mark.parametrize("around", ["{}", "a{}b", "{}\n"])
def test_what_breaks_a_page_or_a_database_is_refused(bad, around):
    with pytest.raises(UnusableText) as caught:
        clean(around.format(bad))
    assert (caught.value.status, caught.value.code) == (400, "unusable_text")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("  a\tb \n", "a\tb"),
        ("e\u0301", "é"),
        ("\u3000a\u2003", "a"),
        ("👩‍👩‍👧‍👦 ❤️", "👩‍👩‍👧‍👦 ❤️"),
        ("\u2067שלום\u2069", "\u2067שלום\u2069"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
    ],
)
def test_the_rest_is_kept(typed, kept):
    assert clean(typed) == kept


@pytest.mark.parametrize(
    "invisible",
    [
        "",
        " ",
        "\n\t",
        "\u200b",
        "\u200d\u200c",
        "\u2060",
        "\ufeff",
        "\xad",
        "ㅤ",
        "ﾠ",
        "ᅟᅠ",
        "⠀",
        "͏",
        "\u061c",
        "\u180e",
        "\u2066\u2069",
        "\u206a",
        "️",
        "\U000e0020\U000e007f",
        "󠄀",
        "឴",
        " \u200b ️\n",
    ],
)
def test_what_leaves_no_mark_is_blank(invisible):
    assert is_blank(invisible)
    assert not is_blank(f"{invisible}.{invisible}")


@pytest.mark.parametrize("visible", ["a", ".", "\u0301", "❤️", "👍", "ﷺ", "١", "ก็", "𓀀", "-"])
def test_what_leaves_a_mark_is_not(visible):
    assert not is_blank(visible)
