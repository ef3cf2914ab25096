"""Find the adapters: those installed, by the entry-point group `archiver.providers`, and the home's own repairs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from archiver.core.errors import ConfigError
from archiver.core.suggestions import did_you_mean
from archiver.core.written_names import folded, readable_host, written_so
from archiver.provider.contract import AnyProvider
from archiver.provider.info import ProviderInfo, SignInMethod
from archiver.provider.override import Override, find, source_files

_home: list[Path] = []  # the home whose adapters are used before the installed ones; a process works with one home


@cache
def _adapters(path: tuple[str, ...]) -> Mapping[str, EntryPoint]:  # noqa: ARG001  # where Python looks for them
    """The entry points of all adapters. Cached, because the search reads the metadata of every package on the path."""
    return {entry.name: entry for entry in reversed(tuple(entry_points(group="archiver.providers")))}


def installed() -> list[str]:
    """The names of all installed adapters, in alphabetical order. Nothing is imported, so some may be broken."""
    return sorted(_adapters(tuple(sys.path)))


# What people call platforms beside their names.
_ALSO = {"envato_market": ("themeforest", "codecanyon", "audiojungle", "graphicriver", "photodune", "videohive")}
MIN_BEGINNING_LENGTH = 3


def matching(text: str, others: Iterable[str] = ()) -> list[str]:
    """The platforms that a person may mean by `Getty`, `Adobe Stock` or `www.shutterstock.com`.

    They are installed adapters, or among `others`.
    """
    known = {name: (name, *_ALSO.get(name, ())) for name in sorted({*installed(), *others})}
    if found := written_so(text, known):
        return found
    words = _words(text)
    names = [(folded(each), name) for name, called in known.items() for each in called]
    if within := [(len(each), name) for each, name in names for text in words if text.startswith(each)]:
        return [max(within)[1]]
    words = [each for each in words if len(each) >= MIN_BEGINNING_LENGTH]
    return sorted({name for each, name in names for text in words if each.startswith(text)})


def named(text: str, others: Iterable[str] = ()) -> str:
    """The one platform of `matching`; ConfigError if there are none or several."""
    found = matching(text, others)
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{text!r} can be {' or '.join(found)}. Name the one you mean.")
    known = {*installed(), *others}
    near = did_you_mean(text, [*known, *(name.partition("_")[0] for name in known)])
    raise ConfigError(f"There is no provider {text!r}.{near} Installed: {', '.join(installed()) or 'none'}.")


def _words(text: str) -> list[str]:
    """A written name as names are compared; of an address its host, in both orders: `stock.adobe.com`."""
    with suppress(ValueError):  # for an unclosed bracket
        if "." in text.strip("."):
            host = readable_host(urlsplit(text if "://" in text else f"https://{text}").hostname or "")
            labels = host.split(".")[:-1]
            return [folded("".join(each)) for each in (labels, labels[::-1])]
    return [folded(text)]


def use_home(root: Path | None) -> None:
    """Use the adapters in this home's `adapters/` before the installed ones. None: use only installed ones."""
    _home[:] = [root] if root else []


def override_of(name: str) -> Override | None:
    """The home's own adapter with this name, which replaces the installed one."""
    return find(_home[0] if _home else None, name) if name in installed() else None


def load(name: str) -> type[AnyProvider]:
    """The adapter with this name: the home's own, else the installed one.

    ConfigError if it cannot be imported or is not installed; it lists the installed ones.
    """
    if own := override_of(name):
        return _load_own(own)
    return load_installed(name)


@cache  # a run asks several times for each account, and each search looks through all installed packages
def load_installed(name: str) -> type[AnyProvider]:
    """The installed adapter, even if the home has its own."""
    if entry := _adapters(tuple(sys.path)).get(name):
        try:
            found: type[AnyProvider] = entry.load()
        except Exception as error:  # somebody else's module may raise anything
            raise ConfigError(
                f"The archiver cannot load the provider {name!r} from {entry.value} ({type(error).__name__}: {error}). "
                "Install its package again, or uninstall it."
            ) from error
        return found
    raise ConfigError(
        f"There is no provider {name!r}.{did_you_mean(name, installed())} "
        f"Installed: {', '.join(installed()) or 'none'}."
    )


_own: dict[str, tuple[dict[str, str], type[AnyProvider]]] = {}  # name -> the home's adapter, and its provenance


def _load_own(own: Override) -> type[AnyProvider]:
    name = own.name
    if name not in _own or _own[name][0] != own.provenance():
        entry = _adapters(tuple(sys.path))[name]
        try:
            found: type[AnyProvider] = getattr(own.module(entry.module.rpartition(".")[2]), entry.attr)
            _ = found.info  # fails without a declaration
        except Exception as error:  # an unfinished repair may raise anything
            raise ConfigError(
                f"The archiver cannot load {own.folder} ({type(error).__name__}: {error}). Correct it, or use the "
                f"installed adapter again: archiver adapter remove {name} --force"
            ) from error
        _own[name] = (own.provenance(), found)
    return _own[name][1]


def own_adapter(provider: AnyProvider) -> dict[str, str] | None:
    """The provenance of the home's adapter that this one comes from, as licences and runs keep it; None if it is
    installed.
    """
    return next((named for named, made in _own.values() if type(provider) is made), None)


def installed_sources(name: str) -> tuple[str, dict[str, bytes]]:
    """The installed adapter's package and its files by name: its module, the YAML file beside it, and the modules of
    the same package that it imports.
    """
    load_installed(name)
    entry = _adapters(tuple(sys.path))[name]
    spec = find_spec(entry.module)
    if spec is None or spec.origin is None:
        raise ConfigError(f"{entry.module} is no file, so it cannot be repaired here.")
    package, _, stem = entry.module.rpartition(".")
    folder, wanted, stems = Path(spec.origin).parent, [stem], set[str]()
    while wanted:
        stem = wanted.pop()
        if stem not in stems and (folder / f"{stem}.py").is_file():
            stems.add(stem)
            own = rf"^from (?:{re.escape(package)})?\.(\w+) import" if package else r"^from \.(\w+) import"
            wanted += re.findall(own, (folder / f"{stem}.py").read_text("utf-8"), re.MULTILINE)
    return package, source_files(folder, frozenset(stems))


def method_of(provider: str, name: str | None) -> SignInMethod:
    """The sign-in method of this name, by default the first. ConfigError for an unknown provider or method."""
    return load(provider).info.method(name)


def declared(name: str) -> ProviderInfo | None:
    """What an adapter declares; None if the adapter is missing or broken, which other code reports."""
    with suppress(ConfigError):
        return load(name).info
    return None
