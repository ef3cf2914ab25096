"""One background job of the desk: a run of accounts or an attended sign-in. The pages show its progress."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from archiver.agency.night import run
from archiver.browsing.recording import bundled
from archiver.collect.account_result import AccountResult
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.errors import ArchiveBusy, ArchiverError, machine_error
from archiver.home.settings import Home
from archiver.home.vault import Vault


@dataclass
class Work:
    """At most one job at a time. `done` has, for each account, the licences done and the total, if known."""

    what: str = ""  # "run", "sign-in" or nothing yet
    account: str = ""
    going: bool = False
    done: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    results: dict[str, AccountResult] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    error: str = ""
    summary: RunSummary | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def run(self, home: Home, vault: Vault, accounts: list[str]) -> None:
        """Run the named accounts, or all of them. A home of recordings uses the recordings of the package."""
        order = RunRequest(accounts=accounts, replay=bundled() if home.settings.replay else None)

        async def going() -> None:
            self.summary = await run(home, vault, order, progress=self._progress, finished=self._finished)
            self.said += [*self.summary.warnings, *(f"{slug}: {fault}" for slug, fault in self.summary.faults.items())]

        self._begin("run", ", ".join(accounts), going)

    def sign_in(self, home: Home, vault: Vault, account: str) -> None:
        """Open a visible browser on this machine, so that a person can sign in."""
        from archiver.agency.sign_ins import sign_in

        replay = bundled() if home.settings.replay else None

        async def going() -> None:
            await sign_in(home, vault, account, replay=replay, headless=False, say=self.said.append)

        self._begin("sign-in", account, going)

    def _begin(self, what: str, account: str, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with self._lock:
            if self.going:
                raise ArchiveBusy("the desk itself is busy")
            self.what, self.account, self.going, self.error, self.summary = what, account, True, "", None
            self.done, self.results, self.said = {}, {}, []
        threading.Thread(target=self._do, args=(job,), name=f"desk {what}").start()

    def _do(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            asyncio.run(job())
        except ArchiverError as error:
            self.error = error.message(self.account or "NAME")
        except OSError as error:
            self.error = str(machine_error(error))
        except BaseException as error:
            traceback.print_exception(error)
            self.error = f"The program failed ({type(error).__name__}). The terminal of the desk shows the details."
            raise
        finally:
            self.going = False

    def _progress(self, account: str, done: int, total: int | None) -> None:
        self.done[account] = done, total

    def _finished(self, result: AccountResult) -> None:
        self.results[result.account] = result
