"""JSON as this program writes it, for people to read: into files of its own, and into the archive."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from archiver.core.atomic_files import read_file, replace_file

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def readable(value: object) -> bytes:
    """A value as JSON: keys in order, a line for each. A dataclass is an object with its fields."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")


def write_json(path: Path, value: object) -> None:
    """Replace a file by a value, as `readable` writes it. Its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, readable(value))


def change_json[T](path: Path, read: Callable[[], T], changed: Callable[[T], object]) -> None:
    """Read a file, and replace it by what `changed` makes of it, while no other thread or process does so.

    What takes long comes before: the others wait. If `read` or `changed` raises an error, the file stays as it is.
    """
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(path.with_name(f"{path.name}.lock"), mode=0o600):
        write_json(path, changed(read()))


def read_json(path: Path) -> Any:
    """The value in a file; None if there is no file, or if it is damaged."""
    with suppress(OSError, ValueError):
        return json.loads(read_file(path))
    return None


def read_record[T](path: Path, kind: Callable[..., T]) -> T | None:
    """The object in a file as the arguments of `kind`; None also if these do not fit."""
    with suppress(OSError, ValueError, TypeError):
        return kind(**json.loads(read_file(path)))
    return None


def checked[T](kind: type[T], content: str | bytes) -> T:
    """JSON as a value of this type; ValueError if it does not fit."""
    adapter: TypeAdapter[T] = _adapter(cast("Hashable", kind))
    return adapter.validate_json(content)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
