"""How long one page takes against as many filters as one person may have, in one process: nothing but the matching."""

import random
import time
from argparse import Namespace
from typing import Any

from bench.report import Report, percentiles

PHRASES, CARDS, LETTERS = 500, 20, 2_000
TIMES = 60  # each page in each round
TARGET_MS = 5
SEED = 20260601
_SYLLABLES = ("ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "xo", "yu", "cha",
    "she", "thi", "gro", "plu", "stra", "ein", "ung", "tion")  # fmt: skip


def run(report: Report, options: Namespace) -> None:
    from feeds.filters import Action, Compiled, Phrase

    rng = random.Random(SEED)
    words = _words(rng)
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    rare = [word for word in _words(rng) if word not in set(words)]
    han = [chr(rng.randint(0x4E00, 0x5FFF)) for _ in range(3_000)]

    def said() -> str:
        text = " ".join(rng.choices(words, weights, k=LETTERS // 4))
        return text[: LETTERS - 1].capitalize() + "."

    pages = {
        "posts of 2,000 letters, as people write": [[said(), ""] for _ in range(CARDS)],
        "the same, each quoting another": [[said(), "", said()] for _ in range(CARDS)],
        "no word twice": [
            ["".join(rng.choices("abcdefghijklmnopqrstuvwxyzäöü ", k=LETTERS))] for _ in range(CARDS)
        ],
        "Chinese": [["".join(rng.choices(han, k=LETTERS))] for _ in range(CARDS)],
    }
    phrases = [" ".join(rng.choices(rare, k=rng.choice([1, 1, 2]))) for _ in range(PHRASES - 100)]
    phrases += rng.choices(words, k=50) + ["".join(rng.choices(han, k=3)) for _ in range(50)]
    for of, whole in (
        ("one of four also inside of words", lambda n: n % 4 > 0),
        ("all inside", lambda _n: False),
    ):
        compiled = Compiled(
            Phrase.of(phrase, whole_word=whole(n), action=Action.HIDE) for n, phrase in enumerate(phrases)
        )
        for name, page in pages.items():
            _measure(report, name, page, of, compiled, options.rounds)


def _words(rng: random.Random) -> list[str]:
    found = {"".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(20_000)}
    words = sorted(found)
    rng.shuffle(words)
    return words


def _measure(report: Report, name: str, page: Any, of: str, compiled: Any, rounds: int) -> None:
    found = compiled.judge(page)
    took = [_timed(compiled, page) for _ in range(TIMES * rounds)]
    p50, p95 = percentiles(took, 50, 95)
    report.add(
        f"{PHRASES} phrases, {of}; {CARDS} posts; time of the processor",
        page=name,
        **{"posts with any": sum(verdict is not None for verdict in found)},
        **{"p50 ms": p50, "p95 ms": p95, "target": f"≤ {TARGET_MS}"},
    )


def _timed(compiled: Any, page: Any) -> float:
    began = time.thread_time()  # others use the machine, too
    compiled.judge(page)
    return (time.thread_time() - began) * 1000
