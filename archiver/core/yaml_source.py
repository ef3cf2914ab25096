"""Strict YAML: plain values, a position for each value, and no duplicate keys.

YAML 1.1 reads `on` as true, `0123` as 83 and `2026-11-24` as a date. Here only null, true, false, decimal integers and
decimal fractions are not text. Keys are always text. Tags, anchors and aliases are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from archiver.core.atomic_files import read_file
from archiver.core.errors import ConfigError, Remedy
from archiver.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel
    from yaml import Mark, Node

type Value = bool | int | float | str | list[Value] | dict[str, Value] | None
type Loc = tuple[str | int, ...]

MAX_LISTED_FAULTS = 20  # the most faults of a file that a message lists

_WORDS = {
    "extra_forbidden": "is not a known key",
    "missing": "is missing",
    "model_type": "must be a mapping (lines of `key: value`)",
    "dict_type": "must be a mapping (lines of `key: value`)",
    "tuple_type": "must be a list such as [one, two]",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "date_from_datetime_parsing": "is not a valid date (YYYY-MM-DD)",
    "date_parsing": "is not a valid date (YYYY-MM-DD)",
}  # pydantic's error types in plain words
_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_TEXT = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")}


@dataclass(frozen=True)
class Marked:
    """The value of a YAML file, with the position of each part."""

    value: Value
    path: Path
    places: dict[Loc, tuple[int, int]]

    def where(self, loc: Loc = ()) -> str:
        """`file:line:column` of this key or list item, or of its nearest parent in the file."""
        while loc not in self.places:
            loc = loc[:-1]
        line, column = self.places[loc]
        return f"{self.path}:{line}:{column}"


def load(path: Path, text: str | None = None) -> Marked:
    """Read the file's one document; an empty file is an empty mapping. ConfigError names file, line and column."""
    import yaml

    loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(read_file(path).decode("utf-8-sig") if text is None else text, loader)
        places: dict[Loc, tuple[int, int]] = {(): _position(root.start_mark) if root else (1, 1)}
        return Marked(_plain(root, (), path, places, set()) if root else {}, path, places)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}. Check that it is a file and that you may read it."
        ) from None
    except UnicodeDecodeError as error:
        before = bytes(error.object[: error.start])
        place = f"{before.count(b'\n') + 1}:{len(before) - before.rfind(b'\n')}"
        raise ConfigError(f"{path}:{place} is not UTF-8 text. Save the file as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(f"{_at(path, mark)} {error.problem or error.context}.") from None
    except yaml.reader.ReaderError as error:
        place = _reached(path, text, error.position)
        raise ConfigError(f"{path}:{place} is a control character. Remove it.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}:1:1 {' '.join(str(error).split())}.") from None
    except RecursionError:
        raise ConfigError(f"{path}:1:1 is nested too deeply. Use fewer levels.") from None


def validate[M: BaseModel](
    marked: Marked, model: type[M], unknown: Callable[[Loc], Sequence[Remedy]] = lambda _: ()
) -> M:
    """Validate the value strictly. One ConfigError lists `file:line:column key: message` for all faults.

    `unknown` says what a person can do about a key that is not known.
    """
    from pydantic import ValidationError

    try:
        # Via JSON: pydantic's strict mode accepts lists for tuples and text for enums and paths only from JSON.
        return model.model_validate_json(json.dumps(marked.value), strict=True)
    except ValidationError as error:
        faults = [
            f"{marked.where(fault['loc'])} {'.'.join(map(str, fault['loc']))}: "
            f"{_WORDS.get(fault['type'], fault['msg'].removeprefix('Value error, '))}"
            f"{_meant(model, fault['loc']) if fault['type'] == 'extra_forbidden' else ''}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        extra = (each["loc"] for each in error.errors() if each["type"] == "extra_forbidden")
        rest = [f"And {len(faults) - MAX_LISTED_FAULTS} more."] if len(faults) > MAX_LISTED_FAULTS else []
        remedies = next((unknown(loc) for loc in extra), ())
        raise ConfigError("\n".join([*faults[:MAX_LISTED_FAULTS], *rest]), remedy=remedies) from None


def _meant(model: type[BaseModel], loc: Loc) -> str:
    """The known key that was probably meant by the last part of `loc`."""
    models = [model]
    for step in loc[:-1]:
        inner = [found for each in models for name, field in each.model_fields.items()
                 if step in (name, field.alias) for found in _models_in(field.annotation)]  # fmt: skip
        models = inner or models  # an item of a list, or a key that a person chose
    names = [field.alias or name for each in models for name, field in each.model_fields.items()]
    question = did_you_mean(str(loc[-1]), names)
    return f".{question or ' Remove it, or install the version that knows it.'}"


def _models_in(annotation: object) -> list[type[BaseModel]]:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = [getattr(annotation, "__value__", None), *get_args(annotation)]
    return [found for each in inner if each is not None for found in _models_in(each)]


def _plain(node: Node, loc: Loc, path: Path, places: dict[Loc, tuple[int, int]], seen: set[int]) -> Value:
    import yaml

    if id(node) in seen:
        raise ConfigError(f"{_at(path, node.start_mark)} anchors and aliases are not allowed. Write the value twice.")
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode) and node.tag in _TEXT:
        return _scalar(node.tag.removeprefix(_TAG), node.value)
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        items: list[Value] = []
        for index, item in enumerate(node.value):
            places[*loc, index] = _position(item.start_mark)
            items.append(_plain(item, (*loc, index), path, places, seen))
        return items
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        entries: dict[str, Value] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{_at(path, key.start_mark)} a key must be plain text.")
            if key.value in entries:
                raise ConfigError(f"{_at(path, key.start_mark)} {key.value}: this key occurs twice. Remove one.")
            places[*loc, key.value] = _position(key.start_mark)
            entries[key.value] = _plain(item, (*loc, key.value), path, places, seen)
        return entries
    raise ConfigError(f"{_at(path, node.start_mark)} the tag {node.tag.replace(_TAG, '!!')} is not allowed. Remove it.")


def _scalar(kind: str, text: str) -> Value:
    """The value of a scalar: YAML 1.1's reading where YAML 1.2 agrees, otherwise text."""
    match kind:
        case "null":
            return None
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int" if _INT.fullmatch(text) and len(text) < 20:
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
    return text


def _reached(path: Path, text: str | None, position: int) -> str:
    """`line:column` of a control character, for which the parser gives only an offset."""
    before = (read_file(path).decode("utf-8-sig") if text is None else text)[:position]
    return f"{before.count('\n') + 1}:{len(before) - before.rfind('\n')}"


def _position(mark: Mark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _at(path: Path, mark: Mark | None) -> str:
    line, column = _position(mark) if mark else (1, 1)
    return f"{path}:{line}:{column}"
