"""A conversation with a person in the terminal: messages, and questions that the person may skip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archiver.claims.claim_entry import AskPerson, agreed


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """`ask` asks a question. Without it, every answer is empty."""

    ask: AskPerson | None
    tell: Callable[[str], None]

    def say(self, *texts: str) -> None:
        """Print these lines below the step's heading."""
        for line in "\n".join(texts).split("\n"):
            self.tell(f"   {line}")

    def asked(self, question: str, default: str = "") -> str:
        """The answer to a question; empty if there is nobody to ask."""
        return self.ask(f"   {question}", default).strip() if self.ask else ""

    def agrees(self, question: str, default: str) -> bool:
        """Whether the person says yes."""
        return agreed(self.asked(f"{question} (yes or no)", default))
