"""Read the YAML files that are installed beside the code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, cast


def packaged_yaml[T](kind: type[T], package: str, name: str) -> T:
    """The content of a package's file, checked against the type that its reader expects. Each file is read once."""
    return cast("T", _read(cast("Any", kind), package, name))


@cache
def _read(kind: Any, package: str, name: str) -> object:
    import yaml
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(yaml.safe_load(files(package).joinpath(name).read_text("utf-8")))
