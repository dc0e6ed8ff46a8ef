"""What people wrote as HTML: links, mentions and tags, and never a tag of their own."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.tests.factories import person
from feeds import text
from feeds.tests.factories import publish
from feeds.text import mentioned_names, people_named, render

KNOWN = {"ada": "Ada", "ben_7": "ben_7"}
LINK = {"href", "rel", "target"}
MENTION = {"class", "href"}


class Reader(HTMLParser):
    """Reads HTML as a browser would: its text, and its elements with their attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.segments: list[tuple[str, str | None]] = []  # each with the address it leads to outside
        self.open: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _value in attrs}) == len(attrs)
        assert not self.open, "nothing stands inside something"
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)
        self.inside.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        href = self.elements[-1][1].get("href", "/") if self.open else "/"
        self.segments.append((data, None if href.startswith("/") else href))
        if self.open:
            self.inside[-1] += data

    def unexpected(self, *_args):
        raise AssertionError("comment, declaration or instruction")

    handle_comment = handle_decl = handle_pi = unknown_decl = unexpected


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader


def links(content: str) -> list[str]:
    return [attrs["href"] for tag, attrs in read(render(content, known_names=KNOWN)).elements if tag == "a"]


def tags(content: str) -> list[str]:
    reader = read(render(content, known_names={}))
    return [
        inside for (tag, _attrs), inside in zip(reader.elements, reader.inside, strict=True) if tag == "span"
    ]


# --- nothing of anybody's own ------------------------------------------------------------------------------

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</p><svg/onload=alert(1)>",
    "<!-- --><![CDATA[x]]><?php ?>",
    "javascript:alert(1)",
    "JaVaScRiPt://example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1) file:///etc/passwd ftp://example.com/x",
    'http://example.com/"onmouseover="alert(1)',
    "http://example.com/'onmouseover='alert(1)",
    "http://example.com/<script>alert(1)</script>",
    'http://example.com/" style="position:fixed',
    "http://example.com/?a=1&quot;onclick=alert(1)",
    "http://example.com/`onmouseover=alert(1)`",
    '#tag"onclick="alert(1)',
    "#<b>x</b>",
    '@ada"onclick="alert(1)',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62; &#x3c;script&#x3e;",
    "#x27; &#x27;",
    "＜script＞",
    'http://example.com/\\"><script>',
    "[x](javascript:alert(1))",
]
pieces = st.one_of(
    st.sampled_from(ATTACKS),
    st.sampled_from(
        ["@Ada", "@ben_7", "@nobody", "#tag", "#हिन्दी", "https://example.com/a_(b)", "www.a.org", "a.com"]
    ),
    st.sampled_from([*"<>&\"'`@#/.:;()[]{}=\\ \n\t_-", "&amp;", "http://", "//", "://", "\u200d", "\u0301"]),
    st.text(max_size=12),
)
contents = st.lists(pieces, max_size=12).map("".join)


@settings(max_examples=400, deadline=None)
@given(content=contents)
@example("".join(ATTACKS))
@example("http://a℀b.com/ http://[a.com/ http://a.com:0/")
def test_a_browser_reads_what_was_written_and_only_links_and_spans(content):
    content = "".join(letter for letter in content if not "\ud800" <= letter <= "\udfff").replace("\r", "")
    content = content.replace("\x00", "")
    reader = read(render(content, known_names=KNOWN))
    for (tag, attrs), inside in zip(reader.elements, reader.inside, strict=True):
        if tag == "span":
            assert attrs == {"class": "tag"} and inside.startswith("#")
        elif "class" in attrs:
            assert set(attrs) == MENTION and attrs["class"] == "mention"
            assert inside.lower() == f"@{attrs['href'].removeprefix('/@')}".lower()
        else:
            assert tag == "a" and set(attrs) == LINK
            assert attrs["href"].lower().startswith(("http://", "https://"))
            assert {"nofollow", "noopener"} <= set(attrs["rel"].split())
    assert_shows(content, reader)


def assert_shows(content: str, reader: Reader) -> None:
    """The text is what was written; links are shown without their schema, and cut when they are long."""
    place = 0
    for shown, href in reader.segments:
        written = shown if href is None else href
        if href is not None and not content.startswith(href, place):
            written = href.removeprefix("http://")
        assert content[place : place + len(written)].lower() == written.lower()
        assert href is None or shown.removesuffix("…") in written
        place += len(written)
    assert place == len(content)


@pytest.mark.parametrize("content", ATTACKS)
def test_an_attack_is_shown_as_it_was_typed(content):
    html = render(content, known_names=KNOWN)
    assert "<script" not in html and "<img" not in html and "<svg" not in html and "<b>" not in html
    for _tag, attrs in read(html).elements:
        assert not any(name.startswith("on") or name == "style" for name in attrs)


@pytest.mark.parametrize(
    "content",
    [
        *["a." * 1000, "(" * 2000, "http://" * 285, "#1" * 1000, "@" * 2000, "http://a.com/" + "(" * 1900],
        *["http://a.com/" + "." * 1900, "www." * 500, "&" * 2000, "'" * 2000, "//" * 1000, "a@" * 1000],
        *["#" + "1" * 1999, "#" + "a\u200c" * 999, "#" + "\u0301" * 1999, "#a" + "\u0301" * 1998],
    ],
)
def test_no_text_takes_long(content):
    started = time.monotonic()
    render(content, known_names={})
    mentioned_names(content)
    assert time.monotonic() - started < 1


# --- links -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "href"),
    [
        ("See https://example.com/x.", "https://example.com/x"),
        ("(https://example.com/x)", "https://example.com/x"),
        ("https://example.com/x_(y), you know", "https://example.com/x_(y)"),
        ("<https://example.com>", "https://example.com"),
        ("https://example.com/x?a=1&b=2#c", "https://example.com/x?a=1&b=2#c"),
        ("www.example.org", "http://www.example.org"),
        ("example.org/path", "http://example.org/path"),
        ("example.com", "http://example.com"),
        ("https://münchen.de/straße", "https://münchen.de/straße"),
        ("https://пример.рф/путь", "https://пример.рф/путь"),
        ("https://例え.jp/道", "https://例え.jp/道"),
        ("HTTPS://EXAMPLE.COM/X", "HTTPS://EXAMPLE.COM/X"),
        ("line\nhttps://example.com\nline", "https://example.com"),
    ],
)
def test_what_is_a_link(content, href):
    assert links(content) == [href]


@pytest.mark.parametrize(
    "content",
    [
        "The end.It was good.",
        "manage.py and README.md",
        "1.5 or 192.168.0.1",
        "ada@example.com",
        "mailto:ada@example.com",
        "//example.com/x",
        "https://bank.example@evil.example/",
        "https://bank.example:secret@evil.example/",
        "https://",
        "http://.com",
    ],
)
def test_what_is_no_link(content):
    assert links(content) == []


def test_a_long_link_is_cut_to_be_read_not_to_be_followed():
    url = "https://example.com/" + "a" * 300
    reader = read(render(url, known_names={}))
    assert reader.elements[0][1]["href"] == url
    assert reader.text.startswith("example.com/aaa") and reader.text.endswith("…")
    assert len(reader.text) == 60


# --- mentions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("@ada", ["ada"]),
        ("Hello @Ada, (@ben_7)! @ada again", ["ada", "ben_7"]),
        ("@ada's and @ada.", ["ada"]),
        ("ada@example.com @@ada é@ada /@ada x.@ada", []),
        ("@ad @" + "a" * 31, []),
        ("@ädä @аda", []),
        ("@ada@example.com", []),
        ("مرحبا @ada كيف", ["ada"]),
    ],
)
def test_what_is_a_mention(content, names):
    assert mentioned_names(content) == names


def test_only_so_many_people_are_looked_up():
    assert len(mentioned_names(" ".join(f"@person_{number}" for number in range(200)))) == text.MENTIONS_MOST


def test_a_mention_leads_to_the_person_as_they_spell_themselves():
    reader = read(render("Hello @ADA and @nobody", known_names=KNOWN))
    assert reader.elements == [("a", {"class": "mention", "href": "/@Ada"})]
    assert reader.text == "Hello @Ada and @nobody"


def test_a_name_inside_a_link_stays_part_of_the_link():
    assert links("https://example.com/@ada?x=@ada") == ["https://example.com/@ada?x=@ada"]


@pytest.mark.django_db
def test_only_people_who_exist_are_linked(ada):
    person("Cleo_P")
    gone = person("gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert people_named(["cleo_p", "nobody", "gone"]) == {"cleo_p": "Cleo_P"}
    assert people_named([]) == {}
    post = publish(ada, "Hello @cleo_p, @nobody and @gone")
    assert post.html == 'Hello <a class="mention" href="/@Cleo_P">@Cleo_P</a>, @nobody and @gone'


@pytest.mark.django_db
def test_mentions_cost_one_query_however_many(django_assert_num_queries):
    with django_assert_num_queries(1):
        people_named([f"person_{number}" for number in range(50)])


# --- tags --------------------------------------------------------------------------------------------------

TAGS = """
#tag #Été #straße #日本語 #한국어 #русский #ελληνικά #العربية #עִבְרִית #हिन्दी #ภาษาไทย #தமிழ் #বাংলা #မြန်မာ
#ქართული #አማርኛ #a1 #2026in #snake_case #𝒻𝒶𝓃𝒸𝓎 #𐍂𐌿𐌽𐌰
"""


@pytest.mark.parametrize("tag", [*TAGS.split(), "#می\u200cخواهم", "#e\u0301te\u0301"])
def test_tags_are_words_of_any_script(tag):
    assert tags(tag) == [tag]
    assert tags(f"Look: {tag}, ({tag}) {tag}!") == [tag] * 3


@pytest.mark.parametrize("content", ["#", "##", "#2026", "# tag", "a#tag", "#_", "#️⃣", "C#", "/#tag"])
def test_what_is_no_tag(content):
    assert tags(content) == []


def test_emoji_right_to_left_and_very_long_words_stay_as_they_are():
    for content in ["👩‍👩‍👧‍👦 ❤️‍🔥", "שלום עולם", "مرحبا بالعالم", "a" * 2000, "ﷺ" * 100, "Z̸̢͠a̵l̷g̶o̸"]:
        assert render(content, known_names={}) == content
