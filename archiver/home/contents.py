"""What a home holds: every kind of file, declared once. Backup, restore, `doctor`, `init` and the docs read it here.

A kind of file that is missing here is found by `undeclared`, which `doctor` and the tests ask. A backup takes it along
all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from archiver.core.errors import ConfigError
from archiver.core.yaml_source import Value, load

FOLDERS = ("clients", "archive", "state")
"""The folders that every home has."""


class Holds(StrEnum):
    """What a file is to the agency. Only a `CACHE` may be left out of a copy: the program makes it again."""

    EVIDENCE = "evidence"
    WORKING_PAPER = "working paper"
    SETTINGS = "settings"
    VAULT = "vault"
    USERS = "users"
    MEMORY = "memory"  # what a run or a check learned, and would have to learn again
    LOG = "log"
    CACHE = "cache"


@dataclass(frozen=True)
class HomeFileKind:
    """A kind of file. In the pattern, `*` and `{name}` stand for part of a name, and `**` for anything below."""

    pattern: str
    what: str
    holds: Holds


EVIDENCE, PAPER, SETTINGS, VAULT, USERS, MEMORY, LOG, CACHE = Holds

KINDS = (
    HomeFileKind("archive/{client}/evidence/**", "licences, their papers, terms and statements", EVIDENCE),
    HomeFileKind("archive/{client}/ledger/**", "what was archived when, with checkpoints and timestamps", EVIDENCE),
    HomeFileKind("archive/{client}/keys/**", "the keys that a check needs", EVIDENCE),
    HomeFileKind("archive/{client}/tools/verify.py", "the verifier", EVIDENCE),
    HomeFileKind("archive/{client}/READ-ME-FIRST.txt", "how to check the archive", EVIDENCE),
    HomeFileKind("archive/{client}/staging/**", "what a command is about to archive", EVIDENCE),
    HomeFileKind("**.lock", "a lock", CACHE),
    HomeFileKind("**.holder", "who holds a lock", CACHE),
    HomeFileKind("**.sqlite-*", "a part of an open database", CACHE),
    HomeFileKind("**/.*.tmp", "a file that is being written", CACHE),
    HomeFileKind("**/.*.partial", "a file that is being written", CACHE),
    HomeFileKind("**/.*.new/**", "a folder that is being written", CACHE),
    HomeFileKind("**.new", "a file that is being written", CACHE),
    HomeFileKind("archiver.yaml", "the settings", SETTINGS),
    HomeFileKind("clients/*.yaml", "a client, its accounts and sources", SETTINGS),
    HomeFileKind("roots/*.pem", "the root certificates of the timestamp authorities", SETTINGS),
    HomeFileKind("adapters/**", "repaired adapters, which replace the installed ones", SETTINGS),
    HomeFileKind("live.yaml", "the day on which each platform was checked last", MEMORY),
    HomeFileKind("vault.enc", "secrets, saved sign-ins and signing keys, encrypted with the vault's key", VAULT),
    HomeFileKind("desk-users.json", "the desk's users, with digests of their passwords, and their passkeys", USERS),
    HomeFileKind("desk-tokens.json", "the tokens of the API, as digests", USERS),
    HomeFileKind("work/audits/**", "what an audit saw of a client's site", PAPER),
    HomeFileKind("work/{claim}/**", "a claim: its letter, deadlines, notes and packs", PAPER),
    HomeFileKind("downloads/{client}/**", "what a person downloaded in a capture", PAPER),
    HomeFileKind("state/archive/{client}/compared", "when the folders of checkpoints changed last", CACHE),
    HomeFileKind(
        "state/archive/{client}/**", "what this home last saw of an archive, and the key that signs it", MEMORY
    ),
    HomeFileKind("state/attended/{client}/**", "what a person captured that is not archived yet", PAPER),
    HomeFileKind("state/catalogue/**", "the search index", CACHE),
    HomeFileKind("state/companion/browsers/*.json", "the browsers that are paired with the desk", USERS),
    HomeFileKind("state/companion/inbox/**", "what browsers sent that is not archived yet", PAPER),
    HomeFileKind("state/companion/filed/**", "what browsers sent, until its result is certain", PAPER),
    HomeFileKind("state/companion/results/*.json", "what became of that which browsers sent", LOG),
    HomeFileKind("state/damaged/**", "damaged objects that were replaced", PAPER),
    HomeFileKind("state/desk/audit.jsonl", "who did what at the desk", LOG),
    HomeFileKind("state/desk/calendars/*.json", "the links to calendars of deadlines, as digests", USERS),
    HomeFileKind("state/desk/device.key", "the key by which the desk knows browsers again", USERS),
    HomeFileKind("state/desk/links/*.json", "the links that clients have, as digests", USERS),
    HomeFileKind("state/desk/open-*.html", "the one-time link of a desk that runs", CACHE),
    HomeFileKind("state/desk/sessions/*.json", "who is signed in at a desk that runs", CACHE),
    HomeFileKind("state/fetch/**", "objects that are fetched from the replica", CACHE),
    HomeFileKind("state/fleet/**", "what this machine knows of its fleet", CACHE),
    HomeFileKind("state/history/*.json", "how far each history was read", MEMORY),
    HomeFileKind("state/import/**", "what an import is reading", CACHE),
    HomeFileKind("state/judged.sqlite*", "which files imports need not read again", CACHE),
    HomeFileKind("state/looks/*.json", "how archived pictures look", CACHE),
    HomeFileKind("state/notify.json", "which messages people received", MEMORY),
    HomeFileKind("state/opened/**", "documents that a person opened", CACHE),
    HomeFileKind("state/quarantine/**", "documents that hold a secret, for a person to look at", PAPER),
    HomeFileKind("state/renewed.json", "which sign-ins a person renewed since the last run", MEMORY),
    HomeFileKind("state/reliance.json", "since when each thing that the home relies on has failed", MEMORY),
    HomeFileKind("state/removed-adapters/**", "repaired adapters that were removed", SETTINGS),
    HomeFileKind("state/repair/**", "pages on which the repair of an adapter works", PAPER),
    HomeFileKind("state/replica/*.json", "how far the replica is published", MEMORY),
    HomeFileKind("state/restore/**", "archives that are being restored", CACHE),
    HomeFileKind("state/retries/*.json", "when missing documents are tried again", MEMORY),
    HomeFileKind("state/runs/*.jsonl", "what each run did", LOG),
    HomeFileKind("state/sources/{source}/**", "how far each mailbox and folder was read", MEMORY),
    HomeFileKind("state/trouble/**", "pages on which a run failed", PAPER),
    HomeFileKind("state/trusted-lists/**", "the EU's trusted lists of today", CACHE),
    HomeFileKind("state/verified/*.json", "what the last verification found", MEMORY),
)
"""The first kind that fits counts."""

NAMED = HomeFileKind("", "a file or folder that the settings name", SETTINGS)
OTHER = HomeFileKind("", "not a file of this program", PAPER)


@dataclass(frozen=True)
class HomeFile:
    """A file in a home: its path below the home, and its kind."""

    name: str
    kind: HomeFileKind


def kind_of(name: str) -> HomeFileKind | None:
    """The kind of the file at this path below a home; None for a file that is not declared."""
    return next((kind for kind in KINDS if _regex(kind.pattern).fullmatch(f"/{name}")), None)


def files_in(root: Path, *, evidence: bool = True) -> Iterator[HomeFile]:
    """All files of a home in the order of their names, folders that are links included; without `evidence`, none of
    the archives. Links to files elsewhere and devices are left out.
    """
    named = [each.relative_to(root).as_posix() for each in named_files(root) if each.is_relative_to(root)]
    for name in _walk(root, "" if evidence else "archive"):
        kind = kind_of(name)
        if kind is None and any(name == each or name.startswith(f"{each}/") for each in named):
            kind = NAMED
        yield HomeFile(name, kind or OTHER)


def undeclared(root: Path) -> list[str]:
    """The files of a home of which nothing is declared, but for archives, which the verifier judges."""
    return [each.name for each in files_in(root, evidence=False) if each.kind is OTHER]


def _walk(root: Path, without: str) -> Iterator[str]:
    def below(folder: str, depth: int) -> Iterator[str]:
        with os.scandir(root / folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            name = f"{folder}/{entry.name}".lstrip("/")
            if entry.is_dir(follow_symlinks=depth < LINKED_DEPTH):
                if name != without:
                    yield from below(name, depth + 1)
            elif entry.is_file(follow_symlinks=depth < LINKED_DEPTH):
                yield name

    yield from below("", 0)


LINKED_DEPTH = 2  # `archive` and `archive/acme` may be links to another disk; nothing below them


def named_files(root: Path) -> set[Path]:
    """The files and folders that the home's YAML files name: certificates, and the folders of witnesses."""
    found = set[Path]()

    def look(value: Value) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                if key != "secret_command":  # whose files stay away from the home
                    look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)
        elif isinstance(value, str) and 0 < len(value) < MAX_PATH_LENGTH and "\n" not in value:
            place = Path(os.path.normpath(root / value))
            with suppress(OSError):
                if place != root and place.exists():
                    found.add(place)

    for file in (root / "archiver.yaml", *sorted((root / "clients").glob("*.yaml"))):
        with suppress(ConfigError):  # `Home.load` says what is wrong with it
            look(load(file).value)
    return found


MAX_PATH_LENGTH = 1000  # characters of a path


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression for a path with a leading slash."""
    parts = re.split(r"(\*\*|\*|\{\w+\})", pattern if pattern.startswith("**") else f"/{pattern}")
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, "[^/]+" if part[:1] == "{" else re.escape(part))
                              for part in parts), re.DOTALL)  # fmt: skip
