"""Long work of the desk, in the background: its progress, its result, and how a person stops it.

What reads platforms happens once at a time. Beside it, each page may have work of its own, such as a proof.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from archiver.agency.night import run
from archiver.browsing.recording import recordings_of
from archiver.collect.account_result import AccountResult
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.errors import ArchiveBusy, ArchiverError, IntegrityError, machine_error
from archiver.home.settings import Home
from archiver.home.vault import Vault

MAX_WORKS = 200  # of pages, that are remembered
MAX_GOING = 6  # works of pages at the same time
MAX_ALIKE = 3  # of these, of one kind: files that take long leave room for a pack
QUICK_S = 1.5  # a page waits so long for its work before it shows the progress

type Job = Callable[[], Coroutine[Any, Any, Any]]


@dataclass
class Work:
    """At most one job at a time. `done` has, for each account, the licences done and the total, if known.

    `place` is the page that shows the job, `changes` grows with every step, and `result` is what the job returned.
    """

    what: str = (
        ""  # "run", "sign-in", "close", "leaver", "hand-over", "classify", "look", "import", "proof"; or nothing
    )
    account: str = ""  # what it is about
    place: str = "/accounts"
    going: bool = False
    stopping: bool = False  # a person asked for the end
    stopped: bool = False
    done: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    results: dict[str, AccountResult] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    error: str = ""
    met_damage: bool = False  # the error is that an archive is damaged
    result: object = None
    changes: int = 0
    _task: asyncio.Task[object] | None = field(default=None, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    # many parameters: each narrows what is run, and has a default
    def run(
        self, home: Home, vault: Vault, accounts: Sequence[str], *, sources: Sequence[str] = (),
        clients: Sequence[str] = (), full: bool = False,
    ) -> None:  # fmt: skip
        """Run the named accounts and sources, or those of the clients, or all; `full`: to their end, and lists with
        fewer rows than before are accepted. A home of recordings uses the recordings of the package."""
        order = RunRequest(
            accounts=accounts, sources=sources, clients=clients, full=full, accepts_fewer=full,
            replay=recordings_of(home),
        )  # fmt: skip

        async def going() -> RunSummary:
            summary = await run(home, vault, order, progress=self.progress, finished=self._finished)
            self.said += [*summary.warnings, *(f"{slug}: {fault}" for slug, fault in summary.faults.items())]
            return summary

        self.begin("run", ", ".join([*accounts, *sources, *clients]), going)

    def sign_in(self, home: Home, vault: Vault, account: str) -> None:
        """Open a visible browser on this machine, so that a person can sign in."""
        from archiver.agency.sign_ins import sign_in

        async def going() -> None:
            await sign_in(home, vault, account, replay=recordings_of(home), headless=False, say=self.said.append)

        self.begin("sign-in", account, going)

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long. Whether the job has ended."""
        return self._ended.wait(seconds)

    def begin(self, what: str, account: str, job: Job, *, place: str = "/accounts") -> None:
        """Start a job in a thread of its own; ArchiveBusy while another one runs."""
        with self._lock:
            if self.going:
                raise ArchiveBusy("the desk itself is busy")
            self.what, self.account, self.place, self.going, self.error = what, account, place, True, ""
            self.met_damage = False
            self.done, self.results, self.said, self.result = {}, {}, [], None
            self.stopping, self.stopped, self._task = False, False, None
            self._ended.clear()
            self.changes += 1
        threading.Thread(target=self._do, args=(job,), name=f"desk {what}").start()

    def stop(self) -> None:
        """Ask the job to end. It ends at its next step, as after Ctrl-C in a terminal; what is archived stays."""
        with self._lock:
            self.stopping, task = self.going, self._task
            self.changes += 1
        if task and self.stopping:
            with suppress(RuntimeError):  # it has just ended
                task.get_loop().call_soon_threadsafe(task.cancel)

    def progress(self, account: str, done: int, total: int | None) -> None:
        """Note how far the job is."""
        self.done[account] = done, total
        self.changes += 1

    def step(self, account: str, done: int, total: int | None) -> None:
        """As `progress`, for a job that never awaits: it ends here if a person asked for that."""
        self.progress(account, done, total)
        if self.stopping:
            raise asyncio.CancelledError

    def _do(self, job: Job) -> None:
        async def task() -> object:
            with self._lock:
                self._task = asyncio.current_task()
                if self.stopping:
                    raise asyncio.CancelledError
            return await job()

        try:
            self.result = asyncio.run(task())
        except asyncio.CancelledError:
            self.stopped = True
        except (ArchiverError, OSError) as error:
            self.error = machine_error(error).message(self.account)
            self.met_damage = isinstance(error, IntegrityError)
        except BaseException as error:
            traceback.print_exception(error)
            self.error = f"The program failed ({type(error).__name__}). The terminal of the desk shows the details."
            raise
        finally:
            self.going = self.stopping = False
            self.changes += 1
            self._ended.set()

    def _finished(self, result: AccountResult) -> None:
        self.results[result.account] = result
        self.changes += 1


class PageWorks:
    """The work of each page, by the page's address."""

    def __init__(self) -> None:
        self._works: OrderedDict[str, Work] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, place: str) -> Work | None:
        """The present or last work of the page at this address, with or without a query; None if none is known."""
        return self._works.get(place.partition("?")[0])

    def do(self, what: str, place: str, job: Callable[[Work], object]) -> None:
        """Start the work of a page, and wait a moment for it. ArchiveBusy while the page has some, or many pages have
        some, or some of this kind.

        `place` leads back to the page; its query is not part of the page's address. `job` calls the `step` of its work,
        so that a person can stop it.
        """
        page = place.partition("?")[0]

        async def doing() -> object:
            return job(work)

        with self._lock:
            work = self._works.get(page) or Work()
            going = [each.what for each in self._works.values() if each.going]
            if work.going or len(going) >= MAX_GOING or going.count(what) >= MAX_ALIKE:
                raise ArchiveBusy("the desk itself is busy")
            self._works[page] = work
            self._works.move_to_end(page)
            ended = [name for name, each in self._works.items() if not each.going and name != page]
            for name in ended[: max(0, len(self._works) - MAX_WORKS)]:
                del self._works[name]
            work.begin(what, "", doing, place=place)
        work.wait(QUICK_S)

    def stop(self) -> None:
        """Ask all of them to end."""
        for work in list(self._works.values()):
            work.stop()
