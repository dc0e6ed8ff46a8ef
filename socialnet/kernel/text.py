"""What people type, made safe to keep: one normal form, nothing invisible that breaks a page or a database."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import Invalid

# C0 and C1 controls but tab and newline; lone surrogates; the overrides that turn other people's text around.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\ufffe\uffff]")
_ISOLATES = re.compile("[\u2066-\u2069]")
_END_OF_ISOLATE = "\u2069"
# White space, joiners and direction marks, fillers, variation selectors and tags without something to vary.
_BLANK = re.compile(
    r"[\s\u200b-\u200f\u2060-\u206f\ufeff\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164"
    r"\ufe00-\ufe0f\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)


class UnusableText(Invalid):
    code = "unusable_text"
    sentence = _("This text holds characters that cannot be kept.")


def clean(text: str) -> str:
    """`text` in NFC, with \\n line ends and without blanks around it; raises `UnusableText`."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    if _FORBIDDEN.search(unified):
        raise UnusableText
    return unicodedata.normalize("NFC", unified).strip()


def neutral(text: str) -> str:
    """`text` without what `clean` refuses, and without isolates that would reach beyond their line."""
    return balanced(_FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def balanced(text: str) -> str:
    """`text` without directional isolates that are never closed, or never opened, in their line."""
    if not _ISOLATES.search(text):
        return text
    return "\n".join(_balanced_line(line) for line in text.split("\n"))


def _balanced_line(line: str) -> str:
    letters, opened = list(line), []
    for match in _ISOLATES.finditer(line):
        if match[0] != _END_OF_ISOLATE:
            opened.append(match.start())
        elif opened:
            opened.pop()
        else:
            letters[match.start()] = ""
    for place in opened:
        letters[place] = ""
    return "".join(letters)


def is_blank(text: str) -> bool:
    """True when nothing in `text` would leave a mark on a page."""
    return _BLANK.fullmatch(text) is not None
