"""Write the reference from the program into docs/reference/: commands, settings, files, errors, contract; manual pages.

`make docs` runs it. tests/test_docs.py fails if a committed page is not what the program gives.
"""

from __future__ import annotations

import html
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAliasType

from pydantic import BaseModel

from archiver import __version__
from archiver.cli.command_tree import GROUPS, is_common, record, value_name
from archiver.cli.commands import program
from archiver.collect.sources import models_of_kinds
from archiver.core import errors
from archiver.core.remedy import name_home
from archiver.home.contents import FOLDERS, KINDS, Holds
from archiver.home.setting_keys import ITEMS, SettingKey, keys_of
from archiver.home.settings_models import AccountSettings, ClientFile, Settings

PAGES = Path(__file__).parent / "reference"

EXIT_CODES = {
    0: "complete",
    1: "`recording check`: a recording gives another result than expected",
    2: "a mistake in the command or a settings file",
    10: "a person is needed",
    20: "a platform changed its pages, an adapter failed, or a request that might spend was refused",
    30: "a platform cannot be reached, or asks for a pause",
    40: "partial: some documents are missing, or files were refused",
    50: "a fault of this machine",
    90: "an archive or the desk's audit log is damaged, changed or forked",
    130: "interrupted by Ctrl-C; everything archived so far is safe",
    141: "the program that read the output, such as `head`, had enough",
}


def commands(group: Any = program, path: tuple[str, ...] = ("archiver",)) -> Iterator[tuple[str, Any]]:
    """Every command by its full name, groups that do something alone included."""
    for name, command in group.commands.items():
        words = (*path, name)
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield " ".join(words), command
            yield from commands(command, words)
        elif not command.hidden:
            yield " ".join(words), command


def usage(name: str, command: Any) -> str:
    """`archiver show [OPTIONS] LICENCE`."""
    arguments = [value_name(each) for each in command.params if each.param_type_name == "argument"]
    needed = [
        f"{each.opts[0]} {value_name(each)}"
        for each in command.params
        if each.param_type_name == "option" and each.required
    ]
    return " ".join([name, "[OPTIONS]", *arguments, *needed])


def parts(command: Any) -> tuple[list[str], list[str]]:
    """The paragraphs of a command's help, and its examples."""
    paragraphs = [" ".join(each.split()) for each in inspect.cleandoc(command.help or "").split("\n\n")]
    examples = [each.removeprefix("Example: ") for each in paragraphs if each.startswith("Example: ")]
    return [each for each in paragraphs if not each.startswith("Example: ")], examples


def rows(command: Any, *, common: bool) -> list[tuple[str, str]]:
    """Arguments and options with their meaning: those of this command, or those that most commands have."""
    found = []
    for each in command.params:
        shared = each.param_type_name == "option" and is_common(each)
        if shared is common and not each.hidden and (each.help or each.required):
            found.append(record(each))
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def commands_page() -> str:
    """The page of all commands, in the groups of `archiver --help`."""
    out = [
        "# Commands", "",
        "Written from the program by `make docs`. `archiver COMMAND --help` says the same.", "",
        "## Options of every command", "", "| Option | Means |", "|---|---|",
    ]  # fmt: skip
    known = dict(commands())
    shared: dict[str, str] = {}
    for command in known.values():
        shared |= dict(rows(command, common=True))
    out += [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in shared.items()]
    out += ["| `-h, --help` | Show the help and exit. |", "", "## Exit codes", "", "| Code | Means |", "|---|---|"]
    out += [f"| {code} | {text} |" for code, text in EXIT_CODES.items()]
    grouped = {name for names in GROUPS.values() for name in names}
    headings = {**GROUPS, "More": tuple(name for name in program.commands if name not in grouped)}
    for heading, names in headings.items():
        mine = [(name, each) for first in names for name, each in known.items() if name.split()[1] == first]
        if not mine:
            continue
        out += ["", f"## {heading}"]
        for name, command in mine:
            paragraphs, examples = parts(command)
            out += ["", f"### {name}", "", "```text", usage(name, command), "```", ""]
            out += ["\n\n".join(paragraphs)]
            if own := rows(command, common=False):
                out += ["", "| Argument or option | Means |", "|---|---|"]
                out += [f"| `{_cell(what)}` | {_cell(text)} |" for what, text in own]
            out += ["", "```text", *examples, "```"]
            if any("--json" in each.opts for each in command.params):
                out += ["", f"JSON schema: `archiver schema {name.removeprefix('archiver ')}`"]
    return "\n".join(out) + "\n"


def error_kinds() -> list[type[errors.ArchiverError]]:
    """Every error that a command can end with, by exit code and name."""
    found = inspect.getmembers(errors, inspect.isclass)
    kinds = [kind for _, kind in found if issubclass(kind, errors.ArchiverError)]
    return sorted(
        (kind for kind in kinds if kind not in (errors.ArchiverError, errors.PersonNeeded)),
        key=lambda kind: (kind.exit_code, kind.__name__),
    )


def errors_page() -> str:
    """The page of all errors: what happened, and what to do."""
    out = [
        "# Errors", "",
        "Written from the program by `make docs`. Each message says what happened, then what to do. In JSON, an error",
        "has the name in brackets. The part in capitals differs each time.", "",
    ]  # fmt: skip
    name_home(None)  # a command that ran here before may have named its home
    code = None
    for kind in error_kinds():
        if kind.exit_code != code:
            code = kind.exit_code
            out += [f"## Exit code {code}: {EXIT_CODES[code]}", ""]
        message = kind("WHY").message()
        if message in ("WHY", "The vault cannot be opened: WHY."):
            message = f"{message.rstrip('.')}. The message names the mend; in a settings file also `FILE:LINE:COLUMN`."
        out += [f"### {errors.spoken(kind.__name__)} (`{kind.__name__}`)", "", re.sub("<", "&lt;", message), ""]
        if kind.retryable:
            out += ["The next run tries again by itself.", ""]
    return "\n".join(out).rstrip() + "\n"


CONTRACT = {
    "archiver.provider": "The contract: what an adapter is, what it declares, and what it gets",
    "archiver.provider.paging": "Lists of an interface",
    "archiver.provider.web_list": "Lists on web pages",
    "archiver.provider.form_login": "Sign-in by a form",
    "archiver.provider.record_document": "Documents",
    "archiver.browsing.preview": "Previews",
    "archiver.provider.layout_errors": "What is not as the adapter knows it",
    "archiver.reading.html": "Values in a page",
    "archiver.reading.dates": "Dates",
    "archiver.core.model": "The words: licence, asset, document, gap",
    "archiver.devkit.authored_recording": "Recordings by hand",
}
"""The modules whose public names an adapter may use."""
NOT_FOR_ADAPTERS = ("declared", "installed", "load", "own_adapter", "Mode", "Request")


def contract_page() -> str:
    """The page of every public name of the adapter contract: its shape, its meaning, and the errors it raises."""
    out = [
        "# Contract of an adapter", "",
        "Written from the program by `make docs`. [Write an adapter](../adapters.md) explains how the parts fit.", "",
    ]  # fmt: skip
    kinds = {kind.__name__ for kind in error_kinds()}
    for module, heading in CONTRACT.items():
        here = importlib.import_module(module)
        names = getattr(here, "__all__", None) or [
            name for name, each in vars(here).items()
            if not name.startswith("_") and getattr(each, "__module__", None) == module
        ]  # fmt: skip
        out += [f"## {heading}", "", f"`from {module} import …`", ""]
        for name in names:
            if name not in NOT_FOR_ADAPTERS:
                out += [f"### {name}", "", *described(name, getattr(here, name), kinds), ""]
    return "\n".join(out).rstrip() + "\n"


def described(name: str, what: Any, errors_known: set[str]) -> Iterator[str]:
    """A public name: its shape, its docstring, its members, and the errors that these name."""
    if isinstance(what, TypeAliasType):
        yield f"`{name} = {_plain(what.__value__)}`"
        return
    if not (inspect.isclass(what) or inspect.isfunction(what)):
        yield f"`{name} = {_plain(what)}`"
        return
    doc = "" if _is_generated(what) else inspect.getdoc(what) or ""
    if inspect.isfunction(what):
        yield f"`{name}{_plain(inspect.signature(what))}`"
    elif issubclass(what, Enum):
        yield "One of: " + ", ".join(f"`{each.name}`" for each in what)
    if doc:
        yield from ("", html.escape(doc, quote=False))
    told = doc
    if inspect.isclass(what):
        rows_of_fields = [*_fields(what)]
        if rows_of_fields:
            yield from ("", "| Field | Type | Default |", "|---|---|---|", *rows_of_fields)
        for member, each in vars(what).items():
            each = getattr(each, "__func__", each)
            is_property = isinstance(each, property | cached_property)
            if member.startswith("_") or not (inspect.isfunction(each) or is_property):
                continue
            if "archiver" not in getattr(getattr(each, "fget", each), "__module__", ""):
                continue
            shape = "" if is_property else _plain(inspect.signature(each))
            said = " ".join((each.__doc__ or "").split())
            told += said
            yield from ("", f"- `{member}{shape}`" + (f": {html.escape(said, quote=False)}" if said else ""))
    if raised := sorted(each for each in errors_known if re.search(rf"\b{each}\b", told)):
        yield from ("", "Errors: " + ", ".join(f"`{each}`" for each in raised))


def _is_generated(what: Any) -> bool:
    """Whether the docstring is only the signature that `dataclass` or an enum writes."""
    own = what.__doc__ or ""
    return own.startswith(f"{what.__name__}(") or (inspect.isclass(what) and "__doc__" not in vars(what))


def _fields(kind: type) -> Iterator[str]:
    if is_dataclass(kind):
        for each in fields(kind):
            if not each.name.startswith("_"):
                value = str(each.default) if isinstance(each.default, Path) else each.default
                default = (_plain(repr(value)) or "an empty text") if value is not MISSING else ""
                default = "empty" if each.default_factory is not MISSING else default
                yield f"| `{each.name}` | `{_cell(_plain(each.type))}` | {_cell(default) or 'mandatory'} |"
    elif issubclass(kind, tuple):
        for name, each in kind.__annotations__.items():
            yield f"| `{name}` | `{_cell(_plain(each))}` | {kind._field_defaults.get(name, 'mandatory')} |"  # type: ignore[attr-defined]  # a NamedTuple


def _plain(shape: object) -> str:
    """A type or a signature without the names of modules."""
    return re.sub(r"'|\b(?:archiver\.[\w.]+|typing|collections\.abc|datetime(?=\.))\.", "", str(shape))


SETTINGS_FILES: dict[str, tuple[str, type[BaseModel]]] = {
    "archiver.yaml": ("The settings of a home. Every key is optional.", Settings),
    "A client's file": ("`clients/NAME.yaml`: one client. `archiver client add` makes it.", ClientFile),
    "An account": (
        "Below `accounts:` and its name in the client's file. `archiver account add` makes it.", AccountSettings,
    ),
} | {
    f"A source of the kind {name}": (
        "Below `sources:` and its name in the client's file. `archiver source add` makes it.", model,
    )
    for name, model in models_of_kinds().items()
}  # fmt: skip
"""What can be set: the part of a file, what it is for, and the model that checks it."""


def settings_page() -> str:
    """The page of all keys of settings files, from the models that check them."""
    out = [
        "# Settings", "",
        "Written from the program by `make docs`. `archiver settings` says the same with what is set in your home, and",
        "changes a setting; `--client`, `--account` and `--source` name another part than `archiver.yaml`. You may",
        "edit the files, too. Keys that are not here are refused. A key without a value means its default.", "",
        "Secrets are in none of these files, but in the vault: `setup`, `account rotate` and `source rotate` put them",
        "there. Paths are relative to the home.", "",
    ]  # fmt: skip
    for heading, (about, model) in SETTINGS_FILES.items():
        out += [f"## {heading}", "", about, ""]
        keys = list(keys_of(model))
        parts = [each for each in keys if len(each.path) == 1 and (each.model is None or not each.is_part)]
        out += _settings_table([each for each in parts if each.model is None or each.kind.endswith("by name")])
        for part in (each for each in keys if len(each.path) == 1 and each.model and not each.kind.endswith("by name")):
            inside = [each for each in keys if each.path[0].removesuffix(ITEMS) == part.name]
            needed = " Each entry has these keys:" if part.is_list else ""
            out += [f"### {part.name}", "", f"{part.meaning.text}{needed}", ""]
            if part.meaning.example:
                out += ["```yaml", f"{part.name}: {part.meaning.example}", "```", ""]
            out += _settings_table([each for each in inside if each is not part and not each.is_part])
    return "\n".join(out).rstrip() + "\n"


def _settings_table(keys: list[SettingKey]) -> list[str]:
    """Markdown lines of a table of keys; none if there are none."""
    if not keys:
        return []
    lines = ["| Key | Type | Default | Means | Example |", "|---|---|---|---|---|"]
    for each in keys:
        default = "required" if each.required else f"`{each.default}`" if each.default else ""
        by = f" Changed by `archiver {each.meaning.command}`." if each.meaning.command else ""
        example = f"`{each.meaning.example}`" if each.meaning.example else ""
        means = f"{each.meaning.text}{by}"
        lines.append(f"| `{each.name}` | {each.kind} | {_cell(default)} | {_cell(means)} | {_cell(example)} |")
    return [*lines, ""]


CLASSES = {
    Holds.EVIDENCE: "What proves licences. What is archived once is never changed.",
    Holds.WORKING_PAPER: "What people and runs work on. It is not evidence, but deadlines are in it.",
    Holds.SETTINGS: "What you decided. You may edit these files.",
    Holds.VAULT: "Without the vault's key, which lies elsewhere, nobody can read it.",
    Holds.USERS: "Who may use the desk, and how it knows them. No password is in these files.",
    Holds.MEMORY: "What runs and checks learned. Without it they learn it again, and compare with less.",
    Holds.LOG: "What was done, by whom and when.",
    Holds.CACHE: "What the program makes again. A backup leaves it out, and you may delete it while nothing runs.",
}


def home_page() -> str:
    """The page of all files of a home, from the declaration that backups, restores and `doctor` go by."""
    folders = ", ".join(f"`{each}/`" for each in FOLDERS)
    out = [
        "# Files of a home", "",
        "Written from the program by `make docs`, from the list that backups, restores and `archiver doctor` use. A",
        f"new home has `archiver.yaml`, `vault.enc` and the folders {folders}; the rest comes when it is needed.", "",
        "In a path, `*` and `{name}` stand for part of a name, `**` for anything below. A backup holds everything but",
        "the last class, also files that are not listed here; `doctor` names those.", "",
    ]  # fmt: skip
    for each, about in CLASSES.items():
        out += [f"## {each.value.capitalize()}", "", about, "", "| Path | What it is |", "|---|---|"]
        out += [f"| `{kind.pattern}` | {_cell(kind.what)} |" for kind in KINDS if kind.holds is each]
        out += [""]
    return "\n".join(out).rstrip() + "\n"


def manual(name: str, command: Any) -> str:
    """The manual page of a command, in the language of `man`."""

    def plain(text: str) -> str:
        text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
        return "\\&" + text if text.startswith((".", "'")) else text

    paragraphs, examples = parts(command)
    title = name.replace(" ", "-")
    summary = paragraphs[0].split(". ")[0].rstrip(".")
    out = [f'.TH "{title.upper()}" "1" "" "archiver {__version__}" "archiver"', ".SH NAME"]
    out += [
        f"{plain(title)} \\- {plain(summary)}",
        ".SH SYNOPSIS",
        f".B {plain(usage(name, command))}",
        ".SH DESCRIPTION",
    ]
    for paragraph in paragraphs:
        out += [".PP", plain(paragraph)]
    out += [".SH OPTIONS"]
    for what, text in [*rows(command, common=False), *rows(command, common=True)]:
        out += [".TP", f".B {plain(what)}", plain(text)]
    out += [".SH EXAMPLES", ".nf", *map(plain, examples), ".fi", ".SH EXIT STATUS"]
    for code, text in EXIT_CODES.items():
        out += [".TP", f".B {code}", plain(text)]
    return "\n".join(out) + "\n"


def overview() -> str:
    """The manual page of the program itself, which names those of the commands."""
    lines = ['.TH "ARCHIVER" "1" "" "archiver ' + __version__ + '" "archiver"', ".SH NAME"]
    lines += ["archiver \\- archive licence proof of stock purchases", ".SH SYNOPSIS", ".B archiver COMMAND [OPTIONS]"]
    lines += [".SH COMMANDS"]
    for name, command in commands():
        summary = parts(command)[0][0].split(". ")[0].rstrip(".").replace("-", "\\-").replace("`", "")
        lines += [".TP", f".BR {name.replace(' ', chr(92) + '-')} (1)", summary]
    return "\n".join(lines) + "\n"


def write(manuals: Path | None = None) -> None:
    """Write the pages, and the manual pages into a folder."""
    PAGES.mkdir(exist_ok=True)
    (PAGES / "commands.md").write_text(commands_page(), "utf-8")
    (PAGES / "settings.md").write_text(settings_page(), "utf-8")
    (PAGES / "home.md").write_text(home_page(), "utf-8")
    (PAGES / "errors.md").write_text(errors_page(), "utf-8")
    (PAGES / "contract.md").write_text(contract_page(), "utf-8")
    if manuals:
        folder = manuals / "man1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "archiver.1").write_text(overview(), "utf-8")
        for name, command in commands():
            (folder / f"{name.replace(' ', '-')}.1").write_text(manual(name, command), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
