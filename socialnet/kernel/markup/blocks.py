"""Paragraphs, quotes, lists and fenced code, read a little more strictly than Markdown does it.

Nothing that somebody typed may vanish, and nobody's answer may end up inside the quote above it: a line without its
own ">" or indent ends the quote or list; lines of nothing but marks stay as they are; so does what is nested deeper
than anybody can read.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, fence, list_block

_DEEPEST = 8
_ONLY_MARKS = re.compile(r"(?:[-*+_>=#\s]|\d{1,9}[.)])+")
_QUOTE = re.compile(r"(?:>[ \t]?)*>[ \t]+[^\s>]")
_FENCE = re.compile(r"(?:```+|~~~+)[ \t]*[\w+#./-]{0,30}[ \t]*")


def install(markdown: MarkdownIt) -> None:
    """Teach `markdown`, which knows only paragraphs, all blocks there are."""
    rules = markdown.block.ruler
    rules.before("paragraph", "fence", _fence, {"alt": ["paragraph", "blockquote", "list"]})
    rules.before("paragraph", "no_laziness", _no_laziness, {"alt": ["blockquote"]})
    rules.before("paragraph", "blockquote", _blockquote, {"alt": ["paragraph", "list"]})
    rules.before("paragraph", "only_marks", _only_marks, {"alt": ["list"]})
    rules.before("paragraph", "list", _list, {"alt": ["paragraph"]})


def paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lines up to an empty one, another block, or the end of the quote or item that they stand in."""
    rules = state.md.block.ruler.getRules("paragraph")
    parent, state.parentType = state.parentType, "paragraph"
    line = start + 1
    while line < state.lineMax and not state.isEmpty(line) and state.sCount[line] >= state.blkIndent:
        if any(rule(state, line, state.lineMax, True) for rule in rules):
            break
        line += 1
    state.parentType, state.line = parent, line
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(start, line, state.blkIndent, False).strip()
    inline.children = []
    state.push("paragraph_close", "p", -1)
    return True


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Code between fences; what follows the first one is at most the name of a language."""
    is_fence = _FENCE.fullmatch(_line(state, start)) and start + 1 < end
    return bool(is_fence) and fence(state, start, end, silent)


def _no_laziness(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Asked in a quote about a line without ">": it always ends the quote."""
    return silent


def _blockquote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    is_quote = state.level < _DEEPEST and _QUOTE.match(_line(state, start))
    return bool(is_quote) and blockquote(state, start, end, silent)


def _only_marks(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Rules, underlines and empty items are text, and end a list."""
    if not _ONLY_MARKS.fullmatch(_line(state, start)):
        return False
    return silent or paragraph(state, start, end, silent)


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    is_list = state.level < _DEEPEST and not _ONLY_MARKS.fullmatch(_line(state, start))
    return is_list and list_block(state, start, end, silent)


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
