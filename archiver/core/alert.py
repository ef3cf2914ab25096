"""An alert: a risk for accounts or licences that no failed run shows."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One cause. `flags` say what is wrong (`two_clients`, `plan`, `shared_login`, `ending`), `clients` for whom.

    `message` says what happened, `risk` what is at risk, `command` what to do. `count` is how often it happened, with a
    line of `message` for each time.
    """

    flags: tuple[str, ...]
    subject: str  # an account, or a licence's short id
    clients: tuple[str, ...]
    message: str
    risk: str
    command: str
    count: int = 1

    @property
    def key(self) -> str:
        """The same until the cause changes."""
        return sha256(repr((self.flags, self.subject, self.clients, self.message)).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.message} {self.risk} {self.command}"

    def as_json(self) -> dict[str, object]:
        """The alert in the form of `--json`."""
        return {**vars(self), "flags": list(self.flags), "clients": list(self.clients), "key": self.key}
