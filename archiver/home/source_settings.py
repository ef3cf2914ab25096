"""What a client's file says of a source: a mailbox or a folder that every run reads.

The keys that all kinds share are here. Each kind has its own keys and checks them itself (`Source.options`), so a
further kind changes nothing in this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from archiver.core.remedy import Remedy
from archiver.core.yaml_source import Loc, Marked, Value, validate
from archiver.home.setting_keys import COMMAND, Meaning, ValueKind


class SourceSettings(BaseModel):
    """The keys of any source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[str, Meaning("What the source is: `mailbox` or `folder`.", "mailbox", command="source add")]
    username: Annotated[str | None, Meaning("The user who signs in.", "licences@example.com")] = None
    secret_command: Annotated[
        tuple[str, ...] | None,
        Field(min_length=1),
        ValueKind(COMMAND),
        Meaning(
            "A password manager's program that prints the password, in place of the vault.",
            "[op, read, 'op://Private/Mail/password']",
            private=True,
        ),
    ] = None
    closed: Annotated[date | None, Meaning("The day since which nothing reads it.", command="source remove")] = None


class AnySource(SourceSettings):
    """A source of a kind that is not looked at yet; its own keys are allowed."""

    model_config = ConfigDict(frozen=True, extra="allow")


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of a client. `marked` is its part of the client's file, with the place of each key."""

    name: str
    client: str
    kind: str
    marked: Marked
    username: str | None = None
    secret_command: tuple[str, ...] | None = None
    closed: date | None = None

    @property
    def provider(self) -> str:
        """Takes the place of an account's platform: `mailbox` or `folder`."""
        return self.kind

    def value(self, key: str) -> Value:
        """A setting as the file has it; None if it is not there."""
        return self.marked.value.get(key) if isinstance(self.marked.value, dict) else None

    def options[M: SourceSettings](self, model: type[M]) -> M:
        """All its settings, checked against its kind's model; ConfigError names `file:line:column` of each fault."""
        return validate(self.marked, model, self._unknown)

    def _unknown(self, loc: Loc) -> Sequence[Remedy]:
        see, key = Remedy("see settings", {"source": self.name}), ".".join(map(str, loc))
        return [see, Remedy("remove setting", {"source": self.name, "key": key})] if len(loc) == 1 else [see]


def source_of(name: str, client: str, marked: Marked, settings: AnySource) -> Source:
    """A source from its client's file, which is `marked`."""
    places = {loc[2:]: place for loc, place in marked.places.items() if loc[:2] == ("sources", name)}
    return Source(
        name=name, client=client, kind=settings.kind, username=settings.username,
        secret_command=settings.secret_command, closed=settings.closed,
        marked=replace(marked, value=_present(_part(marked.value, name)), places={(): (1, 1), **places}),
    )  # fmt: skip


def _part(value: Value, name: str) -> Value:
    assert isinstance(value, dict)
    sources = value["sources"]
    assert isinstance(sources, dict)
    return sources[name]


def _present(value: Value) -> Value:
    """The settings without empty keys: a `key:` without a value means the default."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value
