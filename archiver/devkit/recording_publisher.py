"""Scrub the raw recording of a run, write its expected result, and publish both."""

from __future__ import annotations

from collections.abc import Mapping
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
    report: scrub.ScrubReport
    notes: tuple[str, ...]


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
    notes = await _expected(clean, result)
    notes += [told] if (told := result.refusals_message()) and told not in result.message else []
    scrub.put(clean, target)
    return CapturedRecording(target, result, report, tuple(notes))


async def _expected(folder: Path, result: AccountResult) -> list[str]:
    """Write expected.yaml from the recording. Returns notes if the replay differs from the account's run."""
    try:
        found = yaml.safe_load((await expect(folder)).read_text("utf-8"))
    except ConfigError as error:
        return [f"The recording does not play yet, so it has no expected.yaml. {error}"]
    live = (result.outcome.value, result.error)
    played = (found["outcome"], found["error"])
    if live != played and not (result.passed_over and played[0] == Outcome.COMPLETE):
        return [f"The account's run was {live[0]} ({live[1]}), but the replay is {played[0]} ({played[1]})."]
    return []
