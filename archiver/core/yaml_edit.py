"""Set or delete one entry in a YAML file that a person wrote. Every other character stays as it is.

The round-trip library ruamel.yaml was tried: it drops comments inside braces, moves comments between two entries, and
changes indentation and quotes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.core.errors import ConfigError
from archiver.core.yaml_source import Value, load

if TYPE_CHECKING:
    from yaml import MappingNode, Node

_BOM = "\ufeff"


def with_entry(path: Path, text: str, place: Sequence[str], key: str, value: Any) -> str:
    """The text with `key: value` in the mapping at `place`, which is created if it is missing.

    ConfigError, with the lines to add by hand, if the file's style makes a safe edit impossible.
    """
    wanted = load(path, text).value
    mapping: Any = wanted
    for step in place:
        if not isinstance(mapping.get(step), dict):
            mapping[step] = {}
        mapping = mapping[step]
    mapping[key] = value
    bom, body = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    edited = bom + _edited(body, [*place, key], value)
    try:
        if load(path, edited).value == wanted:
            return edited
    except ConfigError:
        pass
    lines = block(_nested([*place, key], value))
    raise ConfigError(f"{path} has a style that cannot be edited safely. Add these lines by hand:\n{lines}")


def without_entry(path: Path, text: str, place: Sequence[str]) -> str:
    """The text without the entry at `place`. ConfigError if the file's style makes a safe edit impossible."""
    import yaml

    wanted: Any = load(path, text).value
    mapping = wanted
    for step in place[:-1]:
        mapping = mapping[step]
    del mapping[place[-1]]
    node: Any = yaml.compose(text, yaml.SafeLoader)
    spans: list[tuple[int, int]] = []
    for step in place:
        parent, (key, child) = node, next(pair for pair in node.value if pair[0].value == step)
        # A mapping that loses its only entry goes as a whole: a key without a value is another thing than no key.
        spans = [*spans, (key.start_mark.index, _end(child))] if len(parent.value) == 1 else [
            (key.start_mark.index, _end(child))
        ]  # fmt: skip
        node = child
    start, end = spans[0]
    start = text.rfind("\n", 0, start) + 1
    end = len(text) if (found := text.find("\n", end)) < 0 else found + 1
    edited = text[:start] + text[end:]
    try:
        left = load(path, edited).value
        if left in (wanted, _without_empty(wanted)):
            return edited
    except ConfigError:
        pass
    raise ConfigError(f"{path} has a style that cannot be edited safely. Delete {'.'.join(place)} in it by hand.")


def _without_empty(value: Any) -> Any:
    return {key: item for key, item in value.items() if item != {}} if isinstance(value, dict) else value


def block(content: Value | Mapping[str, Any]) -> str:
    """A value as YAML lines."""
    import yaml

    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text


def _edited(text: str, names: list[str], value: Any) -> str:
    import yaml

    node = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        return _new_lines(text, len(text), 0, _nested(names, value))
    while True:
        child = next((item for name, item in node.value if name.value == names[0]), None)
        if child is None:
            return _inserted(text, node, _nested(names, value))
        names = names[1:]
        if not names or not isinstance(child, yaml.MappingNode):
            return _replaced(text, node, child, _nested(names, value))
        node = child


def _inserted(text: str, node: MappingNode, entry: dict[str, Any]) -> str:
    """The text with an entry at the end of a mapping."""
    if node.flow_style:
        at = _end(node.value[-1][1]) if node.value else node.start_mark.index + 1
        return text[:at] + (", " if node.value else "") + _inline(entry)[1:-1] + text[at:]
    return _new_lines(text, _end(node), node.start_mark.column, entry)


def _replaced(text: str, parent: MappingNode, child: Node, value: Any) -> str:
    """The text with a new value for an existing key. A mapping goes below its key, any other value beside it."""
    start, end = child.start_mark.index, child.end_mark.index
    if isinstance(value, dict) and not parent.flow_style:
        text = text[:start].rstrip(" ") + text[end:]
        start = len(text[:start].rstrip(" "))
        return _new_lines(text, start, parent.start_mark.column + 2, value)
    space = "" if text[start - 1 : start] in (" ", "\n", "") else " "
    ending = "\n" if text[start:end].endswith("\n") else ""
    return text[:start] + space + _inline([value])[1:-1] + ending + text[end:]


def _new_lines(text: str, at: int, column: int, entry: dict[str, Any]) -> str:
    """The text with an entry in new lines after the line that contains `at`."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if at and text[at - 1] != "\n":
        at = len(text) if (found := text.find("\n", at)) < 0 else found + 1
    before = newline if at and text[at - 1] != "\n" else ""
    lines = [" " * column + line for line in block(entry).splitlines()]
    return text[:at] + before + newline.join(lines) + newline + text[at:]


def _end(node: Node) -> int:
    """The end of a node's content. A block's own end mark comes after the comments that follow it."""
    import yaml

    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _nested(names: Sequence[str], value: Any) -> Any:
    for name in reversed(names):
        value = {name: value}
    return value


def _inline(content: Any) -> str:
    """A mapping or list in one line, with its brackets."""
    import yaml

    text: str = yaml.safe_dump(content, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1 << 20)
    return text.rstrip("\n")
