"""What every benchmark is asked by: `--quick`, and its sizes by name."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

type Size = int | float | tuple[int, ...]


def asked(what: str | ArgumentParser, **sizes: tuple[Size, Size]) -> Namespace:
    """The arguments, with `quick` and each size: the whole one, or with `--quick` the small one of seconds.

    A quick form tells that the benchmark still runs and counts rightly. A goal of pace or memory does not count there.
    """
    parser = what if isinstance(what, ArgumentParser) else ArgumentParser(description=what)
    parser.add_argument("--quick", action="store_true", help="a form of seconds, whose pace does not count")
    for name, (whole, small) in sizes.items():
        several = isinstance(whole, tuple)
        parser.add_argument(
            f"--{name}",
            type=int if several else type(whole),
            nargs="+" if several else None,
            help=f"{whole} if not given; with --quick {small}",
        )
    given = parser.parse_args()
    for name, (whole, small) in sizes.items():
        if getattr(given, name) is None:
            setattr(given, name, small if given.quick else whole)
    return given
