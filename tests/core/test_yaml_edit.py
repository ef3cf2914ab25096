"""Hand-written YAML of all styles: an edit adds its entry and changes no other character."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from archiver.core.yaml_edit import with_entry
from archiver.core.yaml_source import Value, load

WORDS = st.sampled_from(["ada", "Acme Ltd", "0123", "a: b", "x # y", "it's", "{z}", "on", "ümlaut"])
COMMENTS = st.sampled_from(["", "", "  # who pays", "   # Ada's: {see} [note]"])
KEYS = st.lists(st.sampled_from(["provider", "username", "plan", "settings", "closed"]), unique=True, max_size=4)
PATH = Path("client.yaml")


@st.composite
def scalars(draw: st.DrawFn) -> str:
    word = draw(WORDS)
    plain = word in ("ada", "Acme Ltd", "0123", "on", "ümlaut")
    quoted = "'" + word.replace("'", "''") + "'"
    return draw(st.sampled_from([quoted, f'"{word}"', *([word] if plain else [])]))


@st.composite
def flows(draw: st.DrawFn, depth: int = 0) -> str:
    """A mapping in braces, perhaps over several lines with comments."""
    gap = draw(st.sampled_from([" ", " ", "\n        ", "  # in braces\n        "]))
    entries = []
    for key in draw(KEYS):
        nested = key == "settings" and depth < 1
        entries.append(f"{key}: {draw(flows(depth + 1)) if nested else draw(scalars())}")
    inside = f",{gap}".join(entries) + draw(st.sampled_from(["", ","] if entries else [""]))
    return "{" + inside + draw(st.sampled_from(["", " ", gap])) + "}"


@st.composite
def blocks(draw: st.DrawFn, indent: int, step: int) -> str:
    lines = []
    for key in draw(KEYS) or ["provider"]:
        comment = draw(COMMENTS)
        match draw(st.sampled_from(["plain", "plain", "list", "literal", "nothing", "flow"])):
            case "list":
                lines += [f"{key}:{comment}", f"- one{draw(COMMENTS)}", "- two"]
            case "literal":
                lines += [f"{key}: |", " " * step + "some # text", "", " " * step + "more"]
            case "nothing":
                lines += [f"{key}:{comment}"]
            case "flow":
                lines += [f"{key}: {draw(flows())}{comment}"]
            case _:
                lines += [f"{key}: {draw(scalars())}{comment}"]
        lines += draw(st.sampled_from([[], [], [""], ["# between"], ["", "    # deeper", ""]]))
    return "".join((" " * indent + line if line else "") + "\n" for line in lines)


@st.composite
def documents(draw: st.DrawFn) -> str:
    step = draw(st.sampled_from([1, 2, 4]))
    text = (
        draw(st.sampled_from(["", "# top\n\n", "---\n", "# top\n---\n"])) + f"name: {draw(scalars())}{draw(COMMENTS)}\n"
    )
    accounts = draw(st.lists(st.sampled_from(["one", "two", "three"]), unique=True, max_size=3))
    if not accounts:
        text += draw(
            st.sampled_from(["", "accounts:\n", "accounts: {}\n", "accounts: {}  # none yet\n", "accounts:  # soon\n"])
        )
    elif draw(st.booleans()):
        text += "accounts: {" + ", ".join(f"{each}: {draw(flows())}" for each in accounts) + f"}}{draw(COMMENTS)}\n"
    else:
        text += f"accounts:{draw(COMMENTS)}\n"
        for each in accounts:
            if draw(st.booleans()):
                text += " " * step + f"{each}: {draw(flows())}{draw(COMMENTS)}\n"
            else:
                text += " " * step + f"{each}:{draw(COMMENTS)}\n" + draw(blocks(2 * step, step))
            text += draw(st.sampled_from(["", "", "\n# before the next\n", " " * step + "# of this one\n"]))
    text += draw(st.sampled_from(["", "", "# the end\n", "\n\n"]))
    if not text.endswith("more\n"):  # whose last line end is a part of it
        text = text if draw(st.booleans()) else text.removesuffix("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def comments(text: str) -> list[str]:
    """All comments: what lies between the tokens, after a `#`."""
    ends = [0, *(token.end_mark.index for token in yaml.scan(text, yaml.SafeLoader))]
    starts = [*(token.start_mark.index for token in yaml.scan(text, yaml.SafeLoader)), len(text)]
    gaps = "\n".join(text[end:start] for end, start in zip(ends, starts, strict=True))
    return [line.partition("#")[2].rstrip() for line in gaps.splitlines() if "#" in line]


def alike(one: str, two: str) -> int:
    """How many characters from the beginning are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))


def apart(before: str, after: str) -> tuple[str, str]:
    """What an edit took out of one text, and put in its place in the other."""
    start = alike(before, after)
    end = alike(before[start:][::-1], after[start:][::-1])
    return before[start : len(before) - end], after[start : len(after) - end]


def test_a_list_in_lines_keeps_its_lines_and_comments() -> None:
    text = "name: Acme\naliases:  # former names\n  - Acme Ltd  # until 2019\n  - Acme & Co\n# the end\n"
    grown = with_entry(PATH, text, (), "aliases", ["Acme Ltd", "Acme & Co", "Acme: Two"])
    assert grown == text.replace("# the end", "  - 'Acme: Two'\n# the end")
    assert with_entry(PATH, grown, (), "aliases", ["Acme Ltd", "Acme: Two"]) == grown.replace("  - Acme & Co\n", "")


@given(documents(), st.sampled_from(["one", "two", "new"]), st.sampled_from(["closed", "username", "provider"]), WORDS)
def test_an_edit_adds_its_entry_and_changes_nothing_else(text: str, name: str, key: str, value: str) -> None:
    before: Any = load(PATH, text).value
    there = ((before.get("accounts") or {}).get(name) or {}).get(key)
    assume(not isinstance(there, list | dict))  # no command replaces these by a single value
    edited = with_entry(PATH, text, ("accounts", name), key, value)
    after: Any = load(PATH, edited).value
    accounts = before.get("accounts") or {}
    assert after == {**before, "accounts": {**accounts, name: {**(accounts.get(name) or {}), key: value}}}
    assert comments(edited) == comments(text)
    if key not in (accounts.get(name) or {}):
        removed, _ = apart(text, edited)
        assert removed.strip(" {}") == ""  # nothing but an empty pair of braces gives way to an entry


def test_a_list_of_mappings_in_lines_takes_other_items_and_keeps_the_comments_of_those_that_stay() -> None:
    text = "# mine\nwitnesses:\n- name: one  # Ada's\n  folder: a\n\n# gone soon\n- name: two\n  folder: b\nmail: {}\n"
    one: Value = {"name": "one", "folder": "a"}
    two: Value = {"name": "two", "folder": "b"}
    three: Value = {"name": "three", "folder": "c"}
    edited = with_entry(PATH, text, (), "witnesses", [one, three])
    assert load(PATH, edited).value == {"witnesses": [one, three], "mail": {}}
    assert "one  # Ada's" in edited and "two" not in edited
    lists: tuple[list[Value], ...] = ([three], [two, one], [three, one])
    for items in lists:
        assert load(PATH, with_entry(PATH, text, (), "witnesses", items)).value == {"witnesses": items, "mail": {}}
