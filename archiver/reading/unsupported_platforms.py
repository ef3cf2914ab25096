"""Platforms without an adapter, and the web pages of those with one: what a person can archive there, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archiver.core.packaged_data import packaged_yaml


@dataclass(frozen=True, kw_only=True)
class UnsupportedPlatform:
    """One platform of `served.yaml`. `why` there is no adapter; empty where there is one, and `web` tells of its site.

    `examined` says what was looked at and when, and `needed` what an adapter would have to stand on. `terms` are the
    public pages with its licence terms. `plans` says that it licenses no single items. `confirm` has `how` and `who`,
    `automation` the terms' `stance`, `quote`, `source` and `read_on`, as adapters declare them.
    """

    title: str = ""
    why: str = ""
    examined: str = ""
    needed: str = ""
    web: str = ""
    plans: bool = False
    pages: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    documents: str = ""
    confirm: Mapping[str, str] = field(default_factory=dict)
    automation: Mapping[str, str] = field(
        default_factory=lambda: {"stance": "unread", "quote": "", "source": "not looked up", "read_on": ""}
    )


def served() -> Mapping[str, UnsupportedPlatform]:
    """All of them by name."""
    return packaged_yaml(dict[str, UnsupportedPlatform], "archiver.reading", "served.yaml")
