"""A conversation with a person in the terminal: messages, and questions that the person may skip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archiver.core.questions import AskPerson, agrees, choose


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """`ask` asks a question. Without it, every answer is empty."""

    ask: AskPerson | None
    tell: Callable[[str], None]

    def say(self, *texts: str) -> None:
        """Print these lines below the step's heading."""
        for line in [line for text in texts for line in text.split("\n")]:
            self.tell(f"   {line}")

    def asked(self, question: str, default: str = "") -> str:
        """The answer to a question; empty if there is nobody to ask."""
        return self.ask(f"   {question}", default).strip() if self.ask else ""

    def chosen[T](self, question: str, answers: Mapping[str, T]) -> T:
        """What the person's answer stands for; an empty one, which `answers` has too, if there is nobody to ask."""
        return choose(self.asked, question, answers)

    def agrees(self, question: str, *, default: bool = False) -> bool:
        """Whether the person says yes; no, if there is nobody to ask."""
        return bool(self.ask) and agrees(self.asked, question, default=default)
