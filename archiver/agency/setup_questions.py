"""What `setup` asks about the agency and its clients, each with the reason; an empty answer leaves it for later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from archiver.agency.mail_server import MailServer, set_mail
from archiver.agency.new_client import free_slug
from archiver.core.errors import ConfigError, SiteUnavailable
from archiver.core.questions import AskPerson, agrees
from archiver.home.settings import Home
from archiver.home.settings_edit import add_client, change_client, change_settings
from archiver.home.vault import Vault

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


MAIL = {
    "host": "The server that sends mails, such as smtp.example.com or smtp.example.com:465",
    "sender": "The address from which they are sent",
    "username": "The user who signs in there (empty: nobody)",
}


def ask_about_mail(home: Home, vault: Vault, ask: AskPerson, ask_secret: Callable[[str], str], say: Say) -> Home:
    """Ask for the mail server until it can be signed in to, or the answer is empty. The test can be skipped."""
    mail = home.settings.mail
    known = {"host": f"{mail.host}:{mail.port}" if mail.port else mail.host or "", "sender": mail.sender or "",
             "username": mail.username or ""}  # fmt: skip
    while True:
        hint = "" if known["host"] else " (empty: later)"
        host = ask(MAIL["host"] + hint, known["host"]).strip()
        if not host:
            return home
        answers = {key: ask(MAIL[key], known[key]).strip() for key in ("sender", "username")}
        password = ask_secret(f"The password of {answers['username']} there") if answers["username"] else ""
        server = MailServer(host=host, password=password, **answers)
        known = answers | {"host": host}
        try:
            return set_mail(home, vault, server)
        except ConfigError as error:
            say(f"archiver: {error} Nothing was saved; try again.")
        except SiteUnavailable as error:
            say(f"archiver: {error.detail}. Nothing was saved.")
            if agrees(ask, "Keep this server without a test?"):
                return set_mail(home, vault, server, check=False)


def set_agency(home: Home, answers: Mapping[str, str]) -> Home:
    """Keep these answers about the agency. ConfigError for one that is not valid."""
    known = {key: getattr(home.settings.agency, key) for key in home.settings.agency.model_fields_set}
    return change_settings(home.root, "agency", known | dict(answers))


def set_client(home: Home, name: str, site: str) -> Home:
    """Make sure that there is a client of this name, with this site if one is given."""
    known = home.named_clients(name)
    slug = known[0] if known else add_client(home.root, free_slug(home, name), name=name).slug
    if site:
        change_client(home.root, slug, domains=[site])
    return Home.load(home.root)


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
            said = str(error)
            if said.startswith(str(home.root)):  # a file where this answer would stand, and its key
                said = f"{answer}: {said.partition(': ')[2]}"
            say(f"archiver: {said.rstrip('.')}. Nothing was saved; try again.")
    return home
