"""An alert: a risk for accounts or licences that no failed run shows."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from archiver.core.remedy import Remedy as Remedy  # who tells of alerts takes both from here
from archiver.core.remedy import SignInKind as SignInKind


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One cause. `flags` say what is wrong (`two_clients`, `plan`, `shared_login`, `ending`), `clients` for whom.

    `message` says what happened, `risk` what is at risk, `remedy` what to do, and `advice` what no command does.
    `count` is how often it happened, with a line of `message` for each time.
    """

    flags: tuple[str, ...]
    subject: str  # an account, or a licence's short id
    clients: tuple[str, ...]
    message: str
    risk: str
    remedy: Remedy
    advice: str = ""
    count: int = 1

    @property
    def key(self) -> str:
        """The same until the cause changes."""
        return sha256(repr((self.flags, self.subject, self.clients, self.message)).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.message, self.risk, self.advice, str(self.remedy))))

    def as_json(self) -> dict[str, object]:
        """The alert in the form of `--json`."""
        plain = {**vars(self), "flags": list(self.flags), "clients": list(self.clients), "key": self.key}
        return plain | {"command": self.remedy.command, "remedy": self.remedy.as_json()}
