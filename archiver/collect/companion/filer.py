"""The desk's thread that files captures as they arrive, and those that an earlier desk left."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from itertools import groupby

from archiver.collect.companion.captures import CaptureResult, Inbox, StoredCapture
from archiver.collect.companion.filing import MAX_AT_ONCE, file_captures
from archiver.core.errors import ArchiveBusy, ArchiverError, machine_error
from archiver.home.settings import HOUSE, Home
from archiver.home.settings_edit import with_house
from archiver.home.vault import Vault
from archiver.reading.worker import DocumentReader

RETRY_S = 3.0  # after a busy archive, a locked vault or a full disk
IDLE_S = 60.0  # after which the thread ends, with its reader processes


class CaptureFiler:
    """Files what waits, the oldest first. `waits_for` says why captures wait, for people; empty if none does."""

    def __init__(self, home: Callable[[], Home], vault: Callable[[], Vault]) -> None:
        self._home, self._vault = home, vault
        self.waits_for = ""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._new = False

    def start(self) -> None:
        """File what waits, and what comes within the next minute."""
        with self._changed:
            self._new = True
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="companion filer", daemon=True)
                self._thread.start()

    def wait(self, id: str, timeout_s: float) -> CaptureResult | None:
        """What became of a capture; None if it still waits after this time."""
        inbox, ends = Inbox(self._home().state), time.monotonic() + timeout_s
        with self._changed:
            while (result := inbox.result(id)) is None and (left := ends - time.monotonic()) > 0:
                if self.waits_for:
                    return None
                self._changed.wait(min(left, 0.5))
        return result

    def _work(self) -> None:
        try:
            with DocumentReader() as reader:
                Inbox(self._home().state).sweep()
                while self._more():
                    self._file_all(reader)
        except OSError as error:  # no room for a reader process; the next capture tries again
            self.waits_for = str(machine_error(error))
        finally:
            with self._changed:
                self._thread = None
                self._changed.notify_all()

    def _more(self) -> bool:
        with self._changed:
            if not self._new:
                self._changed.wait(RETRY_S if self.waits_for else IDLE_S)
            more = self._new or bool(self.waits_for)
            self._new = False
            if not more:
                self._thread = None
            return more

    def _file_all(self, reader: DocumentReader) -> None:
        self.waits_for = ""
        waiting = list(Inbox(self._home().state).waiting())
        faults = []
        for (client, person), group in groupby(sorted(waiting, key=_owner), key=_owner):
            captures = list(group)
            for start in range(0, len(captures), MAX_AT_ONCE):
                try:
                    self._file(client, person, captures[start : start + MAX_AT_ONCE], reader)
                except ArchiveBusy as error:
                    faults.append(str(error))
                    break
                except (ArchiverError, OSError) as error:
                    faults.append(str(machine_error(error)))
                    break
                except Exception as error:  # noqa: BLE001  # a fault of ours must not end the filing of other clients' captures
                    traceback.print_exception(error)
                    faults.append(f"The program failed ({type(error).__name__}). The terminal of the desk shows it.")
                    break
        with self._changed:
            self.waits_for = faults[0] if faults else ""
            self._changed.notify_all()
        if faults:
            print(f"desk: {len(waiting)} captures wait. {faults[0]}", file=sys.stderr)

    def _file(self, client: str, person: str, captures: list[StoredCapture], reader: DocumentReader) -> None:
        home = self._home()
        if client != HOUSE and client not in home.clients:
            client = HOUSE  # a client that was removed meanwhile
            captures = [each.for_client(client) for each in captures]
        if client not in home.clients:
            home = with_house(home.root)
        inbox = Inbox(home.state)
        for result in file_captures(home, self._vault(), client, person, captures, reader):
            inbox.finish(result)
        with self._changed:
            self._changed.notify_all()


def _owner(capture: StoredCapture) -> tuple[str, str]:
    return capture.client, capture.person
