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
NETWORK_BURSTS = {64: ADDRESS_BURST, 56: 60, 48: 200}  # of IPv6 networks: one customer may have any of these
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
        # The gap of a wide network is shorter, so that one of the networks in it does not lock out the others.
        longest = MAX_GAP_SECONDS * min(1.0, ADDRESS_BURST / self.burst)
        self.next_turn = turn + (0.0 if beyond < 0 else min(longest, 2.0 ** min(beyond, 10)))


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
                networks, by_name = networks_of(address), f"name {name.casefold()}"
                keys = (*(f"address {each}" for each in networks), by_name)
                bursts = NETWORK_BURSTS.values()
                counters = [self._counter(key, burst, now) for key, burst in zip(keys[:-1], bursts, strict=False)]
                counted = any(each.failures for each in counters)
                counters.append(self._counter(by_name, NAME_BURST, now))
                turn = max(each.next_turn for each in (counters if counted else counters[:-1]))
            turn = max(turn, now)
            if turn - now > MAX_WAIT_SECONDS:
                return Attempt(turn - now, refused=True)
            for each in counters:
                each.take(turn, now)
            return Attempt(turn - now, refused=False, keys=keys)

    def give_back(self, attempt: Attempt) -> None:
        """Uncount an attempt: the password was right, or was not looked at."""
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


def networks_of(address: str) -> list[str]:
    """The keys of an address, the widest last: an IPv4 address, or the networks that one IPv6 customer may have."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return [""]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return [str(parsed.ipv4_mapped)]
        return [str(ipaddress.ip_network((parsed, bits), strict=False)) for bits in NETWORK_BURSTS]
    return [str(parsed)]
