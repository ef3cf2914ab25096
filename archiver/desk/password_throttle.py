"""Throttle for password attempts. Each attempt is counted before its password is checked.

Addresses and names have separate counters. After a burst, each attempt must wait. The wait doubles up to one minute and
never grows further, so guessing is slow but nobody is locked out. The owner of a name can still sign in while others
guess: a known browser has its own counter, and an address without recent failures does not wait for the name. (This is
our own code because `limits` and `aiolimiter` have no growing wait and cannot give an attempt back.)
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

NAME_BURST, ADDRESS_BURST = 5, 20  # attempts without a wait
MAX_GAP_SECONDS = 60.0
MAX_WAIT_SECONDS = 5.0  # an attempt with a longer wait is refused
FORGET_SECONDS = 15 * 60.0
MAX_COUNTERS = 20_000  # names and addresses; beyond that, the least recently used is dropped


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
    """The turn of one attempt, in `wait` seconds. A `refused` attempt is not counted."""

    wait: float
    refused: bool
    keys: tuple[str, ...] = ()


class Throttle:
    """The counters of one desk. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counters: dict[str, _Counter] = {}
        self._lock = threading.Lock()

    def reserve(self, name: str, address: str, device: str | None = None) -> Attempt:
        """Count an attempt and return its turn. `device` names a browser that this person used to sign in before."""
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
        """The password was right: uncount the attempt."""
        with self._lock:
            for key in attempt.keys:
                if (counter := self._counters.get(key)) and counter.failures:
                    counter.failures -= 1

    def _counter(self, key: str, burst: int, now: float) -> _Counter:
        """The counter of this key, now the most recently used."""
        counter = self._counters.pop(key, None)
        if counter is None or counter.touched < now - FORGET_SECONDS:
            counter = _Counter(burst, touched=now)
        self._counters[key] = counter
        if len(self._counters) > MAX_COUNTERS:
            del self._counters[next(iter(self._counters))]
        return counter


def network_of(address: str) -> str:
    """The key of an address: an IPv4 address, or the /64 network of one IPv6 customer."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
