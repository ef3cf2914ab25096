"""Adapters in the home (`adapters/NAME/`): a repair that is used instead of the installed adapter until it is removed.

The files are read once. So the code that runs is the code that the digest names, even if somebody changes the folder
meanwhile.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import override

from archiver.core.errors import ConfigError

FOLDER = "adapters"
SOURCES = (".py", ".yaml")
ORIGIN = "origin.yaml"  # the installed adapter from which the repair started
OTHERS = 0o077  # permissions of anybody but the owner
_PACKAGE = "archiver_home_adapter"


@dataclass(frozen=True)
class Override:
    """An adapter in the home: its folder, its files as they were read, and their digest."""

    name: str
    folder: Path
    files: Mapping[str, bytes]

    @property
    def sha256(self) -> str:
        return digest(self.files)

    def provenance(self) -> dict[str, str]:
        """How a licence's provenance and a run's log name it."""
        return {"file": f"{FOLDER}/{self.name}", "sha256": self.sha256}

    def module(self, stem: str) -> ModuleType:
        """Run its module. Exceptions of the module pass through."""
        package = f"{_PACKAGE}_{self.name}_{self.sha256[:16]}"
        if package not in sys.modules:
            parent = ModuleType(package)
            parent.__path__ = []  # a package: the finder below resolves `from .family import …`
            sys.modules[package] = parent
        return _Finder(package, self).module(f"{package}.{stem}")


def find(home: Path | None, name: str) -> Override | None:
    """The home's own adapter with this name; ConfigError if other users could have written it."""
    folder = home / FOLDER / name if home else None
    if not folder or not folder.is_dir():
        return None
    for each in (folder.parent, folder):
        _only_ours(each)
    return Override(name, folder, source_files(folder))


def source_files(folder: Path, stems: frozenset[str] | None = None) -> dict[str, bytes]:
    """The modules of a folder and their YAML files by name; with `stems`, only those."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.suffix in SOURCES and path.name != ORIGIN and (stems is None or path.stem in stems) and path.is_file()
    }


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 (hex) of files by name."""
    lines = (f"{sha256(content).hexdigest()} {name}\n" for name, content in sorted(files.items()))
    return sha256("".join(lines).encode()).hexdigest()


def _only_ours(folder: Path) -> None:
    """ConfigError if another user could put code into the folder, because the archiver would run it."""
    found = folder.stat()
    if os.name == "posix" and (found.st_uid not in (os.geteuid(), 0) or found.st_mode & OTHERS):
        raise ConfigError(
            f"Others may enter {folder}, and the archiver runs the code in it. Make it yours alone: chmod 700 {folder}"
        )


class _Source(SourceLoader):
    """Compiles a module from bytes that were read before. Without `path_stats`, no bytecode is kept."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path, self._content = path, content

    @override
    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    @override
    def get_data(self, path: str | bytes) -> bytes:
        return self._content


class _Finder:
    """Finds the modules of one override while one of them runs."""

    def __init__(self, package: str, found: Override) -> None:
        self._package, self._override = package, found

    def module(self, name: str) -> ModuleType:
        sys.meta_path.insert(0, self)
        try:
            spec = self.find_spec(name)
            if spec is None or spec.loader is None:
                raise ConfigError(f"{self._override.folder} has no {name.rpartition('.')[2]}.py.")
            made = module_from_spec(spec)
            sys.modules[name] = made
            spec.loader.exec_module(made)
        finally:
            sys.meta_path.remove(self)
        return made

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        package, _, stem = name.rpartition(".")
        content = self._override.files.get(f"{stem}.py")
        if package != self._package or content is None:
            return None
        path = self._override.folder / f"{stem}.py"
        spec = ModuleSpec(name, _Source(path, content), origin=str(path))
        spec.has_location = True
        return spec


def named_in(home: Path | None) -> Iterator[str]:
    """The names of all adapters in the home."""
    folder = home / FOLDER if home else None
    if folder and folder.is_dir():
        yield from sorted(each.name for each in folder.iterdir() if each.is_dir() and each.name.isidentifier())
