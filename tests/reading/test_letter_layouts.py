"""Letters in the layouts of claimants, in nine languages, from the file to its fields; and deadlines by a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from archiver.claims.letter_reader import parse_letter
from archiver.reading.letter_thread import in_order, messages
from archiver.reading.letters import Letter, read_letter
from archiver.reading.worker import DocumentReader
from tests.support.claim_letters import ACME, RECEIVED

LETTERS = Path(__file__).parents[1] / "support" / "letters"


def letters(name: str) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """Each letter of a file: its name, the fields that a careful reader takes from it, and its bytes."""
    for block in (LETTERS / name).read_text("utf-8").split("#### ")[1:]:
        head, _, text = block.partition("\n----\n")
        title, *rows = head.splitlines()
        fields = {key: value.strip() for key, _, value in (row.partition(":") for row in rows)}
        content = text.encode()
        if "mail" in fields:
            mail = EmailMessage()
            for header, field in (("From", "mail"), ("Reply-To", "replyto"), ("Date", "date"), ("Subject", "subject")):
                if field in fields:
                    mail[header] = fields[field]
            mail["To"] = "office@acme.example"
            mail.set_content(text, subtype="html" if "html" in fields else "plain")
            content = mail.as_bytes()
        yield title, fields, content


def as_written(letter: Letter) -> dict[str, str]:
    amount = "" if letter.amount is None else f"{letter.amount:.2f} {letter.currency}"
    fields = ("claimant", "reference", "kind", "dated", "deadline", "first_seen")
    return {name: str(getattr(letter, name) or "") for name in fields} | {
        "urls": " ".join(letter.urls),
        "amount": amount,
    }


def test_a_quotation_whose_senders_address_is_a_link_is_one() -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Una Blank <una@blank.example>", "Re: your page"
    mail["Date"] = "Fri, 31 Dec 9999 23:00:00 +0000"  # from which no day can be counted
    mail.set_content(
        "<p>I can take <b>£290</b>.</p><p>On Tue, 24 Nov 2026 at 15:02, Finn &lt;<a href='mailto:f@acme.example'>"
        "f@acme.example</a>&gt; wrote:</p><p>Can you do £100?</p>", subtype="html",
    )  # fmt: skip
    with DocumentReader() as reader:
        parsed = parse_letter(mail.as_bytes(), reader)
    assert (
        parsed.received is None
        and "£100" not in messages(in_order(parsed.text), parsed.senders, RECEIVED, ACME, ())[0].text
    )


@pytest.mark.parametrize("name", ["layouts.txt", "layouts_more.txt", "layouts_third.txt", "layouts_nordic.txt"])
def test_no_field_is_wrong_and_hardly_one_is_missing(name: str) -> None:
    wrong: list[tuple[str, ...]] = []
    missing: list[tuple[str, ...]] = []
    right = 0
    with DocumentReader() as reader:
        for title, fields, content in letters(name):
            parsed = parse_letter(content, reader)
            letter = read_letter(
                parsed.text, received=parsed.received or RECEIVED, domains=ACME, links=parsed.links,
                senders=parsed.senders, own=("Acme Ltd",),
            )  # fmt: skip
            for field, got in as_written(letter).items():
                expected = fields.get(field, "")
                optional = expected.startswith("?") or (field == "dated" and "mail" in fields)
                if got.casefold() == expected.removeprefix("?").casefold() or (optional and not got):
                    right += 1
                else:
                    (wrong if got else missing).append((title, field, expected, got))
    assert not wrong
    assert len(missing) <= 0.01 * right, missing


DAYS = some.dates(date(2026, 1, 1), date(2027, 12, 31))
MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
BY_DATE: list[Callable[[date], str]] = [
    lambda day: f"Please pay by {day:%d %B %Y}.",
    lambda day: f"Kindly respond no later than {day:%A} {day.day} {day:%B}.",
    lambda day: f"Bitte zahlen Sie bis {day.day}. {MONTHS[day.month - 1]}.",
    lambda day: f"Zahlbar bis {day:%d.%m.}",
    lambda day: f"Deadline\n{day:%B} {day.day}, {day.year}\n",
    lambda day: f"Pay by {day:%m/%d/%Y}.",
    lambda day: f"Pay by {day:%d/%m/%Y}.",
    lambda day: f"Payable au plus tard le {day:%d/%m/%Y}.",
]
IN_DAYS = [
    ("within {} days", 1), ("binnen {} Tagen", 1), ("within {} weeks", 7), ("sous {} jours", 1), ("entro {} giorni", 1),
    ("binnen {} Tagen ab Zugang", 1), ("en un plazo de {} días", 1),
    ("within {} days of our letter of 1 January 2026", None),
]  # fmt: skip


@settings(max_examples=40)
@given(written=DAYS, later=some.integers(1, 60), sentence=some.sampled_from(BY_DATE), claimant=some.booleans())
def test_a_deadline_by_its_day_is_never_later_than_the_true_one(
    written: date, later: int, sentence: Callable[[date], str], claimant: bool
) -> None:
    true = written + timedelta(days=later)
    first = "PicRights Ltd" if claimant else "Example Pictures Ltd"  # one of them usually sets fourteen days
    text = f"{first}\n{written:%d %B %Y}\n\nYour use costs EUR 300.00. {sentence(true)}"
    found = read_letter(text, received=written + timedelta(days=2)).deadline
    assert found is None or found <= true


@settings(max_examples=40)
@given(written=DAYS, count=some.integers(1, 60), span=some.sampled_from(IN_DAYS), claimant=some.booleans())
def test_a_deadline_by_a_number_of_days_is_never_later_than_the_true_one(
    written: date, count: int, span: tuple[str, int | None], claimant: bool
) -> None:
    words, unit = span
    true = written + timedelta(days=count * unit) if unit else date(2026, 1, 1) + timedelta(days=count)
    if "Zugang" in words:
        true += timedelta(days=2)
    first = "PicRights Ltd" if claimant else "Example Pictures Ltd"
    text = f"{first}\n{written:%d %B %Y}\n\nPay EUR 300.00 {words.format(count)}."
    found = read_letter(text, received=written + timedelta(days=2)).deadline
    assert found is None or found <= true
