"""`manage.py load_graph`: a town out of a file of ties, by COPY, all of it or nothing."""

import gzip
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Activity, Follow, PersonCounts, User
from accounts.tests.factories import person
from feeds.models import FeedEntry, Post, PostCounts
from feeds.selectors import home_page
from feeds.text import mentioned_names, people_named, render
from socialnet.kernel.invariants import broken
from socialnet.kernel.pagination import MAX_PAGE_SIZE

pytestmark = pytest.mark.django_db(transaction=True)

STAR = [(1, other) for other in range(2, 40)]  # 1 is tied to everybody
RING = [(other, other + 1) for other in range(2, 39)]


def graph(folder: Path, lines: list[str] | None = None, name: str = "small_town.tsv.gz") -> Path:
    path = folder / name
    with gzip.open(path, "wt") as file:
        file.write(
            "\n".join(lines if lines is not None else [f"{one}\t{other}" for one, other in STAR + RING])
        )
    return path


def load(path: Path, posts: int = 3) -> str:
    out = StringIO()
    call_command("load_graph", str(path), posts_per_person=posts, stdout=out)
    return out.getvalue()


def test_a_file_becomes_a_town_that_violates_nothing(tmp_path: Path) -> None:
    said = load(graph(tmp_path))
    ties = len(STAR) + len(RING)
    assert f"Loaded 39 people, {2 * ties} follows, 117 posts" in said
    assert "[#" not in said  # nobody watches a bar in a file
    assert User.objects.count() == Activity.objects.count() == 39
    assert Follow.objects.active().count() == 2 * ties
    assert Post.objects.count() == PostCounts.objects.count() == 117
    centre = PersonCounts.objects.order_by("-followers").first()
    assert centre is not None and (centre.followers, centre.following, centre.posts) == (38, 38, 3)
    assert broken() == []


def test_everybody_has_a_full_home_at_once(tmp_path: Path) -> None:
    load(graph(tmp_path), posts=20)
    centre = User.objects.order_by("-counts__followers").first()
    assert centre is not None
    page = home_page(viewer=centre, size=MAX_PAGE_SIZE)
    assert len(page.items) == MAX_PAGE_SIZE and page.has_more
    assert FeedEntry.objects.filter(user_id=centre.pk).count() > 700


def test_posts_look_as_if_they_had_been_published(tmp_path: Path) -> None:
    load(graph(tmp_path), posts=40)
    marked = Post.objects.filter(html__contains="<")
    assert marked.exists()
    for post in marked:
        known = people_named(mentioned_names(post.content), by=post.author_id)
        assert post.html == render(post.content, known_names=known)


def test_a_second_time_is_refused_politely_and_changes_nothing(tmp_path: Path) -> None:
    load(graph(tmp_path))
    with pytest.raises(CommandError, match="loaded before: there are @"):
        load(graph(tmp_path))
    assert User.objects.count() == 39


def test_another_graph_with_the_same_numbers_can_be_loaded_as_well(tmp_path: Path) -> None:
    load(graph(tmp_path))
    load(graph(tmp_path, name="other_place.tsv.gz"))
    assert User.objects.count() == 78
    assert broken() == []


def test_those_who_are_there_already_keep_their_names_and_their_homes(tmp_path: Path) -> None:
    ada = person("ada")
    load(graph(tmp_path))
    assert home_page(viewer=ada).items == []


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["1\t2", "one\ttwo"], "Line 2"),
        (["1,2"], "Line 1"),
        (["1\t99999999999999999999"], "Line 1"),
        ([], "no tie"),
        (["5\t5"], "no tie"),
    ],
    ids=["words", "commas", "too large", "empty", "only itself"],
)
def test_what_is_no_graph_is_refused_in_a_sentence(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        load(graph(tmp_path, lines))
    assert not User.objects.exists()


def test_a_file_that_is_not_gzip_or_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "plain.tsv").write_text("1\t2\n")
    for name in ("plain.tsv", "absent.tsv.gz"):
        with pytest.raises(CommandError, match="cannot be read"):
            load(tmp_path / name)


def test_repeated_ties_count_once(tmp_path: Path) -> None:
    load(graph(tmp_path, ["1\t2", "2\t1", "1\t2"]))
    assert Follow.objects.count() == 2


def test_a_terminal_sees_a_bar() -> None:
    from feeds.graph.progress import Progress

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with Progress(out).stage("people", total=4) as stage:
        stage.drawn = 0.0
        stage.step(2)
    assert "people       [###############...............]" in out.getvalue()
