"""The home folder: find it, and read its YAML files.

`archiver.yaml` holds the settings, `clients/<slug>.yaml` one client and its accounts. Unknown keys, duplicates and bad
values are refused with `file:line:column`. A person can edit the files at any time; `settings_edit` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from archiver.core.atomic_files import remove_tree
from archiver.core.errors import ConfigError
from archiver.core.remedy import Remedy
from archiver.core.suggestions import did_you_mean
from archiver.core.written_names import written_so
from archiver.core.yaml_source import Loc, Marked, Value, load, validate
from archiver.home.home_folder import Reason, choice, fleet_address, is_home
from archiver.home.settings_models import (
    AccountSettings,
    AuditSettings,
    ClientFile,
    Contact,
    Settings,
    Timestamps,
    check_slug,
)
from archiver.home.source_settings import Source, source_of

HOUSE = "house"


class Account(AccountSettings):
    """One sign-in at one provider. `client` is the slug whose archive it fills."""

    name: str
    client: str


type Input = Account | Source
"""Everything that a run reads."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A customer of the agency, or the house: the agency's own archive for shared accounts."""

    slug: str
    name: str
    aliases: tuple[str, ...]
    domains: tuple[str, ...]
    accounts: tuple[Account, ...]
    contact: Contact = field(default_factory=Contact)
    sources: tuple[Source, ...] = ()
    audit: AuditSettings | None = None

    @property
    def inputs(self) -> list[Input]:
        """Everything that runs read for this client."""
        return [*self.accounts, *self.sources]


@dataclass(frozen=True)
class Home:
    """A loaded home: its settings, its clients by slug, and the paths of its parts."""

    root: Path
    settings: Settings
    clients: Mapping[str, Client]

    @classmethod
    def load(cls, root: Path, planned: Mapping[Path, str] | None = None) -> Home:
        """Read all files; ConfigError names `file:line:column` of each fault.

        `planned` are texts in place of the files' own, by their absolute paths; a file of a client may be new.
        """
        root, planned = root.absolute(), planned or {}
        path = root / "archiver.yaml"
        marked = load(path, planned.get(path))
        settings = _with_files(root, marked, checked(marked, Settings))
        return cls(root, settings, _clients(root, planned))

    def customers(self) -> list[Client]:
        """All clients but the house."""
        return [client for client in self.clients.values() if client.slug != HOUSE]

    def accounts(self) -> list[Account]:
        """All accounts, in the order of the clients and of their files."""
        return [account for client in self.clients.values() for account in client.accounts]

    def account(self, name: str) -> Account:
        """The account of this name; ConfigError lists the known accounts."""
        return _pick(
            {account.name: account for account in self.accounts()}, name, "account", Remedy.of("connect account", {})
        )

    def sources(self) -> list[Source]:
        """All mailboxes and folders that runs read, in the order of the clients and of their files."""
        return [source for client in self.clients.values() for source in client.sources]

    def inputs(self) -> list[Input]:
        """All accounts and sources: everything that runs read."""
        return [each for client in self.clients.values() for each in client.inputs]

    def source(self, name: str) -> Source:
        """The source of this name; ConfigError lists the known sources."""
        return _pick({source.name: source for source in self.sources()}, name, "source", Remedy("add source"))

    def client(self, name: str) -> Client:
        """The client of this short name, name or alias. ConfigError if there is none, or more than one."""
        found = self.named_clients(name)
        if len(found) > 1:
            raise ConfigError(f"{name!r} is a name of {' and '.join(found)}. Use the short name of the one you mean.")
        if name == HOUSE and HOUSE not in self.clients:
            raise ConfigError(
                "This home has no house archive yet. Its first shared account makes it.",
                remedy=Remedy.of("connect account", {"client": HOUSE}),
            )
        return _pick(self.clients, found[0] if found else name, "client", Remedy.of("add client", {}))

    def named_clients(self, name: str) -> list[str]:
        """The short names of the clients with this short name, name or alias, in any case."""
        return written_so(name, {slug: (slug, each.name, *each.aliases) for slug, each in self.clients.items()})

    def client_and_house(self, slug: str) -> list[Client]:
        """The client of this name, and the house if this home has one: whose licences may be the client's.

        ConfigError lists the known clients.
        """
        client = self.client(slug)
        return [client, *(each for each in self.clients.values() if each.slug == HOUSE != client.slug)]

    def check_replay(self, recordings: Path | None) -> None:
        """ConfigError for recordings in a real home, and for a replay home without recordings."""
        if recordings and not self.settings.replay:
            raise ConfigError(
                "A replay is never evidence, so --replay works only in a replay home.", remedy=Remedy("init replay")
            )
        if self.settings.replay and not recordings:
            raise ConfigError("This is a replay home: it never connects to a site. Name recordings with --replay DIR.")
        if recordings and not recordings.is_dir():
            raise ConfigError(f"There is no folder {recordings}. Name the folder of the recordings with --replay.")

    @property
    def vault(self) -> Path:
        return self.root / "vault.enc"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def archive(self, slug: str) -> Path:
        return self.root / "archive" / slug

    def catalogue(self, slug: str) -> Path:
        return self.state / "catalogue" / f"{slug}.sqlite"

    def archive_state(self, slug: str) -> Path:
        """The disposable folder of an archive: what this machine last saw of it."""
        return self.state / "archive" / slug

    def set_aside(self, slug: str) -> Path:
        """The folder for damaged objects that were replaced; each lies in a folder named after the moment."""
        return self.state / "damaged" / slug

    def erase_set_aside(self, object_id: str) -> None:
        """Delete what was kept of an object that was damaged once, with its erasure."""
        for copy in self.state.glob(f"damaged/*/*/{object_id.rpartition(':')[2]}"):
            remove_tree(copy)


def find_home(option: Path | None) -> Path:
    """The named home or the default one; ConfigError if it does not exist."""
    if option is None and fleet_address():
        raise ConfigError(
            "This command needs a folder, but the home is a fleet. Write a client as a folder, and name that with "
            "--home.",
            remedy=Remedy("export client"),
        )
    path, reason = (option, None) if option else choice()
    if is_home(path):
        return path
    what = "has no archiver.yaml, so it is not a home" if path.is_dir() else "does not exist"
    new, other = Remedy("init", {"folder": str(path)}), Remedy.of("choose home", {})
    if reason is Reason.REMEMBERED:
        raise ConfigError(
            f"Your home {path} {what} any more. Attach its disk, or say where it is now.", remedy=(other, new)
        )
    if reason is Reason.USUAL:
        raise ConfigError(f"{path} {what}.", remedy=(new, other))
    raise ConfigError(f"{path} {what}. Name yours with --home.", remedy=new)


def checked[M: BaseModel](marked: Marked, model: type[M]) -> M:
    return validate(replace(marked, value=_present(marked.value)), model, partial(_unknown, marked.path))


def _unknown(path: Path, loc: Loc) -> Sequence[Remedy]:
    """What a person can do about an unknown key of archiver.yaml or of a client's file."""
    known = {"client": path.stem} if path.parent.name == "clients" else {}
    if loc[0] in ("accounts", "sources") and len(loc) > 2:  # an account or a source has keys of its own
        known, loc = {str(loc[0]).removesuffix("s"): str(loc[1])}, loc[2:]
    see = Remedy("see settings", known)
    if any(isinstance(step, int) for step in loc):  # in an entry of a list, which is set as a whole
        return [see]
    return [see, Remedy("remove setting", known | {"key": ".".join(map(str, loc))})]


def _present(value: Value) -> Value:
    """The value without empty keys: a `key:` without a value means the default."""
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None}
    return [_present(item) for item in value] if isinstance(value, list) else value


def _pick[T](known: Mapping[str, T], name: str, kind: str, add: Remedy) -> T:
    if name not in known:
        names = ", ".join(sorted(known)) or "none yet"
        raise ConfigError(f"There is no {kind} {name!r}. Known: {names}.{did_you_mean(name, known)}", remedy=add)
    return known[name]


def _with_files(root: Path, marked: Marked, settings: Settings) -> Settings:
    """The settings with absolute file names; ConfigError for a missing file."""

    def there(path: Path, *loc: str | int) -> Path:
        if not (root / path).is_file():
            raise ConfigError(f"{marked.where(loc)} {root / path} does not exist. Correct the path or add the file.")
        return root / path

    def roots(index: int, each: Timestamps) -> Path | None:
        if isinstance(marked.value, dict) and isinstance(marked.value.get("timestamps"), dict):  # a preset
            path = root / f"roots/{each.name}.pem"
            return path if path.is_file() else None
        return each.roots and there(each.roots, "timestamps", index, "roots")

    timestamps = tuple(
        each.model_copy(update={"roots": roots(index, each)}) for index, each in enumerate(settings.timestamps)
    )
    lists = settings.trusted_lists
    if lists.signers:
        lists = lists.model_copy(update={"signers": there(lists.signers, "trusted_lists", "signers")})
    card = settings.card
    if card:
        card = card.model_copy(update={"module": there(card.module, "card", "module")})
    network = settings.network
    if network.ca_file:
        network = network.model_copy(update={"ca_file": there(network.ca_file, "network", "ca_file")})
    return settings.model_copy(
        update={"timestamps": timestamps, "trusted_lists": lists, "card": card, "network": network}
    )


def _clients(root: Path, planned: Mapping[Path, str]) -> dict[str, Client]:
    seen: dict[str, str] = {}
    read: list[tuple[Marked, Client]] = []
    folder = root / "clients"
    for path in sorted({*folder.glob("*.y*ml"), *(each for each in planned if each.parent == folder)}):
        marked, client = read_client(path, load(path, planned.get(path)))
        named: list[tuple[Loc, str]] = [(("accounts", each.name), each.name) for each in client.accounts]
        named += [(("sources", each.name), each.name) for each in client.sources]
        for place, name in named:
            here = marked.where(place)
            if name in seen:
                what = str(place[0]).removesuffix("s")
                raise ConfigError(f"{here} {name}: {seen[name]} already has this {what}. Choose another name.")
            seen[name] = here
        read.append((marked, client))
    clients = {client.slug: client for _, client in read}
    for marked, client in read:
        _check_rules(marked, client, clients)
    return clients


def read_client(path: Path, marked: Marked) -> tuple[Marked, Client]:
    try:
        slug = check_slug(path.stem)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None
    if path.suffix != ".yaml":
        raise ConfigError(f"{path} does not end in .yaml. Rename it to {slug}.yaml.")
    client = checked(marked, ClientFile)
    accounts = tuple(
        Account.model_construct(name=name, client=slug, **dict(each)) for name, each in client.accounts.items()
    )
    return marked, Client(
        slug=slug, name=client.name, aliases=client.aliases, accounts=accounts,
        domains=tuple(dict.fromkeys(client.domains)),
        contact=client.contact, audit=client.audit,
        sources=tuple(source_of(name, slug, marked, each) for name, each in client.sources.items()),
    )  # fmt: skip


def _check_rules(marked: Marked, client: Client, clients: Mapping[str, Client]) -> None:
    """ConfigError for rules of an account that is not shared, and for rules with an unknown client."""
    for account in client.accounts:
        for number, rule in enumerate(account.rules):
            here: Loc = ("accounts", account.name, "rules", number, "client")
            if client.slug != HOUSE:
                raise ConfigError(
                    f"{marked.where(here[:-1])} only shared accounts, in clients/{HOUSE}.yaml, have rules. Remove "
                    f"them: all licences of this account are for {client.slug}."
                )
            if rule.client == HOUSE or rule.client not in clients:
                known = ", ".join(sorted(clients.keys() - {HOUSE})) or "none yet"
                raise ConfigError(f"{marked.where(here)} client: there is no client {rule.client!r}. Known: {known}.")
