"""Homes in temporary folders, and the command line as a user runs it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from archiver.archive.checking.parts import openssl_program
from archiver.cli.json_schemas import SCHEMAS, schema_of
from archiver.provider import Request, load
from tests.support import forked

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "recordings"
QUICK = ROOT / ".venv" / "cache" / "recordings"
"""The recordings without the pages of terms, for whose capture each run starts a browser; see `make_quick`."""

NOT_STARTING = "/bin/false"
"""A browser that set-up finds, so that it installs none, and that does not start."""

type Clock = Callable[[str], dict[str, str]]
"""Sets the clock of all programs that are started from here on to a day, `2045-01-01`; returns how, as environment."""


@dataclass
class Home:
    """A home folder and the `archiver` command working on it, each in a process of its own."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "archiver", *map(str, arguments)]

    def __call__(
        self, *arguments: str | Path, code: int | None = 0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; the exit code must be `code` (None: any)."""
        done = forked.run([*map(str, arguments)], env=self.env, stdin=stdin, timeout=120)
        assert code is None or done.returncode == code, (
            f"{arguments} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def json(self, *arguments: str | Path, code: int | None = 0) -> Any:
        """What a command prints with --json, without its version; of a list, the list."""
        document = json.loads(self(*arguments, "--json", code=code).stdout)
        check_schema([*map(str, arguments)], document)
        return unversioned(document)

    def account(self, name: str, provider: str, client: str = "acme", **options: str) -> None:
        extra = [part for option, value in options.items() for part in (f"--{option.replace('_', '-')}", value)]
        self("account", "add", name, "--client", client, "--provider", provider, *extra)

    def archive(self, client: str = "acme") -> Path:
        return self.root / "archive" / client

    def without_browser(self) -> Home:
        """The same home where no browser is found: a pack has its pages as HTML there, and takes a tenth of the work.
        For tests that look at nothing that is printed."""
        return Home(self.root, self.env | nothing_but_openssl(self.root.parent / "tools"))


def check_schema(arguments: list[str], document: Any) -> None:
    """AssertionError if a command's document is not as its JSON schema says."""
    assert document.get("version") == 1, f"{arguments}: {document}"
    name = max((each for each in SCHEMAS if arguments[: len(each.split())] == each.split()), key=len, default=None)
    if name is None:
        return
    fault = best_match(Draft202012Validator(schema_of(name, SCHEMAS)).iter_errors(document))
    assert fault is None, f"archiver {name} --json: {fault.message} at {fault.json_path}"


def unversioned(document: Any) -> Any:
    """The content of a JSON document: its one list, or else the object without its version."""
    assert document.pop("version") == 1
    values = list(document.values())
    return values[0] if len(values) == 1 and isinstance(values[0], list) and "accounts" not in document else document


def make_quick() -> None:
    """Make `QUICK`, unless it is there: what two-pages has of the terms is taken out, so that runs which are about
    something else do without a browser. Call it before the tests begin."""
    known = [(str(path), path.stat().st_mtime_ns) for path in sorted(RECORDINGS.rglob("*"))]
    made_of = hashlib.sha256(repr([known, Path(__file__).stat().st_mtime_ns]).encode()).hexdigest()
    stamp = QUICK.with_suffix(".made")
    QUICK.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(QUICK.with_suffix(".lock")):  # somebody else may be running tests here
        if not (stamp.exists() and stamp.read_text() == made_of):
            _write_quick()
            stamp.write_text(made_of)


def _write_quick() -> None:
    shutil.rmtree(QUICK, ignore_errors=True)
    shutil.copytree(RECORDINGS, QUICK)
    loader, dumper = getattr(yaml, "CSafeLoader", yaml.SafeLoader), getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    for path in QUICK.glob("*/two-pages/session.yaml"):
        session = yaml.load(path.read_text("utf-8"), loader)
        pages = [page.rules[0] for page in load(session["provider"]).info.terms]
        session["exchanges"] = [
            each
            for each in session["exchanges"]
            if not any(page.matches(Request(each["request"]["method"], each["request"]["url"])) for page in pages)
        ]
        path.write_text(yaml.dump(session, Dumper=dumper, sort_keys=False), "utf-8")


def begun(folder: Path, *, replay: bool = True) -> Home:
    """A new home in a folder, with one client, `acme`."""
    home = Home(folder / "home", clean_environment(folder))
    home("init", home.root, *(["--replay"] if replay else []))
    home("client", "add", "acme", "--name", "Acme Ltd")
    return home


def nothing_but_openssl(tools: Path) -> dict[str, str]:
    """Variables with which no browser is found, and no other program; `tools` is a folder for what is found."""
    if not tools.exists():
        tools.mkdir()
        program = openssl_program.openssl()
        assert program
        (tools / "openssl").symlink_to(program)
    return {"ARCHIVER_CHROMIUM": "", "PATH": str(tools), "PLAYWRIGHT_BROWSERS_PATH": str(tools)}


def clean_environment(folder: Path) -> dict[str, str]:
    """The environment without anything that could point at another home or key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
    kept["ARCHIVER_KEY_FILE"] = str(folder / "vault.key")
    kept["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    kept["ARCHIVER_HOME"] = str(folder / "home")
    kept["XDG_CONFIG_HOME"] = str(folder / "config")
    kept["XDG_STATE_HOME"] = str(folder / "state")
    kept |= {name: value for name, value in os.environ.items() if name.startswith("ARCHIVER_CHROMIUM")}
    return kept
