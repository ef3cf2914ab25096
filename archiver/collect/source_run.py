"""One source's part of a run: check that it may be read, read it, and report the result."""

from __future__ import annotations

import asyncio
import time
import traceback
from functools import partial

from archiver.archive.writer import ArchiveWriter
from archiver.collect.account_result import name_input
from archiver.collect.run_context import RunContext
from archiver.collect.sources import SourceReading, SourceResult, kind_of, refuse_known, secrets_of_source
from archiver.core.errors import AdapterBroken, ArchiverError, SiteUnavailable, WrongPassword, machine_error
from archiver.core.model import Outcome
from archiver.home.settings import Home
from archiver.home.source_settings import Source


async def read_source(run: RunContext, source: Source, archive: ArchiveWriter) -> SourceResult:
    """Read one source in a thread of its own. Its faults are its result's; they never stop other sources."""
    return await asyncio.to_thread(_read, run, source, archive)


def _read(run: RunContext, source: Source, archive: ArchiveWriter) -> SourceResult:
    result, started = SourceResult(source.name, source.kind), time.monotonic()
    secrets: dict[str, str] = {}
    try:
        kind = kind_of(source)
        full = run.order.full or run.order.after_restore is not None
        if full and not run.order.dry_run:
            kind.forget(run.home, source)
        secrets = secrets_of_source(run.vault, source, kind)
        digest = refuse_known(run.vault, source, secrets)
        reading = SourceReading(
            home=run.home, source=source, secrets=secrets, archive=None if run.order.dry_run else archive,
            reader=run.tools.reader, result=result, until=started + run.home.settings.run.deadline,
            full=full, letters=run.letters,
            progress=run.progress, keep_secrets=partial(run.vault.set_secrets, source.name),
        )  # fmt: skip
        try:
            kind.read(reading)
            if secrets:
                run.vault.accepted(source.name, digest)
        except WrongPassword as error:
            run.vault.mark(source.name, type(error).__name__, digest)
            raise
    except (ArchiverError, OSError) as error:
        met = machine_error(error)
        name_input(met, source)
        _fail(result, met, secrets)
    except Exception as error:  # noqa: BLE001  # one source's fault is reported and must not stop the others
        # The place alone: the words of the error may be those of a mail that was passed over.
        last = traceback.extract_tb(error.__traceback__)[-1]
        _fail(result, AdapterBroken(f"{type(error).__name__} in {last.name}, line {last.lineno}"), secrets)
    result.seconds = round(time.monotonic() - started, 3)
    run.summary.warnings.extend(result.warnings)
    return result


def _fail(result: SourceResult, error: ArchiverError, secrets: dict[str, str]) -> None:
    result.fail(error, [*secrets.values()])
    if isinstance(error, SiteUnavailable) and (result.archived or result.already or result.claims):
        result.outcome = Outcome.PARTIAL


def select_sources(home: Home, clients: frozenset[str], names: frozenset[str]) -> list[Source]:
    """The open sources of these clients and names; empty means all."""
    return [
        source
        for source in home.sources()
        if not source.closed and (not clients or source.client in clients) and (not names or source.name in names)
    ]
