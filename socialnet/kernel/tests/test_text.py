"""What people type, made safe to keep; and what would leave no mark on a page."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socialnet.kernel.text import UnusableText, clean, is_blank

OVERRIDES = "\u202a\u202b\u202c\u202d\u202e"
usable = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"], exclude_characters=OVERRIDES))
BAD = [
    0x0,
    0x1,
    0x8,
    0xB,
    0xC,
    0x1B,
    0x7F,
    0x85,
    0x9F,
    0xD800,
    0xDFFF,
    0xD83D,
    0x202A,
    0x202E,
    0xFFFE,
    0xFFFF,
]
INVISIBLE = [
    0x20,
    0xA,
    0x9,
    0xAD,
    0x34F,
    0x61C,
    0x115F,
    0x1160,
    0x17B4,
    0x180E,
    0x200B,
    0x200C,
    0x200D,
    0x2060,
]
INVISIBLE += [0x2066, 0x2069, 0x206A, 0x2800, 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xE0020, 0xE007F, 0xE0100]


@given(text=usable)
@example("\u0958\ufb1d")  # longer in normal form
def test_clean_text_is_in_normal_form_without_blanks_around_and_stays_so(text):
    kept = clean(text)
    assert kept == unicodedata.normalize("NFC", text).strip() == clean(kept)
    kept.encode()


@pytest.mark.parametrize("bad", BAD, ids=hex)
@pytest.mark.parametrize("around", ["{}", "a{}b", "{}\n"])
def test_what_breaks_a_page_or_a_database_is_refused(bad, around):
    with pytest.raises(UnusableText) as caught:
        clean(around.format(chr(bad)))
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


@pytest.mark.parametrize("letter", INVISIBLE, ids=hex)
def test_what_leaves_no_mark_is_blank(letter):
    invisible = chr(letter)
    assert is_blank(invisible) and is_blank(invisible * 3) and is_blank(f" {invisible}\n")
    assert not is_blank(f"{invisible}.{invisible}")


def test_nothing_is_blank():
    assert is_blank("")
    assert is_blank("".join(map(chr, INVISIBLE)))


@pytest.mark.parametrize("visible", ["a", ".", "\u0301", "❤️", "👍", "ﷺ", "١", "ก็", "𓀀", "-"])
def test_what_leaves_a_mark_is_not(visible):
    assert not is_blank(visible)
