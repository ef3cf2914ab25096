"""Template filters that format dates, sizes, sums, names and states. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from archiver.agency.sign_ins import DueSignIn
from archiver.agency.status import AccountStatus
from archiver.claims.facts import platform_of
from archiver.core.model import Moment, iso, parse_iso
from archiver.desk.translations import Translations
from archiver.reading.terminal_safe import printable

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}


def day(moment: Moment | str | None, language: str = "en") -> str:
    """`24 November 2026`, `24. November 2026`; empty for None."""
    moment = parse_iso(moment) if isinstance(moment, str) else moment
    if moment is None:
        return ""
    when = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    dot = "." if language == "de" else ""
    return f"{when.day}{dot}\u00a0{MONTHS[language].split()[when.month - 1]}\u00a0{when.year}"


def moment(value: Moment | str | None, language: str = "en") -> str:
    """The date, with the time of day in UTC if there is one."""
    when = parse_iso(value) if isinstance(value, str) else value
    time = f", {when.astimezone(UTC):%H:%M}\u00a0UTC" if isinstance(when, datetime) else ""
    return day(when, language) + time


def size(count: int, language: str = "en") -> str:
    """`1.4 MB`, `1,4 MB`."""
    if count < 1000:
        return f"{count}\u00a0bytes" if language == "en" else f"{count}\u00a0Byte"
    value, unit = (count / 1e6, "MB") if count >= 1e6 else (count / 1e3, "KB")
    text = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return f"{text.replace('.', ',') if language == 'de' else text}\u00a0{unit}"


def number(count: int) -> str:
    """A number with narrow spaces between thousands. Both languages allow that."""
    return f"{count:,}".replace(",", "\u202f")


def money(amount: float, currency: str | None, language: str = "en") -> str:
    """`EUR 1,234.50`, `1.234,50 EUR`."""
    text = f"{amount:,.2f}"
    if language == "de":
        text = text.translate(str.maketrans(",.", ".,"))
        return f"{text}\u00a0{currency or ''}".rstrip("\u00a0")
    return f"{currency or ''}\u00a0{text}".lstrip("\u00a0")


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
    "day": day, "moment": moment, "size": size, "number": number, "platform": platform, "tone": tone, "text": text,
    "iso": iso, "money": money, "urgency": urgency, "sentence": sentence,
}  # fmt: skip
GLOBALS: Mapping[str, Any] = {"today": today, "trouble": trouble, "waits": waits}
