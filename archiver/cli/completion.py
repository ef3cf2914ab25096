"""Completion in bash, zsh and fish: commands, options, and the names that a home holds.

A shell's script calls `archiver __complete WORD...` with the words after the program's name; the last one is what is
being typed. Each line of the answer is a value, a tab, and a description. The line `:files` asks for file names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from typer.core import TyperArgument, TyperGroup, TyperOption

from archiver.cli.command_tree import DEFAULT_COMMANDS, LazyCommands, arguments_in, options_in
from archiver.cli.named_values import NEW_NAMES, holds

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typer._click.core import Command

FILES = ":files"

SCRIPTS = {
    "bash": r"""# Completion of archiver in bash. To load it in every shell: archiver completion bash >> ~/.bashrc
_archiver() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        if [ "$line" = ":files" ]; then
            compopt -o default 2>/dev/null
            COMPREPLY=()
            return
        fi
        COMPREPLY+=("${line%%$'\t'*}")
    done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _archiver archiver
""",
    "zsh": r"""#compdef archiver
# Completion of archiver in zsh. To load it in every shell, after `compinit`: archiver completion zsh >> ~/.zshrc
_archiver() {
    local -a values
    local line
    while IFS= read -r line; do
        if [[ "$line" == ":files" ]]; then
            _files
            return
        fi
        values+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    _describe 'archiver' values
}
if [[ "$funcstack[1]" == "_archiver" ]]; then
    _archiver "$@"
else
    compdef _archiver archiver
fi
""",
    "fish": r"""# Completion of archiver in fish. To load it:
# archiver completion fish > ~/.config/fish/completions/archiver.fish
function __archiver_complete
    set -l current (commandline -ct)
    set -l before (commandline -opc)
    set -l found ($before[1] __complete $before[2..-1] "$current" 2>/dev/null)
    if contains -- :files $found
        __fish_complete_path "$current"
    else
        printf '%s\n' $found
    end
end
complete -c archiver -f -a '(__archiver_complete)'
""",
}

WORDS = {
    "language": ("en", "de"),
    "method": ("token", "password", "attended"),
    "role": ("read", "operate", "admin"),
    "outcome": ("won", "paid", "withdrawn", "lapsed"),
    "shell": tuple(SCRIPTS),
    "system": ("systemd", "cron", "launchd", "windows"),
    "sort": ("match", "newest", "oldest", "title", "client", "provider"),
    "use": ("commercial", "editorial"),
    "currency": ("EUR", "USD", "GBP", "CHF"),
}
"""The usual values of parameters that take one of a few words."""


@dataclass(frozen=True)
class WordToComplete:
    """What is being completed: the home, the value's beginning, and the options before it with their values."""

    home: Path
    beginning: str
    options: Mapping[str, str]

    @property
    def client(self) -> str | None:
        return self.options.get("client")


def _clients(asked: WordToComplete) -> Iterator[tuple[str, str]]:
    for path in sorted((asked.home / "clients").glob("*.yaml")):
        yield path.stem, str(_yaml(path).get("name") or "")


def _accounts(asked: WordToComplete) -> Iterator[tuple[str, str]]:
    return _inputs(asked, "accounts", "provider")


def _sources(asked: WordToComplete) -> Iterator[tuple[str, str]]:
    return _inputs(asked, "sources", "kind")


def _inputs(asked: WordToComplete, section: str, about: str) -> Iterator[tuple[str, str]]:
    for path in sorted((asked.home / "clients").glob("*.yaml")):
        if asked.client in (None, path.stem):
            inputs = _yaml(path).get(section)
            for name, each in inputs.items() if isinstance(inputs, dict) else ():
                yield str(name), str((each or {}).get(about) or "")


def _claims(asked: WordToComplete) -> Iterator[tuple[str, str]]:
    for path in sorted((asked.home / "work").glob("*/claim.json")):
        yield path.parent.name, ""


def _licences(asked: WordToComplete) -> Iterator[tuple[str, str]]:
    from archiver.catalogue.names import licence_names

    return licence_names(asked.home / "state" / "catalogue", asked.beginning)


def _providers(_: WordToComplete) -> Iterator[tuple[str, str]]:
    from archiver.provider.registry import installed

    return ((name, "") for name in installed())


def _settings(asked: WordToComplete) -> Iterator[tuple[str, str]]:
    from archiver.home.setting_keys import keys_of
    from archiver.home.settings_models import AccountSettings, ClientFile, Settings

    models: list[type[BaseModel]] = [
        AccountSettings if "account" in asked.options else ClientFile if asked.client else Settings
    ]
    if "source" in asked.options:
        from archiver.collect.sources import models_of_kinds

        models = [*models_of_kinds().values()]
    found = {key.name: key for model in models for key in keys_of(model)}
    return ((name, key.meaning.text) for name, key in found.items() if not (key.in_list or key.is_part))


def _yaml(path: Path) -> dict[str, object]:
    import yaml

    with suppress(OSError, yaml.YAMLError):
        loaded = yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe
        return loaded if isinstance(loaded, dict) else {}
    return {}


NAMES: dict[str, Callable[[WordToComplete], Iterator[tuple[str, str]]]] = {
    "client": _clients, "account": _accounts, "source": _sources, "provider": _providers, "licence": _licences,
    "claim": _claims, "setting": _settings,
}  # fmt: skip
"""Where the values of parameters come from, by the parameter's name."""


def complete(program: TyperGroup, words: Sequence[str]) -> Iterator[str]:
    """The lines for a shell's script. `words` follow the program's name; the last one is being typed."""
    before, beginning = list(words[:-1]), (words[-1] if words else "")
    path, options, positional = list[str](), dict[str, str](), list[str]()
    command: Command = program
    waiting: TyperOption | None = None
    for word in before:
        if word == "=":  # bash makes a word of the sign in --client=acme
            continue
        if waiting is not None:
            options[waiting.name], waiting = word, None
        elif word.startswith("-") and len(word) > 1:
            name, equals, value = word.partition("=")
            option = _option(command, name)
            if option is not None and not option.is_flag and not option.count:
                waiting = None if equals else option
                options |= {option.name: value} if equals else {}
        elif isinstance(command, TyperGroup) and not positional and word in command.commands:
            command, path = command.commands[word], [*path, word]
        else:
            positional.append(word)
    if waiting is None and beginning.startswith("--") and "=" in beginning:
        name, _, value = beginning.partition("=")
        found = _values(_option(command, name), path, WordToComplete(_home(options), value, options))
        yield from (f"{name}={line}" for line in found if line != FILES)
        return
    asked = WordToComplete(_home(options), "" if beginning == "=" else beginning, options)
    if waiting is not None:
        yield from _values(waiting, path, asked)
    elif beginning.startswith("-"):
        yield from _lines(((name, each.help or "") for each in _options(command) for name in each.opts), beginning)
    else:
        if isinstance(command, TyperGroup) and not positional:
            assert isinstance(command.commands, LazyCommands)
            yield from _lines(command.commands.summaries(), beginning)
            if default := DEFAULT_COMMANDS.get(path[-1] if path else ""):
                yield from _values(arguments_in(command.commands[default].params)[0], path, asked)
        arguments = arguments_in(command.params)
        number = len(positional)
        if arguments and (number < len(arguments) or arguments[-1].nargs == -1):
            yield from _values(arguments[min(number, len(arguments) - 1)], path, asked)


def _home(options: dict[str, str]) -> Path:
    from archiver.home.home_folder import default_home

    return Path(options["home"]).expanduser() if options.get("home") else default_home()


def _options(command: Command) -> list[TyperOption]:
    return [each for each in options_in(command.params) if not each.hidden]


def _option(command: Command, name: str) -> TyperOption | None:
    return next((each for each in _options(command) if name in (*each.opts, *each.secondary_opts)), None)


def _values(parameter: TyperArgument | TyperOption | None, path: Sequence[str], asked: WordToComplete) -> Iterator[str]:
    if parameter is None or (isinstance(parameter, TyperArgument) and tuple(path) in NEW_NAMES):
        return
    what = holds(parameter.name, path)
    if what in NAMES:
        yield from _lines(NAMES[what](asked), asked.beginning)
    elif parameter.name in WORDS:
        yield from _lines(((word, "") for word in WORDS[parameter.name]), asked.beginning)
    elif parameter.type_descriptor.is_path or parameter.name in ("file", "image", "paths", "picture", "wanted"):
        yield FILES


def _lines(found: Iterable[tuple[str, str]], beginning: str) -> Iterator[str]:
    for value, text in found:
        if value.startswith(beginning):
            yield f"{value}\t{' '.join(text.split())}" if text else value


def install_hint(shell: str) -> str:
    """Where a shell looks for its script."""
    places = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/archiver.fish"}
    return places[shell]


def named_shell(name: str | None) -> str | None:
    """The shell of this name, or the one that `SHELL` names; None if it is not one of `SCRIPTS`."""
    shell = name or Path(os.environ.get("SHELL", "")).name
    return shell if shell in SCRIPTS else None
