"""Scrub the raw recording of a run, write its expected result, and publish both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from archiver.browsing import scrub
from archiver.collect.account_result import AccountResult
from archiver.core.errors import ConfigError
from archiver.core.model import Outcome
from archiver.devkit.golden import describe, expect, licences
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader


@dataclass(frozen=True)
class CapturedRecording:
    """The recording's folder, the result of the recorded run, and notes for the reader."""

    folder: Path
    result: AccountResult
    message: str  # of the run; what it quotes of the platform's pages is scrubbed
    report: scrub.ScrubReport
    notes: tuple[str, ...]
    plays: bool  # a replay of the recording ends as the account's run did
    fields: tuple[str, ...]  # which fields were read in how many licences, with an example


async def publish(
    raw: Path, target: Path, there: Home, result: AccountResult, known: Mapping[str, str]
) -> CapturedRecording:
    """Put the scrubbed recording at `target`. `there` is the throw-away home of the recorded run.

    `known` maps values that no recording may hold to kinds, as `scrub` takes them; those that the run read in licences
    are added here. SecretLeft, and nothing written, where the scrubbed recording still holds one.
    """
    known = dict(known)
    known |= {value: kind for file in licences(there) for kind, value in scrub.personal(describe(file))}
    known |= dict.fromkeys(result.passed_over, scrub.NUMBER)
    clean = raw.with_name("clean")
    with DocumentReader() as reader:
        report = scrub.scrub(raw, clean, known=known, reader=reader)
    played, faults = await _expected(clean, result)
    message = result.message if result.error else played  # without an error it may quote pages
    notes = [*faults]
    notes += [told] if (told := result.refusals_message()) and told not in message else []
    scrub.put(clean, target)
    return CapturedRecording(target, result, message, report, tuple(notes), not faults, tuple(field_table(target)))


def field_table(recording: Path) -> Iterator[str]:
    """For each field of the recording's expected licences: how many have it, and one of its (scrubbed) values."""
    if not (recording / "expected.yaml").is_file():
        return
    found = yaml.safe_load((recording / "expected.yaml").read_text("utf-8"))["licences"]
    for name in found[0] if found else ():
        values = [each[name] for each in found if each[name]]
        example = f", for example {str(values[0])[:60]}" if values else ""
        yield f"{name + ':':<14} read in {len(values)} of {len(found)} licences{example}"


async def _expected(folder: Path, result: AccountResult) -> tuple[str, list[str]]:
    """Write expected.yaml. Returns the replay's message, and notes if the replay differs from the account's run."""
    try:
        found = await expect(folder, account=result.account)
    except ConfigError as error:
        return "", [f"The recording does not play yet, so it has no expected.yaml. {error}"]
    live, played, notes = (result.outcome.value, result.error), (found["outcome"], found["error"]), list[str]()
    if live != played and not (result.passed_over and played[0] == Outcome.COMPLETE):
        notes += [f"The account's run was {live[0]} ({live[1]}), but the replay is {played[0]} ({played[1]})."]
    return str(found["message"]), notes
