"""Write the home's YAML files: make a home, add, change and remove clients, accounts, sources and settings.

Each change keeps every other character of a file, and is checked before it is written.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from archiver.core.atomic_files import replace_file, sync_folder
from archiver.core.errors import ConfigError
from archiver.core.written_names import site_domain
from archiver.core.yaml_edit import block, with_entry, with_name, without_entry
from archiver.core.yaml_source import Value, load
from archiver.home.contents import FOLDERS
from archiver.home.settings import HOUSE, Account, Client, Home, read_client
from archiver.home.settings_models import (
    PUBLIC_TIMESTAMPS,
    AuditSettings,
    check_account_name,
    check_slug,
)
from archiver.home.source_settings import Source

_HOME_HEADING = "# Settings of this home. Every key is optional; unknown keys are refused.\n"
_CLIENT_HEADING = "# One client and its accounts. Secrets belong in the vault, never in this file.\n"


def create_home(
    root: Path,
    *,
    replay: bool = False,
    agency: str | None = None,
    timestamps: Sequence[Mapping[str, str]] | None = None,
) -> Home:
    """Create a home; ConfigError if one exists. `agency` is a name; each of `timestamps` has name, url and roots.

    By default a real home gets two public authorities with roots from certifi, and a replay home gets none.
    """
    if (root / "archiver.yaml").exists():
        raise ConfigError(f"{root} is a home already. Choose another folder, or use this home with --home.")
    try:
        for folder in (root, *(root / each for each in FOLDERS)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if timestamps is None:
            timestamps = [] if replay else _public_timestamps(root)
        content: dict[str, object] = {
            **({"replay": True} if replay else {}),
            **({"agency": {"name": agency}} if agency else {}),
            **({"timestamps": [dict(each) for each in timestamps]} if timestamps else {}),
        }
        return _write(root, root / "archiver.yaml", _HOME_HEADING + (block(content) if content else ""))
    except OSError as error:
        raise ConfigError(f"The home {root} cannot be created: {error.strerror}. Choose another folder.") from None


def add_client(root: Path, slug: str, name: str, aliases: Sequence[str] = (), domains: Sequence[str] = ()) -> Client:
    """Write clients/<slug>.yaml; ConfigError if the slug is taken, invalid or `house`."""
    try:
        path = root / "clients" / f"{check_slug(slug)}.yaml"
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    domains = _domains(domains)
    if slug == HOUSE:
        raise ConfigError("`house` is the agency's own archive; its first account creates it. Choose another name.")
    with _writing(root):
        there = Home.load(root).clients.get(slug)
        if there and (there.name, there.aliases, there.domains) == (name, tuple(aliases), tuple(domains)):
            return there  # a killed command added it
        if there:
            raise ConfigError(
                f"The client {slug!r} exists already. Choose another short name, or change the client in "
                f"clients/{slug}.yaml."
            )
        content: dict[str, Value] = {"name": name}
        content |= {key: list(value) for key, value in (("aliases", aliases), ("domains", domains)) if value}
        return _write(root, path, _CLIENT_HEADING + block(content)).clients[slug]


type Part = Literal["accounts", "sources"]
"""A part of a client's file."""


def planned_input(root: Path, part: Part, name: str, *, client: str, **fields: object) -> tuple[Home, str]:
    """The home as it would be with this account or source, and the new text of its client's file. Writes nothing.

    `fields` are those of `AccountSettings`, or the keys of the source's kind; empty ones are left out.

    ConfigError for an unknown client, or a name that is taken or invalid. The house's first account creates its file.
    """
    try:
        check_account_name(name)
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    home = Home.load(root)
    if name in {each.name for each in home.inputs()}:
        what = "source" if part == "sources" else "account"
        raise ConfigError(f"The {what} {name!r} exists already. Choose another name.")
    path = root / "clients" / f"{client}.yaml"
    if client == HOUSE and client not in home.clients:
        text = _house_text(home)
    else:
        home.client(client)
        text = _text(path)
    text = with_entry(path, text, (part,), name, entry_of(fields))
    _, after = read_client(path, load(path, text))
    return replace(home, clients={**home.clients, client: after}), text


def _house_text(home: Home) -> str:
    return _CLIENT_HEADING + block({"name": home.settings.agency.name or "House"})


def with_house(root: Path) -> Home:
    """The home with a house archive's file, which this writes if there is none: for what comes for no client."""
    with _writing(root):
        if HOUSE not in (home := Home.load(root)).clients:
            return _write(root, root / "clients" / f"{HOUSE}.yaml", _house_text(home))
        return home


def entry_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an account or source that have a value, as its entry in the client's file holds them."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items() if value}


def add_account(root: Path, name: str, *, client: str, **fields: object) -> Account:
    """Write the account to its client's file. Arguments and errors as for `planned_input`."""
    return _add(root, "accounts", name, client=client, **fields).account(name)


def add_source(root: Path, name: str, *, client: str, **fields: object) -> Source:
    """Write the source to its client's file. Arguments and errors as for `planned_input`."""
    return _add(root, "sources", name, client=client, **fields).source(name)


def _add(root: Path, part: Part, name: str, *, client: str, **fields: object) -> Home:
    with _writing(root):
        _, text = planned_input(root, part, name, client=client, **fields)
        return _write(root, root / "clients" / f"{client}.yaml", text)


def change_account(root: Path, name: str, **fields: str) -> Account:
    """Change an account's `username`, or set the day on which it was `closed`."""
    with _writing(root):
        account = Home.load(root).account(name)
        path = root / "clients" / f"{account.client}.yaml"
        text = _text(path)
        for key, value in fields.items():
            text = with_entry(path, text, ("accounts", name), key, value)
        return _write(root, path, text).account(name)


def change_setting(root: Path, key: str, value: Value) -> Home:
    """Set one key of archiver.yaml, and keep everything else as it is written there."""
    with _writing(root):
        path = root / "archiver.yaml"
        return _write(root, path, with_entry(path, _text(path), (), key, value))


def change_settings(root: Path, part: str, fields: Mapping[str, Value], short: str = "") -> Home:
    """Set keys of a part of archiver.yaml, and remove those without a value. Everything else stays as it is written.

    `short`: what a plain list stands for in this part, as `notify: [...]` stands for its channels.
    """
    with _writing(root):
        path = root / "archiver.yaml"
        text, kept = _text(path), {key: value for key, value in fields.items() if value not in (None, "", [])}
        written = load(path, text).value
        there = written.get(part) if isinstance(written, dict) else None
        if there is not None and not isinstance(there, dict):
            text = with_entry(path, text, (), part, kept[short] if kept.keys() == {short} else {**kept})
        else:
            for key in fields:
                if key in kept:
                    text = with_entry(path, text, (part,), key, kept[key])
                elif there and key in there:
                    text = without_entry(path, text, (part,), key)
        return _write(root, path, text)


# many parameters: where, what, and how it is checked
def change_key(
    root: Path, path: Path, place: Sequence[str], value: Value, *, dry_run: bool, check: Callable[[Home], object],
    short: Mapping[tuple[str, ...], str],
) -> Home:  # fmt: skip
    """Set the key at a place of a settings file, or remove it, and keep everything else. The home as it is then.

    `short`: by their places, the keys for which a plain value stands in place of a mapping. ConfigError if the home or
    `check` does not accept it.
    """
    with _writing(root):
        text = _changed(path, _text(path), tuple(place), value, short)
        home = Home.load(root, {path.absolute(): text})
        check(home)
        if not dry_run:
            replace_file(path, text.encode())
        return home


def remove_unknown(root: Path, path: Path, place: Sequence[str]) -> None:
    """Remove a key that no model knows, though other faults of the file may stay."""
    with _writing(root):
        replace_file(path, without_entry(path, _text(path), place[:-1], place[-1]).encode())


def _changed(path: Path, text: str, place: tuple[str, ...], value: Value, short: Mapping[tuple[str, ...], str]) -> str:
    there = load(path, text).value
    for depth, step in enumerate(place[:-1], 1):
        there = there.get(step) if isinstance(there, dict) else None
        if there is not None and not isinstance(there, dict) and place[:depth] in short:
            name, last = short[place[:depth]], place[-1]
            kept: dict[str, Value] = {
                key: each for key, each in ({name: there} | {last: value}).items() if each is not None
            }
            place, value = place[:depth], kept[name] if kept.keys() == {name} else kept or None
            break
    if value is not None:
        return with_entry(path, text, place[:-1], place[-1], value)
    return without_entry(path, text, place[:-1], place[-1])


def use_public_timestamps(root: Path) -> Home:
    """Have two public authorities stamp what is archived, as in a new home."""
    return change_setting(root, "timestamps", [{**each} for each in _public_timestamps(root)])


def set_audit(root: Path, slug: str, audit: AuditSettings | None) -> Client:
    """Have the client's site audited every week, or no more."""
    with _writing(root):
        path = root / "clients" / f"{Home.load(root).client(slug).slug}.yaml"
        text = _text(path)
        if audit is None:
            text = without_entry(path, text, (), "audit") if Home.load(root).client(slug).audit else text
        else:
            text = with_entry(path, text, (), "audit", audit.model_dump(mode="json", exclude_defaults=True))
        return _write(root, path, text).client(slug)


def change_client(root: Path, slug: str, *, aliases: Sequence[str] = (), domains: Sequence[str] = ()) -> Client:
    """Give a client further names and sites; a site may be named by any address of it."""
    with _writing(root):
        client = Home.load(root).client(slug)
        path = root / "clients" / f"{client.slug}.yaml"
        text = _text(path)
        for key, there, more in (("aliases", client.aliases, aliases), ("domains", client.domains, _domains(domains))):
            if more:
                text = with_entry(path, text, (), key, list(dict.fromkeys((*there, *more))))
        return _write(root, path, text).client(slug)


def _domains(sites: Sequence[str]) -> list[str]:
    """The domains of sites, each once; ConfigError for what is no site."""
    try:
        return list(dict.fromkeys(map(site_domain, sites)))
    except ValueError as error:
        raise ConfigError(f"{error}.") from None


def rename_client(root: Path, slug: str, name: str) -> Client:
    """Give a client another full name, and keep the former one as an alias, by which its licences are recognised."""
    with _writing(root):
        client = Home.load(root).client(slug)
        if client.name == name:
            return client
        path = root / "clients" / f"{client.slug}.yaml"
        aliases: list[Value] = [each for each in dict.fromkeys((*client.aliases, client.name)) if each != name]
        text = with_entry(path, _text(path), (), "name", name)
        return _write(root, path, with_entry(path, text, (), "aliases", aliases)).client(slug)


def remove_client(root: Path, slug: str) -> None:
    """Delete a client's file. The caller has made sure that nothing else of the client is left."""
    with _writing(root):
        (root / "clients" / f"{Home.load(root).client(slug).slug}.yaml").unlink()
        sync_folder(root / "clients")


def rename_account(root: Path, name: str, new: str) -> Account:
    """Give an account another, valid name; ConfigError if it is taken."""
    with _writing(root):
        home = Home.load(root)
        account = home.account(name)
        if new in {each.name for each in home.accounts()}:
            raise ConfigError(f"The account {new!r} exists already. Choose another name.")
        path = root / "clients" / f"{account.client}.yaml"
        return _write(root, path, with_name(path, _text(path), ("accounts",), name, new)).account(new)


def remove_input(root: Path, part: Part, name: str) -> None:
    """Delete an account or a source from its client's file; ConfigError if there is none of this name."""
    with _writing(root):
        home = Home.load(root)
        found = home.account(name) if part == "accounts" else home.source(name)
        path = root / "clients" / f"{found.client}.yaml"
        _write(root, path, without_entry(path, _text(path), (part,), name))


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    from filelock import FileLock

    (root / "state").mkdir(exist_ok=True, mode=0o700)
    with FileLock(root / "state" / "config.lock"):
        yield


unchanged = _writing  # for who reads the settings as a whole


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")  # keep the line ends


def _write(root: Path, path: Path, text: str) -> Home:
    """Write a settings file after checking the whole home with it; the home as it is then."""
    home = Home.load(root, {path.absolute(): text})
    replace_file(path, text.encode())
    return home


def _public_timestamps(root: Path) -> list[dict[str, str]]:
    """The public authorities. Writes their roots, as far as certifi has them, to roots/<name>.pem."""
    import certifi
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    blocks = re.findall(r"-----BEGIN CERTIFICATE-----[^-]+", Path(certifi.where()).read_text("utf-8"))
    (root / "roots").mkdir(exist_ok=True, mode=0o700)
    listed = []
    for name, (url, subjects) in PUBLIC_TIMESTAMPS.items():
        found: list[str] = []
        for pem in blocks:
            der = base64.b64decode(pem.removeprefix("-----BEGIN CERTIFICATE-----"))
            # Parse only roots that contain a wanted name, because some old roots cause warnings.
            if any(subject.encode() in der for subject in subjects):
                names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
                found += [f"{pem}-----END CERTIFICATE-----\n" for each in names if each.value in subjects]
        roots = f"roots/{name}.pem"
        replace_file(root / roots, "".join(found).encode())
        listed.append({"name": name, "url": url, "roots": roots})
    return listed
