"""A remedy: an action with arguments that leads out of a state.

An error, a finding or a task names its remedy as data. A terminal prints the command, the desk shows a button or page,
`--json` has all of it. What each action is called stands in `remedies.yaml`, and nowhere else.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import NotRequired, TypedDict
from urllib.parse import quote

from archiver.core.packaged_data import packaged_yaml


class ActionTexts(TypedDict):
    """One action: its command, and where the desk has it: the page's address and the words of its button."""

    command: str
    place: NotRequired[str]
    post: NotRequired[bool]  # the button starts the work at once, by a form with the arguments
    do: NotRequired[dict[str, str]]  # by language


def actions() -> Mapping[str, ActionTexts]:
    """All actions by name."""
    return packaged_yaml(dict[str, ActionTexts], "archiver.core", "remedies.yaml")


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
        texts = actions()[self.action]
        wanted = {name for each in (texts["command"], texts.get("place", "")) for name in _placeholders(each)}
        if missing := wanted - self.arguments.keys():
            raise ValueError(f"the action {self.action!r} lacks {', '.join(sorted(missing))}")

    @property
    def command(self) -> str:
        """The command as a person types it, quoted for a shell."""
        words = {name: shlex.quote(value) for name, value in self.arguments.items()}
        return "archiver " + actions()[self.action]["command"].format_map(words)

    @property
    def place(self) -> str | None:
        """The address of the desk's page; None if the desk cannot do it."""
        place = actions()[self.action].get("place")
        return place and place.format_map({name: quote(value, safe="") for name, value in self.arguments.items()})

    @property
    def post(self) -> bool:
        return actions()[self.action].get("post", False)

    def button(self, language: str) -> str:
        """The words of the desk's button; the command where there are none."""
        return actions()[self.action].get("do", {}).get(language) or self.command

    def as_json(self) -> dict[str, object]:
        """A remedy in `--json`."""
        return {"action": self.action, "arguments": dict(self.arguments), "command": self.command}


def _placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]
