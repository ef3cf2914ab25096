"""Set or delete one entry in a YAML file that a person wrote. Every other character stays as it is.

The round-trip library ruamel.yaml was tried: it drops comments inside braces, moves comments between two entries, and
changes indentation and quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.core.errors import ConfigError
from archiver.core.yaml_source import Value, load

if TYPE_CHECKING:
    from yaml import MappingNode, Node, SequenceNode

_BOM = "\ufeff"


def with_entry(path: Path, text: str, place: Sequence[str], key: str, value: Value) -> str:
    """The text with `key: value` in the mapping at `place`, which is created if it is missing.

    ConfigError, with the lines to add by hand, if the file's style makes a safe edit impossible.
    """
    wanted = load(path, text).value
    _mapping_at(wanted, place, create=True)[key] = value
    bom, body = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    edited = bom + _edited(body, [*place, key], value)
    with suppress(ConfigError):
        if load(path, edited).value == wanted:
            return edited
    lines = block(_nested([*place, key], value))
    raise ConfigError(f"{path} has a style that cannot be edited safely. Add these lines by hand:\n{lines}")


def without_entry(path: Path, text: str, place: Sequence[str], key: str) -> str:
    """The text without `key` of the mapping at `place`; ConfigError if the style makes a safe edit impossible."""
    wanted = load(path, text).value
    _mapping_at(wanted, place).pop(key)
    found = _entry(text, [*place, key])
    if found is not None:
        parent, number = found
        name, child = parent.value[number]
        if parent.flow_style:
            end = parent.value[number + 1][0].start_mark.index if number + 1 < len(parent.value) else _end(child)
            start = (
                name.start_mark.index
                if number + 1 < len(parent.value) or not number
                else _end(parent.value[number - 1][1])
            )
            edited = text[:start] + text[end:]
        else:
            start = text.rfind("\n", 0, name.start_mark.index) + 1
            last = text.find("\n", max(_end(child) - 1, name.start_mark.index))
            edited = text[:start] + (text[last + 1 :] if last >= 0 else "")
        if _reads_as(path, edited, wanted):
            return edited
    raise ConfigError(f"{path} has a style that cannot be edited safely. Remove the lines of {key} by hand.")


def with_name(path: Path, text: str, place: Sequence[str], key: str, new: str) -> str:
    """The text with another name for `key` of the mapping at `place`; ConfigError as `without_entry`."""
    wanted = load(path, text).value
    mapping = _mapping_at(wanted, place)
    entries = {new if name == key else name: value for name, value in mapping.items()}
    mapping.clear()
    mapping.update(entries)
    found = _entry(text, [*place, key])
    if found is not None:
        name = found[0].value[found[1]][0]
        edited = text[: name.start_mark.index] + new + text[name.end_mark.index :]
        if _reads_as(path, edited, wanted):
            return edited
    raise ConfigError(f"{path} has a style that cannot be edited safely. Change {key} to {new} by hand.")


def _mapping_at(value: Value, place: Sequence[str], *, create: bool = False) -> dict[str, Value]:
    """The mapping at a place. `create` puts an empty one where there is none."""
    for step in place:
        assert isinstance(value, dict)
        if create and not isinstance(value.get(step), dict):
            value[step] = {}
        value = value[step]
    assert isinstance(value, dict)
    return value


def _entry(text: str, names: Sequence[str]) -> tuple[MappingNode, int] | None:
    """The mapping that holds the last of these names, and the number of its entry; None if it is not found."""
    import yaml

    node: Node | None = None if text.startswith(_BOM) else yaml.compose(text, yaml.SafeLoader)
    parent, number = None, 0
    for name in names:
        if not isinstance(node, yaml.MappingNode):
            return None
        number = next((n for n, (key, _) in enumerate(node.value) if key.value == name), -1)
        if number < 0:
            return None
        parent, node = node, node.value[number][1]
    return None if parent is None else (parent, number)


def _reads_as(path: Path, text: str, wanted: Value) -> bool:
    """Whether the text reads as the wanted value; an empty mapping may have become nothing."""

    def plain(value: Value) -> Value:
        if isinstance(value, dict):
            return {key: kept for key, item in value.items() if (kept := plain(item)) not in (None, {})}
        return value

    try:
        return plain(load(path, text).value) == plain(wanted)
    except ConfigError:
        return False


def block(content: object) -> str:
    """A value as YAML lines."""
    import yaml

    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text


def _edited(text: str, names: list[str], value: Value) -> str:
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


def _inserted(text: str, node: MappingNode, entry: Value) -> str:
    if node.flow_style:
        at = _end(node.value[-1][1]) if node.value else node.start_mark.index + 1
        return text[:at] + (", " if node.value else "") + inline(entry)[1:-1] + text[at:]
    return _new_lines(text, _end(node), node.start_mark.column, entry)


def _replaced(text: str, parent: MappingNode, child: Node, value: Value) -> str:
    """The text with a new value for an existing key. A mapping goes below its key, other values beside it; a list
    with a line for each item keeps its lines.
    """
    import yaml

    start, end = child.start_mark.index, child.end_mark.index
    if isinstance(value, list) and isinstance(child, yaml.SequenceNode) and not child.flow_style:
        return _other_items(text, child, value)
    if isinstance(value, dict) and not parent.flow_style:
        before = text[:start].rstrip(" ")
        return _new_lines(before + text[end:], len(before), parent.start_mark.column + 2, value)
    space = "" if text[start - 1 : start] in (" ", "\n", "") else " "
    ending = "\n" if text[start:end].endswith("\n") else ""
    return text[:start] + space + inline([value])[1:-1] + ending + text[end:]


def _other_items(text: str, node: SequenceNode, items: list[Value]) -> str:
    """The text with other items in a list of lines. Those that stay keep their lines, and the comments there, unless
    they are to come in another order.
    """
    held = [_value(each) for each in node.value]
    kept = [item for item in held if item in items]
    new = [item for item in items if item not in held]
    if kept + new != items:
        kept, new = [], items
    if new:
        text = _new_lines(text, _end(node), node.start_mark.column, new)
    for each, item in reversed([*zip(node.value, held, strict=True)]):
        if item not in kept:
            start = text.rfind("\n", 0, each.start_mark.index) + 1
            text = text[:start] + text[text.find("\n", _end(each)) + 1 :]
    return text


def _value(node: Node) -> Value:
    """What a node holds, as `load` reads it but for the types of its scalars, which are texts here."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return {name.value: _value(item) for name, item in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return str(node.value)


def _new_lines(text: str, at: int, column: int, entry: Value) -> str:
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


def _nested(names: Sequence[str], value: Value) -> Value:
    for name in reversed(names):
        value = {name: value}
    return value


def inline(content: object) -> str:
    """A mapping or list in one line, with its brackets."""
    import yaml

    text: str = yaml.safe_dump(content, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1 << 20)
    return text.rstrip("\n")
