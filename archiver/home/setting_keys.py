"""What settings files may say: a row for each key, read from the models that check the files.

A model says of each field what it means with `Meaning`, in its annotation. Docs, `archiver settings`, completion and
the desk read it here.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from archiver.core.yaml_edit import inline
from archiver.core.yaml_source import Value

SPAN = "span of hours such as 22:00-05:00"
COMMAND = "list of a program and its arguments"
ITEMS = "[]"  # after the name of a list, in the path of its entries' keys


@dataclass(frozen=True)
class Meaning:
    """What a key means, in one sentence for people.

    `default` is the default as a file would say it, where that is not how the program holds it. `short` is the key for
    which a plain value or list stands in place of the whole mapping. The value of a `private` key may hold a secret.
    `command` is the command that changes it, because more belongs to such a change.
    """

    text: str
    example: str = ""
    default: str = ""
    short: str = ""
    private: bool = False
    command: str = ""


@dataclass(frozen=True)
class ValueKind:
    """What a value looks like, in words, where the type does not say it."""

    words: str


@dataclass(frozen=True)
class SettingKey:
    """One key. `path` are the names of the mappings that lead to it, and its own; in the path of an entry of a list,
    the list's name ends in `[]`.
    """

    path: tuple[str, ...]
    meaning: Meaning
    kind: str
    required: bool
    default: str
    model: type[BaseModel] | None  # of a part, which has keys of its own
    is_text: bool  # what a person types is the value, whatever it looks like
    is_list: bool

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def in_list(self) -> bool:
        """Whether it belongs to an entry of a list, which is set as a whole."""
        return any(each.endswith(ITEMS) for each in self.path)

    @property
    def is_part(self) -> bool:
        """Whether it is a mapping with keys of its own, which hold the values."""
        return self.kind == "mapping"

    def as_json(self) -> dict[str, object]:
        """A row of `settings --json`, without its value."""
        return {
            "key": self.name, "means": self.meaning.text, "type": self.kind, "required": self.required,
            "default": self.default or None, "example": self.meaning.example or None,
        }  # fmt: skip


def keys_of(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[SettingKey]:
    """All keys of a model and of the models in it, in the order in which they are defined.

    The entries of a mapping by name, such as a client's accounts, have a model of their own and are not followed.
    """
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        key = _key((*above, name), field)
        yield key
        if key.model and not _is_mapping(field.annotation):
            yield from keys_of(key.model, (*above, f"{name}{ITEMS}" if key.is_list else name))


def _key(path: tuple[str, ...], field: FieldInfo) -> SettingKey:
    meaning = next((each for each in field.metadata if isinstance(each, Meaning)), Meaning(""))
    models, (bases, kind) = list(_models(field.annotation)), _described(field.annotation, field.metadata)
    return SettingKey(
        path=path, meaning=meaning, kind=kind, required=field.is_required(), default=meaning.default or _default(field),
        model=models[0] if models else None, is_text=bool(bases) and bases <= {str, Path, date},
        is_list=kind.startswith("list"),
    )  # fmt: skip


def _default(field: FieldInfo) -> str:
    value: object = None if field.is_required() else field.get_default()
    if isinstance(value, BaseModel) or value in (None, "", (), {}):
        return ""
    return in_one_line([*value] if isinstance(value, tuple) else value)  # type: ignore[arg-type]  # as files have it


def in_one_line(value: Value) -> str:
    """A value in one line, as a file may have it; empty for none."""
    return value if isinstance(value, str) else "" if value is None else inline([value])[1:-1]


def masked(value: Value, key: SettingKey) -> Value:
    """A value without what may be a secret: passwords in addresses, all but the host of a private address, and the
    arguments of a program."""
    inner = {each.path[-1]: each for each in keys_of(key.model)} if key.model else {}
    if isinstance(value, dict):
        return {name: masked(item, inner.get(name, key)) for name, item in value.items()}
    if key.meaning.short and key.model:
        return masked(value, inner[key.meaning.short])
    if isinstance(value, list):
        if key.kind == COMMAND:
            return [*value[:1], *(["..."] if len(value) > 1 else [])]
        return [masked(each, key) for each in value]
    if not isinstance(value, str) or "://" not in value:
        return value
    scheme, _, rest = value.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2] if scheme in ("http", "https") else ""
    if key.meaning.private:
        return f"{scheme}://{host}/..." if host else f"{scheme}://..."
    return re.sub(r"://[^/@]*@", "://...@", value)


_PLAIN: dict[object, tuple[str, str]] = {
    str: ("text", "texts"), Path: ("file or folder", "files or folders"), bool: ("true or false", "true or false"),
    int: ("whole number", "whole numbers"), float: ("number", "numbers"), date: ("day (YYYY-MM-DD)", "days"),
}  # fmt: skip


_MANY = dict(_PLAIN.values()) | {"mapping": "mappings", SPAN: "spans of hours"}


def _described(annotation: object, metadata: tuple[object, ...] | list[object] = ()) -> tuple[set[object], str]:
    """The types of the single values in an annotation, and what it is in words."""
    said = next((each.words for each in metadata if isinstance(each, ValueKind)), "")
    if isinstance(annotation, TypeAliasType):
        bases, words = _described(annotation.__value__)
    elif get_origin(annotation) is Annotated:
        inner, *rest = get_args(annotation)
        bases, words = _described(inner, rest)
    elif get_origin(annotation) in (Union, types.UnionType):
        [inner] = [each for each in get_args(annotation) if each is not type(None)]
        bases, words = _described(inner)
    elif get_origin(annotation) is Literal:
        bases, words = {str}, f"one of {', '.join(get_args(annotation))}"
    elif get_origin(annotation) is tuple:
        _, words = _described(get_args(annotation)[0])
        bases, words = set(), f"list of {_MANY.get(words, words)}"
    elif get_origin(annotation) is dict:
        _, words = _described(get_args(annotation)[1])
        bases, words = set(), f"{words} by name"
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        bases, words = set(), "mapping"
    else:
        bases, words = {annotation}, _PLAIN[annotation][0]
    return bases, said or words


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    inner = [annotation.__value__] if isinstance(annotation, TypeAliasType) else get_args(annotation)
    for each in inner:
        yield from _models(each)


def _is_mapping(annotation: object) -> bool:
    return get_origin(annotation) is dict
