"""How soon a password may be tried again: each attempt is counted before its password is checked.

Addresses and names are counted apart. After a burst, the next attempt has to wait for a gap that doubles up to a
minute, and never longer, so that strangers slow guessing down and lock nobody out. Two ways stay open for the person
whose name others guess at: a browser in which the person signed in before is counted by itself, and an address from
which nobody failed lately does not wait for the name. (Own code, as `limits` and `aiolimiter` know neither a growing
gap nor how to give an attempt back.)
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

NAME_BURST, ADDRESS_BURST = 5, 20  # attempts without a gap
MAX_GAP_SECONDS = 60.0
MAX_WAIT_SECONDS = 5.0  # for which an attempt is kept waiting; with a longer wait it is refused
FORGET_SECONDS = 15 * 60.0
MAX_COUNTERS = 20_000  # of names and addresses; beyond, the one that was quiet for longest is forgotten


@dataclass
class _Counter:
    burst: int
    failures: int = 0
    next_turn: float = 0.0
    touched: float = 0.0

    def take(self, turn: float, now: float) -> None:
        self.failures, self.touched = self.failures + 1, now
        beyond = self.failures - self.burst
        self.next_turn = turn + (0.0 if beyond < 0 else min(MAX_GAP_SECONDS, 2.0 ** min(beyond, 10)))


@dataclass(frozen=True)
class Attempt:
    """One attempt's turn: `wait` seconds from now. Where that is `refused`, nothing was counted."""

    wait: float
    refused: bool
    keys: tuple[str, ...] = ()


class Throttle:
    """The counters of one desk. For any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counters: dict[str, _Counter] = {}
        self._lock = threading.Lock()

    def reserve(self, name: str, address: str, device: str | None = None) -> Attempt:
        """Count an attempt and say when its turn is. `device` names a browser in which this person signed in before."""
        with self._lock:
            now = self._now()
            if device:
                counters = [self._counter(f"device {device}", NAME_BURST, now)]
                turn = counters[0].next_turn
                keys: tuple[str, ...] = (f"device {device}",)
            else:
                keys = (f"address {network_of(address)}", f"name {name.casefold()}")
                counters = [self._counter(keys[0], ADDRESS_BURST, now), self._counter(keys[1], NAME_BURST, now)]
                turn = max(each.next_turn for each in counters if each is counters[0] or counters[0].failures)
            turn = max(turn, now)
            if turn - now > MAX_WAIT_SECONDS:
                return Attempt(turn - now, refused=True)
            for each in counters:
                each.take(turn, now)
            return Attempt(turn - now, refused=False, keys=keys)

    def succeeded(self, attempt: Attempt) -> None:
        """The password was right: what was counted for it is given back."""
        with self._lock:
            for key in attempt.keys:
                if (counter := self._counters.get(key)) and counter.failures:
                    counter.failures -= 1

    def _counter(self, key: str, burst: int, now: float) -> _Counter:
        """The counter of this key, which is then the last to be forgotten."""
        counter = self._counters.pop(key, None)
        if counter is None or counter.touched < now - FORGET_SECONDS:
            counter = _Counter(burst, touched=now)
        self._counters[key] = counter
        if len(self._counters) > MAX_COUNTERS:
            del self._counters[next(iter(self._counters))]
        return counter


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
