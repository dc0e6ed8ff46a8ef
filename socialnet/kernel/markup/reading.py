"""From text to tokens: what is written, before anybody decides how it looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from socialnet.kernel.markup import blocks, inline
from socialnet.kernel.text import neutral

LONGEST = 2500  # more than the longest post; beyond it marks mean nothing, so that no text takes long


@dataclass(frozen=True)
class Read:
    """What a text says. `names` and `tags` are those that it leads to: each in normal form, and as first written."""

    tokens: tuple[Token, ...]
    names: dict[str, str]
    tags: dict[str, str]

    @property
    def words(self) -> Iterator[Token]:
        return (word for token in self.tokens for word in token.children or ())


def _reader(*, brief: bool) -> MarkdownIt:
    markdown = MarkdownIt("zero", {"maxNesting": 100}).disable("text_join")
    markdown.block.ruler.at("paragraph", blocks.paragraph)
    if not brief:
        blocks.install(markdown)
    inline.install(markdown)
    return markdown


_FULL, _BRIEF = _reader(brief=False), _reader(brief=True)


@lru_cache(maxsize=16)  # one post is read for its names, its tags, its first link and its looks
def read(text: str, *, brief: bool = False) -> Read:
    """The tokens of `text`, which is at most `LONGEST` characters long; without blocks when `brief`."""
    found: dict[str, dict[str, str]] = {}
    tokens = (_BRIEF if brief else _FULL).parse(neutral(text), found)
    return Read(tuple(tokens), found.get("mention", {}), found.get("tag", {}))
