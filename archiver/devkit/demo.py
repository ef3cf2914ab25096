"""The whole job on bundled recordings: two clients, four accounts, a real browser, a local timestamp authority, and
a letter about one of the pictures.

The recordings are authored, so the archives they make are marked NOT EVIDENCE. Everything else is the real thing. On a
machine without a browser the accounts that need none are shown, and what was left out is said.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from archiver.agency.setup import missing_extras
from archiver.archive.local_tsa import LocalAuthority
from archiver.browsing.chromium import SANDBOX_VARIABLE, commands_to_install, try_start, usable
from archiver.core.errors import BrowserMissing, ConfigError, SandboxRefused
from archiver.devkit.demo_archive import (
    ACCOUNTS,
    archive_steps,
    needs_browser,
    prepare,
)
from archiver.devkit.demo_claim import claim_steps
from archiver.home.vault import find_key

MARKER = "made-by-archiver-demo.txt"


async def demo(keep: Path | None, say: Callable[[str], None]) -> None:
    """Run the demo and tell what happens. All that it makes stays in `keep`, else in a new folder."""
    folder = cleared(keep) if keep else Path(tempfile.mkdtemp(prefix="archiver-demo-"))
    (folder / MARKER).write_text("Everything in this folder was made by `archiver demo`, which may make it anew.\n")
    with ExitStack() as stack:
        browser = browser_for_demo(say)
        await show(folder, say, stack, browser=browser)
    say(
        f"Everything lies in {_near(folder)}; remove it when you have seen enough. The demo's timestamp authority has "
        "stopped: what you archive there from now on stays UNPROVEN."
    )
    if not browser:
        say("Left out for want of a browser: Envato Elements, Freepik, licence terms, PDFs. To bring one, run")
        say("  " + " or ".join(commands_to_install()))
    if extras := list(missing_extras()):
        say("Not installed, and optional:")
        say("\n".join(extras))
    if find_spec("starlette"):
        say("To look at it in your browser, run")
        say(f"  {_desk_command(folder)}")


def cleared(folder: Path) -> Path:
    """The folder, made where it is not there and emptied of an earlier demo; ConfigError if other files lie in it."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return folder
    if not (folder / MARKER).is_file():
        raise ConfigError(f"{folder} is not empty, and no demo made it. Choose a new folder for the demo.")
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MARKER):  # the marker goes last
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return folder


def browser_for_demo(say: Callable[[str], None]) -> bool:
    """Whether a browser can be used."""
    try:
        chromium = usable()
        try:
            try_start(chromium)
        except SandboxRefused:
            say("Chromium's sandbox cannot start here. The demo opens only pages of its own, so it goes on without.")
            os.environ[SANDBOX_VARIABLE] = "off"
            try_start(chromium)
    except BrowserMissing as error:
        say(f"{error} The demo goes on without a browser.")
        return False
    return True


def _near(path: Path) -> Path:
    """The path as it is shortest to type from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _desk_command(folder: Path) -> str:
    """The command that opens the desk on this demo, as it works from where the person stands."""
    program = Path(sys.argv[0]).absolute()
    if program.name == "__main__.py":
        name = f"{quote(sys.executable)} -m archiver"
    else:
        name = "archiver" if shutil.which("archiver") == str(program) else quote(str(_near(program)))
    settings = {"ARCHIVER_HOME": _near(folder) / "home", "ARCHIVER_KEY_FILE": _near(folder) / "vault.key"}
    if sys.platform == "win32":
        return "".join(f'set "{key}={value}" && ' for key, value in settings.items()) + f"{name} desk"
    return " ".join([*(f"{key}={quote(str(value))}" for key, value in settings.items()), name, "desk"])


async def show(folder: Path, say: Callable[[str], None], stack: ExitStack, *, browser: bool) -> None:
    say("The archiver's demo. Its recordings are authored from public documents and prove nothing of real accounts.")
    os.environ["ARCHIVER_KEY_FILE"] = str(folder / "vault.key")
    find_key(create=True)
    authority = stack.enter_context(LocalAuthority(folder / "authority"))
    shutil.copyfile(authority.root_pem, folder / "tsa-root.pem")
    accounts = {name: of for name, of in ACCOUNTS.items() if browser or not needs_browser(of[1])}
    home = prepare(folder / "home", authority, accounts)
    await archive_steps(home, accounts, say)
    claim_steps(home, folder, say, near=_near, browser=browser)
    say("NOT EVIDENCE: this archive was made from authored recordings, and verify and the proof say so.")
