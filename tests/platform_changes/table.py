"""Plays changes, some at once, and makes a table of what they met. `run.py` starts it."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tests.platform_changes.grammar import KINDS, Change, changes
from tests.platform_changes.play import FAULTS, Verdict, judged, stage

AT_ONCE = 4


async def verdicts(drawn_ones: Iterable[Change], at_once: int = AT_ONCE) -> list[Verdict]:
    """Play them, some at once, with one browser and one replay."""
    turns = asyncio.Semaphore(at_once)

    async with stage() as tools:

        async def one(change: Change) -> Verdict:
            async with turns:
                return await judged(change, tools)

        return await asyncio.gather(*map(one, drawn_ones))


def table(found: Sequence[Verdict]) -> str:
    """A line for each kind: how many, each fault, licences missed undetectably, and one seed of each fault."""
    by_kind: Mapping[str, list[Verdict]] = defaultdict(list)
    for each in found:
        by_kind[each.change.kind].append(each)
    lines = [f"{'kind':44}{'number':>7}" + "".join(f"{name:>15}" for name in FAULTS) + f"{'undetectable':>14}"]
    for kind in [*(name for name in KINDS if name in by_kind), ""]:
        some = by_kind[kind] if kind else found
        counts = Counter(fault for each in some for fault in each.faults)
        silent = sum(each.missed > 0 for each in some)
        lines.append(
            f"{kind or 'all':44}{len(some):>7}" + "".join(f"{counts[name] or '':>15}" for name in FAULTS)
            + f"{silent or '':>14}"
        )  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Play drawn changes of platforms.")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="a part of a kind's name")
    parser.add_argument("--show", action="store_true", help="print each faulty change, too")
    chosen = parser.parse_args()
    began = time.monotonic()
    found = asyncio.run(verdicts(changes(chosen.count, chosen.seed, chosen.only)))
    if chosen.show:
        print(*(each for each in found if each.faults), sep="\n")
    print(table(found))
    print(f"{len(found)} changes from seed {chosen.seed} on, {time.monotonic() - began:.0f} s")
    return 0
