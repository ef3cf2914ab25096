"""Find the installed adapters, by the entry-point group `archiver.providers`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from archiver.core.errors import ConfigError
from archiver.core.suggestions import did_you_mean
from archiver.provider.contract import Provider
from archiver.provider.info import ProviderInfo


@cache
def _adapters(path: tuple[str, ...]) -> Mapping[str, EntryPoint]:  # noqa: ARG001  # where Python looks for them
    """The entry points of all adapters. To look for them reads what every package on the path says of itself."""
    return {entry.name: entry for entry in reversed(tuple(entry_points(group="archiver.providers")))}


def installed() -> list[str]:
    """The names of all installed adapters, in alphabetical order. Nothing is imported, so one may be broken."""
    return sorted(_adapters(tuple(sys.path)))


@cache  # a run asks some times for each account, and each time all installed packages would be looked through
def load(name: str) -> type[Provider[Any]]:
    """The adapter of that name; ConfigError lists the installed ones, or says that this one cannot be imported."""
    if entry := _adapters(tuple(sys.path)).get(name):
        try:
            found: type[Provider[Any]] = entry.load()
        except Exception as error:  # whatever somebody else's module raises
            raise ConfigError(
                f"The archiver cannot load the provider {name!r} from {entry.value} ({type(error).__name__}: "
                f"{error}). Install "
                "its package again, or uninstall it."
            ) from error
        return found
    raise ConfigError(
        f"There is no provider {name!r}.{did_you_mean(name, installed())} "
        f"Installed: {', '.join(installed()) or 'none'}."
    )


def declared(name: str) -> ProviderInfo | None:
    """What an adapter declares; None where it is gone or broken, which whatever needs it tells."""
    with suppress(ConfigError):
        return load(name).info
    return None
