"""The deadlines of open claims as an iCalendar file (RFC 5545), with reminders. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from archiver.claims.claim_events import AnswerTo
from archiver.claims.claim_files import Claim

REMINDER_DAYS = (7, 2, 1)  # days before a deadline, at 9 o'clock of the reader's own time
MAX_LINE_BYTES = 75  # RFC 5545, section 3.1

TEXTS = {
    AnswerTo.CLAIMANT: {"en": "Answer to {who}", "de": "Antwort an {who}"},
    AnswerTo.PLATFORM: {"en": "Notice to the platform: {who}", "de": "Meldung an die Plattform: {who}"},
}
UNKNOWN = {"en": "unknown sender", "de": "unbekannter Absender"}


def deadline_calendar(claims: Iterable[Claim], now: datetime, language: str = "en") -> bytes:
    """A calendar with one all-day event for each deadline that is still to be met; answered and closed claims have
    none.

    The events name the claimant, the reference and the client, and nothing else of the claim.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//archiver//claims//EN", "CALSCALE:GREGORIAN"]
    for claim in claims:
        for whom, day in _open_deadlines(claim):
            lines += _event(claim, whom, day, now, language)
    return "".join(f"{each}\r\n" for line in [*lines, "END:VCALENDAR"] for each in _folded(line)).encode()


def _open_deadlines(claim: Claim) -> Iterator[tuple[AnswerTo, date]]:
    if claim.deadline and not claim.answered:
        yield AnswerTo.CLAIMANT, claim.deadline
    if claim.notice_deadline and not claim.notified:
        yield AnswerTo.PLATFORM, claim.notice_deadline


def _event(claim: Claim, whom: AnswerTo, day: date, now: datetime, language: str) -> list[str]:
    who = ", ".join(filter(None, (claim.claimant or UNKNOWN[language], claim.reference, claim.client)))
    text = _escaped(TEXTS[whom][language].format(who=who))
    lines = [
        "BEGIN:VEVENT", f"UID:{claim.claim}-{whom.value}@archiver", f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}", f"SUMMARY:{text}",
        "TRANSP:TRANSPARENT",
    ]  # fmt: skip
    for days in REMINDER_DAYS:
        trigger = f"TRIGGER:-P{days - 1}DT15H" if days > 1 else "TRIGGER:-PT15H"
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{text}", trigger, "END:VALARM"]
    return [*lines, "END:VEVENT"]


def _escaped(text: str) -> str:
    plain = "".join(each if each.isprintable() else " " for each in text)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 bytes; pieces after the first begin with a space."""
    piece = ""
    for letter in line:
        if len((piece + letter).encode()) > MAX_LINE_BYTES:
            yield piece
            piece = " "
        piece += letter
    yield piece
