"""What the desk shares about paired browsers: their pairing codes, their tokens, and the filing of their captures."""

from __future__ import annotations

from collections.abc import Callable

from archiver.collect.companion.filer import CaptureFiler
from archiver.collect.companion.paired_browsers import PairedBrowsers, PairingCodes
from archiver.home.settings import Home
from archiver.home.vault import Vault


class CompanionState:
    """One desk's side of the companion. `home` and `vault` return the present ones."""

    def __init__(self, home: Callable[[], Home], vault: Callable[[], Vault]) -> None:
        self._home = home
        self.codes = PairingCodes()
        self.filer = CaptureFiler(home, vault)

    @property
    def browsers(self) -> PairedBrowsers:
        return PairedBrowsers(self._home().state)
