"""The doctor's check of the adapters in the home: each is used instead of an installed one, until it is removed."""

from __future__ import annotations

from archiver.agency.diagnosis import Findings, Remedy, ok, problem, warning
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.yaml_source import load
from archiver.home.settings import Home
from archiver.provider.override import ORIGIN, digest, find, named_in
from archiver.provider.registry import installed, installed_sources


def own_adapters(home: Home) -> Findings:
    """Which adapters are the home's own, and which of these a newer release may have made needless."""
    names = [*named_in(home.root)]
    for name in names:
        if name not in installed():
            yield warning(f"adapters/{name}: no adapter of that name is installed, so it is not used")
            continue
        try:
            find(home.root, name)
            origin = load(home.root / "adapters" / name / ORIGIN).value
            if not isinstance(origin, dict):
                raise ConfigError(
                    f"{home.root / 'adapters' / name / ORIGIN} must be a mapping. Copy the adapter again."
                )
            _, files = installed_sources(name)
        except ArchiverError as error:
            yield problem(str(error))
            continue
        if origin.get("installed") == digest(files):
            yield ok(f"{name} is read by adapters/{name}, a repair of {origin.get('made')}")
        else:
            yield warning(
                f"{name} is read by adapters/{name}, but the installed adapter has changed since {origin.get('made')}",
                "If the new one has the repair, the repaired one can go.",
                Remedy("remove adapter", {"name": name}),
            )
    if not names:
        yield ok("every adapter is the installed one")
