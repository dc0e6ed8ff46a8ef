"""The small Markdown: what each mark does, what stays as it was typed, and that nothing gets past the last wall."""

import re
import sys
import time
import unicodedata
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from socialnet.kernel import markup
from socialnet.kernel.markup import reading
from socialnet.kernel.markup.wall import ALLOWED
from socialnet.kernel.markup.words import MARKED
from socialnet.kernel.text import neutral

SITES = markup.Sites(
    people={"ada": "Ada", "ben_7": "ben_7"},
    person=lambda name: f"/@{name}",
    tag=lambda name: f"/tags/{name}",
)
OUT = 'rel="nofollow noopener ugc" target="_blank"'
BLOCKS = {"p", "pre", "blockquote", "ul", "ol", "li"}


def html(text: str, *, brief: bool = False) -> str:
    return markup.to_html(text, SITES, brief=brief)


def inside(text: str) -> str:
    """The HTML of a text of one paragraph, without the paragraph."""
    shown = html(text)
    assert shown.startswith('<p dir="auto">') and shown.endswith("</p>") and shown.count("<p") == 1, shown
    return shown.removeprefix('<p dir="auto">').removesuffix("</p>")


def undirected(text: str) -> str:
    """Its HTML without any dir."""
    return re.sub(r' dir="(?:auto|ltr|rtl)"', "", html(text))


class Reader(HTMLParser):
    """Reads HTML as a browser would, and checks that it is whole."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[str] = []
        self.deepest = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        assert tag not in BLOCKS or "p" not in self.open, "a paragraph holds no block"
        assert tag != "a" or "a" not in self.open, "a link holds no link"
        assert len({name for name, _value in attrs}) == len(attrs)
        for name, value in attrs:
            if name == "href":
                assert value is not None and re.match(r"https?://|/@|/tags/", value, re.IGNORECASE), value
            elif name == "value":
                assert tag == "li" and value is not None and value.isdigit()
            else:
                assert value in ALLOWED[tag][name], (tag, name, value)
        assert tag not in BLOCKS or "dir" in dict(attrs)
        if tag == "br":
            self.text += "\n"
        else:
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in BLOCKS:
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data

    def unexpected(self, *_args: object) -> None:
        raise AssertionError("comment, declaration or instruction")

    handle_comment = handle_decl = handle_pi = unknown_decl = unexpected


def read(shown: str) -> Reader:
    reader = Reader()
    reader.feed(shown)
    reader.close()
    assert not reader.open
    return reader


# --- each mark ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*a* _b_", "<em>a</em> <em>b</em>"),
        ("**a** __b__", "<strong>a</strong> <strong>b</strong>"),
        ("***a***", "<em><strong>a</strong></em>"),
        ("**a *b* c**", "<strong>a <em>b</em> c</strong>"),
        ("(*a*), “**b**”!", "(<em>a</em>), “<strong>b</strong>”!"),
        ("*two\nlines*", "<em>two<br>lines</em>"),
        ("これは**太字**です", "これは<strong>太字</strong>です"),
        ("**「日本」**です", "<strong>「日本」</strong>です"),
        ("**서울**은 *크다*", "<strong>서울</strong>은 <em>크다</em>"),
        ("นี่คือ**ตัวหนา**ครับ", "นี่คือ<strong>ตัวหนา</strong>ครับ"),
        ("यह *हिन्दी* है", "यह <em>हिन्दी</em> है"),
        ("זה **חשוב** מאוד", "זה <strong>חשוב</strong> מאוד"),
        ("**🎉** *👍🏽*!", "<strong>🎉</strong> <em>👍🏽</em>!"),
    ],
)
def test_emphasis(text, shown):
    assert inside(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *["f**k and sh**t", "2*3*4 = 24", "a * b * c", "snake_case_name", "_x_y", "Nice* things*"],
        *["*", "**", "* *", "****a****", "*a", "a*", "_a", "日本_語_です", "¯\\_(ツ)_/¯", "C:\\new\\docs"],
    ],
)
def test_marks_that_are_no_emphasis_stay(text):
    assert inside(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`a *b* <c>`", '<code dir="auto">a *b* &lt;c&gt;</code>'),
        ("``a ` b``", '<code dir="auto">a ` b</code>'),
        ("`@ada #tag https://a.com`", '<code dir="auto">@ada #tag https://a.com</code>'),
        ("**`a`**", '<strong><code dir="auto">a</code></strong>'),
        ("`open", "`open"),
        ("\\*a\\* \\`b\\` \\#c \\@ada \\[d](x)", "*a* `b` #c @ada [d](x)"),
        ("\\a \\\\ \\.", "\\a \\\\ \\."),
    ],
)
def test_code_and_escapes_in_a_line(text, shown):
    assert inside(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "<p>a<br>b</p>"),
        ("a  \nb\n\n\n\nc", "<p>a<br>b</p><p>c</p>"),
        ("  a\n    b", "<p>a<br>b</p>"),
        ("```\na  b\n\n *c* @ada\n```", "<pre><code>a  b\n\n *c* @ada</code></pre>"),
        ("```python\nx < 1\n```\nafter", "<pre><code>x &lt; 1</code></pre><p>after</p>"),
        ("~~~\na", "<pre><code>a</code></pre>"),
        ("before\n```\na\n```", "<p>before</p><pre><code>a</code></pre>"),
        ("> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"),
        ("> a\n>\n> b", "<blockquote><p>a</p><p>b</p></blockquote>"),
        ("> theirs\nmine", "<blockquote><p>theirs</p></blockquote><p>mine</p>"),
        ("> > a\n> b", "<blockquote><blockquote><p>a</p></blockquote><p>b</p></blockquote>"),
        ("> - a", "<blockquote><ul><li>a</li></ul></blockquote>"),
        ("mine\n> theirs", "<p>mine</p><blockquote><p>theirs</p></blockquote>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("* a\n+ b", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
        ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("- a\n  b\nafter", "<ul><li>a<br>b</li></ul><p>after</p>"),
        ("to buy:\n- a", "<p>to buy:</p><ul><li>a</li></ul>"),
        ("1. a\n2. b", '<ol><li value="1">a</li><li value="2">b</li></ol>'),
        ("3) a\n7) b", '<ol><li value="3">a</li><li value="7">b</li></ol>'),
        ("- **a** @ada", '<ul><li><strong>a</strong> <a class="mention" href="/@Ada">@Ada</a></li></ul>'),
        ("- ```\n  a\n  ```", "<ul><li><pre><code>a</code></pre></li></ul>"),
    ],
)
def test_blocks(text, shown):
    assert undirected(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *[
            "# Title",
            "## a #",
            "Title\n=====",
            "Title\n-----",
            "---",
            "***",
            "* * *",
            "- - -",
            "___",
            "a\n***\nb",
        ],
        *["| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n--|--", "[a]: https_", "[^1] note", "~~gone~~", "==a=="],
        *[
            "-",
            "+",
            "*",
            ">",
            "1.",
            "1.\n2.",
            "- \n- ",
            "> ",
            ">:(",
            ">_<",
            "+1",
            "-5 °C",
            "->",
            "1.5",
            "2) ",
        ],
        *["```", "``` not a language, a sentence\nb", ":-) ;-) :*", "^_^", "~~~", "- 1."],
        *["![alt](/picture.png)", "[a]()", "[](a)", "[a][b]", "[a] (b)", "[ ](https)", "&amp; &#60; &nbsp;"],
        *["<b>a</b>", "<!-- a -->", "<https:>", "<br>", "a\n    b", "\\\na", "[\u2066a](b)"],
    ],
)
def test_everything_else_stays_as_it_was_typed(text):
    shown = read(html(text))
    kept = "\n".join(line.strip() for line in neutral(text).strip().split("\n"))
    assert shown.text.strip("\n").replace("\n\n", "\n") == kept
    assert not set(re.findall(r"<([a-z]+)", html(text))) - {"p", "br"}


def test_what_is_nested_too_deep_stays_as_it_was_typed():
    assert read(html("> " * 40 + "a")).text.strip() == "> " * 32 + "a"
    assert read(html("> " * 400 + "a")).deepest <= 10
    assert read(html("".join("  " * depth + "- a\n" for depth in range(40)))).text.count("a") == 40
    assert read(html("*a **b " * 100 + "c** d* " * 100)).deepest <= 10


# --- links -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](https://b.com/x)", f'<a dir="auto" href="https://b.com/x" {OUT}>a</a>'),
        ("[a *b*](http://b.com)", f'<a dir="auto" href="http://b.com" {OUT}>a <em>b</em></a>'),
        ("[a](b.com/x_(y))", f'<a dir="auto" href="http://b.com/x_(y)" {OUT}>a</a>'),
        ("[@ada](/@ada)", '[<a class="mention" dir="ltr" href="/@Ada">@Ada</a>](/@ada)'),
        ("[עברית](https://b.com)", f'<a dir="auto" href="https://b.com" {OUT}>עברית</a>'),
        ("**[a](https://b.com)**", f'<strong><a dir="auto" href="https://b.com" {OUT}>a</a></strong>'),
        ("[\\[a\\]](https://b.com)", f'<a dir="auto" href="https://b.com" {OUT}>[a]</a>'),
        ("https://b.com/x", f'<a dir="ltr" href="https://b.com/x" {OUT}>b.com/x</a>'),
        ("_https://b.com/x_", f'<em><a dir="ltr" href="https://b.com/x" {OUT}>b.com/x</a></em>'),
        ("**https://b.com/x_y**", f'<strong><a dir="ltr" href="https://b.com/x_y" {OUT}>b.com/x_y</a></strong>'),
        ("https://b.com/x_y_z", f'<a dir="ltr" href="https://b.com/x_y_z" {OUT}>b.com/x_y_z</a>'),
    ],
)  # fmt: skip
def test_links(text, shown):
    assert inside(text) == shown


@pytest.mark.parametrize(
    "address",
    [
        *[
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
        ],
        *["ftp://b.com/x", "//b.com/x", "/settings", "mailto:a@b.com", "https://me:secret@b.com/"],
        *["https://bank.com@b.com/", "java\\script:x", "&#106;avascript:x", "http://", "https://b.com/ x"],
        *["http://[b.com/", "tel:123", "x"],
    ],
)
def test_what_a_label_cannot_lead_to(address):
    assert 'dir="auto" href' not in html(f"[a]({address})")
    assert markup.plain(html(f"[a]({address})")).startswith("[a](")


@pytest.mark.parametrize(
    ("label", "warning"),
    [
        ("https://bank.com", True),
        ("bank.com", True),
        ("go to bank.com now", True),
        ("ｂａｎｋ．ｃｏｍ", True),
        ("bank\u2024com", True),
        ("ban\u200bk.c\u200bom", True),
        ("https://**bank**.com", True),
        ("`bank.com`", True),
        ("@ada", True),
        ("#tag", True),
        ("//bank", True),
        ("https://evil.com@bank.com", True),
        ("my bank", False),
        ("evil.com/other", False),
        ("https://www.EVIL.com", False),
        ("Wait… what? 100%!", False),
    ],
)
def test_a_label_that_looks_like_another_address_is_followed_by_the_host(label, warning):
    shown = inside(f"[{label}](https://evil.com/x)")
    assert shown.startswith('<a dir="auto" href="https://evil.com/x"') and shown.count("<a") == 1
    assert shown.endswith(' <bdi dir="ltr">(evil.com)</bdi></a>') is warning


def test_a_label_keeps_its_direction_to_itself():
    assert '[a\u2069](<a dir="ltr"' in inside("\u2067[a\u2069](https://b.com)")


def test_the_first_link_is_the_first_that_is_shown_as_one():
    assert markup.first_link("`https://a.com` [b](https://b.com) https://c.com") == "https://b.com"
    assert markup.first_link("- see c.com/x") == "http://c.com/x"
    assert markup.first_link("nothing @ada #tag ```https://a.com```") is None


# --- right to left -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("> اقتباس", '<blockquote dir="rtl"><p dir="auto">اقتباس</p></blockquote>'),
        ("- 1 שלום\n- two", '<ul dir="rtl"><li dir="rtl">1 שלום</li><li dir="ltr">two</li></ul>'),
        ("- 1", '<ul dir="auto"><li dir="auto">1</li></ul>'),
        ("مرحبا @ada!", '<p dir="auto">مرحبا <a class="mention" dir="ltr" href="/@Ada">@Ada</a>!</p>'),
        ("Hi #سلام (1)", '<p dir="auto">Hi <a class="tag" dir="auto" href="/tags/سلام">#سلام</a> (1)</p>'),
        ("قال `foo()` ثم", '<p dir="auto">قال <code dir="auto">foo()</code> ثم</p>'),
    ],
)
def test_each_direction_stands_for_itself(text, shown):
    assert html(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb\u202ac\u202cd", "abcd"),
        ("a\u2067b", "ab"),
        ("a\u2069b", "ab"),
        ("\u2068a\u2069 b", "\u2068a\u2069 b"),
        ("\u2068a\nb\u2069", "a<br>b"),
        ("`\u2067a` b\u2069", '<code dir="auto">a</code> b\u2069'),
        ("a\u0000\u0007b\ud800c", "abc"),
        ("👩‍👩‍👧‍👦 می‌خواهم", "👩‍👩‍👧‍👦 می‌خواهم"),
    ],
)
def test_nothing_invisible_reaches_beyond_its_line(text, shown):
    assert inside(text) == shown


# --- other forms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("**a** _b_ `c`\nd\n\n> e\n\n- f\n- g", "a b c d e f g"),
        ("1 < 2 &amp; <b> “x”", "1 < 2 &amp; <b> “x”"),
        ("@Ada #tag https://www.a.com/x [b](https://c.com)", "@Ada #tag a.com/x b"),
        ("```\na\n\nb\n```", "a b"),
        ("", ""),
    ],
)
def test_plain_is_one_line_without_marks(text, line):
    assert markup.plain(html(text)) == markup.plain_content(text) == line


def test_brief_has_no_blocks():
    text = "*a* @ada #tag\nhttps://b.com\n\n- c\n> d\n~~~\ne\n~~~"
    shown = html(text, brief=True)
    assert set(re.findall(r"<([a-z]+)", shown)) == {"p", "br", "em", "a"}
    assert read(shown).text.strip().endswith("- c\n> d\n~~~\ne\n~~~")


def test_a_text_longer_than_any_post_keeps_its_words_and_loses_its_marks():
    text = "*a* <b>\xa0@ada #tag\n\n\n" + "c\n" * reading.LONGEST
    shown = html(text)
    assert shown.startswith('<p dir="auto">*a* &lt;b&gt;&nbsp;@ada #tag</p><p dir="auto">c<br>c<br>')
    assert WALL(shown) == shown
    assert (markup.names_in(text), markup.tags_in(text), markup.first_link(text)) == ([], [], None)


# --- whatever comes ----------------------------------------------------------------------------------------

PARTS = [
    *["*", "**", "_", "`", "```", "~~~", "```\n", "> ", ">", "- ", "1. ", "\n", "\n\n", "\n  ", "[", "](", ")", "!["],
    *["\\", "#", "@", "<", ">", "&", '"', "'", "&amp;", "<b>", "</p>", "<!--", "\t", " ", "---\n", "* * *\n", "|"],
    *["@ada", "@ben_7 ", "@nobody", "#tag", "#हिन्दी", "https://a.com/b_c", "[a](https://b.com)", "b.com", "www.a.org "],
    *["word", "日本", "「", "مرحبا", "שלום", "\u200d", "\u0301", "\u202e", "\u2067", "\u2069"],
    *["\xa0", "\x00", "\ud800"],
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=8)), max_size=40).map("".join)


def WALL(shown: str) -> str:
    """A wall like ours, built apart from it."""
    attributes = {tag: set(names) for tag, names in ALLOWED.items()}
    attributes["a"].add("href")
    attributes["li"].add("value")
    return nh3.clean(
        shown, tags=set(ALLOWED), attributes=attributes, url_schemes={"http", "https"}, link_rel=None
    )


@settings(max_examples=600, deadline=None)
@given(text=texts)
@example("- a\n> b\n1. c\n  ```\nd")
@example("> - > - > - > a\n\n> b\n  c")
@example("[a](b.com)[a](b.com)*[*a](b.com)*")
def test_whatever_comes_is_shown_safely(text):
    for brief in (False, True):
        shown = html(text, brief=brief)
        assert WALL(shown) == shown
        assert read(shown).deepest <= 20


@settings(max_examples=400, deadline=None)
@given(text=st.text(st.characters(codec="utf-8"), max_size=60) | texts)
def test_the_parts_are_those_that_are_shown(text):
    shown = html(text)
    names = re.findall(r'<a class="mention" dir="ltr" href="[^"]*">@([^<]*)</a>', shown)
    assert {name.lower() for name in names} == set(markup.names_in(text)) & set(SITES.people)
    tags = re.findall(r'<a class="tag" dir="auto" href="/tags/([^"]*)">', shown)
    assert set(tags) == {markup.tag_name(tag) for tag in markup.tags_in(text)}
    link = re.search(r'href="(https?:[^"]*)"', shown, re.IGNORECASE)
    assert (markup.first_link(text) is None) == (link is None)


@settings(max_examples=400, deadline=None)
@given(
    text=st.lists(st.sampled_from([*"*_>#-|~=!+&<\\@ \n", *"abcдאم日한ก1", "- ", "> ", "* "]), max_size=50)
)
def test_no_letter_is_ever_lost(text):
    def letters(kept: str) -> list[str]:
        return [letter for letter in kept if letter.isalpha()]

    typed = "".join(text)
    assert letters(read(html(typed)).text) == letters(typed)


@given(text=st.text(max_size=30))
def test_the_name_of_a_tag_is_its_own_name(text):
    name = markup.tag_name(text)
    assert len(name) <= markup.TAG_MAX
    assert markup.tag_name(name) == name
    assert not name or markup.tags_in(f"#{text.removeprefix('#')}")


HOSTILE = [
    *["#@[[", "[", "*_*_", "> > > >", "> ", ">", "`", "``a`", "](", "[](", "[a](", "[a](x", "a@a@", "http://http://"],
    *["- ", "- a\n", "  - a\n", "1. a\n", "* ", "*a ", "*a* ", "**a** ", "*a **b ", "#a ", "@ada ", "@", "\\*", "a."],
    *["http://a.com ", "a.co ", "http://a.com/.", "http://a.com/(", "http://a.com/a,", 'http://a.com/"', "www.", "\n"],
    *["a\n", "a\n\n", "```\n", "```a\n", "~~~\n\n", "> a\n", "> a\n\n", "> - a\n", "- > a\n", "&", "<b>", "#\u0301"],
    *["#a\u200c", "#1", "\u2067", "\u2069", "\u202e", "[a*b*](http://a.com) ", "![a](", "- - -\n", "\t- a\n", "*["],
    *["`[a](`", "*`a`", "\x00", "\ud800", "\u0301"],
]  # fmt: skip
HOSTILE += ["".join("  " * depth + "- a\n" for depth in range(60))]
HOSTILE += ["#" + "a" * 99_999, "#" + "1" * 99_999, "a" * 99_999]


@pytest.mark.parametrize("size", [2000, reading.LONGEST, 100_000])
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:12])
def test_no_text_makes_the_parser_go_back_and_forth(text, size):
    """All of these take milliseconds; what grows faster than its text would take seconds."""
    text = (text * (size // len(text) + 1))[:size]
    reading.read.cache_clear()
    started = time.process_time()
    html(text)
    assert time.process_time() - started < 1


def test_the_marks_of_every_script_are_known():
    marks = [chr(number) for number in range(sys.maxunicode + 1)]
    assert all(re.fullmatch(MARKED, mark) for mark in marks if unicodedata.category(mark)[0] == "M")
