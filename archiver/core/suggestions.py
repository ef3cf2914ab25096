"""Suggest the name that a person probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question with the known name most similar to `name`, after a space; empty if none is similar."""
    from difflib import get_close_matches

    names = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), names, n=1, cutoff=0.6)
    begins = [each for each in names if name and each.startswith(name.casefold())]
    best = near or begins[:1]
    return f" Did you mean {names[best[0]]!r}?" if best else ""
