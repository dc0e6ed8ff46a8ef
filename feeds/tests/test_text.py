"""What people wrote as HTML: links, mentions and tags, and never a tag of their own."""

from html.parser import HTMLParser

import pytest

from accounts.models import User
from accounts.tests.factories import person
from feeds.tests.factories import publish
from feeds.text import first_link, mentioned_names, people_named, render, tag_name, tag_url, tags_in
from socialnet.kernel import markup

KNOWN = {"ada": "Ada", "ben_7": "ben_7"}
LINK = {"href", "rel", "target"}
MENTION = {"class", "href"}


class Reader(HTMLParser):
    """Reads HTML as a browser would: its text, and its links with their attributes and words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: list[dict[str, str]] = []
        self.inside: list[str] = []
        self.in_link = False
        self.elements: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        if tag == "a":
            self.in_link = True
            self.links.append({name: value for name, value in attrs if name != "dir"})
            self.inside.append("")

    def handle_endtag(self, tag):
        self.in_link = self.in_link and tag != "a"

    def handle_data(self, data):
        self.text += data
        if self.in_link:
            self.inside[-1] += data


def links(content: str) -> list[str]:
    """Where `content` leads to, outside."""
    found = Reader(render(content, known_names=KNOWN)).links
    return [link["href"] for link in found if "class" not in link]


def tags(content: str) -> list[str]:
    """The tags in `content`, as they are shown."""
    reader = Reader(render(content, known_names={}))
    shown = zip(reader.links, reader.inside, strict=True)
    return [inside for link, inside in shown if link.get("class") == "tag"]


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


@pytest.mark.parametrize("content", ATTACKS)
def test_an_attack_is_shown_as_it_was_typed(content):
    reader = Reader(render(content, known_names=KNOWN))
    assert reader.elements <= {"p", "a", "code", "br"}
    for link in reader.links:
        assert set(link) in (LINK, MENTION)
        assert link["href"].lower().startswith(("http://", "https://", "/@", "/tags/"))
    assert not links(content) or content.lower().startswith("http://example.com/")
    if not links(content):
        assert reader.text.replace("@Ada", "@ada") == content.replace("`", "")


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
        "http://evil.example\\@bank.example/",
        "https://bank.example/\\x",
    ],
)
def test_what_is_no_link(content):
    assert links(content) == []


def test_a_long_link_is_cut_to_be_read_not_to_be_followed():
    url = "https://example.com/" + "a" * 300
    reader = Reader(render(url, known_names={}))
    assert reader.links[0]["href"] == url
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
        ("*@ada* **@ben_7** > @ada\n- @cleo", ["ada", "ben_7", "cleo"]),
        ("`@ada` \\@ada [@ada](https://a.com)\n```\n@ada\n```", []),
    ],
)
def test_what_is_a_mention(content, names):
    assert mentioned_names(content) == names


def test_only_so_many_people_are_looked_up():
    assert (
        len(mentioned_names(" ".join(f"@person_{number}" for number in range(200)))) == markup.MENTIONS_MOST
    )


def test_a_mention_leads_to_the_person_as_they_spell_themselves():
    reader = Reader(render("Hello @ADA and @nobody", known_names=KNOWN))
    assert reader.links == [{"class": "mention", "href": "/@Ada"}]
    assert reader.text == "Hello @Ada and @nobody"


def test_a_name_inside_a_link_stays_part_of_the_link():
    assert links("https://example.com/@ada?x=@ada") == ["https://example.com/@ada?x=@ada"]


@pytest.mark.django_db
def test_only_people_who_exist_are_linked(ada):
    person("Cleo_P")
    gone = person("gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert people_named(["cleo_p", "nobody", "gone"], by=None) == {"cleo_p": "Cleo_P"}
    assert people_named([], by=None) == {}
    post = publish(ada, "Hello @cleo_p, @nobody and @gone")
    link = '<a class="mention" dir="ltr" href="/@Cleo_P">@Cleo_P</a>'
    assert post.html == f'<p dir="auto">Hello {link}, @nobody and @gone</p>'


@pytest.mark.django_db
def test_mentions_cost_one_query_however_many(django_assert_num_queries):
    with django_assert_num_queries(1):
        people_named([f"person_{number}" for number in range(50)], by=None)


# --- tags --------------------------------------------------------------------------------------------------

TAGS = """
#tag #Été #straße #日本語 #한국어 #русский #ελληνικά #العربية #עִבְרִית #हिन्दी #ภาษาไทย #தமிழ் #বাংলা #မြန်မာ
#ქართული #አማርኛ #a1 #2026in #snake_case #𝒻𝒶𝓃𝒸𝓎 #𐍂𐌿𐌽𐌰
"""


@pytest.mark.parametrize("tag", [*TAGS.split(), "#می\u200cخواهم", "#e\u0301te\u0301", "#" + "a" * 100])
def test_tags_are_words_of_any_script(tag):
    assert tags(tag) == [tag]
    assert tags(f"Look: {tag}, ({tag}) {tag}! *{tag}*") == [tag] * 4
    assert tags_in(f"{tag} {tag.upper()}") == [tag.removeprefix("#")]


@pytest.mark.parametrize(
    "content",
    [
        *[
            "#",
            "##",
            "#2026",
            "# tag",
            "a#tag",
            "#_",
            "#️⃣",
            "C#",
            "/#tag",
            "`#tag`",
            "\\#tag",
            "#" + "a" * 101,
        ],
        *["[#tag](https://a.com)", "https://a.com/#tag", "```\n#tag\n```", "&#tag"],
    ],
)
def test_what_is_no_tag(content):
    assert tags(content) == tags_in(content) == []


@pytest.mark.parametrize(
    ("display", "name"),
    [
        *[("Tag", "tag"), ("#Tag", "tag"), ("ÉTÉ", "été"), ("e\u0301te\u0301", "été"), ("Straße", "strasse")],
        *[
            ("ＦＵＬＬ", "full"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("हिन्दी", "हिन्दी"),
            ("می\u200cخواهم", "میخواهم"),
            ("ﬁne", "fine"),
        ],
        *[
            ("ﬁne", "fine"),
            ("2026", ""),
            ("", ""),
            ("two words", ""),
            ("a/b", ""),
            ("a" * 101, ""),
            ("ﷺ" * 20, ""),
        ],
    ],
)
def test_a_tag_has_one_normal_form(display, name):
    assert tag_name(display) == name


def test_a_tag_leads_to_its_page_as_it_was_written():
    reader = Reader(render("#Été", known_names={}))
    assert (
        reader.links
        == [{"class": "tag", "href": "/tags/%C3%A9t%C3%A9"}]
        == [{"class": "tag", "href": tag_url("été")}]
    )
    assert reader.text == "#Été"


def test_only_so_many_tags_are_tags():
    content = " ".join(f"#tag{number}" for number in range(40)) + " #TAG1"
    assert len(tags_in(content)) == markup.TAGS_MOST
    assert tags(content) == [*(f"#{tag}" for tag in tags_in(content)), "#TAG1"]


# --- every script ------------------------------------------------------------------------------------------

SCRIPTS = [
    *["👩‍👩‍👧‍👦 ❤️‍🔥 🇺🇦 👍🏽", "שלום עולם", "مرحبا بالعالم", "a" * 2000, "ﷺ" * 100, "Z̸̢͠a̵l̷g̶o̸", "สวัสดีชาวโลก"],
    *["こんにちは、世界。", "안녕하세요 세계", "Привіт, світе!", "नमस्ते दुनिया", "வணக்கம்", "ሰላም ለዓለም"],
    *["გამარჯობა", "𐌷𐌰𐌹𐌻𐍃"],
    *["أحب Python كثيرا (3.12)!", "I said שלום, twice", "ကမ္ဘာလောကပါ", "བཀྲ་ཤིས་བདེ་ལེགས", "سلام می‌خواهم", "ᏣᎳᎩ", "🧑🏿‍🚀"],
]  # fmt: skip


@pytest.mark.parametrize("content", SCRIPTS)
def test_every_script_stays_as_it_is(content):
    assert render(content, known_names={}) == f'<p dir="auto">{content}</p>'


def test_the_first_link_is_found_in_a_post():
    assert first_link("Look #tag @ada: *https://example.com/x*") == "https://example.com/x"
    assert first_link("Nothing") is None
