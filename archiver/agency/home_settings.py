"""The settings of a home as a person sees and changes them: archiver.yaml, and the files of clients with their accounts
and sources.

Files with faults are listed, too: this is where a person looks for the right key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from archiver.collect.sources import kind_of, models_of_kinds
from archiver.core.errors import ConfigError
from archiver.core.remedy import Remedy
from archiver.core.suggestions import did_you_mean
from archiver.core.yaml_source import Value, load
from archiver.home.setting_keys import ITEMS, SettingKey, in_one_line, keys_of, masked
from archiver.home.settings import Home
from archiver.home.settings_edit import change_key, remove_unknown
from archiver.home.settings_models import AccountSettings, ClientFile, Settings
from archiver.home.source_settings import SourceSettings


@dataclass(frozen=True)
class SettingsPart:
    """What one model checks: archiver.yaml, a client's file, or one account or source in it. `place` is where it
    begins in its file; `named` is how a command names it, such as `{"client": "acme"}`.
    """

    root: Path
    path: Path
    place: tuple[str, ...]
    model: type[BaseModel]
    named: Mapping[str, str]

    def all_keys(self) -> list[SettingKey]:
        return list(keys_of(self.model))

    @property
    def file(self) -> str:
        """The file's name in the home, as archiver.yaml or clients/acme.yaml."""
        return self.path.relative_to(self.root).as_posix()

    def written(self, path: Sequence[str] = ()) -> Value:
        """What the file says at a place in this part; None for nothing."""
        value, above, shorts = load(self.path).value, tuple[str, ...](), self.shorts()
        for step in (*self.place, *path):
            if value is not None and not isinstance(value, dict) and shorts.get(above) == step:
                continue  # a plain value that stands for this key
            value, above = (value.get(step) if isinstance(value, dict) else None), (*above, step)
        return value

    def shorts(self) -> dict[tuple[str, ...], str]:
        """By their places in the file, the keys for which a plain value stands in place of a mapping."""
        return {(*self.place, *each.path): each.meaning.short for each in self.all_keys() if each.meaning.short}


@dataclass(frozen=True)
class Setting:
    """A key with what the file says of it: `value` without secrets, None for nothing."""

    key: SettingKey
    value: Value

    @property
    def is_set(self) -> bool:
        return self.value is not None

    def as_json(self) -> dict[str, object]:
        return self.key.as_json() | {"value": self.value}


@dataclass(frozen=True)
class Change:
    """A change of one key, with its value before and after, without secrets; None for nothing."""

    name: str
    before: Value
    after: Value
    secret: bool  # something of the values is not shown

    def in_words(self) -> str:
        return f"{self.name}: {in_one_line(self.before) or 'not set'} -> {in_one_line(self.after) or 'not set'}"

    def undo(self, part: SettingsPart) -> Remedy | None:
        """What takes it back; None if that would need a value that is not shown."""
        if self.before is None:
            return Remedy("remove setting", {**part.named, "key": self.name})
        return (
            None if self.secret else Remedy("set", {**part.named, "key": self.name, "value": in_one_line(self.before)})
        )

    def as_json(self) -> dict[str, object]:
        return {"key": self.name, "before": self.before, "after": self.after}


def part_of(root: Path, named: Mapping[str, str]) -> SettingsPart:
    """The part that is named by `client`, `account` or `source`; archiver.yaml if nothing is named."""
    if not named:
        return SettingsPart(root, root / "archiver.yaml", (), Settings, {})
    if len(named) > 1:
        raise ConfigError("Name one of --client, --account and --source: an account's name says whose it is.")
    [(what, name)] = named.items()
    if what == "client":
        path = root / "clients" / f"{name}.yaml"
        if not path.is_file():
            path = root / "clients" / f"{Home.load(root).client(name).slug}.yaml"
        return SettingsPart(root, path, (), ClientFile, named)
    for path in sorted((root / "clients").glob("*.yaml")):
        entries = _entry(load(path).value, f"{what}s")
        if isinstance(entries, dict) and name in entries:
            kind = _entry(entries[name], "kind")
            model = models_of_kinds().get(str(kind), SourceSettings) if what == "source" else AccountSettings
            return SettingsPart(root, path, (f"{what}s", name), model, named)
    home = Home.load(root)
    if what == "source":
        home.source(name)
    home.account(name)
    raise AssertionError("the home has it, and no file does")


def _entry(value: Value, name: str) -> Value:
    return value.get(name) if isinstance(value, dict) else None


def settings_of(part: SettingsPart) -> list[Setting]:
    """All keys of a part, with what its file says. A key that has keys of its own has no value but theirs."""
    return [
        Setting(each, None if each.in_list or each.is_part else masked(part.written(each.path), each))
        for each in part.all_keys()
    ]


def unknown_keys(part: SettingsPart) -> Iterator[str]:
    """The keys of the file that are not known, as `settings KEY` takes them; those in entries of lists are left out."""
    known = {each.path: each for each in part.all_keys()}

    def look(value: Value, above: tuple[str, ...]) -> Iterator[str]:
        for name, inner in value.items() if isinstance(value, dict) else ():
            key = known.get((*above, name))
            if key is None:
                yield ".".join((*above, name))
            elif key.is_part:
                yield from look(inner, key.path)

    yield from look(part.written(), ())


def faults_of(part: SettingsPart) -> ConfigError | None:
    """Why the home, or this source, is not accepted as it is written; None if it is."""
    try:
        _check_source(Home.load(part.root), part)
    except ConfigError as error:
        return error
    return None


def setting(part: SettingsPart, name: str) -> tuple[SettingKey, tuple[str, ...]]:
    """The key of this name, and its place in the part. In a mapping by name, each entry is a place of its own.

    ConfigError for what is no key, and for a key of a list's entries.
    """
    name = name.replace(ITEMS, "")
    words = tuple(name.split("."))
    for each in part.all_keys():
        if each.path == words:
            return each, words
        if each.kind.endswith("by name") and each.model is None and words[: len(each.path)] == each.path:
            return each, (*each.path, ".".join(words[len(each.path) :]))
    within = (each for each in part.all_keys() if each.in_list and each.name.replace(ITEMS, "") == name)
    if entry := next(within, None):
        whole = entry.name.partition(ITEMS)[0]
        raise ConfigError(
            f"{name} belongs to an entry of a list. Set {whole} as a whole, such as {_example(part, whole)}"
        )
    see = Remedy("see settings", part.named)
    known = [each.name for each in part.all_keys() if not each.in_list]
    raise ConfigError(f"There is no key {name!r} in {part.file}.{did_you_mean(name, known)}", remedy=see)


def _example(part: SettingsPart, name: str) -> str:
    return next(each.meaning.example for each in part.all_keys() if each.name == name)


def change(part: SettingsPart, name: str, words: Sequence[str], *, dry_run: bool) -> Change:
    """Set a key to what a person typed, or remove it if there are no words, so that its default holds.

    The whole home is checked with the change before it is written. ConfigError if it is not accepted.
    """
    if not words and name in unknown_keys(part):
        if not dry_run:
            remove_unknown(part.root, part.path, (*part.place, *name.split(".")))
        return Change(name, "...", None, secret=True)
    key, place = setting(part, name)
    if key.meaning.command:
        raise ConfigError(f"{name} does not change here: more belongs to it. Use `archiver {key.meaning.command}`.")
    if key.is_part and words:
        raise ConfigError(
            f"{name} has keys of its own. Set one of them.", remedy=Remedy("see setting", {**part.named, "key": name})
        )
    there = part.written(place)
    value = _value(key, place, words) if words else None
    before, after = masked(there, key), masked(value, key)
    if there == value:
        return Change(name, before, after, secret=before != there)
    change_key(
        part.root, part.path, (*part.place, *place), value, dry_run=dry_run, short=part.shorts(),
        check=lambda home: _check_source(home, part),
    )  # fmt: skip
    return Change(name, before, after, secret=before != there)


def _check_source(home: Home, part: SettingsPart) -> None:
    if "source" in part.named:
        source = home.source(part.named["source"])
        kind_of(source).settings(home, source)


def _value(key: SettingKey, place: tuple[str, ...], words: Sequence[str]) -> Value:
    """What a person typed, as a value of this key."""
    if key.is_list:
        read = _read(words[0]) if len(words) == 1 else None
        return read if isinstance(read, list) else [*words]
    if len(words) > 1:
        raise ConfigError(f"{key.name} takes one value. Put it in quotes.")
    if not words[0]:
        raise ConfigError(f"The value of {key.name} is empty. Give --default to remove the key.")
    is_entry = len(place) > len(key.path)
    return words[0] if key.is_text or (is_entry and key.kind.startswith(("text", "day"))) else _read(words[0])


def _read(text: str) -> Value:
    with suppress(ConfigError):
        return load(Path("VALUE"), text).value
    return text
