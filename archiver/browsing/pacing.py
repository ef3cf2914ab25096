"""Rate limit: evenly spaced requests to each host, shared by all accounts of a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter


@dataclass
class Pacing:
    """Requests per second: `hosts` before `default` before the provider's own value. 0 or `off` means no waiting.

    Waiting times that a host itself asks for (Retry-After) apply even if pacing is off. One object serves one event
    loop.
    """

    default: float | None = None
    hosts: Mapping[str, float] = field(default_factory=dict)
    off: bool = False
    _limiters: dict[str, AsyncLimiter] = field(default_factory=dict, init=False, repr=False)
    _held: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    async def wait(self, host: str, provider_rate: float) -> None:
        """Return when the next request to this host may leave."""
        rate = 0.0 if self.off else self.hosts.get(host, provider_rate if self.default is None else self.default)
        if rate > 0:
            if host not in self._limiters:
                from aiolimiter import AsyncLimiter

                self._limiters[host] = AsyncLimiter(1, 1 / rate)  # a capacity of one: no burst at the start
            await self._limiters[host].acquire()
        left = self._held.get(host, 0.0) - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
            await self.wait(host, provider_rate)  # all waiting tasks wake together, so each queues again

    def hold(self, host: str, seconds: float) -> None:
        """Send nothing to this host for this long."""
        self._held[host] = max(self._held.get(host, 0.0), time.monotonic() + seconds)
