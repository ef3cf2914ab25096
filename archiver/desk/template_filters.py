"""Template filters that format dates, names and states. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from archiver.agency.sign_ins import DueSignIn
from archiver.agency.status import AccountStatus
from archiver.claims.facts import platform_of
from archiver.core import localised
from archiver.core.model import Moment, iso
from archiver.desk.translations import Translations
from archiver.reading.terminal_safe import printable


def day(moment: Moment | str | None, language: str = "en") -> str:
    """A date that stays on one line."""
    return localised.day(moment, language).replace(" ", "\u00a0")


def moment(value: Moment | str | None, language: str = "en") -> str:
    """With the time of day, in UTC, where there is one; a line may end between the two."""
    return ", ".join(part.replace(" ", "\u00a0") for part in localised.moment(value, language).split(", "))


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


def kind(code: str) -> str:
    """A platform's code of a kind of licence as words; a text that is words already stays."""
    return code if " " in code or "_" not in code else sentence(code.replace("_", " "))


def urgency(days: int | None) -> str:
    """The style of a deadline: `bad` if it is today or past, `warn` in the last week."""
    return "" if days is None else "bad" if days <= 0 else "warn" if days <= 7 else "calm"


STATES: Mapping[str, str] = {
    "PROVEN": "good", "UNPROVEN": "calm", "ERASED": "calm", "DAMAGED": "bad", "FORKED": "bad",
    "covered": "good", "open": "warn", "not_covered": "bad",
    "same": "good", "probable": "warn", "possible": "calm",
    "complete": "good", "partial": "warn", "failed": "bad",
}  # fmt: skip


def tone(state: str | None) -> str:
    return STATES.get(state or "", "calm")


def text(value: object) -> str:
    """A text of unknown origin, without characters that could change the page around it."""
    return printable(str(value), keep="\n")


def sentence(value: str) -> str:
    """The text with a capital first letter. The rest stays as it is."""
    return value[:1].upper() + value[1:]


def today() -> date:
    return datetime.now(UTC).date()


FILTERS: Mapping[str, Callable[..., Any]] = {
    "day": day, "moment": moment, "size": localised.size, "number": localised.number, "money": localised.money,
    "platform": platform, "kind": kind,
    "tone": tone, "text": text, "iso": iso, "urgency": urgency, "sentence": sentence,
}  # fmt: skip
GLOBALS: Mapping[str, Any] = {"today": today, "trouble": trouble, "waits": waits}
