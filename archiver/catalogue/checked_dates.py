"""The dates of what the search index holds: of checkpoints that hold, over the very ledger lines that it read.

Each checkpoint is checked once. What was found is remembered on this machine, in the disposable folder of the client;
like the index, the memory is no evidence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from archiver import __version__
from archiver.archive.checking.parts import archive_words, ledger_lines, proven_dates, whole_archive
from archiver.archive.reader import Archive
from archiver.archive.seal import strict_checker
from archiver.archive.stated_files import is_stated
from archiver.catalogue import views
from archiver.catalogue.index import Catalogue, CatalogueEntry, Hit
from archiver.catalogue.known_archive import has_trusted_key
from archiver.core.atomic_files import read_file
from archiver.core.errors import ConfigError
from archiver.core.json_files import checked, write_json
from archiver.home.connections import pinned_roots, trusted_roots
from archiver.home.settings import Home

MEMORY = "checkpoints.json"

type CheckpointVerdict = tuple[str, str] | None
"""The root of a checkpoint's tree in hex, and since when its timestamps prove it; None if they do not."""


def secured_documents(home: Home, archive: Archive, entry: CatalogueEntry) -> dict[str, str | None]:
    """Since when each document of a licence is secured; None if not yet."""
    return views.secured(archive, entry, dates_of(home, entry.client))


def dated_rows(
    home: Home, catalogue: Catalogue, found: Iterable[Hit], warn: Callable[[str], None] = lambda _: None
) -> list[views.FoundRow]:
    """What a search found in a catalogue, in the form of `find --json`. `warn` as for `views.hits`."""
    client = catalogue.client
    return views.hits(client, Archive(home.archive(client)), found, checked_dates(home, catalogue), warn)


def dates_of(home: Home, client: str) -> proven_dates.Dates:
    """As `checked_dates`, where the catalogue is not open."""
    with Catalogue(home.catalogue(client)) as catalogue:
        return checked_dates(home, catalogue)


def checked_dates(home: Home, catalogue: Catalogue) -> proven_dates.Dates:
    """The dates that timestamps prove for the ledger lines in a catalogue, against the roots that the home pins.

    What does not hold dates nothing. Raises ConfigError for pinned roots that cannot be used.
    """
    archive = Archive(home.archive(catalogue.client))
    held = {size: each for size, each in _verdicts(home, catalogue, archive).items() if each}
    roots = catalogue.ledger_roots(archive, held)
    return proven_dates.Dates(
        (size, since) for size, (root, since) in held.items() if roots.get(size, b"").hex() == root
    )


@dataclass(frozen=True)
class _Memory:
    """The verdicts of checkpoints by size, each with the state of its files; `basis` is the state of all else."""

    basis: str = ""
    verdicts: dict[int, tuple[str, CheckpointVerdict]] = field(default_factory=dict)


def _verdicts(home: Home, catalogue: Catalogue, archive: Archive) -> dict[int, CheckpointVerdict]:
    """What holds of an archive, checked now or before. What cannot be decided now is left out."""
    folder, root = home.archive_state(catalogue.client), archive.root
    basis, states = _basis(home, root), dict(_states(root / archive_words.CHECKPOINTS))
    memory = _Memory()
    with suppress(OSError, ValueError):
        memory = checked(_Memory, read_file(folder / MEMORY))
    known = memory.verdicts if memory.basis == basis else {}
    same = {size: known[size] for size, state in states.items() if size in known and known[size][0] == state}
    if due := states.keys() - same.keys():
        if memory.basis != basis and not has_trusted_key(home, catalogue.client):
            return {}
        genuine = memory.basis == basis or bool(pinned_roots(home))  # without these, the archive's own roots count
        if not genuine and not (is_stated(root, archive_words.TSA_ROOTS) and catalogue.is_as_read(archive)):
            return {}
        try:
            checker = strict_checker()._replace(first=True)
            found = whole_archive.check_checkpoints(root, trusted_roots(home), checker, sorted(due))
        except (OSError, archive_words.Malformed) as error:
            raise ConfigError(str(error)) from None
        same |= {size: (states[size], verdict) for size, verdict in found.items()}
        with suppress(OSError):  # where nothing can be written, it is checked each time
            if found:
                write_json(folder / MEMORY, _Memory(basis, same))
    return {size: verdict for size, (_, verdict) in same.items()}


def _states(folder: Path) -> Iterator[tuple[int, str]]:
    """The size of each checkpoint with timestamps, and the state of its files."""
    states: dict[str, str] = {}
    with suppress(OSError), os.scandir(folder) as found:
        for each in found:
            with suppress(FileNotFoundError):  # a run beside it renames files
                states[each.name] = _state(each.name, each.stat(follow_symlinks=False))
    for size, note, tokens in ledger_lines.checkpoint_names(states):
        if tokens:
            yield size, _digest(states[name] for name in (note, *tokens))


def _basis(home: Home, root: Path) -> str:
    """The state of all that the verdicts of an archive rest on: its keys, the home's roots, and this program."""
    parts = [__version__]
    for path in (root / archive_words.SIGNER_KEY, root / archive_words.TSA_ROOTS, *pinned_roots(home)):
        with suppress(OSError):
            parts += [_state(str(path), path.lstat()), _state(str(path), path.stat())]
    return _digest(parts)


def _state(name: str, found: os.stat_result) -> str:
    return f"{name} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def _digest(states: Iterable[str]) -> str:
    return sha256("\n".join(states).encode("utf-8", "surrogateescape")).hexdigest()
