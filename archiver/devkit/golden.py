"""Golden results: the expected result of a recording (`expected.yaml`), written once and compared by every check.

A recording is checked by the real run: a throw-away replay home with one account, the real browser or HTTP client, the
real archive. Nothing is compared that the archive does not hold.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from archiver.agency.night import run
from archiver.browsing.recording import Recording
from archiver.catalogue.index import Catalogue
from archiver.collect.run import asking
from archiver.collect.run_context import RunRequest
from archiver.collect.run_tools import RunTools, open_tools
from archiver.core.atomic_files import replace_file, scratch_folder, sweep_beside
from archiver.core.errors import ConfigError
from archiver.core.model import iso
from archiver.core.yaml_source import load
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.reading.licence_json import LicenceFile

ACCOUNT = "recorded"


@asynccontextmanager
async def checking(max_wait_s: float = math.inf) -> AsyncIterator[RunTools]:
    """Tools for several checks, so that they share one browser. `max_wait_s` is as for `open_tools`."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(scratch_folder("check"))
        home = create_home(folder / "home", replay=True)
        yield await stack.enter_async_context(open_tools(home, replay=True, max_wait_s=max_wait_s))


async def replayed(path: Path, shared: RunTools | None, account: str = ACCOUNT) -> dict[str, Any]:
    """Run a recording's account in a throw-away home and describe the result in the form of expected.yaml.

    expected.yaml never has `message`, the run's words, nor two keys that tell of trouble: `unknown_requests`, which
    the recording does not hold, and `undeclared_requests`, which reached the platform though no rule of the adapter
    allows them.
    """
    recording = Recording.load(path)
    with scratch_folder("check") as folder:
        root = folder / "home"
        create_home(root, replay=True)
        add_client(root, "client", name="Client")
        add_account(
            root, account, client="client", provider=recording.provider, method=recording.method,
            username=recording.username, settings=recording.settings,
        )  # fmt: skip
        home, vault = Home.load(root), Vault.create(root / "vault.enc", new_key())
        asked = [asking(home.account(account), recording.assets, "Ada Example")] if recording.assets else None
        summary = await run(home, vault, RunRequest(replay=path), shared=shared, accounts=asked)
        [result] = summary.accounts
        found = [*licences(home)]
        described: dict[str, object] = {
            "outcome": result.outcome.value,
            "error": result.error,
            "requests_refused": result.requests_refused,
            "licences": [describe(licence) for licence in found if not licence.licence.comp],
            "comps": [licence.licence.platform_id for licence in found if licence.licence.comp],
            "unexplained": result.unexplained,
            "message": result.message,
        }
        for listener in summary.replays.values():
            rules = listener.cursor.rules
            sent = [each.request for each in listener.log if each.status != 404 or "favicon" not in each.url]
            undeclared = [
                f"{request.method} {request.url}"
                for request in sent
                if not rules.declares(replace(request, passive=request.method == "GET"))
            ]
            trouble = {"unknown_requests": listener.unknown, "undeclared_requests": undeclared}
            described |= {name: [str(each) for each in found] for name, found in trouble.items() if found}
        return described


def licences(home: Home) -> list[LicenceFile]:
    """All licences and comps of the throw-away home, newest first, in a stable order."""
    with Catalogue(home.catalogue("client")) as catalogue:
        found = [entry.file for entry in catalogue.each()]
    return sorted(found, key=lambda file: (iso(file.licence.licensed_at) or "", file.licence.platform_id), reverse=True)


def describe(file: LicenceFile) -> dict[str, object]:
    """One licence as expected.yaml shows it."""
    licence = file.licence
    return {
        "licence_id": licence.licence_id,
        "asset_id": licence.asset.asset_id,
        "title": licence.asset.title,
        "kind": licence.kind,
        "licensed_at": iso(licence.licensed_at),
        "licensee": licence.licensee,
        "seat": licence.seat,
        "plan": licence.plan,
        "order": licence.order,
        "client_hints": dict(licence.client_hints),
        "documents": [document.name for document in file.documents],
        "gaps": {gap.kind.value: gap.reason.value for gap in file.gaps},
    }


async def expect(
    path: Path, *, force: bool = False, shared: RunTools | None = None, account: str = ACCOUNT
) -> dict[str, object]:
    """Write the adapter's current result to expected.yaml; the result, with `message`, which calls the account so.

    Only `force` overwrites an existing file.
    """
    target = path / "expected.yaml"
    if target.exists() and not force:
        raise ConfigError(f"{target} exists. Look at the difference with `recording check`, or overwrite with --force.")
    found = await replayed(path, shared, account)
    message = found.pop("message")
    trouble = [line for name in ("unknown_requests", "undeclared_requests") for line in found.pop(name, [])]
    if trouble:
        raise ConfigError(
            f"{path} lacks these requests of the adapter, or its rules forbid them: {'; '.join(trouble)}."
        )
    sweep_beside(target)  # the recording is in no home, where the next command does so
    replace_file(target, yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=120).encode())
    return {**found, "message": message}


async def check(path: Path, shared: RunTools | None) -> list[str]:
    """The differences between expected.yaml and the adapter's current result, one line for each field, and the run's
    message, which names the adapter's line."""
    target = path / "expected.yaml"
    if not target.exists():
        raise ConfigError(f"{target} does not exist. Write it with `archiver recording expect {path}`.")
    found = await replayed(path, shared)
    message = found.pop("message")
    lines = differences(load(target).value, found)
    return [*lines, f"message: {message}"] if lines and message else lines


def differences(expected: object, found: object) -> list[str]:
    """Compare field by field. Licences are matched by id, other lists as sets, because their order has no meaning."""
    return list(_differences("", _keyed(expected), _keyed(found)))


def _keyed(result: object) -> object:
    if not isinstance(result, Mapping):
        return result
    return {name: _index(value) if isinstance(value, list) else value for name, value in result.items()}


def _index(items: Sequence[object]) -> object:
    rows = [item for item in items if isinstance(item, Mapping)]
    if len(rows) < len(items):
        return sorted(str(item) for item in items)
    keyed: dict[str, object] = {}
    for item in rows:
        name = str(item.get("licence_id") or item.get("asset_id"))
        while name in keyed:
            name += "+"
        keyed[name] = {field: sorted(map(str, v)) if isinstance(v, list) else v for field, v in item.items()}
    return keyed


def _differences(where: str, expected: object, found: object) -> list[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        lines = []
        for name in dict.fromkeys((*expected, *found)):
            place = f"{where}.{name}" if where else str(name)
            if name not in found:
                lines.append(f"{place}: expected{_printable(expected[name])}, but not found")
            elif name not in expected:
                lines.append(f"{place}: found{_printable(found[name])}, but not expected")
            else:
                lines += _differences(place, expected[name], found[name])
        return lines
    same = expected == found or (expected is not None and found is not None and str(expected) == str(found))
    return [] if same else [f"{where}: expected {expected!r}, found {found!r}"]


def _printable(value: object) -> str:
    """A plain value; empty for a whole licence, whose name already precedes it."""
    return "" if isinstance(value, Mapping) else f" {value!r}"
