"""Browsers by a name that their owner recognises, out of what they say of themselves."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def label(user_agent: str) -> str:
    """Like "Firefox, Linux"; empty when nothing is known."""
    names = [name for table in (_BROWSERS, _SYSTEMS) for name in _first(table, user_agent)]
    return ", ".join(names)


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> list[str]:
    return [name for mark, name in table if mark in user_agent][:1]
