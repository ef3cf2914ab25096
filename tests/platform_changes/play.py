"""Play a change of a platform to the real adapter and the real run, night after night, and judge what it said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from archiver.agency.night import run
from archiver.collect.account_result import AccountResult
from archiver.collect.run_context import RunRequest
from archiver.collect.run_tools import RunTools
from archiver.core.atomic_files import scratch_folder
from archiver.core.model import day_of
from archiver.devkit import golden
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.reading.licence_json import LicenceFile
from tests.platform_changes.grammar import WHOLE, Change
from tests.platform_changes.platforms import PLATFORMS, Fact, Platform, View
from tests.providers.test_scenarios import Exchange
from tests.support.homes import RECORDINGS

FAULTS = (
    "loss", "false stop", "duplicates", "wrong dates", "wrong name", "wrong paper", "false message", "not proven",
)  # fmt: skip
"""What can be wrong with a night, most harmful first:

loss            it says complete, and a licence is missing that somebody could have missed
false stop      a harmless addition ends the account, or keeps a licence from the archive
duplicates      a licence is archived twice
wrong dates     a licence has another day than the platform gave it
wrong name      a refusal becomes an error that means something else
wrong paper     a provisional paper stays the certificate though a final one came
false message   its message contradicts its numbers
not proven      an unchanged list with a total in its data is not called complete
"""


@dataclass(frozen=True)
class Verdict:
    """What one change met: its faults, each with what was seen."""

    change: Change
    faults: dict[str, str]
    nights: tuple[str, ...]  # what each night said
    missed: int = 0  # licences missing in a night that was complete, labelled undetectable

    def __str__(self) -> str:
        faults = "; ".join(f"{name}: {what}" for name, what in self.faults.items()) or "clean"
        return f"{self.change}\n    {faults}\n" + "".join(f"    {each}\n" for each in self.nights)


@asynccontextmanager
async def stage() -> AsyncIterator[RunTools]:
    """One replay and one browser for all."""
    async with golden.checking() as tools:
        yield tools


async def judged(change: Change, tools: RunTools) -> Verdict:
    """Play a change in a home of its own."""
    platform, faults, said, missed = PLATFORMS[change.platform], dict[str, str](), [], 0
    with scratch_folder("change") as folder:
        home, vault = home_of(platform, folder)
        for number, view in enumerate(change.nights):
            recording = recorded(platform, view, folder / f"night-{number}")
            summary = await run(home, vault, RunRequest(replay=recording), shared=tools)
            [result] = summary.accounts
            found = golden.licences(home)
            night = Night(change, number, view, result, found)
            said.append(str(night))
            missed += night.unseen
            for fault, what in night.faults().items():
                faults.setdefault(fault, f"night {number + 1}: {what}")
    return Verdict(change, faults, tuple(said), missed)


def home_of(platform: Platform, folder: Path) -> tuple[Home, Vault]:
    root = folder / "home"
    create_home(root, replay=True)
    add_client(root, "client", name="Client")
    method = platform.site.recording["method"]
    add_account(root, "one", client="client", provider=platform.name, method=method)
    return Home.load(root), Vault.create(root / "vault.enc", new_key())


def recorded(platform: Platform, view: View, folder: Path) -> Path:
    """The view as a recording in this folder."""
    (folder / "bodies").mkdir(parents=True)
    exchanges = [filed(platform, each, folder, number) for number, each in enumerate(platform.exchanges(view))]
    (folder / "session.yaml").write_text(
        json.dumps({**platform.site.recording, "exchanges": exchanges}, ensure_ascii=False)
    )
    return folder


def filed(platform: Platform, exchange: Exchange, folder: Path, number: int) -> Exchange:
    """The exchange with its bytes in a file, and the recorded body that it names beside it."""
    response = dict(exchange["response"])
    if "content" in response:
        response["body"] = f"bodies/paper-{number}"
        (folder / response["body"]).write_bytes(response.pop("content"))
    elif "body" in response and not (folder / response["body"]).exists():
        (folder / response["body"]).write_bytes(
            (RECORDINGS / platform.name / "two-pages" / response["body"]).read_bytes()
        )
    return {**exchange, "response": response}


@dataclass(frozen=True)
class Night:
    """What one night said and left, beside what was true."""

    change: Change
    number: int
    view: View
    result: AccountResult
    found: Sequence[LicenceFile]

    def __str__(self) -> str:
        result = self.result
        return (
            f"night {self.number + 1}: {result.outcome.value} {result.error or ''} listed {result.listed}, archived "
            f"{len(self.licences)} of {len(self.view.truth)}, {self.view.total=}: {result.message[:260]}"
        ).replace("self.view.", "")

    @property
    def licences(self) -> list[LicenceFile]:
        return [each for each in self.found if not each.licence.comp]

    @property
    def assets(self) -> Counter[str]:
        return Counter(each.licence.asset.asset_id for each in self.licences)

    @property
    def missing(self) -> list[Fact]:
        there = {each for licence in self.licences for each in (licence.licence.asset.asset_id,)}
        return [fact for fact in self.view.truth if PLATFORMS[self.change.platform].asset_id(fact) not in there]

    @property
    def unseen(self) -> int:
        """How many are missing though the night is complete, where nobody could see it."""
        return len(self.missing) if self.change.label.undetectable and self.result.outcome.value == "complete" else 0

    @property
    def went_on(self) -> bool:
        """Whether the account was read as far as the label asks for."""
        spared = self.change.label.spared if self.number in self.change.changed else 0
        allowed = (*WHOLE, "partial") if spared else WHOLE
        return self.result.outcome.value in allowed and len(self.missing) <= spared

    def faults(self) -> dict[str, str]:
        label, outcome, result = self.change.label, self.result.outcome.value, self.result
        found: dict[str, Any] = {}
        changed = self.number in self.change.changed
        if outcome == "complete" and self.missing and not label.undetectable:
            found["loss"] = f"{len(self.missing)} of {len(self.view.truth)} missing"
        if (label.harmless or not changed) and not self.went_on:
            found["false stop"] = f"{outcome} {result.error or ''}, {len(self.missing)} missing"
        if doubled := [asset for asset, count in self.assets.items() if count > 1]:
            found["duplicates"] = f"{len(doubled)} of {len(self.view.truth)}"
        if wrong := self.wrong_dates():
            found["wrong dates"] = f"{len(wrong)}, e.g. {wrong[0]}"
        if changed and (result.error or outcome) in label.misnamed:
            found["wrong name"] = result.error or outcome
        if papers := self.wrong_papers():
            found["wrong paper"] = papers
        if self.licences and any(each in result.message for each in NOTHING):
            found["false message"] = f"{len(self.licences)} archived: {result.message[:120]}"
        if label.proven and outcome != "complete":
            found["not proven"] = f"{outcome} {result.error or ''}"
        return found

    def wrong_dates(self) -> list[str]:
        days: dict[str, tuple[date, ...]] = {
            PLATFORMS[self.change.platform].asset_id(fact): (fact.when.date(),) for fact in self.view.truth
        }
        return [
            f"{day_of(each.licence.licensed_at)}, not {days[each.licence.asset.asset_id][0]}"
            for each in self.licences
            if each.licence.licensed_at and each.licence.asset.asset_id in days
            and day_of(each.licence.licensed_at) not in days[each.licence.asset.asset_id]
        ]  # fmt: skip

    def wrong_papers(self) -> str:
        """In the last night, when every paper is final: whose licence has none with its own date."""
        if not self.change.label.papers or self.number + 1 < len(self.change.nights):
            return ""
        lacking = [each for each in self.licences if each.licence.licensee != "Ada Example"]
        return f"{len(lacking)} of {len(self.licences)} without the final certificate" if lacking else ""


NOTHING = ("no new licences are archived", "nothing is archived", "Nothing was archived")
