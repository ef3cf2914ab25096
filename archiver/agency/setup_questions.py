"""What `setup` asks about the agency and its clients, each with the reason; an empty answer leaves it for later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from archiver.core.errors import ConfigError
from archiver.core.questions import AskPerson
from archiver.home.settings import Home
from archiver.home.settings_edit import change_client, change_settings

Say = Callable[[str], None]

ABOUT_AGENCY = {
    "name": "Your agency's name, which letters and packs bear",
    "country": "Its country, by whose clock and rules deadlines are counted, such as DE",
    "language": "Its language, in which messages and reports are written, such as en or de",
}
"""The keys of `agency` in archiver.yaml, each with its question."""


def ask_about_agency(home: Home, ask: AskPerson, say: Say, *, again: bool) -> Home:
    """Ask for what is not known of the agency, or `again` for everything, with the present answers as defaults."""
    for key, question in ABOUT_AGENCY.items():
        agency = home.settings.agency
        known = str(getattr(agency, key) or "") if key in agency.model_fields_set else ""
        if again or not known:
            home = _asked(home, question, known, partial(_about_agency, key), ask, say)
    return home


def ask_about_sites(home: Home, ask: AskPerson, say: Say) -> Home:
    """Ask for the site of each client that has none."""
    for client in home.customers():
        if not client.domains:
            question = f"The web site of {client.name}, by which letters and mails are recognised"
            home = _asked(home, question, "", partial(_site, client.slug), ask, say)
    return home


def set_agency(home: Home, answers: Mapping[str, str]) -> Home:
    """Keep these answers about the agency. ConfigError for one that is not valid."""
    known = {key: getattr(home.settings.agency, key) for key in home.settings.agency.model_fields_set}
    spelt = {key: answer.upper() if key == "country" else answer for key, answer in answers.items()}
    return change_settings(home.root, "agency", known | spelt)


def _about_agency(key: str, home: Home, answer: str) -> Home:
    return set_agency(home, {key: answer})


def _site(client: str, home: Home, answer: str) -> Home:
    change_client(home.root, client, domains=[answer])
    return Home.load(home.root)


def _asked(home: Home, question: str, known: str, keep: Callable[[Home, str], Home], ask: AskPerson, say: Say) -> Home:
    """Ask until an answer is valid, empty, or the one that is known."""
    hint = "" if known else " (empty: later)"
    while (answer := ask(f"{question}{hint}", known).strip()) not in ("", known):
        try:
            return keep(home, answer)
        except ConfigError as error:
            say(f"archiver: {error} Nothing was saved; try again.")
    return home
