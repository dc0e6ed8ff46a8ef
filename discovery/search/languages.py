"""Which stemmers PostgreSQL has, and which of them may know a word. It tells itself: none is taken for granted."""

import re
from collections.abc import Iterable
from functools import cache

from cachebox import LRUCache
from django.db import connection

_CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip
_BY_SCRIPT = (
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), ("el",)),
    (re.compile("[\u0400-\u04ff]"), ("ru", "sr")),
    (re.compile("[\u0530-\u058f]"), ("hy",)),
    (re.compile("[\u0590-\u05ff]"), ("yi",)),
    (re.compile("[\u0600-\u06ff]"), ("ar",)),
    (re.compile("[\u0900-\u097f]"), ("hi", "ne")),
    (re.compile("[\u0b80-\u0bff]"), ("ta",)),
)
_stems: LRUCache[tuple[str, str], tuple[str, ...]] = LRUCache(20_000)
_ALL = """
SELECT c.cfgname, d.dictname FROM pg_ts_config c JOIN pg_ts_dict d ON d.dictname = c.cfgname || '_stem'
"""
_STEMS = "SELECT word, ts_lexize(%s::regdictionary, word) FROM unnest(%s::text[]) AS word"


@cache
def _known() -> dict[str, str]:
    """The stemmers that are there, by configuration."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL)
        return dict(cursor.fetchall())


def configuration(language: str) -> str:
    """The text search configuration of a language code; empty where PostgreSQL ships none."""
    name = _CONFIGURATIONS.get(language.lower().partition("-")[0], "")
    return name if name in _known() else ""


def likely(word: str, languages: Iterable[str]) -> list[str]:
    """The configurations that may know `word`: those of its script, or, in Latin letters, of `languages`."""
    for script, codes in _BY_SCRIPT:
        if script.search(word):
            return [name for name in map(configuration, codes) if name]
    return list(dict.fromkeys(name for name in map(configuration, languages) if name))


def stems_of(words: Iterable[str], name: str) -> dict[str, tuple[str, ...]]:
    """What the stemmer of a configuration makes of each word; nothing of words that it holds to be empty."""
    wanted = list(dict.fromkeys(words))
    missing = [word for word in wanted if (name, word) not in _stems]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(_STEMS, [_known()[name], missing])
            for word, stems in cursor.fetchall():
                _stems[name, word] = tuple(stems or ())
    return {word: _stems.get((name, word), ()) for word in wanted}
