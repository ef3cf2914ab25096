"""Questions with a closed list of answers. A slip of the finger is no answer: the question is asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

type AskPerson = Callable[[str, str], str]
"""Asks a person a question. Enter accepts the second argument as the answer."""

_YES_OR_NO = dict.fromkeys(("yes", "y", "ja", "j"), True) | dict.fromkeys(("no", "n", "nein"), False)


def choose[T](ask: AskPerson, question: str, answers: Mapping[str, T], default: str = "") -> T:
    """What the person's answer stands for. `answers` has each answer that counts, in small letters, and the default."""
    asked = question
    while (answer := ask(asked, default).strip().casefold()) not in answers:
        asked = f"{answer!r} is not one of the answers. {question}"
    return answers[answer]


def agrees(ask: AskPerson, question: str, *, default: bool = False) -> bool:
    """Whether the person says yes; only yes and no count, in English or German."""
    return choose(ask, f"{question} (yes or no)", _YES_OR_NO, "yes" if default else "no")
