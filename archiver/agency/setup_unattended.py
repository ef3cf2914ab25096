"""The part of `setup` that lets a home work alone: agency, timestamps, messages, the nightly run, and a witness.

Each answer is tried out before it is kept: the authorities stamp a number, a message is sent, the scheduler takes the
run, a file is written into the witness's folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from archiver.agency.archive_checks import timestamps
from archiver.agency.mail_server import MailServer, set_mail
from archiver.agency.notification import TEST, send
from archiver.agency.schedule import NIGHT, install, schedule_here
from archiver.agency.setup_questions import (
    ABOUT_AGENCY,
    ask_about_agency,
    ask_about_mail,
    ask_about_sites,
    set_agency,
    set_client,
)
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.questions import AskPerson
from archiver.home.settings import Home
from archiver.home.settings_edit import change_setting, change_settings, use_public_timestamps
from archiver.home.settings_models import PUBLIC_TIMESTAMPS
from archiver.home.vault import open_vault, parse_secrets

Say = Callable[[str], None]


def settle(
    home: Home, scheduled: bool, ask: AskPerson, say: Say, *, again: bool = False,
    ask_secret: Callable[[str], str] | None = None,
) -> Home:  # fmt: skip
    """Test the authorities, then ask for what is missing. An empty answer leaves it for later.

    `scheduled`: a nightly run is installed. `again`: ask what is answered, too. `ask_secret` asks for
    a password; without it, nobody asks about the mail server. A replay home proves nothing and runs no nights, so
    nothing is asked.
    """
    if home.settings.replay:
        return home
    home = ask_about_agency(home, ask, say, again=again)
    home = ask_about_sites(home, ask, say)
    for question in QUESTIONS:
        known = scheduled if question.option == "night" else question.is_answered(home)
        if again or not known:
            home = _asked(home, question, ask, say, known=known)
        if question.option == "timestamps":
            for each in timestamps(home, online=True):
                say(f"Timestamps: {each.message}. {each.what_to_do}".rstrip())
        if question.option == "timestamps" and ask_secret and (again or not home.settings.mail.host):
            home = ask_about_mail(home, open_vault(home.vault), ask, ask_secret, say)
    return home


def answer(home: Home, given: Mapping[str, str], say: Say, *, secrets: str = "", check: bool = True) -> Home:
    """Try out and keep the answers that a command's options give, by the questions' names. `secrets` is the mail
    server's password as YAML; without `check`, the server is not signed in to.

    An error for an answer that does not work; those before it are kept.
    """
    if about := {key: given[key] for key in ABOUT_AGENCY if key in given}:
        home = set_agency(home, about)
    if "site" in given and "client" not in given:
        raise ConfigError("--site needs --client, whose site it is.")
    if "client" in given:
        home = set_client(home, given["client"], given.get("site", ""))
    if "mail_host" in given:
        password = parse_secrets(secrets, "password").get("password", "") if secrets else ""
        server = MailServer(
            host=given["mail_host"], sender=given.get("mail_from", ""), username=given.get("mail_user", ""),
            password=password,
        )  # fmt: skip
        home = set_mail(home, open_vault(home.vault), server, check=check)
    for question in QUESTIONS:
        if told := given.get(question.option):
            question.keep(home, told, say)
            home = Home.load(home.root)
    return home


def _asked(home: Home, question: Question, ask: AskPerson, say: Say, *, known: bool) -> Home:
    """Ask until an answer works or is empty."""
    words, keep = f"{question.words} (empty: {'as it is' if known else 'later'})", question.keep
    while answer := ask(words, "").strip():
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


def _message(home: Home, destinations: str, say: Say) -> None:
    for destination in destinations.split():
        if "://" not in destination and not home.settings.mail.host:
            raise ConfigError(
                "A mail address needs a mail server: answer that question first, or give an address such as "
                "mailto://USER:PASSWORD@HOST?to=ADDRESS."
            )
        send(home, destination, TEST)
    change_settings(home.root, "notify", {"channels": [*destinations.split()]}, short="channels")
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


@dataclass(frozen=True)
class Question:
    """A question of `setup`, with the option that answers it without a person: the answer is tried out and kept."""

    option: str
    words: str
    is_answered: Callable[[Home], bool]
    keep: Callable[[Home, str, Say], None]


QUESTIONS = (
    Question(
        "timestamps",
        f"Who should stamp the time: `public` for {' and '.join(PUBLIC_TIMESTAMPS)}",
        lambda home: bool(home.settings.timestamps),
        _authorities,
    ),
    Question(
        "messages",
        "Where should messages go: an ntfy://, mailto:// or https:// address, or a mail address",
        lambda home: bool(home.settings.notify.channels),
        _message,
    ),
    Question("night", f"When should the nightly run start, such as {NIGHT}", lambda _: False, _night),
    Question(
        "witness",
        "A folder on another disk or share, for the newest checkpoint",
        lambda home: bool(home.settings.witnesses),
        _witness,
    ),
)
"""In the order in which they are asked."""
