"""Read folder sources as soon as something in them changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from archiver.agency.night import run
from archiver.collect.folder import FolderSettings
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.errors import INSTALL_ALL, ConfigError, Remedy
from archiver.home.settings import Home
from archiver.home.source_settings import Source
from archiver.home.vault import Vault

LOOK_MS = 3_600_000  # without any change, all is read so often: some shares do not say what others change there
AGAIN_MS = 60_000  # after which a source is read again that could not be read
QUIET_MS = 5_000  # without a change before a folder is read


def watched(home: Home, names: Sequence[str]) -> dict[Path, Source]:
    """The open folder sources to watch, by their folders; ConfigError if there are none, or one is no folder."""
    chosen = [home.source(name) for name in names] or [each for each in home.sources() if each.kind == "folder"]
    if others := [each.name for each in chosen if each.kind != "folder"]:
        raise ConfigError(
            f"{others[0]} is not a folder. Only folders are watched; a run reads all sources.",
            remedy=Remedy("run source", {"source": others[0]}),
        )
    found = {each.options(FolderSettings).path: each for each in chosen if not each.closed}
    if not found:
        raise ConfigError("There is no folder to watch.", remedy=Remedy("add source"))
    return found


async def watch(
    root: Path,
    vault: Vault,
    names: Sequence[str],
    ended: Callable[[RunSummary], None],
    changes: Callable[[Sequence[Path], Callable[[], int]], AsyncIterator[set[Path]]] | None = None,
) -> None:
    """Read the folders once, then whenever something in them changes, until the program is stopped.

    `ended` gets the summary of each reading. `changes` gives the changed paths after a quiet time, or none when a wait
    is over; by default the system's own notices.
    """
    due = {source.name for source in watched(Home.load(root), names).values()}
    folders = watched(Home.load(root), names)
    waits = changes or _changes
    stream = waits(list(folders), lambda: AGAIN_MS if due else LOOK_MS)
    while True:
        if due:
            home = Home.load(root)  # its files may have changed
            summary = await run(home, vault, RunRequest(sources=sorted(due)))
            failed = {result.account for result in summary.accounts if result.error}
            due = failed if not summary.faults else due  # another command writes to the archive
            ended(summary)
        try:
            found = await anext(stream)
        except StopAsyncIteration:
            return
        due |= {
            source.name
            for folder, source in folders.items()
            if not found or any(path.is_relative_to(folder) for path in found)
        }


async def _changes(folders: Sequence[Path], wait_ms: Callable[[], int]) -> AsyncIterator[set[Path]]:
    if not find_spec("watchfiles"):
        raise ConfigError(f"Folders are watched with the extra `watch`. {INSTALL_ALL}")
    import watchfiles

    while True:
        there = [folder for folder in folders if folder.is_dir()]
        async for found in watchfiles.awatch(
            *there, debounce=QUIET_MS, step=500, rust_timeout=wait_ms(), yield_on_timeout=True, watch_filter=None
        ):
            yield {Path(path) for _, path in found}
            break  # another wait may be due, and a share may be back
