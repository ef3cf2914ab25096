"""Bring bundled recordings to a platform's new markup, where only names in it changed.

The new pages were captured; the bundled ones are invented. Both are read as sequences of names (tags, attributes,
classes, keys, fixed words). Where the sequences differ by one name in the same place, the platform renamed it. A
recording that then gives the same licences, field by field, is updated; all others are named.
"""

from __future__ import annotations

import asyncio
import difflib
import re
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from archiver.browsing.recording import Recording, bundled
from archiver.collect.run_tools import RunTools
from archiver.core.atomic_files import replace_file, scratch_folder
from archiver.devkit.golden import check, checking
from archiver.devkit.repair import CHECK_TIMEOUT_S, MAX_PAGE_WAIT_S, Repair, with_newlines

MAX_NAMES = 20_000  # of one page that are compared
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)((?:\s+[^\s\"'<>/=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+)))?")
_NAMING = ("class", "id", "name", "rel", "role", "type", "data-testid")  # attributes whose values are names
_KEY = re.compile(r'"([^"\\]{1,80})"(?=\s*:)')

type Name = tuple[str, str]
"""A name in a page and its kind: tag, attribute, class (any naming value), words, key."""


@dataclass(frozen=True)
class UpdatedRecording:
    """A bundled recording in the new markup. `differences`: what the adapter then reads otherwise; empty if nothing."""

    scenario: str
    renamed: tuple[str, ...]
    differences: tuple[str, ...]
    patch: str


def names(text: str) -> Iterator[Name]:
    """The names in a page or an answer, in order. Numbers in words count as one."""
    if text.lstrip()[:1] in ("{", "["):
        yield from (("key", found[1]) for found in _KEY.finditer(text))
        return
    end = 0
    for tag in _TAG.finditer(text):
        if words := _words(text[end : tag.start()]):
            yield "words", words
        end = tag.end()
        if tag[1]:
            continue
        yield "tag", tag[2].lower()
        for found in _ATTRIBUTE.finditer(tag[3]):
            yield "attribute", found[1].lower()
            if found[1].lower() in _NAMING:
                yield from (("class", each) for each in (found[2] or found[3] or found[4] or "").split())


def _words(text: str) -> str:
    return re.sub(r"\d+", "#", " ".join(text.split()))


def renames(old: Collection[str], new: Collection[str], values: Collection[str]) -> dict[Name, Name]:
    """What was renamed between pages of one address: a name that all new pages lack, for one that all old ones lack.

    `values` are what licences say: words that have one are no names.
    """
    before, after = [[*names(each)][:MAX_NAMES] for each in old], [[*names(each)][:MAX_NAMES] for each in new]
    had, has = {name for page in before for name in page}, {name for page in after for name in page}
    votes: Counter[tuple[Name, Name]] = Counter()
    for page in before:
        for now in after[:3]:
            for what, i1, i2, j1, j2 in difflib.SequenceMatcher(None, page, now, autojunk=False).get_opcodes():
                if what == "replace" and i2 - i1 == j2 - j1:
                    votes.update(zip(page[i1:i2], now[j1:j2], strict=True))
    made: dict[Name, Name] = {}
    for (one, other), _ in votes.most_common():
        new_name = one[0] == other[0] and one not in has and other not in had
        fixed = one[0] != "words" or not any(value in one[1] or value in other[1] for value in values if value)
        if new_name and fixed and one not in made and other not in made.values():
            made[one] = other
    return made


def renamed(text: str, changes: Mapping[Name, Name]) -> str:
    """The page with the new names."""
    if text.lstrip()[:1] in ("{", "["):
        return _KEY.sub(lambda found: f'"{changes.get(("key", found[1]), ("key", found[1]))[1]}"', text)
    made, end = list[str](), 0
    for tag in _TAG.finditer(text):
        made.append(_with_words(text[end : tag.start()], changes))
        end = tag.end()
        name = changes.get(("tag", tag[2].lower()), ("tag", tag[2]))[1]
        attributes = _ATTRIBUTE.sub(lambda found: _with_attribute(found, changes), tag[3])
        made.append(f"<{tag[1]}{name}{attributes}{tag[0][tag.end(3) - tag.start() :]}")
    return "".join((*made, _with_words(text[end:], changes)))


def _with_words(text: str, changes: Mapping[Name, Name]) -> str:
    words = _words(text)
    if ("words", words) not in changes or not words:
        return text
    numbers = iter(re.findall(r"\d+", text))
    new = re.sub("#", lambda _: next(numbers, "#"), changes["words", words][1])
    return text.replace(text.strip(), new)


def _with_attribute(found: re.Match[str], changes: Mapping[Name, Name]) -> str:
    name = found[1].lower()
    whole = found[0]
    if name in _NAMING:
        for each in (found[2] or found[3] or found[4] or "").split():
            new = changes.get(("class", each), ("class", each))[1]
            place = rf"(?<![\w-]){re.escape(each)}(?![\w-])(?=[^=]*$)"
            whole = re.sub(place, new.replace("\\", r"\\"), whole)
    return changes.get(("attribute", name), ("attribute", found[1]))[1] + whole[len(found[1]) :]


async def update_recordings(repair: Repair, scenarios: Collection[str]) -> AsyncGenerator[UpdatedRecording]:
    """The bundled recordings `scenarios` with the names that the platform uses now; those that then play the same go
    into a patch, which a person reads and applies. Nothing that is installed changes.
    """
    patch = ""
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(checking(max_wait_s=MAX_PAGE_WAIT_S))
        updated = updated_recordings(bundled() / repair.provider, repair.recorded, scenarios, shared, CHECK_TIMEOUT_S)
        async for each in await stack.enter_async_context(aclosing(updated)):
            patch += "" if each.differences else each.patch
            yield each
    if patch:
        replace_file(repair.recordings_patch, patch.encode())


async def updated_recordings(
    recordings: Path, captured: Path, scenarios: Collection[str], shared: RunTools, timeout_s: float
) -> AsyncGenerator[UpdatedRecording]:
    """Each of the bundled recordings `scenarios` with the names of the captured one, as the repaired adapter reads it.

    Nothing that is bundled is changed: the patch is for the adapter's repository.
    """
    new = _pages(captured)
    for scenario in scenarios:
        source = recordings / scenario
        values = {str(value) for folder in (source, captured) for value in _values(folder)}
        old = _pages(source)
        changes: dict[Name, Name] = {}
        for place, bodies in old.items():
            changes |= renames([*bodies.values()], [*new.get(place, {}).values()], values)
        with scratch_folder("markup") as folder:
            made = shutil.copytree(source, folder / scenario)
            patch = ""
            for name, text in sorted({name: text for bodies in old.values() for name, text in bodies.items()}.items()):
                if (body := renamed(text, changes)) != text:
                    (made / name).write_text(body, "utf-8")
                    place = f"recordings/{recordings.name}/{scenario}/{name}"
                    patch += "".join(with_newlines(difflib.unified_diff(
                        text.splitlines(True), body.splitlines(True), f"a/{place}", f"b/{place}"
                    )))  # fmt: skip
            if not patch:
                differences = ["its pages have no name that the platform changed"]
            else:
                try:
                    async with asyncio.timeout(timeout_s):
                        differences = await check(made, shared)
                except TimeoutError:
                    differences = [f"the check did not end within {timeout_s:.0f} seconds"]
        said = tuple(f"{one[0]} {one[1]} -> {other[1]}" for one, other in changes.items())
        yield UpdatedRecording(scenario, said, tuple(differences), patch)


def _pages(folder: Path) -> dict[str, dict[str, str]]:
    """The bodies that are pages or answers of a recording: by their address without query, then by file."""
    found: dict[str, dict[str, str]] = {}
    recording = Recording.load(folder)
    for exchange in recording.exchanges:
        body = exchange.response.body
        if body is not None and body.endswith((".html", ".json")):
            text = recording.content(exchange.response).decode("utf-8", "replace")
            found.setdefault(f"{exchange.request.method} {_place(exchange.request.url)}", {})[body] = text
    return found


def _place(url: str) -> str:
    """An address without what differs from page to page and from licence to licence."""
    parts = urlsplit(url)
    return f"{parts.netloc}{re.sub(r'[^/]*[0-9][^/]*', '*', parts.path)}"


def _values(folder: Path) -> Iterator[object]:
    expected = folder / "expected.yaml"
    for each in yaml.safe_load(expected.read_text("utf-8"))["licences"] if expected.is_file() else ():
        yield from (value for name, value in each.items() if name not in ("documents", "gaps") and value)
