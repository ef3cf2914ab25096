"""Repair the adapter of an account: from the pages on which it failed to a patch that its maintainer can apply.

The account's run is recorded and scrubbed. The adapter is copied into the home, where it comes before the installed
one. After each change of it, the recorded pages are played to it, without the platform.
"""

from __future__ import annotations

import asyncio
import difflib
import re
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

import archiver
from archiver.browsing.recording import bundled
from archiver.collect.run_tools import RunTools
from archiver.core.atomic_files import remove_tree, replace_file
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.model import Outcome
from archiver.core.progress import Progress
from archiver.devkit.golden import check, checking, replayed
from archiver.devkit.recorder import RecordingRequest, capture
from archiver.devkit.recording_publisher import CapturedRecording
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.provider import override
from archiver.provider.registry import installed_sources, use_home

REPAIRABLE = ("LayoutChanged", "AdapterBroken", "NotACertificate", "SpendRefused", "ConfigError")
WATCH_INTERVAL_S = 0.2
MAX_PAGE_WAIT_S = 0.5  # saved pages come from this machine, and show at once what they have
CHECK_TIMEOUT_S = 120.0  # for the saved pages; an adapter may turn pages in a circle
REMIND_EVERY_S = 60.0  # while nobody changes the adapter
MAX_WATCH_S = 1800.0  # without a change; then the command ends
_ADVICE = re.compile(r" \(page saved as [^)]*\)| Repair it with .*? maintainer\.")  # of a run, which this is not
FAILED, REPAIRED, PATCH, RECORDINGS_PATCH = "failed", "repaired", "repair.patch", "recordings.patch"


@dataclass(frozen=True)
class OfflineCheck:
    """How an adapter reads the recorded pages. `ends_early`: all went well up to a page that is not recorded."""

    complete: bool
    ends_early: bool
    lines: tuple[str, ...]
    seconds: float

    @property
    def reads(self) -> bool:
        return self.complete or self.ends_early


@dataclass(frozen=True)
class Repair:
    """The repair of one account's adapter: what is in the home for it."""

    home: Home
    account: str
    provider: str

    @property
    def folder(self) -> Path:
        """The adapter that is used instead of the installed one."""
        return self.home.root / override.FOLDER / self.provider

    @property
    def pages(self) -> Path:
        """The recording of the run that failed."""
        return self.home.state / "repair" / self.account / self.provider / FAILED

    @property
    def recorded(self) -> Path:
        """The recording of the run with the repaired adapter."""
        return self.folder / "recordings" / self.provider / REPAIRED

    @property
    def patch(self) -> Path:
        return self.folder / PATCH

    @property
    def recordings_patch(self) -> Path:
        return self.folder / RECORDINGS_PATCH

    def notes(self) -> list[Path]:
        """What was saved of the pages on which the account failed; the newest note first."""
        found = (self.home.state / "trouble").glob(f"{self.account}-*.txt")
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def repair_of(home: Home, account: str) -> Repair:
    return Repair(home, account, home.account(account).provider)


async def record_failure(
    repair: Repair, vault: Vault, *, replay: Path | None, progress: Progress
) -> CapturedRecording | None:
    """Run the account at the platform, read-only, and keep its pages; None where there is nothing to repair.

    ConfigError where another adapter would not help: the account was refused, or the platform not reached.
    """
    remove_tree(repair.pages.parent)
    request = RecordingRequest(account=repair.account, scenario=FAILED, out=repair.pages.parents[1], replay=replay)
    made = await capture(repair.home, vault, request, progress)
    result = made.result
    if result.outcome is Outcome.COMPLETE:
        remove_tree(repair.pages.parents[1])
        return None
    if result.error and result.error not in REPAIRABLE:
        raise ConfigError(f"A repair of the adapter does not help here. {result.message}")
    return made


def copy_adapter(repair: Repair) -> bool:
    """Copy the installed adapter into the home. False if there is a repair already, which stays unchanged."""
    if repair.folder.is_dir() and (repair.folder / override.ORIGIN).is_file():
        return False
    package, files = installed_sources(repair.provider)
    for each in (repair.folder.parent, repair.folder):
        each.mkdir(exist_ok=True, mode=0o700)
    for name, content in files.items():
        replace_file(repair.folder / name, _inside(content.decode(), package, files).encode())
    origin = {
        "installed": override.digest(files),
        "archiver": archiver.__version__,
        "made": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    replace_file(repair.folder / override.ORIGIN, yaml.safe_dump(origin, sort_keys=False).encode())  # last: it is whole
    return True


def _inside(text: str, package: str, files: Mapping[str, bytes]) -> str:
    """A module's text in which imports of files that are copied with it lead to the copies."""
    return _imports(text, rf"from {re.escape(package)}\.", "from .", files) if package else text


def _outside(text: str, package: str, files: Mapping[str, bytes], installed_text: str) -> str:
    """The reverse of `_inside`, unless the installed module imports its neighbours that way itself."""
    if not package or re.search(r"^from \.", installed_text, re.MULTILINE):
        return text
    return _imports(text, r"from \.", f"from {package}.", files)


def _imports(text: str, before: str, after: str, files: Mapping[str, bytes]) -> str:
    stems = "|".join(re.escape(Path(name).stem) for name in files)
    return re.sub(rf"^{before}({stems}) import", rf"{after}\1 import", text, flags=re.MULTILINE)


async def check_offline(repair: Repair, shared: RunTools) -> OfflineCheck:
    """Play the recorded pages to the adapter as it is now. The platform is asked for nothing."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            found = await replayed(repair.pages, shared)
    except TimeoutError:
        said = f"The check did not end within {CHECK_TIMEOUT_S:.0f} seconds. The adapter may turn pages in a circle."
        return OfflineCheck(False, False, (said,), time.monotonic() - began)
    except ArchiverError as error:  # the adapter cannot be loaded yet
        return OfflineCheck(False, False, (error.message(repair.account),), time.monotonic() - began)
    missing, undeclared = found.get("unknown_requests", []), found.get("undeclared_requests", [])
    complete = found["outcome"] == Outcome.COMPLETE and not missing and not undeclared
    licences = found["licences"]
    lines = [f"{len(licences)} licences were read."]
    lines += [f"  {_row(each)}" for each in licences[:3]]
    lines += [] if complete else [_ADVICE.sub("", found["message"])]
    lines += [f"not among the saved pages: {each}" for each in missing]
    lines += [f"allowed by no rule of the adapter: {each}" for each in undeclared]
    ends_early = bool(missing) and not undeclared
    return OfflineCheck(complete, ends_early, tuple(filter(None, lines)), time.monotonic() - began)


def _row(licence: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {licence[name] or '-'}" for name in ("asset_id", "title", "kind", "licensed_at"))


async def offline_checks(repair: Repair) -> AsyncGenerator[OfflineCheck | None]:
    """A check at once, and one after each change of the adapter's files or of the saved pages.

    None each minute in which nothing changed. It ends after `MAX_WATCH_S` without a change, so that nobody waits for a
    command that nobody watches.
    """
    async with checking(max_wait_s=MAX_PAGE_WAIT_S) as shared:
        while True:
            seen = _stamp(repair)
            yield await check_offline(repair, shared)
            began = reminded = time.monotonic()
            while _stamp(repair) == seen:
                await asyncio.sleep(WATCH_INTERVAL_S)
                if time.monotonic() - began > MAX_WATCH_S:
                    return
                if time.monotonic() - reminded > REMIND_EVERY_S:
                    reminded = time.monotonic()
                    yield None


def _stamp(repair: Repair) -> tuple[str, float]:
    try:
        files = override.digest(override.source_files(repair.folder))
        return files, (repair.pages / "session.yaml").stat().st_mtime
    except OSError:  # an editor is replacing a file
        return "", 0.0


def take_pages(repair: Repair, made: CapturedRecording) -> bool:
    """Use the pages of a run that the repaired adapter did not read as the saved ones; False where another adapter
    would not help."""
    if made.result.error not in (None, *REPAIRABLE):
        return False
    remove_tree(repair.pages)
    made.folder.rename(repair.pages)
    return True


async def record_repair(repair: Repair, vault: Vault, *, replay: Path | None, progress: Progress) -> CapturedRecording:
    """Run the account with the repaired adapter, read-only, and keep the recording that proves it."""
    repair.recordings_patch.unlink(missing_ok=True)  # of an earlier repair
    remove_tree(repair.recorded)
    recordings = repair.folder / "recordings"
    request = RecordingRequest(account=repair.account, scenario=REPAIRED, out=recordings, replay=replay)
    return await capture(repair.home, vault, request, progress)


async def older_recordings(repair: Repair) -> AsyncGenerator[tuple[str, list[str]]]:
    """The recordings that the archiver brings for this platform: how each differs with the repaired adapter.

    A page of another layout shows nothing that the adapter waits for, so no page is waited for long.
    """
    async with checking(max_wait_s=MAX_PAGE_WAIT_S) as shared:
        for path in sorted((bundled() / repair.provider).glob("*/")):
            try:
                async with asyncio.timeout(CHECK_TIMEOUT_S):
                    differences = await check(path, shared)
            except TimeoutError:
                differences = [f"the check did not end within {CHECK_TIMEOUT_S:.0f} seconds"]
            yield path.name, differences


def write_patch(repair: Repair) -> str:
    """Write the difference from the installed adapter as a patch for its repository, and return it."""
    package, files = installed_sources(repair.provider)
    repaired = override.source_files(repair.folder)
    folder = (package or repair.provider).replace("archiver_providers", "providers").replace(".", "/")
    lines: list[str] = []
    for name in sorted({*files, *repaired}):
        before = files.get(name, b"").decode()
        after = _outside(repaired.get(name, b"").decode(), package, files, before)
        old, new = f"a/{folder}/{name}" if name in files else "/dev/null", f"b/{folder}/{name}"
        lines += with_newlines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), old, new))
    text = "".join(lines).replace("archiver_providers.", "providers.")
    replace_file(repair.patch, text.encode())
    return text


def with_newlines(lines: Iterator[str]) -> Iterator[str]:
    """The lines of a patch, as `git apply` needs them."""
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


@dataclass(frozen=True)
class RemovedAdapter:
    """What became of a home's own adapter: where it was moved, or how the installed one differs (`differences`)."""

    kept_in: Path | None
    differences: tuple[str, ...] = ()


async def remove_adapter(home: Home, name: str, *, force: bool) -> RemovedAdapter:
    """Use the installed adapter again if it reads the repair's recordings with the same results, or with `force`.

    The repair is moved to `state/removed-adapters/`, from where it can be brought back.
    """
    folder = home.root / override.FOLDER / name
    if not folder.is_dir():
        raise ConfigError(f"There is no {folder}. In the home: {', '.join(override.named_in(home.root)) or 'none'}.")
    recordings = sorted(path.parent for path in (folder / "recordings").rglob("expected.yaml"))
    differences: list[str] = []
    if not force:
        if not recordings:
            raise ConfigError(
                f"{folder} has no recording that shows whether the installed adapter has the repair. "
                f"Remove it all the same: archiver adapter remove {name} --force"
            )
        use_home(None)
        try:
            async with checking() as shared:
                for path in recordings:
                    differences += [f"{path.name}: {line}" for line in await check(path, shared)]
        finally:
            use_home(home.root)
    if differences:
        return RemovedAdapter(None, tuple(differences))
    kept = home.state / "removed-adapters" / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    kept.parent.mkdir(exist_ok=True, mode=0o700)
    folder.rename(kept)
    return RemovedAdapter(kept)
