"""Template filters that format dates, names and states. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from archiver.agency.sign_ins import DueSignIn
from archiver.agency.status import AccountStatus
from archiver.agency.today import urgency as tone_of_deadline
from archiver.catalogue.index import CatalogueEntry
from archiver.claims.drafts import Draft
from archiver.claims.facts import platform_of
from archiver.claims.work_name import name_of_folder, name_of_row, work_name
from archiver.core import localised
from archiver.core.model import Moment, iso
from archiver.desk.auth import LINKED, OWNER
from archiver.desk.sentences import said
from archiver.desk.translations import Translations
from archiver.home.settings import Client
from archiver.reading.terminal_safe import printable

ISO_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b", re.ASCII)


def day(when: Moment | str | None, language: str = "en") -> str:
    """A day of the evidence, in UTC as packs have it; it stays on one line."""
    return localised.day(when, language).replace(" ", "\u00a0")


def local_day(when: Moment | str | None, w: Translations) -> str:
    """The day of a moment by the agency's clocks."""
    return localised.day(when, w.language, w.zone).replace(" ", "\u00a0")


def moment(when: Moment | str | None, w: Translations) -> str:
    """With the time of day, where there is one, by the agency's clocks; a line may end between the two."""
    return _in_parts(localised.moment(when, w.language, w.zone))


def utc(when: Moment | str | None, w: Translations) -> str:
    """The same in UTC, as the ledger has it."""
    return _in_parts(localised.moment(when, w.language))


def _in_parts(said: str) -> str:
    return ", ".join(part.replace(" ", "\u00a0") for part in said.split(", "))


def trouble(w: Translations, standing: AccountStatus) -> str:
    """The fault of an account as a text; empty without a fault."""
    said = [w.get(f"trouble_{standing.error}", "trouble_other")] if standing.error else []
    if standing.coverage.incomplete:
        said.append(w.count("trouble_incomplete", standing.coverage.incomplete))
    if standing.unexplained and not standing.error:
        said.append(w.count("trouble_unexplained", standing.unexplained))
    if not standing.configured:
        said.append(w("trouble_closed"))
    elif standing.last_run is None:
        said.append(w("trouble_never"))
    return ", ".join(said)


def waits(w: Translations, due: DueSignIn) -> str:
    """Why an account waits for a person. The first word may be an error's name."""
    error, _, since = due.why.partition(" on ")
    key = f"trouble_{error}"
    return f"{w(key)}, {w('since', day=day(since, w.language))}" if w.known(key) and since else due.why


def platform(name: str) -> str:
    """The platform's title."""
    return str(platform_of(name).get("title") or name.replace("_", " ").capitalize())


def work(found: Mapping[str, Any] | CatalogueEntry | str, language: str) -> str:
    """What the work of a licence is called: of an entry, of a row as `find --json` has it, or by its short id alone."""
    if isinstance(found, str):
        return name_of_folder(found, language)
    if isinstance(found, CatalogueEntry):
        return work_name(found.licence.asset, found.licence.licensed_at, language, found.file_name)
    return name_of_row(found, language)


def urgency(days: int | None) -> str:
    """The style of a deadline, as Today has it; empty without one."""
    return "" if days is None else tone_of_deadline(days)


STATES: Mapping[str, str] = {
    "PROVEN": "good", "UNPROVEN": "calm", "ERASED": "calm", "DAMAGED": "bad", "FORKED": "bad",
    "covered": "good", "open": "warn", "not_covered": "bad",
    "same": "good", "probable": "warn", "possible": "calm",
    "complete": "good", "read_to_end": "calm", "partial": "warn", "failed": "bad",
}  # fmt: skip


def tone(state: str | None) -> str:
    return STATES.get(state or "", "calm")


def text(value: object) -> str:
    """A text of unknown origin, without characters that could change the page around it."""
    return printable(str(value), keep="\n")


def dated(text: str, language: str) -> str:
    """A text of a rule with its ISO days as people write them."""
    return ISO_DAY.sub(lambda found: day(found[0], language), text)


def who(name: str, w: Translations, clients: Mapping[str, Client]) -> str:
    """The name of somebody who did something; whoever sits at the machine, or has a client's link, has none."""
    if name.startswith(LINKED):
        slug = name.removeprefix(LINKED)
        return w("linked_name", client=printable(clients[slug].name if slug in clients else slug))
    return w("owner_name") if name == OWNER else printable(name)


def document_name(name: str, w: Translations) -> str:
    """What a finding rests on, in words where it is no file to look at."""
    return w.get(f"basis_{name}", name)


def sentence(value: str) -> str:
    """The text with a capital first letter. The rest stays as it is."""
    return value[:1].upper() + value[1:]


def mail_link(letters: Iterable[Draft], name: str) -> str:
    """A link that opens a short letter in the person's own mail program; empty if there is no such letter.

    The heading that calls it a draft is left out; a paragraph `Subject:` or `Betreff:` becomes the subject.
    """
    found = next((each for each in letters if each.name == name), None)
    if found is None:
        return ""
    first, *others = found.paragraphs
    label, _, subject = first.partition(": ")
    titled = label in ("Subject", "Betreff")
    body = "\r\n\r\n".join(others if titled else found.paragraphs)
    return f"mailto:?subject={quote(subject if titled else first, safe='')}&body={quote(body, safe='')}"


def sendable(name: str) -> bool:
    """Whether a paper of a claim is one that people send."""
    return name in ("proof.pdf", "proof.zip") or (name.startswith(("drafts/", "letters/")) and name.endswith(".docx"))


def today(w: Translations) -> date:
    """This day by the agency's clocks."""
    return datetime.now(w.zone).date()


FILTERS: Mapping[str, Callable[..., object]] = {
    "day": day, "local_day": local_day, "moment": moment, "utc": utc,
    "size": localised.size, "number": localised.number, "money": localised.money,
    "month": localised.month, "platform": platform, "work": work, "kind": localised.kind, "mail_link": mail_link,
    "tone": tone, "text": text, "said": said,
    "dated": dated, "who": who, "document_name": document_name,
    "iso": iso, "urgency": urgency, "sentence": sentence,
}  # fmt: skip
GLOBALS: Mapping[str, object] = {
    "today": today,
    "trouble": trouble,
    "waits": waits,
}
