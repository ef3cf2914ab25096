"""Check whether this machine and this home can do the work.

Each check is independent: an error in one is only that check's problem, so a broken home is checked as far as possible.
Nothing changes, except that a scratch folder is created and removed. Only `online` uses the network, and a machine of a
fleet its database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.agency.adapter_checks import own_adapters
from archiver.agency.anchored import anchors
from archiver.agency.archive_checks import archives, clock, timestamps, witnesses
from archiver.agency.diagnosis import Diagnosis, DoctorFinding, Findings, State, ok
from archiver.agency.home_checks import accounts, companion, leftovers, mail, notifying, refusals, trouble
from archiver.agency.machine_checks import cloud, disk, folder, openssl, permissions, python, readers, vault, writing
from archiver.agency.readiness import readiness
from archiver.core.errors import ArchiverError
from archiver.home.home_folder import FLEET
from archiver.home.settings import Home

if TYPE_CHECKING:  # it imports the adapters
    from archiver.core.progress import Progress

PROBLEM_CODE = 50


@dataclass(frozen=True)
class DoctorReport:
    diagnoses: tuple[Diagnosis, ...]

    @property
    def state(self) -> State:
        return max((each.state for each in self.diagnoses), key=list(State).index)

    @property
    def exit_code(self) -> int:
        return PROBLEM_CODE if self.state is State.PROBLEM else 0

    def as_json(self) -> dict[str, object]:
        """The document of `doctor --json`."""
        return {"state": self.state, "checks": [each.as_json() for each in self.diagnoses]}

    def as_text(self) -> str:
        """A line for each check, and what to do below it."""
        lines = []
        for each in self.diagnoses:
            lines.append(f"{each.state:<8} {each.check}: {each.message}")
            lines += [f"         {each.what_to_do}"] if each.what_to_do else []
        counts = {state: sum(each.state is state for each in self.diagnoses) for state in State}
        return "\n".join([*lines, ", ".join(f"{number} {state}" for state, number in counts.items() if number)])


def examine(root: Path, *, online: bool = False, progress: Progress = lambda *_: None) -> DoctorReport:
    """Check this machine and the home at `root`, which may be broken or missing."""
    root = root.absolute()
    found = [each for name, check in OF_THE_FOLDER.items() for each in _diagnose(name, partial(check, root))]
    if address := os.environ.get(FLEET):
        from archiver.agency.fleet import clocks

        found += _diagnose("fleet", partial(clocks, address))
    try:
        home = Home.load(root)
    except (ArchiverError, OSError, ValueError) as error:
        advice = "Fix this first. Accounts, archives, witnesses and authorities were not checked."
        return DoctorReport((*found, Diagnosis("settings", State.PROBLEM, str(error), advice)))
    checks: dict[str, Callable[[], Findings]] = {name: partial(check, home) for name, check in OF_THE_HOME.items()}
    checks |= {"mail": partial(mail, home, online), "timestamps": partial(timestamps, home, online)}
    if home.settings.replica:
        from archiver.agency.replica import replica

        checks["replica"] = partial(replica, home, online)
    checks["readiness"] = partial(_ready, home)
    for number, (name, check) in enumerate(checks.items(), 1):
        found += _diagnose(name, check)
        progress("checks of the home", number, len(checks))
    return DoctorReport(tuple(found))


def _ready(home: Home) -> Findings:
    """What the home needs before it may be left alone, item by item."""
    for each in readiness(home, datetime.now(UTC)):
        said = f"{each.title('en')}: {each.sentence('en')}"
        state = State.WARNING if each.open and each.required else State.OK
        yield DoctorFinding(state, said, each.cost("en"), each.remedy) if each.open else ok(said)


def _diagnose(name: str, check: Callable[[], Findings]) -> list[Diagnosis]:
    found: list[Diagnosis] = []
    try:
        found.extend(Diagnosis(name, *each) for each in check())
    except Exception as error:  # noqa: BLE001  # the error is reported, and the other checks must still run
        if isinstance(error, ArchiverError):
            remedy = next(iter(error.remedies()), None)
            return [*found, Diagnosis(name, State.PROBLEM, error.without_remedies(), remedy=remedy)]
        words = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        found.append(Diagnosis(name, State.PROBLEM, words, advice_on(error)))
    return found


def advice_on(error: Exception) -> str:
    """What to do if a check itself failed. The archiver's own errors have a remedy."""
    if isinstance(error, OSError):
        return "Give the user of the nightly run access to it, or restore what is missing."
    return "This is a fault of the archiver. Send this line to its maintainers."


OF_THE_FOLDER: Mapping[str, Callable[[Path], Findings]] = {
    "python": python,
    "openssl": openssl,
    "home": folder,
    "permissions": permissions,
    "vault": vault,
    "readers": readers,
    "disk": disk,
    "file system": writing,
    "cloud folder": cloud,
}

OF_THE_HOME: Mapping[str, Callable[[Home], Findings]] = {
    "accounts": accounts,
    "clock": clock,
    "archives": archives,
    "leftovers": leftovers,
    "put aside": trouble,
    "blocked": refusals,
    "own adapters": own_adapters,
    "witnesses": witnesses,
    "anchors": anchors,
    "notify": notifying,
    "companion": companion,
}
