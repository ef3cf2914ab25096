"""The demo: two clients, four accounts, a real browser, a local timestamp authority, and a letter about one picture.

It plays authored recordings, so its archives are marked NOT EVIDENCE. Everything else is real. Without a browser, the
demo shows only the accounts that need none, and says what it left out.
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
from archiver.devkit.demo_archive import ACCOUNTS, archive_steps, needs_browser, prepare
from archiver.devkit.demo_claim import claim_steps
from archiver.home.vault import find_key

MARKER = "made-by-archiver-demo.txt"


async def demo(keep: Path | None, say: Callable[[str], None]) -> None:
    """Run the demo and report each step. Its files stay in `keep`, or else in a new temporary folder."""
    folder = cleared(keep) if keep else Path(tempfile.mkdtemp(prefix="archiver-demo-"))
    (folder / MARKER).write_text("`archiver demo` made everything in this folder and may replace it.\n")
    with ExitStack() as stack:
        browser = browser_for_demo(say)
        await show(folder, say, stack, browser=browser)
    say(
        f"All files are in {_shortest(folder)}. Remove the folder when you are done. The demo's timestamp authority "
        "has stopped, so new licences in this home stay UNPROVEN."
    )
    if not browser:
        say("Left out without a browser: Envato Elements, Freepik, licence terms, PDFs. To install one, run")
        say("  " + " or ".join(commands_to_install()))
    if extras := list(missing_extras()):
        say("Optional parts that are not installed:")
        say("\n".join(extras))
    if find_spec("starlette"):
        say("To see the result in your browser, run")
        say(f"  {_desk_command(folder)}")


def cleared(folder: Path) -> Path:
    """Create the folder, or empty it of an earlier demo; ConfigError if it holds other files."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return folder
    if not (folder / MARKER).is_file():
        raise ConfigError(f"{folder} holds files that no demo made. Choose a new folder for the demo.")
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
            say("Chromium's sandbox cannot start here. The demo opens only its own pages, so it continues without it.")
            os.environ[SANDBOX_VARIABLE] = "off"
            try_start(chromium)
    except BrowserMissing as error:
        say(f"{error} The demo continues without a browser.")
        return False
    return True


def _shortest(path: Path) -> Path:
    """The shortest path to type from the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _desk_command(folder: Path) -> str:
    """The command that opens the desk on this demo, for the current folder."""
    program = Path(sys.argv[0]).absolute()
    if program.name == "__main__.py":
        name = f"{quote(sys.executable)} -m archiver"
    else:
        name = "archiver" if shutil.which("archiver") == str(program) else quote(str(_shortest(program)))
    settings = {"ARCHIVER_HOME": _shortest(folder) / "home", "ARCHIVER_KEY_FILE": _shortest(folder) / "vault.key"}
    if sys.platform == "win32":
        return "".join(f'set "{key}={value}" && ' for key, value in settings.items()) + f"{name} desk"
    return " ".join([*(f"{key}={quote(str(value))}" for key, value in settings.items()), name, "desk"])


async def show(folder: Path, say: Callable[[str], None], stack: ExitStack, *, browser: bool) -> None:
    say("The archiver's demo. Its recordings are written from public documents and prove nothing about real accounts.")
    os.environ["ARCHIVER_KEY_FILE"] = str(folder / "vault.key")
    find_key(create=True)
    authority = stack.enter_context(LocalAuthority(folder / "authority"))
    shutil.copyfile(authority.root_pem, folder / "tsa-root.pem")
    accounts = {name: of for name, of in ACCOUNTS.items() if browser or not needs_browser(of[1])}
    home = prepare(folder / "home", authority, accounts)
    await archive_steps(home, accounts, say)
    claim_steps(home, folder, say, near=_shortest, browser=browser)
    say("NOT EVIDENCE: this archive was made from authored recordings, and verify and the proof say so.")
