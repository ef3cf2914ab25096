"""Making a home: by one command for scripts, or guided for a person at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.config import Home, create_home, default_home
from archiver.vault import find_key, open_vault


def initialise(root: Path | None, *, replay: bool = False, agency: str | None = None) -> Home:
    """Make a home and its vault. The key comes first, so that nothing is left behind where there is no place for it."""
    find_key(create=True)
    target = root or default_home()
    home = create_home(target, replay=replay, agency=agency)
    open_vault(home.vault, create=True)
    return home


def setup(root: Path | None, agency: str | None, *, say: Callable[[str], None], ask: Callable[[str, str], str]) -> None:
    """Home, agency, browser, vault key, timestamps: each step says what it does, and what is there already is kept."""
    from archiver.browsing.chromium import ensure

    target = root or Path(ask("Where should the home folder be", str(default_home())))
    if (target / "archiver.yaml").exists():
        say(f"Home: {target} is there already; it is kept.")
        home = Home.load(target)
    else:
        name = agency or ask("Your agency's name", "My agency")
        home = initialise(target, agency=name)
        say(f"Home: made {target}.")
    open_vault(home.vault, create=True)
    say("Vault: its key was found, and the vault opens.")
    say(f"Browser: {ensure(say).describe()}")
    names = ", ".join(f"{each.name} ({each.url})" for each in home.settings.timestamps) or "none"
    say(f"Timestamps: {names}. Change them in {target / 'archiver.yaml'}.")
    say(f'Next: archiver --home "{target}" client add SLUG --name NAME')
