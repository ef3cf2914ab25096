"""The home folder: where it is, what its YAML files say, and how new clients and accounts get into them.

`archiver.yaml` holds the settings, `clients/<slug>.yaml` one client and its accounts. Unknown keys, duplicates and bad
values are refused with `file:line:column`. Files are written so that a person may go on editing them.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError
from archiver.core.yaml_edit import block, with_entry
from archiver.core.yaml_source import Loc, Marked, Value, load, validate

HOUSE = "house"

# Names that Windows keeps for devices, with or without an extension.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def check_slug(text: str) -> str:
    """A client's short name, fit for a folder on every system; ValueError says what is allowed."""
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,39}", text) or text in _RESERVED:
        raise ValueError(f"{text!r} cannot be a client's short name; use a-z, 0-9 and -, at most 40, e.g. acme")
    return text


def check_account_name(text: str) -> str:
    """An account's name, fit for a file name on every system; ValueError says what is allowed."""
    if not re.fullmatch("[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9_-])?", text) or text.split(".")[0] in _RESERVED:
        raise ValueError(f"{text!r} cannot be an account's name; use a-z, 0-9, - and _, at most 40, e.g. acme-freepik")
    return text


# ---------------------------------------------------------------- what the files may say


class _SettingsModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _setting(value: object) -> object:
    """Adapters' own settings are text; `false` and `5` need no quotes in the file."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value


def _duration(value: object) -> object:
    """`4h`, `90m`, `1h 30m` or `45s`, in seconds; a bare number says nothing of its unit and is refused."""
    if isinstance(value, str) and re.fullmatch(r"(\d+(\.\d+)?[hms]\s*)+", value.strip()):
        units = {"h": 3600, "m": 60, "s": 1}
        return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", value))
    raise ValueError("is not a duration such as 4h, 90m or 45s")


def _like(pattern: str, otherwise: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(otherwise)
        return value

    return AfterValidator(check)


def _destination(value: str) -> str:
    if not re.fullmatch(r"[^\s@:/]+@[^\s@]+|[a-z][a-z0-9+.-]*://\S+", value):
        raise ValueError("is neither a mail address nor an address such as https://... or slack://...")
    return value


def _one_or_many(value: object) -> object:
    # A tuple, for what came through a validator is no JSON any more, and strictly checked.
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        reachable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is none
        reachable = False
    if not reachable or re.search(r"\s", value):
        raise ValueError("is not an http:// or https:// address")
    return value


type _Url = Annotated[str, AfterValidator(_url)]
type _Destinations = Annotated[tuple[Annotated[str, AfterValidator(_destination)], ...], BeforeValidator(_one_or_many)]
type _Duration = Annotated[float, BeforeValidator(_duration), Field(gt=0)]
type _Command = Annotated[tuple[str, ...], Field(min_length=1)]
type _Rate = Annotated[float, Field(ge=0, le=1000)]


class Agency(_SettingsModel):
    """Who runs the archiver; country as ISO 3166 alpha-2, language as a BCP 47 tag."""

    name: str = ""
    country: Annotated[str, _like("[A-Z]{2}", "is no code of a country such as DE")] | None = None
    language: Annotated[str, _like("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "is no code of a language such as en")] = "en"


class Timestamps(_SettingsModel):
    """One timestamp authority. `name` becomes part of file names; `roots` is a PEM file, absolute once loaded."""

    name: Annotated[str, _like("[a-z0-9][a-z0-9-]{0,19}", "is to be of a-z, 0-9 and -, at most 20")]
    url: _Url
    roots: Path | None = None


class WitnessSettings(_SettingsModel):
    """Someone outside who holds the latest checkpoint: a folder (seen from the home), a mail address or a command."""

    name: str
    folder: Path | None = None
    email: str | None = None
    command: _Command | None = None

    @model_validator(mode="after")
    def _one_way(self) -> WitnessSettings:
        if sum(way is not None for way in (self.folder, self.email, self.command)) != 1:
            raise ValueError("needs exactly one of folder, email and command")
        return self


class MailSettings(_SettingsModel):
    """The server by which mail goes out. `secret_command` prints the password of `username`."""

    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    sender: Annotated[str | None, Field(alias="from")] = None
    username: str | None = None
    secret_command: _Command | None = None


class PacingSettings(_SettingsModel):
    """Requests a second; 0 = off. No `default` leaves each provider its own pace."""

    default: _Rate | None = None
    hosts: dict[str, _Rate] = {}


class NetworkSettings(_SettingsModel):
    """`ca_file` is a PEM file; once loaded, an absolute path."""

    proxy: _Url | None = None
    ca_file: Path | None = None
    no_proxy: tuple[str, ...] = ("localhost", "127.0.0.1")


class MatchSettings(_SettingsModel):
    model: Path | None = None


class RunSettings(_SettingsModel):
    """`deadline`: the longest one account's turn may take, in seconds; what is left over is for the next run."""

    deadline: _Duration = 4 * 3600.0


class Notify(_SettingsModel):
    """Who is told what matters, besides each client's contact; see docs/operations.md.

    `channels` are mail addresses, https:// addresses that take a POST, and addresses of apprise. A certificate that is
    missing is told of again after `missing_days`, a claim's deadline `deadline_days` before. `ping` is fetched at the
    end of every run, for a service that misses it. `weekly`: say once a week that all is well.
    """

    channels: _Destinations = ()
    missing_days: Annotated[int, Field(ge=1)] = 7
    deadline_days: Annotated[int, Field(ge=0)] = 5
    weekly: bool = False
    ping: _Url | None = None


def _channels(value: object) -> object:
    """A list alone is a list of channels."""
    return {"channels": value} if isinstance(value, list | str) else value


class Contact(_SettingsModel):
    """The person who is told what matters of a client; `to` as the channels of `notify`."""

    name: str = ""
    to: _Destinations = ()


def _contact(value: object) -> object:
    return {"to": value} if isinstance(value, list | str) else value


class Settings(_SettingsModel):
    """archiver.yaml. `replay` marks a home whose archives are never evidence."""

    replay: bool = False
    agency: Agency = Agency()
    timestamps: tuple[Timestamps, ...] = ()
    witnesses: tuple[WitnessSettings, ...] = ()
    mail: MailSettings = MailSettings()
    notify: Annotated[Notify, BeforeValidator(_channels)] = Notify()
    run: RunSettings = RunSettings()
    pacing: PacingSettings = PacingSettings()
    network: NetworkSettings = NetworkSettings()
    match: MatchSettings = MatchSettings()

    @field_validator("timestamps", "witnesses")
    @classmethod
    def _names_differ[T: (tuple[Timestamps, ...], tuple[WitnessSettings, ...])](cls, listed: T) -> T:
        names = [each.name for each in listed]
        if len(names) != len(set(names)):
            raise ValueError("two have the same name")
        return listed

    @model_validator(mode="after")
    def _mail_goes_out(self) -> Settings:
        if self.mail.host and self.mail.sender:
            return self
        if any(each.email for each in self.witnesses):
            raise ValueError("a witness with an email address needs `mail: {host: ..., from: ...}`")
        if any("://" not in each for each in self.notify.channels):
            raise ValueError("notifying a mail address needs `mail: {host: ..., from: ...}`")
        return self


class AssignmentRule(_SettingsModel):
    """Which licences of a shared account are for `client`: those that fit every condition that is given.

    A condition on text is a pattern for the whole of it, in any case: `*` is any text, `?` one character. `hint` looks
    at every client hint, `hints` at those named; `since` and `until` are days, both included.
    """

    name: Annotated[str, _like("[a-z0-9][a-z0-9-]{0,39}", "is to be of a-z, 0-9 and -, at most 40")]
    client: str
    hint: str | None = None
    hints: dict[str, str] = {}
    project: str | None = None
    folder: str | None = None
    seat: str | None = None
    title: str | None = None
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _tells_something(self) -> AssignmentRule:
        if not self.model_dump(exclude={"name", "client"}, exclude_defaults=True):
            raise ValueError("needs a condition: one of hint, hints, project, folder, seat, title, since and until")
        if self.since and self.until and self.since > self.until:
            raise ValueError("its `since` is after its `until`, so it fits nothing")
        return self


type _People = Annotated[int, Field(ge=1, le=100_000)]


class AccountSettings(_SettingsModel):
    """What a client's file says of one account.

    `plan_until` is the last day of its plan or subscription, `seat_until` that of single seats by user. `seats` is how
    many people the plan allows, `people` how many use the sign-in. `rules` say for which clients a shared account's
    licences are. Since the day `closed` nothing signs in.
    """

    provider: str
    method: str | None = None
    username: str | None = None
    secret_command: _Command | None = None
    plan: str | None = None
    plan_until: date | None = None
    seats: _People | None = None
    people: _People | None = None
    seat_until: dict[str, date] = {}
    settings: dict[str, Annotated[str, BeforeValidator(_setting)]] = {}
    rules: tuple[AssignmentRule, ...] = ()
    closed: date | None = None

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, listed: tuple[AssignmentRule, ...]) -> tuple[AssignmentRule, ...]:
        if len({each.name for each in listed}) != len(listed):
            raise ValueError("two have the same name")
        return listed


class Account(AccountSettings):
    """One sign-in at one provider. `client` is the slug whose archive it fills."""

    name: str
    client: str


type _Line = Annotated[str, _like(r"[^\n]*\S[^\n]*", "is to be one line that is not empty")]


class _Client(_SettingsModel):
    name: _Line
    aliases: tuple[_Line, ...] = ()
    domains: tuple[_Line, ...] = ()
    contact: Annotated[Contact, BeforeValidator(_contact)] = Contact()
    accounts: dict[Annotated[str, AfterValidator(check_account_name)], AccountSettings] = {}


# ---------------------------------------------------------------- what the rest of the program sees


@dataclass(frozen=True, kw_only=True)
class Client:
    """A customer of the agency, or the house: the agency's own archive for shared accounts."""

    slug: str
    name: str
    aliases: tuple[str, ...]
    domains: tuple[str, ...]
    accounts: tuple[Account, ...]
    contact: Contact = field(default_factory=Contact)


@dataclass(frozen=True)
class Home:
    """A loaded home: its settings, its clients by slug, and where everything lies."""

    root: Path
    settings: Settings
    clients: Mapping[str, Client]

    @classmethod
    def load(cls, root: Path) -> Home:
        """Read all files; ConfigError names `file:line:column` of what is wrong."""
        root = root.absolute()
        marked = load(root / "archiver.yaml")
        settings = _with_files(root, marked, _checked(marked, Settings))
        return cls(root, settings, _clients(root))

    def accounts(self) -> list[Account]:
        """Every account, in the order of clients and of their files."""
        return [account for client in self.clients.values() for account in client.accounts]

    def account(self, name: str) -> Account:
        """ConfigError names the accounts that there are."""
        return _pick({account.name: account for account in self.accounts()}, name, "account", "archiver account add")

    def client(self, slug: str) -> Client:
        """ConfigError names the clients that there are."""
        return _pick(self.clients, slug, "client", "archiver client add")

    def check_replay(self, recordings: Path | None) -> None:
        """ConfigError unless recordings are named in a replay home, and only there."""
        if recordings and not self.settings.replay:
            raise ConfigError(
                "A replay is never evidence, so --replay works only in a replay home. Make one with "
                "`archiver init HOME --replay`."
            )
        if self.settings.replay and not recordings:
            raise ConfigError("This is a replay home: it reaches no live site. Name the recordings with --replay DIR.")
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


def default_home() -> Path:
    """Where the home is or would be: $ARCHIVER_HOME, this folder if it is one, the system's data folder."""
    if named := os.environ.get("ARCHIVER_HOME"):
        return Path(named)
    if Path("archiver.yaml").is_file():
        return Path.cwd()
    import platformdirs

    return platformdirs.user_data_path("archiver", appauthor=False)


def find_home(option: Path | None) -> Path:
    """The home that was named, or the default one; ConfigError says how to make one where there is none."""
    path = option or default_home()
    if not (path / "archiver.yaml").is_file():
        what = "has no archiver.yaml, so it is not a home" if path.is_dir() else "does not exist"
        raise ConfigError(f"{path} {what}. Make a home with `archiver init {path}`, or name yours with --home.")
    return path


def _checked[M: BaseModel](marked: Marked, model: type[M]) -> M:
    return validate(replace(marked, value=_present(marked.value)), model)


def _present(value: Value) -> Value:
    """Without empty keys: `key:` with nothing after it says nothing, so the default holds."""
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None}
    return [_present(item) for item in value] if isinstance(value, list) else value


def _pick[T](known: Mapping[str, T], name: str, kind: str, command: str) -> T:
    if name not in known:
        names = ", ".join(sorted(known)) or "none yet"
        raise ConfigError(f"There is no {kind} {name!r}. Known: {names}. Add one with `{command}`.")
    return known[name]


def _with_files(root: Path, marked: Marked, settings: Settings) -> Settings:
    """The settings with file names made absolute; ConfigError for a file that is not there."""

    def there(path: Path, *loc: str | int) -> Path:
        if not (root / path).is_file():
            raise ConfigError(f"{marked.where(loc)} {root / path} is not there.")
        return root / path

    timestamps = tuple(
        each.model_copy(update={"roots": each.roots and there(each.roots, "timestamps", index, "roots")})
        for index, each in enumerate(settings.timestamps)
    )
    network = settings.network
    if network.ca_file:
        network = network.model_copy(update={"ca_file": there(network.ca_file, "network", "ca_file")})
    return settings.model_copy(update={"timestamps": timestamps, "network": network})


def _clients(root: Path) -> dict[str, Client]:
    seen: dict[str, str] = {}
    read: list[tuple[Marked, Client]] = []
    for path in sorted((root / "clients").glob("*.y*ml")):
        marked, client = _client(path, load(path))
        for account in client.accounts:
            here = marked.where(("accounts", account.name))
            if account.name in seen:
                raise ConfigError(
                    f"{here} {account.name}: the account is already at {seen[account.name]}. Account names are unique."
                )
            seen[account.name] = here
        read.append((marked, client))
    clients = {client.slug: client for _, client in read}
    for marked, client in read:
        _check_rules(marked, client, clients)
    return clients


def _client(path: Path, marked: Marked) -> tuple[Marked, Client]:
    try:
        slug = check_slug(path.stem)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None
    if path.suffix != ".yaml":
        raise ConfigError(f"{path} would be overlooked. Rename it to {slug}.yaml.")
    client = _checked(marked, _Client)
    accounts = tuple(
        Account.model_construct(name=name, client=slug, **dict(each)) for name, each in client.accounts.items()
    )
    return marked, Client(
        slug=slug, name=client.name, aliases=client.aliases, domains=client.domains, accounts=accounts,
        contact=client.contact,
    )  # fmt: skip


def _check_rules(marked: Marked, client: Client, clients: Mapping[str, Client]) -> None:
    """ConfigError for rules of an account that is not shared, and for those that lead to no client."""
    for account in client.accounts:
        for number, rule in enumerate(account.rules):
            here: Loc = ("accounts", account.name, "rules", number, "client")
            if client.slug != HOUSE:
                raise ConfigError(
                    f"{marked.where(here[:-1])} rules are for shared accounts, in clients/{HOUSE}.yaml; what this "
                    f"account licenses is for {client.slug} anyway."
                )
            if rule.client == HOUSE or rule.client not in clients:
                known = ", ".join(sorted(clients.keys() - {HOUSE})) or "none yet"
                raise ConfigError(f"{marked.where(here)} client: there is no client {rule.client!r}. Known: {known}.")


# ---------------------------------------------------------------- writing

_HOME_HEADING = (
    "# Settings of this home. Every key may be left out; keys that the archiver does not know are refused.\n"
)
_CLIENT_HEADING = "# One client and its accounts. Secrets are never here: they are in the vault.\n"

# Two public authorities of different operators, and the subjects of the roots by which their tokens are checked.
_PUBLIC_TIMESTAMPS = {
    "digicert": ("http://timestamp.digicert.com", ("DigiCert Trusted Root G4",)),
    "sectigo": (
        "http://timestamp.sectigo.com",
        ("USERTrust RSA Certification Authority", "Sectigo Public Time Stamping Root R46"),
    ),
}


def create_home(
    root: Path,
    *,
    replay: bool = False,
    agency: str | None = None,
    timestamps: Sequence[Mapping[str, str]] | None = None,
) -> Home:
    """A new home; ConfigError if there is one already. `agency` is its name; `timestamps` are name, url and roots each.

    By default a real home gets two public authorities, with roots out of certifi's list, and a replay home none.
    """
    if (root / "archiver.yaml").exists():
        raise ConfigError(f"{root} is a home already. Choose another folder, or go on using it with --home.")
    try:
        for folder in (root, root / "clients", root / "archive", root / "state"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if timestamps is None:
            timestamps = [] if replay else _public_timestamps(root)
        content: dict[str, Any] = {
            **({"replay": True} if replay else {}),
            **({"agency": {"name": agency}} if agency else {}),
            **({"timestamps": [dict(each) for each in timestamps]} if timestamps else {}),
        }
        _write(root / "archiver.yaml", _HOME_HEADING + (block(content) if content else ""), Settings)
    except OSError as error:
        raise ConfigError(f"{root} cannot be made a home: {error.strerror}. Choose another folder.") from None
    return Home.load(root)


def add_client(root: Path, slug: str, name: str, aliases: Sequence[str] = (), domains: Sequence[str] = ()) -> Client:
    """Write clients/<slug>.yaml; ConfigError if the slug is another client's, is not one, or is the house's."""
    try:
        path = root / "clients" / f"{check_slug(slug)}.yaml"
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    if slug == HOUSE:
        raise ConfigError("`house` is the agency's own archive; it is there when its first account is. Choose another.")
    with _writing(root):
        there = Home.load(root).clients.get(slug)
        if there and (there.name, there.aliases, there.domains) == (name, tuple(aliases), tuple(domains)):
            return there  # a command that was killed added it
        if there:
            raise ConfigError(f"There is a client {slug!r} already. Edit {path}, or choose another short name.")
        content: dict[str, Value] = {"name": name}
        content |= {key: list(value) for key, value in (("aliases", aliases), ("domains", domains)) if value}
        _write(path, _CLIENT_HEADING + block(content), _Client)
        return Home.load(root).clients[slug]


def planned_account(root: Path, name: str, *, client: str, **fields: Any) -> tuple[Home, str]:
    """The home as it would be with this account, and its client's file as it would read; nothing is written.

    `fields` are those of `AccountSettings`; empty ones are left out.

    ConfigError for an unknown client or a name that is taken or not one. The house's file is made with its first
    account.
    """
    try:
        check_account_name(name)
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    home = Home.load(root)
    if name in {account.name for account in home.accounts()}:
        raise ConfigError(f"There is an account {name!r} already. Account names are unique; choose another.")
    path = root / "clients" / f"{client}.yaml"
    if client == HOUSE and client not in home.clients:
        text = _CLIENT_HEADING + block({"name": home.settings.agency.name or "House"})
    else:
        home.client(client)
        text = _text(path)
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items() if value}
    text = with_entry(path, text, ("accounts",), name, given)
    _, after = _client(path, load(path, text))
    return replace(home, clients={**home.clients, client: after}), text


def add_account(root: Path, name: str, *, client: str, **fields: Any) -> Account:
    """Write the account into its client's file; arguments and errors as `planned_account`."""
    with _writing(root):
        _, text = planned_account(root, name, client=client, **fields)
        _write(root / "clients" / f"{client}.yaml", text, _Client)
        return Home.load(root).account(name)


def change_account(root: Path, name: str, **fields: str) -> Account:
    """Give an account another `username`, or note the day on which it was `closed`."""
    with _writing(root):
        account = Home.load(root).account(name)
        path = root / "clients" / f"{account.client}.yaml"
        text = _text(path)
        for key, value in fields.items():
            text = with_entry(path, text, ("accounts", name), key, value)
        _write(path, text, _Client)
        return Home.load(root).account(name)


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    from filelock import FileLock

    (root / "state").mkdir(exist_ok=True, mode=0o700)
    with FileLock(root / "state" / "config.lock"):
        yield


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")  # line ends as they are


def _write(path: Path, text: str, model: type[BaseModel]) -> None:
    """Nothing is written that could not be read again."""
    _checked(load(path, text), model)
    replace_file(path, text.encode())


def _public_timestamps(root: Path) -> list[dict[str, str]]:
    """The public authorities; of the roots that each needs, those that certifi has are written to roots/<name>.pem."""
    import certifi
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    blocks = re.findall(r"-----BEGIN CERTIFICATE-----[^-]+", Path(certifi.where()).read_text("utf-8"))
    (root / "roots").mkdir(exist_ok=True, mode=0o700)
    listed = []
    for name, (url, subjects) in _PUBLIC_TIMESTAMPS.items():
        found: list[str] = []
        for pem in blocks:
            der = base64.b64decode(pem.removeprefix("-----BEGIN CERTIFICATE-----"))
            # Only the few that mention a wanted name are parsed: some old roots do not parse without warnings.
            if any(subject.encode() in der for subject in subjects):
                names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
                found += [f"{pem}-----END CERTIFICATE-----\n" for each in names if each.value in subjects]
        roots = f"roots/{name}.pem"
        replace_file(root / roots, "".join(found).encode())
        listed.append({"name": name, "url": url, "roots": roots})
    return listed
