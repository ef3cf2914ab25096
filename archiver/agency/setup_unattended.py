"""The part of `setup` that lets a home work alone: agency, timestamps, messages, the nightly run, and a witness.

Each answer is tried out before it is kept: the authorities stamp a number, a message is sent, the scheduler takes the
run, a file is written into the witness's folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from archiver.agency.archive_checks import timestamps
from archiver.agency.notification import TEST, send
from archiver.agency.schedule import NIGHT, install, schedule_here
from archiver.agency.setup_questions import ask_about_agency, ask_about_sites
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.questions import AskPerson
from archiver.home.settings import Home
from archiver.home.settings_edit import change_setting, use_public_timestamps
from archiver.home.settings_models import PUBLIC_TIMESTAMPS

Say = Callable[[str], None]


def settle(home: Home, scheduled: bool, ask: AskPerson, say: Say, *, again: bool = False) -> Home:
    """Test the authorities, then ask for what is missing. An empty answer leaves it for later.

    `scheduled`: a nightly run is installed. `again`: ask about the agency, too, what is answered. A replay home proves
    nothing and runs no nights, so nothing is asked.
    """
    if home.settings.replay:
        return home
    home = ask_about_agency(home, ask, say, again=again)
    home = ask_about_sites(home, ask, say)
    if not home.settings.timestamps:
        what = f"Who should stamp the time: `public` for {' and '.join(PUBLIC_TIMESTAMPS)} (empty: later)"
        home = _asked(home, what, _authorities, ask, say)
    for each in timestamps(home, online=True):
        say(f"Timestamps: {each.message}. {each.what_to_do}".rstrip())
    if not home.settings.notify.channels:
        what = "Where should messages go: an ntfy://, mailto:// or https:// address (empty: later)"
        home = _asked(home, what, _message, ask, say)
    if not scheduled:
        home = _asked(home, f"When should the nightly run start, such as {NIGHT} (empty: later)", _night, ask, say)
    if not home.settings.witnesses:
        what = "A folder on another disk or share, for the newest checkpoint (empty: later)"
        home = _asked(home, what, _witness, ask, say)
    return home


def _asked(home: Home, question: str, keep: Callable[[Home, str, Say], None], ask: AskPerson, say: Say) -> Home:
    """Ask until an answer works or is empty."""
    while answer := ask(question, "").strip():
        try:
            keep(home, answer, say)
        except (ArchiverError, OSError) as error:
            say(f"archiver: {error} Nothing was saved; try again.")
        else:
            return Home.load(home.root)
    return home


def _authorities(home: Home, answer: str, say: Say) -> None:
    if answer.lower() != "public":
        raise ConfigError("Type `public`, or name other authorities under `timestamps:` in archiver.yaml.")
    use_public_timestamps(home.root)
    say("Timestamps: every new entry is stamped by the public authorities.")


def _message(home: Home, destination: str, say: Say) -> None:
    if "://" not in destination and not home.settings.mail.host:
        raise ConfigError(
            "A mail address needs a server: write `mail: {host: ..., from: ...}` into archiver.yaml first, or give an "
            "address such as mailto://USER:PASSWORD@HOST?to=ADDRESS."
        )
    send(home, destination, TEST)
    change_setting(home.root, "notify", [destination])
    say("Messages: sent one as a test. If it does not arrive, correct `notify` in archiver.yaml.")


def _night(home: Home, at: str, say: Say) -> None:
    made = schedule_here(home.root, at)
    install(made)
    say(f"Nightly run: {made.system} starts it at {at}.")


def _witness(home: Home, folder: str, say: Say) -> None:
    place = Path(folder).expanduser().absolute()
    if not place.is_dir():
        raise ConfigError(f"{place} is not a folder. Mount the disk or the share, or make the folder.")
    if place.resolve().is_relative_to(home.root.resolve()):
        raise ConfigError(f"{place} is inside the home, so whoever can change the archive can change it too.")
    with tempfile.TemporaryFile(dir=place):
        pass
    change_setting(home.root, "witnesses", [{"name": "disk", "folder": str(place)}])
    same = place.stat().st_dev == home.root.stat().st_dev
    say(f"Witness: {place} can be written. Every run puts the newest checkpoint there.")
    if same:
        say("  It is on the same disk as the home. A disk or share elsewhere protects better.")
