"""Add, list, check and remove sources, and give them new secrets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypedDict

from archiver.agency.notification import seen_to
from archiver.agency.status import status
from archiver.collect.account_result import about, name_input
from archiver.collect.sources import kind_of, secrets_of_source, state_of
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.remedy import SignInKind
from archiver.core.yaml_source import Value
from archiver.home.settings import Home
from archiver.home.settings_edit import add_source, entry_of, planned_input, remove_input
from archiver.home.source_settings import Source
from archiver.home.vault import Vault


# many parameters: what is added, and how it is tested
def add(
    home: Home,
    vault: Vault,
    name: str,
    client: str,
    fields: Mapping[str, object],
    secrets: Mapping[str, str],
    *,
    check: bool = True,
    person: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Source:
    """Add a source to a client's file and its secrets to the vault. With `check`, it is opened once first.

    If it cannot be opened, nothing is left behind: the client's file is written last. Adding the same again changes
    nothing but the secrets. `person`: somebody is there to sign in, where a password is not enough.
    """
    there = next((each for each in home.sources() if each.name == name), None)
    if there and there.client == client and there.marked.value == entry_of(fields):
        if secrets:
            rotate(home, vault, name, secrets, check=check, say=say)
        return there
    planned, _ = planned_input(home.root, "sources", name, client=client, **fields)
    source = planned.source(name)
    kind = kind_of(source)
    kind.settings(planned, source)
    secrets = dict(secrets)
    if person and not secrets.keys() & {*kind.secrets}:
        secrets = kind.sign_in(planned, source, secrets, say) or secrets
    if check:
        with about(source, SignInKind.UNSAVED_SOURCE):
            secrets = _opened(planned, vault, source, secrets, say)
    try:
        vault.forget(name)  # the leftovers of a killed command
        if secrets:
            vault.set_secrets(name, secrets)
        return add_source(home.root, name, client=client, **fields)
    except BaseException:
        if name not in {each.name for each in Home.load(home.root).sources()}:
            vault.forget(name)
        raise


def _opened(
    home: Home, vault: Vault, source: Source, secrets: Mapping[str, str], say: Callable[[str], None]
) -> dict[str, str]:
    """Open a source with these secrets; those to store, which the server may have renewed."""
    kind = kind_of(source)
    if home.settings.replay and kind.secrets:
        say("The source was not opened: a replay home never connects to a server.")
        return dict(secrets)
    if kind.secrets and not secrets:
        secrets = secrets_of_source(vault, source, kind)
    kept = dict(secrets)
    for sentence in kind.check(home, source, secrets, kept.update):
        say(f"{sentence}.")
    return kept


# many parameters: what changes, and how it is tested
def rotate(
    home: Home,
    vault: Vault,
    name: str,
    secrets: Mapping[str, str],
    *,
    check: bool = True,
    person: bool = False,
    say: Callable[[str], None],
) -> None:
    """Replace a source's secrets. If the server refuses them, nothing changes.

    `person`: somebody is there to sign in, where a password is not enough.
    """
    source = home.source(name)
    kind = kind_of(source)
    if person and not secrets.keys() & {*kind.secrets}:
        secrets = kind.sign_in(home, source, {**vault.secrets(name), **secrets}, say) or secrets
    if not secrets:
        raise ConfigError(f"There is no new secret for {name}. Give it at the prompt or with --secrets-stdin.")
    secrets = {**vault.secrets(name), **secrets}
    if check:
        with about(source):
            secrets = _opened(home, vault, source, secrets, say)
    vault.rotate(name, secrets, None, None)
    seen_to(home, source)


def check(home: Home, vault: Vault, name: str) -> tuple[list[str], ArchiverError | None]:
    """Open a source as a run would and archive nothing: what is there, and the error if it cannot be opened."""
    source = home.source(name)
    said: list[str] = []
    try:
        kind = kind_of(source)
        kind.settings(home, source)
        secrets = secrets_of_source(vault, source, kind)
        for sentence in kind.check(home, source, secrets, partial(vault.set_secrets, name)):
            said.append(sentence)  # noqa: PERF402  # what was said before an error stays
    except ArchiverError as error:
        name_input(error, source)
        return said, error
    return said, None


class SourceRow(TypedDict):
    """A source's settings, and how its last reading ended."""

    source: str
    client: str
    kind: str
    closed: str | None
    settings: Value
    last_run: str | None
    last_complete: str | None
    outcome: str | None
    error: str | None
    trouble: str | None


def listed(home: Home) -> list[SourceRow]:
    """The rows of `source list`: settings, and how the last reading ended."""
    standing = {each.account: each for each in status(home).accounts}
    rows = list[SourceRow]()
    for source in home.sources():
        runs = standing[source.name]
        rows.append(
            {
                "source": source.name, "client": source.client, "kind": source.kind,
                "closed": str(source.closed) if source.closed else None,
                "settings": source.marked.value, "last_run": runs.last_run, "last_complete": runs.last_complete,
                "outcome": runs.outcome, "error": runs.error, "trouble": runs.trouble,
            }
        )  # fmt: skip
    return rows


def remove(home: Home, vault: Vault, name: str) -> None:
    """Remove a source: its settings, its secrets, and what it remembers. What it brought stays archived."""
    source = home.source(name)
    vault.forget(name)
    shutil.rmtree(state_of(home, name), ignore_errors=True)
    remove_input(home.root, "sources", name)
    seen_to(home, source)


def report(home: Home, name: str) -> list[dict[str, object]]:
    """What a source holds and the archive does not, with the reasons."""
    source = home.source(name)
    kind = kind_of(source)
    kind.settings(home, source)
    return kind.listing(home, source)
