"""A remedy: an action with arguments that leads out of a state.

An error, a finding or a task names its remedy as data. A terminal prints the command, the desk shows a button or page,
`--json` has all of it. What each action is called stands in `remedies.yaml`, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NotRequired, TypedDict

_OPTIONAL = re.compile(r" ?\[([^\]]+)\]")  # a part that is left out where its argument is not known


_BRACKETS = str.maketrans("", "", "[]")


class SignInKind(StrEnum):
    """What signs in, as far as it decides what a person can do."""

    BROWSER = "browser"  # an account with a password, in a browser
    ATTENDED = "attended"  # an account without one, in a browser
    HTTP = "http"  # an account, without a browser
    SOURCE = "source"  # a mailbox
    UNSAVED = "unsaved"  # an account that is being added: nothing of it is kept yet
    UNSAVED_SOURCE = "unsaved source"
    UNKNOWN = "unknown"  # an account, but of an adapter that cannot be loaded


class ActionTexts(TypedDict):
    """One action: its command, and where the desk has it: the page's address and the words of its button."""

    command: str
    place: NotRequired[str]
    anywhere: NotRequired[bool]  # it needs no home
    post: NotRequired[bool]  # the button starts the work at once, by a form with the arguments
    kinds: NotRequired[list[SignInKind]]  # of sign-in for which it is there; all if it is left out
    do: dict[str, str]  # by language


def actions() -> Mapping[str, ActionTexts]:
    """All actions by name."""
    from archiver.core.packaged_data import packaged_yaml  # it takes time, and `--help` offers nothing

    return packaged_yaml(dict[str, ActionTexts], "archiver.core", "remedies.yaml")


def kinds_of(action: str) -> Collection[SignInKind]:
    """The kinds of sign-in for which an action is there."""
    return actions()[action].get("kinds", [*SignInKind])


@dataclass(frozen=True)
class Remedy:
    """`action` is a key of `remedies.yaml`; `arguments` fill its `{placeholders}`.

    ValueError for an unknown action, or if an argument is missing: a remedy that is offered can be followed.
    """

    action: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.action not in actions():
            raise ValueError(f"there is no action {self.action!r}")
        if missing := _needed(self.action) - self.arguments.keys():
            raise ValueError(f"the action {self.action!r} lacks {', '.join(sorted(missing))}")

    @classmethod
    def of(cls, action: str, known: Mapping[str, str]) -> Remedy:
        """The remedy with those of the known facts that it needs. For what is not known, its name in capitals stands in
        the command, for a person to fill in.
        """
        texts = actions()[action]
        used = placeholders(texts["command"]) | placeholders(texts.get("place", ""))
        return cls(action, {n: n.upper() for n in _needed(action)} | {n: known[n] for n in used & known.keys()})

    @property
    def command(self) -> str:
        """The command as a person types it, quoted for a shell."""
        import shlex  # not for `--help`

        words = {name: shlex.quote(value) for name, value in self.arguments.items()}
        texts = actions()[self.action]
        home = [] if texts.get("anywhere") else _of_home
        return " ".join(["archiver", *home, self._filled(texts["command"]).format_map(words)])

    @property
    def place(self) -> str | None:
        """The address of the desk's page; None if the desk cannot do it, or needs an argument that is not known."""
        from urllib.parse import quote  # as above

        place = self._filled(actions()[self.action].get("place", ""))
        if not place or not self._has(place):
            return None
        return place.format_map({name: quote(value) for name, value in self.arguments.items()})

    def _filled(self, text: str) -> str:
        """The text with those optional parts whose arguments are known."""
        return _OPTIONAL.sub(lambda part: part[0].translate(_BRACKETS) if self._has(part[1]) else "", text)

    def _has(self, text: str) -> bool:
        return all(self.arguments.get(name, name.upper()) != name.upper() for name in placeholders(text))

    @property
    def post(self) -> bool:
        return actions()[self.action].get("post", False)

    def button(self, language: str) -> str:
        """The words of the desk's button."""
        return actions()[self.action]["do"][language]

    def as_json(self) -> dict[str, object]:
        """A remedy in `--json`."""
        return {"action": self.action, "arguments": dict(sorted(self.arguments.items())), "command": self.command}

    def __str__(self) -> str:
        return offered([self])


def offered(remedies: Iterable[Remedy]) -> str:
    """What a person can do, as sentences for a terminal: each remedy's words and command."""
    said = [f"{each.button('en')}: `{each.command}`." for each in remedies]
    return " Or: ".join(said)


def placeholders(text: str) -> set[str]:
    """The names of the arguments in a text."""
    return set(re.findall(r"{(\w+)}", text))


def _needed(action: str) -> set[str]:
    """The arguments without which an action has no command."""
    return placeholders(_OPTIONAL.sub("", actions()[action]["command"]))


_of_home: list[str] = []


def name_home(folder: str | None) -> None:
    """Name the home in all commands from now on, because this program was told of it and would not find it alone; with
    None, name none.
    """
    import shlex  # as above

    _of_home[:] = ["--home", shlex.quote(folder)] if folder else []
