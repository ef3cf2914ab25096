"""What is said of an account never contradicts its numbers, whatever its runs recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from archiver.agency.account_notice import AccountNotice
from archiver.catalogue.index import RunLine
from archiver.collect.account_result import AccountResult
from archiver.core.errors import ArchiverError
from archiver.core.model import Outcome
from archiver.desk.translations import LANGUAGES

NOTHING = re.compile(r"nothing new|nichts Neues")
NEVER = re.compile(r"was never read|noch nie gelesen")
COUNTS = (0, 1, 55)


def every_error(kind: type[ArchiverError] = ArchiverError) -> Iterator[type[ArchiverError]]:
    for each in kind.__subclasses__():
        yield each
        yield from every_error(each)


def runs() -> Iterator[tuple[RunLine, ...]]:
    """No run, and one or two runs with every outcome, error or none, and every combination of counts."""
    yield ()
    errors = (None, *(each.__name__ for each in every_error()))
    earlier = RunLine(
        account="a", provider="p", at="2026-11-26T02:00:00Z", sweep="full", outcome="partial", error=None, listed=7,
        archived=7, total=None,
    )  # fmt: skip
    for outcome, error, listed, archived, unexplained in product(Outcome, errors, COUNTS, COUNTS, COUNTS):
        if archived + unexplained <= listed and (outcome is not Outcome.FAILED or archived + unexplained == listed):
            line = RunLine(
                account="a", provider="p", at="2026-11-27T02:00:00Z", sweep="known", outcome=outcome.value, error=error,
                listed=listed, archived=archived, total=None, unexplained=unexplained,
            )  # fmt: skip
            yield from ((line,), (earlier, line))


def test_no_sentence_about_an_account_contradicts_its_numbers() -> None:
    for theirs, since, language in product(runs(), (None, "2026-11-20"), LANGUAGES):
        notice = AccountNotice(about="acme-stock", runs=theirs, since=since)
        said = f"{notice.sentence(language)} {notice.risk(language)}"
        last = theirs[-1] if theirs else None
        kept = last.listed - last.unexplained if last else 0
        assert not (NOTHING.search(said) and kept), (said, theirs)
        assert not (NEVER.search(said) and (theirs or since)), (said, theirs)
        assert not kept or str(last and last.listed) in said, (said, theirs)
        if not since and (archived := sum(run.archived for run in theirs)):
            assert str(archived) in said, (said, theirs)
        assert "{" not in said and "None" not in said
        assert not re.search(r"(?<![,:of ]\s)\b1 [a-zäöü]+(s|en)\b", said), said


def test_what_stopped_a_reading_does_not_hide_what_it_archived() -> None:
    for kind, listed, archived, already, dry in product(every_error(), COUNTS, COUNTS, COUNTS, (False, True)):
        if archived + already > listed:
            continue
        open_ones = [str(number) for number in range(listed - archived - already)]
        result = AccountResult(
            "acme-stock", "p", listed=listed, archived=archived, already=already, unexplained=open_ones, is_dry=dry
        )
        result.fail(kind("x"))
        assert (result.outcome, result.error) == (
            Outcome.PARTIAL if archived + already else Outcome.FAILED, kind.__name__
        )  # fmt: skip
        assert "Nothing was archived" not in result.message
        told = f"Archived now: {archived}; archived earlier: {already}; not archived: {len(open_ones)}."
        assert (told in result.message) is bool(listed and not dry)
