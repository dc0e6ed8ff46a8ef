"""Previews of pages elsewhere: what is read from a head, what is not believed, and that nothing sent does harm."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.pages_outside import PAGE_BYTES, PagePreview, preview_of
from socialnet.kernel.outside import Answer, checked_url
from socialnet.kernel.text import clean

URL = "https://page.example/a/b?c=d"


def read(html: str | bytes, *, charset: str | None = None, robots: tuple[str, ...] = ()) -> PagePreview:
    body = html if isinstance(html, bytes) else html.encode()
    return preview_of(
        Answer(url=URL, content_type="text/html", charset=charset, body=body, is_whole=True, robots=robots)
    )


def test_open_graph_goes_before_twitter_and_twitter_before_the_rest():
    plain = '<title>Plain</title><meta name="description" content="plain words">'
    twitter = (
        '<meta name="twitter:title" content="Bird"><meta name="twitter:description" content="bird words">'
    )
    graph = (
        '<meta property="og:title" content="Graph &amp; more"><meta property="og:description" content="graph words">'
        '<meta property="og:site_name" content="The Page"><meta property="og:image" content="/picture.png?a=1&amp;b=2">'
        '<link rel="canonical" href="/a">'
    )
    assert read(f"<html><head>{plain}{twitter}{graph}</head>") == PagePreview(
        title="Graph & more",
        description="graph words",
        site_name="The Page",
        image_url="https://page.example/picture.png?a=1&b=2",
        canonical_url="https://page.example/a",
    )
    assert (read(plain + twitter).title, read(plain + twitter).description) == ("Bird", "bird words")
    assert read(plain) == PagePreview(
        title="Plain", description="plain words", site_name="", image_url="", canonical_url=URL
    )


def test_a_page_that_says_nothing_is_empty():
    for html in [
        "",
        "hello",
        "<title></title>",
        '<meta property="og:title" content=" \u200b ">',
        "<title>\u3164</title>",
    ]:
        assert read(html).is_empty
    assert not read("<title>a</title>").is_empty


def test_a_blank_title_gives_way_to_the_next():
    assert read('<meta property="og:title" content=" "><title>Plain</title>').title == "Plain"


@pytest.mark.parametrize(
    "html",
    [
        "<title>Title</title>",
        "<TITLE lang=en>Title</TITLE>",
        "<title>\n  Title\n</title>",
        "<!doctype html><!-- <title>No</title> --><title>Title</title>",
        "<script>document.write('<title>No</title>')</script><title>Title</title>",
        "<style>a::after{content:'<title>No'}</style><title>Title</title>",
        "<title>Title</title><title>Second</title>",
        "<title>Title<meta name=a content=b>",
        "<title>Title</head>",
        "<meta content='Title' property=og:title>",
        "<meta property='og:title' content=\"Title\"/>",
        "<meta name='og:title' content=Title>",
        "<meta property=' OG:Title ' content='Title' content='No'>",
        "<meta property='og:title' content='Title'><meta property='og:title' content='No'>",
        "<p><div><<< <meta =x ='' property='og:title' content='Title'",
        "<![if IE]><title>Title</title><![endif]>",
        "<?xml version='1.0'?><html xmlns='x'><head><title>Title</title></head></html>",
        "\0<title>Title\0</title>",
        "</p></head-ache><title>Title</title>",
        "<title>&#84;itle</title>",
    ],
)
def test_titles_are_found_in_broken_heads_too(html):
    html += ">" if html.endswith("'") else ""
    assert read(html).title == "Title"


@pytest.mark.parametrize("end", ["</head>", "<body>", "<BODY class=x>"])
def test_what_comes_after_the_head_is_not_believed(end):
    assert read(f"{end}<title>Comment</title><meta property='og:title' content='Comment'>").is_empty


def test_only_the_beginning_is_looked_at():
    assert read(" " * (PAGE_BYTES - 20) + "<title>a</title>").title == "a"
    assert read(" " * PAGE_BYTES + "<title>a</title>").is_empty


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf-8"),
        ("ISO-8859-1", "cp1252"),
        ("windows-1252", "cp1252"),
        ("us-ascii", "cp1252"),
        ("latin1", "cp1252"),
    ],
)
def test_charsets_of_the_header_and_of_the_meta_tag(label, codec):
    html = f"<meta charset='{label}'><title>“Bücher” – €</title>".encode(codec)
    assert read(html).title == "“Bücher” – €"
    assert read(html.replace(b"<meta charset", b"<b no"), charset=label).title == "“Bücher” – €"


@pytest.mark.parametrize(
    ("label", "codec", "title"),
    [
        ("windows-1251", "cp1251", "Книги"),
        ("koi8-r", "koi8-r", "Книги"),
        ("Shift_JIS", "cp932", "本①"),
        ("euc-jp", "euc-jp", "本"),
        ("gb2312", "gb18030", "书镕"),
        ("big5", "big5", "書"),
        ("euc-kr", "cp949", "책똠"),
        ("iso-8859-9", "cp1254", "ığş"),
    ],
)
def test_older_charsets_are_read_as_browsers_read_them(label, codec, title):
    html = f'<meta http-equiv="Content-Type" content="text/html; charset={label}"><title>{title}</title>'
    assert read(html.encode(codec)).title == title


def test_the_mark_goes_before_the_header_and_the_header_before_the_tag():
    html = "<meta charset=koi8-r><title>ü</title>"
    assert read(html.encode("utf-8-sig"), charset="koi8-r").title == "ü"
    assert read("\ufeff".encode("utf-16-le") + html.encode("utf-16-le")).title == "ü"
    assert read("\ufeff".encode("utf-16-be") + html.encode("utf-16-be"), charset="utf-8").title == "ü"
    assert read(html.encode(), charset="utf-8").title == "ü"


@pytest.mark.parametrize(
    "label", ["rot13", "hex", "punycode", "unicode_escape", "idna", "utf-7", "no", "", "\0", "undefined"]
)
def test_other_charsets_are_guessed(label):
    html = f"<meta charset='{label}'><title>Bücher</title>"
    assert read(html, charset=label).title == "Bücher"
    assert read(html.encode("cp1252"), charset=label).title == "Bücher"


def test_a_character_cut_at_the_end_does_not_change_the_guess():
    html = "<title>Bücher</title>".encode()
    padding = b" " * (PAGE_BYTES - len(html) - 1)
    assert read(html + padding + "ü".encode()).title == "Bücher"


def test_texts_are_one_short_line_of_plain_text():
    shown = read(
        "<title>" + "wörd\n\t " * 100 + "</title>"
        "<meta name=description content='" + "<b>&lt;i&gt; " * 100 + "'>"
        "<meta property=og:site_name content='" + "s" * 101 + "'>"
    )
    assert len(shown.title) <= 200 and shown.title.startswith("wörd wörd ") and shown.title.endswith("wörd…")
    assert len(shown.description) <= 400 and shown.description.startswith("<b><i> <b>")
    assert shown.site_name == "s" * 99 + "…"
    assert read(f"<title>{'a' * 200}</title>").title == "a" * 200


def test_nothing_invisible_works_on_its_neighbours():
    assert (
        read("<title>\u202eevil\u2066 \u200ftitle\x07\ufeff &#x202e;&#0;end</title>").title
        == "evil title \ufffdend"
    )
    assert read("<title>e\u0301</title>").title == "é"
    assert read("<title>👩\u200d👩\u200d👧</title>").title == "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ("https://images.example/a b.png", "https://images.example/a%20b.png"),
        ("http://images.example/a.png#x", "http://images.example/a.png"),
        ("//images.example/a.png", "https://images.example/a.png"),
        ("../a.png", "https://page.example/a.png"),
        ("", ""),
        ("data:image/png;base64,AAAA", ""),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("http://127.0.0.1/a.png", ""),
        ("http://[::1]/a.png", ""),
        ("http://[broken/a.png", ""),
        ("https://ada:secret@images.example/a.png", ""),
        ("https://images.example:8000/a.png", ""),
        ("https://images.example/" + "a" * 3000, ""),
    ],
)
def test_pictures_are_addresses_that_may_be_asked_for(image, shown):
    assert read(f"<meta property='og:image' content='{image}'>").image_url == shown


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ("<link rel=canonical href=/x>", "https://page.example/x"),
        ("<link rel='alternate CANONICAL' href='https://PAGE.example/x#y'>", "https://page.example/x"),
        ("<meta property=og:url content=https://page.example/x>", "https://page.example/x"),
        ("<link rel=canonical href=https://bank.example/>", URL),
        (
            "<link rel=canonical href=https://bank.example/><meta property=og:url content=/x>",
            "https://page.example/x",
        ),
        ("<link rel=canonical href='javascript:alert(1)'>", URL),
        ("<link rel=canonical>", URL),
        ("<link rel=stylesheet href=/x>", URL),
    ],
)
def test_a_page_names_itself_only_on_its_own_host(head, canonical):
    assert read(head).canonical_url == canonical


PAGE = (
    "<title>a</title><meta name=description content=b><meta property=og:image content=/c.png>"
    "<meta property=og:site_name content=d>"
)


@pytest.mark.parametrize(
    "rule", ["nosnippet", "NoIndex, NoSnippet", "max-snippet: 0", "socialnet-preview: nosnippet"]
)
def test_who_wants_no_snippet_shows_a_title_only(rule):
    for shown in [
        read(PAGE, robots=("all", rule)),
        read(f"<meta name=robots content=index><meta name=ROBOTS content='{rule}'>{PAGE}"),
    ]:
        assert (shown.title, shown.description, shown.image_url) == ("a", "", "")


@pytest.mark.parametrize("rule", ["noindex", "none", "max-snippet: 50", "otherbot: nosnippet"])
def test_other_rules_are_not_about_previews(rule):
    assert read(PAGE, robots=(rule,)).description == "b"


def is_sound(shown: PagePreview) -> bool:
    for text, longest in [(shown.title, 200), (shown.description, 400), (shown.site_name, 100)]:
        assert len(text) <= longest and clean(text) == text and "\n" not in text
    assert shown.image_url == "" or checked_url(shown.image_url) == shown.image_url
    return shown.canonical_url.startswith("https://page.example/")


@settings(deadline=None)
@given(st.binary(), st.none() | st.text(max_size=20), st.tuples(st.text()))
def test_no_bytes_raise(body, charset, robots):
    assert is_sound(read(body, charset=charset, robots=robots))


WORDS = """
< > </ /> <! <!-- --> <![ ]]> <![CDATA[ <? & &# ; x ' " = \0 \u202e é meta title <title> </title> <meta content= name=
property=og:title property='og:image' charset= utf-16 <link rel=canonical href= http://[ // <script> </script> <svg>
<html <head> <!DOCTYPE description robots
"""
WORD = st.sampled_from([" ", "\n", "\ud800", "9" * 5000, *WORDS.split()])


@settings(deadline=None)
@given(st.lists(WORD, max_size=40))
def test_no_markup_raises(words):
    assert is_sound(read("".join(words).encode("utf-8", "surrogatepass")))


PIECES = """
< <a␠ <a␠x=' <a␠x=" <meta␠ <meta␠a␠ <meta␠content=' <meta␠a> <title> <title>< a=b␠ <! <!a> <!-- --><!-- <![ <!DOCTYPE␠[
<? <?a> </ </a> </title <b> <script> <script></ & &#9 \u0301 <meta␠charset= <style></style> <link␠rel='
"""


@pytest.mark.parametrize("end", ["", ">", '">', "-->", "</script>"])
@pytest.mark.parametrize(
    "piece", ["&#" + "9" * 5000 + ";", *(piece.replace("␠", " ") for piece in PIECES.split())]
)
def test_a_megabyte_of_anything_is_quick(piece, end):
    for start in ("", "<meta ", "<title>"):
        body = (start + piece * (PAGE_BYTES // len(piece)))[: PAGE_BYTES - 20] + end
        body = body.encode()[:PAGE_BYTES].ljust(1_000_000)
        began = time.process_time()
        assert is_sound(read(body))
        assert time.process_time() - began < 2  # a tenth of a second; what goes back and forth takes minutes
