"""The tree of commands: built command by command as needed, listed in groups, with the options of every command."""

from __future__ import annotations

import copy
import inspect
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info, get_group, get_group_from_info, solve_typer_info_help
from typer.models import CommandInfo, TyperInfo

from archiver.cli.named_values import understand

if TYPE_CHECKING:  # typer has click's classes in a private module; at run time nothing here needs it
    from typer._click.core import Command, Context, Parameter
    from typer._click.formatting import HelpFormatter

GROUPS = {
    "Set up": (
        "setup",
        "init",
        "home",
        "settings",
        "client",
        "account",
        "source",
        "companion",
        "sign-in",
        "schedule",
        "doctor",
    ),
    "Archive": ("run", "watch", "import", "capture"),
    "Find": ("find", "show", "open", "assign", "unassigned"),
    "Answer a letter": ("letter", "claim", "assess", "proof"),
    "Watch": ("status", "report", "audit", "terms", "notify", "verify", "desk"),
    "Look after": ("backup", "restore", "erase", "hold", "repair-clock", "catalogue", "anchors", "replica", "fleet"),
    "Platforms and adapters": ("providers", "adapter", "recording"),
    "Help": ("demo", "completion", "schema"),
}
"""The commands by what a person wants to do. A command without a group is listed at the end."""

DEFAULT_COMMANDS = {"providers": "show", "backup": "make"}
"""The command that a group runs for a word that is none of its commands: `archiver providers shutterstock`,
`archiver backup /mnt/disk`."""

OTHER = "More"
MAX_HELP_WIDTH = 100
NARROW = 50  # columns; in fewer, long names stand above their explanation


def first_sentence(text: str) -> str:
    """The first sentence of a help text, without its full stop."""
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return re.split(r"(?<=\w)[.](?= [A-Z`]|$)", paragraph)[0]


class LazyCommands(MutableMapping[str, "Command"]):
    """The commands of a typer application by name. Each is built when it is first asked for."""

    def __init__(self, source: typer.Typer, common: Callable[[], list[Parameter]]) -> None:
        self._common = common
        self._sources: dict[str, CommandInfo | TyperInfo] = {}
        self._built: dict[str, Command] = {}
        for info in source.registered_commands:
            assert info.callback
            self._sources[info.name or info.callback.__name__.replace("_", "-")] = info
        for group in source.registered_groups:
            assert isinstance(group.name, str)
            self._sources[group.name] = group

    def __getitem__(self, name: str) -> Command:
        if name not in self._built:
            self._built[name] = self._build(self._sources[name])
        return self._built[name]

    def __setitem__(self, name: str, command: Command) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._sources[name]

    def __contains__(self, name: object) -> bool:
        return name in self._sources or name in self._built

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def summaries(self) -> list[tuple[str, str]]:
        """The name of each visible command and the first sentence of its help. Builds nothing."""
        found = []
        for name, info in self._sources.items():
            if info.hidden is True:
                continue
            if isinstance(info, TyperInfo):
                text = solve_typer_info_help(info)
            else:
                text = info.help or inspect.getdoc(info.callback) or ""
            found.append((name, first_sentence(text)))
        return found

    def _build(self, info: CommandInfo | TyperInfo) -> Command:
        if isinstance(info, TyperInfo):
            assert info.typer_instance
            bare = copy.copy(info)
            bare.typer_instance = _without_commands(info.typer_instance)
            group = get_group_from_info(
                bare, pretty_exceptions_short=False, suggest_commands=True, rich_markup_mode=None
            )
            group.commands = LazyCommands(info.typer_instance, self._common)
            group.params += self._common()
            return group
        leaf = copy.copy(info)
        leaf.cls = LeafCommand
        built = get_command_from_info(leaf, pretty_exceptions_short=False, rich_markup_mode=None)
        built.params += self._common()
        return built


class _HelpPage:
    """How a command's usage and options are written: names of values in capitals, defaults and limits in words."""

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """The arguments, and the options that must be given."""
        params = ctx.command.params
        needed = [f"{each.opts[0]} {value_name(each)}" for each in options_in(params) if each.required]
        return ["[OPTIONS]", *(value_name(each) for each in arguments_in(params)), *needed]

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the page as wide as the terminal, also where that is narrower than the library allows for."""
        formatter.width = min(shutil.get_terminal_size().columns, MAX_HELP_WIDTH) - 2
        super().format_help(ctx, formatter)  # type: ignore[misc]  # of the command that this is mixed into

    def format_help_text(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the description, and the examples in lines of their own, so that they can be copied."""
        paragraphs = inspect.cleandoc(ctx.command.help or "").split("\n\n")
        for paragraph in paragraphs:
            formatter.write_paragraph()
            with formatter.indentation():
                if paragraph.startswith("Example: "):
                    formatter.write(f"{' ' * formatter.current_indent}{' '.join(paragraph.split())}\n")
                else:
                    formatter.write_text(paragraph)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the arguments, the command's own options, and the options of every command."""
        params = ctx.command.get_params(ctx)
        shared = [each for each in options_in(params) if is_common(each)]
        own = [each for each in options_in(params) if not is_common(each)]
        for heading, group in (
            ("Arguments", arguments_in(params)),
            ("Options", own),
            ("Options of every command", shared),
        ):
            rows = [record(each) for each in group if not each.hidden and (each.help or each.required)]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows, col_max=name_width(formatter.width))
        if isinstance(self, TyperGroup):
            self.format_commands(ctx, formatter)


def name_width(columns: int) -> int:
    """The widest name that has its explanation beside it, not below it."""
    return 30 if columns >= NARROW else 10


COMMON = ("home", "as_json", "replay", "verbose", "quiet", "log_file", "help", "version")
"""The options that help lists last, since most commands have them."""


def is_common(option: TyperOption) -> bool:
    """Whether most commands have this option; `init --replay` is another one."""
    return option.name in COMMON and not (option.name == "replay" and option.is_flag)


def options_in(params: Iterable[Parameter]) -> list[TyperOption]:
    return [each for each in params if isinstance(each, TyperOption)]


def arguments_in(params: Iterable[Parameter]) -> list[TyperArgument]:
    return [each for each in params if isinstance(each, TyperArgument)]


def value_name(param: TyperArgument | TyperOption) -> str:
    """The value of an argument or option in capitals: `LICENCE`, `[TEXT]`, `NAME...`."""
    if param.metavar:
        return str(param.metavar)
    kind = param.type_descriptor.annotation
    name = "NUMBER" if kind in (int, float) else str(param.name).upper().replace("_", "-")
    if isinstance(param, TyperOption):
        return "PATH" if param.type_descriptor.is_path else name
    name += "..." * (param.nargs == -1)
    return name if param.required else f"[{name}]"


def record(param: TyperArgument | TyperOption) -> tuple[str, str]:
    """The two columns that help has for an argument or option."""
    notes = []
    if param.required and isinstance(param, TyperOption):
        notes.append("required")
    default = param.default
    if param.show_default and default not in (None, False, "", ()) and not callable(default):
        flag = isinstance(param, TyperOption) and param.is_flag
        negative = flag and param.secondary_opts
        if negative or not flag:
            notes.append(f"default: {param.opts[0].lstrip('-') if negative else default}")
    if param.min is not None and param.max is not None:
        notes.append(f"{param.min} to {param.max:,}")
    elif param.min:
        notes.append(f"at least {param.min}")
    text = f"{param.help or ''} [{'; '.join(notes)}]" if notes else (param.help or "")
    if isinstance(param, TyperArgument):
        return value_name(param).strip("[]"), text
    bare = param.is_flag or param.count
    both = sorted(param.opts, key=len) + ([f"/ {'/'.join(param.secondary_opts)}"] if param.secondary_opts else [])
    return ", ".join(both).replace(", /", " /") + ("" if bare else f" {value_name(param)}"), text


WRITTEN = ("out", "sheet")  # the parameters that name a file to write
NAMING = ("--client", "--account", "--source")
"""Options that narrow a command to what they name; without them, it works on everything."""

running: ContextVar[Context] = ContextVar("running")
"""The context of the command that runs: its words, its options, and what is to end with it."""


class _Runs:
    def invoke(self, ctx: Context) -> object:
        before = running.set(ctx)
        try:
            understand(ctx)
            return super().invoke(ctx)  # type: ignore[misc]  # of the other base
        finally:
            running.reset(before)


class LeafCommand(_Runs, _HelpPage, TyperCommand):
    """A command that does something."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Refuse an empty name or path: it comes from a shell variable that is not set, and would mean all, or here.

        Refuse a name or text that is not UTF-8, too: it could not be recorded as it was typed. And pipes and devices:
        to read one could wait forever, and to replace one takes it from this machine.
        """
        takes_paths = any(each.metavar == "PATH..." for each in arguments_in(self.params))
        for before, each in pairwise(["", *args]):
            name, equals, value = each.partition("=")
            if (each == "" and (before in NAMING or (takes_paths and not before.startswith("-")))) or (
                equals and name in NAMING and not value
            ):
                what = (name if equals else before) if (name in NAMING or before in NAMING) else "PATH"
                raise typer.BadParameter(f"{what} is empty. Give a value; a variable of your shell may not be set", ctx)
        return _checked_values(self.params, ctx, list(super().parse_args(ctx, args)))


def _checked_values(params: Iterable[Parameter], ctx: Context, rest: list[str]) -> list[str]:
    """`rest`, if no value is a text that is not UTF-8, or names a pipe or a device; else BadParameter."""
    for param in params:
        given = ctx.params.get(str(param.name))
        takes_file = re.search("FILE|PATH", str(getattr(param, "metavar", "")))
        for text in given if isinstance(given, list | tuple) else (given,):
            if isinstance(text, str) and text.encode(errors="replace").decode() != text:
                said = text.encode(errors="backslashreplace").decode()
                raise typer.BadParameter(f"{param.opts[-1]} {said} is not UTF-8 text. Type it anew", ctx)
            if isinstance(text, Path) or (takes_file and isinstance(text, str)):
                _refuse_special(text, ctx, is_read=str(param.name) not in WRITTEN)
    return rest


def _refuse_special(path: Path | str, ctx: Context, *, is_read: bool) -> None:
    """Raise BadParameter for what is neither a file nor a folder: reading it may never end.

    Whoever reads what is not there, or is empty, says so itself.
    """
    if str(path) == os.devnull:
        return
    with suppress(OSError, ValueError):
        mode = Path(path).stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            advice = "Name a file; save what comes from elsewhere" if is_read else "Name a file to write"
            what = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
            raise typer.BadParameter(f"{path} is {what}, not a file. {advice}", ctx)


class CommandGroup(_Runs, _HelpPage, TyperGroup):
    """A group that lists its commands under headings and builds only the command that is run."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Refuse what a command refuses, for groups that do something themselves. An option that the group does not
        have is its default command's: `archiver backup --dry-run /mnt/disk`.
        """
        default = DEFAULT_COMMANDS.get(str(self.name))
        own = {name for each in self.get_params(ctx) for name in (*each.opts, *each.secondary_opts)}
        if default and args and len(args[0]) > 1 and args[0].startswith("-") and args[0].partition("=")[0] not in own:
            args = [default, *args]
        return _checked_values(self.params, ctx, list(super().parse_args(ctx, args)))

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """The group's own, then the command."""
        return [*super().collect_usage_pieces(ctx), "COMMAND ..."]

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """The command that is named, or else the group's default command, to which the word is an argument."""
        default = DEFAULT_COMMANDS.get(str(self.name))
        if default and args and args[0] not in self.commands and (args[0] == "-" or args[0][:1] != "-"):
            args = [default, *args]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands, under the headings of `GROUPS` at the root."""
        assert isinstance(self.commands, LazyCommands)
        summaries = dict(self.commands.summaries())
        headings = {"Commands": tuple(summaries)}
        if ctx.parent is None:
            grouped = {name for names in GROUPS.values() for name in names}
            headings = {**GROUPS, OTHER: tuple(name for name in summaries if name not in grouped)}
        for heading, names in headings.items():
            rows = [(name, summaries[name]) for name in names if name in summaries]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl([(name.ljust(max(map(len, summaries))), text) for name, text in rows])


def build(source: typer.Typer, common: Callable[[], list[Parameter]]) -> TyperGroup:
    """The root group of the program. `common` makes the options that every command has besides its own."""
    root = get_group(_without_commands(source))
    root.commands = LazyCommands(source, common)
    root.params += common()
    root.context_settings = {"help_option_names": ["-h", "--help"], "max_content_width": MAX_HELP_WIDTH}
    return root


def _without_commands(source: typer.Typer) -> typer.Typer:
    bare = copy.copy(source)
    bare.registered_commands, bare.registered_groups = [], []
    bare.info = copy.copy(source.info)
    bare.info.cls = CommandGroup
    return bare
