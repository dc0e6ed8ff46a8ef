import time
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.graph import load_graph
from feeds.graph.errors import GraphError
from feeds.graph.progress import Progress


class Command(BaseCommand):
    help = (
        "Load a real social graph (gzipped TSV, one tie a line; a tie is two follows) with made-up names and posts. "
        "All or nothing; a graph that is there already is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--posts-per-person", type=int, default=5, metavar="N")

    def handle(self, *args: Any, file: Path, posts_per_person: int, **options: Any) -> None:
        if posts_per_person < 0:
            raise CommandError("--posts-per-person must not be negative.")
        started = time.monotonic()
        try:
            loaded = load_graph(
                file, posts_per_person=posts_per_person, progress=Progress(cast(TextIO, self.stdout._out))
            )
        except GraphError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Loaded {loaded.people:,} people, {loaded.follows:,} follows, {loaded.posts:,} posts and "
            f"{loaded.entries:,} timeline entries in {time.monotonic() - started:.1f} s."
        )
