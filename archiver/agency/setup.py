"""Create a home: with one command for scripts, or step by step for a person at a terminal."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from archiver.catalogue.archives import authorities_of
from archiver.core.atomic_files import abandoned
from archiver.core.errors import INSTALL_ALL, BrowserMissing, ConfigError, VaultLocked
from archiver.core.questions import agrees
from archiver.core.stale_files import sweep
from archiver.home.home_folder import default_home, is_home
from archiver.home.settings import Home
from archiver.home.settings_edit import create_home
from archiver.home.settings_models import PUBLIC_TIMESTAMPS
from archiver.home.vault import default_key_file, key_file, locate_key, open_vault, usable_keyrings

EXTRAS = {
    "match": ("onnxruntime", "finds cropped, covered and screenshot pictures (without it: whole pictures only)"),
    "desk": ("starlette", "the desk, a page in the browser for people who do not use a terminal"),
    "qualified": ("signxml", "the EU's trusted lists, which show that a timestamp is qualified"),
    "notify": ("apprise", "messages through chat, push and SMS services (without it: e-mail and webhooks)"),
}
"""For each extra, a package that shows whether it is installed, and what the extra adds."""


_OF_A_HOME = {"archive", "clients", "roots", "state", "vault.enc", "vault.enc.lock"}
"""What a killed command may have made of a home before archiver.yaml."""
_OF_THE_SYSTEM = {"lost+found", ".DS_Store", "System Volume Information", "desktop.ini"}


def foreign_files(folder: Path) -> str:
    """What a folder that is not a home holds, in words: `"photos" and 12 others`. Empty for a home or an empty folder.

    ConfigError if it cannot be listed.
    """
    if is_home(folder) or not folder.is_dir():
        return ""
    try:
        names = sorted(each.name for each in folder.iterdir() if not abandoned(each, time.time()))
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror}. Choose another folder.") from None
    others = [name for name in names if name not in _OF_A_HOME | _OF_THE_SYSTEM]
    first, *rest = others or [""]
    more = f" and {len(rest)} other{'s' * (len(rest) > 1)}" if rest else ""
    return f'"{first}"{more}' if first else ""


def initialise(
    root: Path | None,
    *,
    replay: bool = False,
    agency: str | None = None,
    anyway: bool = False,
    say: Callable[[str], None] = lambda _: None,
    ask: Callable[[str, str], str] = lambda _, default: default,
) -> Home:
    """Create a home and its vault. The key comes first: if it cannot be stored, nothing is left behind.

    ConfigError for a folder that holds other files, unless `anyway`.
    """
    target = root or default_home()
    if not anyway and (found := foreign_files(target)):
        raise ConfigError(f"{target} holds {found}. Choose an empty or new folder for the home.")
    prepare_key(say, ask)
    sweep(target)
    if (target / "archiver.yaml").is_file() and not (target / "vault.enc").exists():  # left by a killed command
        home = Home.load(target)
        if home.settings.replay is not replay:
            other = "real" if replay else "replay"
            raise ConfigError(f"{target} is already a {other} home. Choose another folder.")
    else:
        home = create_home(target, replay=replay, agency=agency)
    open_vault(home.vault, create=True)
    return home


def prepare_key(say: Callable[[str], None], ask: Callable[[str, str], str]) -> None:
    """Create the vault's key if there is none: in the keyring, or else in a file that `ask` may choose."""
    with suppress(VaultLocked):  # there is no key; other errors appear below when it is created
        locate_key(interactive=False)
        return
    usual = default_key_file()
    if not os.environ.get("ARCHIVER_KEY_FILE") and not usable_keyrings()[0]:
        chosen = Path(ask("This machine has no keyring. Keep the vault's key in the file", str(usual))).expanduser()
        if chosen != usual:
            os.environ["ARCHIVER_KEY_FILE"] = str(chosen.absolute())
    locate_key(create=True)
    if (file := key_file()) is None:
        return
    say(f"Vault key: created {file}, which only you can read.")
    say("  Back it up, apart from the home. If you lose it, you lose stored secrets and signing keys, but no evidence.")
    if file == usual:
        say("  Your commands find it there. Another user or a service needs one of these:")
    else:
        say("  Add the first line to your shell's profile (~/.profile). A service takes the second one:")
    say(f"    export ARCHIVER_KEY_FILE={shlex.quote(str(file))}")
    say(f"    LoadCredential=archiver-key:{file}        # in a systemd unit; an installed schedule has it")


def missing_extras() -> Iterator[str]:
    """A line for each extra that is not installed, and one with the command that installs all."""
    absent = {extra: adds for extra, (package, adds) in EXTRAS.items() if find_spec(package) is None}
    for extra, adds in absent.items():
        yield f"  {extra}: {adds}"
    if absent:
        yield f"  To add them: {INSTALL_ALL}"


def setup(
    root: Path | None, agency: str | None, *, replay: bool, say: Callable[[str], None],
    ask: Callable[[str, str], str],
) -> Home:  # fmt: skip
    """Set up home, agency, browser, vault key and timestamps. Each step reports its result and keeps what exists."""
    from archiver.browsing.chromium import ensure, try_start

    usual = default_home()
    if root or is_home(usual):  # which is gone on with; another one is named by --home
        target = root or usual
    else:
        target = Path(ask("Where should the home folder be", str(usual))).expanduser().absolute()
    if is_home(target):
        say(f"Home: {target} exists and is kept.")
        home = Home.load(target)
    else:
        anyway = bool(found := foreign_files(target)) and agrees(ask, f"{target} holds {found}. Make it a home?")
        home = initialise(target, agency=agency, replay=replay, anyway=anyway, say=say, ask=ask)
        say(f"Home: created {target}.")
    open_vault(home.vault, create=True)
    say("Vault: the key was found and opens the vault.")
    try:
        chromium = ensure(say)
        try_start(chromium)
        say(f"Browser: {chromium.describe()}")
    except BrowserMissing as error:
        say(f"Browser: {error}")
        say("  Accounts with an API token work without a browser. Other accounts and PDFs need one.")
    names = ", ".join(f"{each.name} ({each.url})" for each in authorities_of(home)) or "none"
    say(f"Timestamps: {names}. Change them in {target / 'archiver.yaml'}.")
    if any(each.name in PUBLIC_TIMESTAMPS for each in home.settings.timestamps):
        say("  The public ones are not qualified in the EU. For one that is, see docs/timestamps.md.")
    if extras := list(missing_extras()):
        say("Optional parts that are not installed:")
        say("\n".join(extras))
    return home
