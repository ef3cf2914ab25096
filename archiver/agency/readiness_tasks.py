"""What is not ready, as tasks of Today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archiver.agency.readiness import ReadyItem, ReadyState, readiness
from archiver.agency.today import Task
from archiver.home.settings import Home


@dataclass(frozen=True, kw_only=True)
class ReadinessTask(Task):
    """Something that the home needs and lacks, or that fails; `item` says everything about it."""

    item: ReadyItem

    @classmethod
    def of(cls, item: ReadyItem) -> ReadinessTask:
        tone = "warn" if item.state is ReadyState.FAILING else "calm"
        return cls(
            kind=item.name, about=item.title("en"), tone=tone, facts={}, detail=item.why, item=item, remedy=item.remedy
        )  # fmt: skip

    def sentence(self, language: str) -> str:
        return self.item.sentence(language)

    def risk(self, language: str) -> str:
        return self.item.cost(language)


def tasks_not_ready(home: Home, now: datetime) -> tuple[list[Task], list[str]]:
    """The tasks of what is not ready, and the names of what was not asked yet. Before the first client there are none:
    to add one is the first thing to do.
    """
    if not home.customers():
        return [], []
    found = readiness(home, now)
    tasks: list[Task] = [ReadinessTask.of(each) for each in found if each.is_task]
    return tasks, [name for each in found if each.state is ReadyState.UNKNOWN for name in each.names]
