"""The home folder: find it, read its YAML files, and add clients and accounts to them.

`archiver.yaml` holds the settings, `clients/<slug>.yaml` one client and its accounts. Unknown keys, duplicates and bad
values are refused with `file:line:column`. A person can edit the files at any time.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from archiver.core.atomic_files import remove_tree, replace_file, sync_folder
from archiver.core.errors import ConfigError
from archiver.core.packaged_data import packaged_yaml
from archiver.core.suggestions import did_you_mean
from archiver.core.yaml_edit import block, with_entry, with_name, without_entry
from archiver.core.yaml_source import Loc, Marked, Value, load, validate
from archiver.home.home_folder import default_home as default_home  # most ask for it here
from archiver.home.home_folder import fleet_address
from archiver.home.source_settings import AnySource, Source, source_of

HOUSE = "house"

QUALIFIED_PRESET = "eu-qualified"

# Names that Windows reserves for devices, with or without an extension.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def check_slug(text: str) -> str:
    """Check a client's short name, which must be a valid folder name on every system; ValueError gives the rule."""
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,39}", text) or text in _RESERVED:
        raise ValueError(f"{text!r} is not a valid short name; use at most 40 of a-z, 0-9 and -, for example acme")
    return text


def check_account_name(text: str) -> str:
    """Check an account's name, which must be a valid file name on every system; ValueError gives the rule."""
    if not re.fullmatch("[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9_-])?", text) or text.split(".")[0] in _RESERVED:
        raise ValueError(f"{text!r} is not a valid account name; use at most 40 of a-z, 0-9, - and _, as acme-freepik")
    return text


# ---------------------------------------------------------------- the models of the files


class _SettingsModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _setting(value: object) -> object:
    """Convert an adapter's setting to text, so that `false` and `5` need no quotes in the file."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value


def _duration(value: object) -> object:
    """Convert `4h`, `90m`, `1h 30m` or `45s` to seconds. A number without a unit is refused."""
    if isinstance(value, str) and re.fullmatch(r"(\d+(\.\d+)?[hms]\s*)+", value.strip()):
        units = {"h": 3600, "m": 60, "s": 1}
        return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", value))
    raise ValueError("is not a duration such as 4h, 90m or 45s")


def _bytes(value: object) -> object:
    """Convert `2GB` or `500MB` to bytes."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,6})\s*([MG])B", value.strip())):
        return int(match[1]) << (30 if match[2] == "G" else 20)
    raise ValueError("is not a size such as 2GB or 500MB")


def _like(pattern: str, otherwise: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(otherwise)
        return value

    return AfterValidator(check)


def check_destination(value: str) -> str:
    """Check where messages go: a mail address, or an address with a scheme; ValueError says what it is not."""
    if not re.fullmatch(r"[^\s@:/]+@[^\s@]+|[a-z][a-z0-9+.-]*://\S+", value):
        raise ValueError("is neither a mail address nor an address such as https://... or slack://...")
    return value


def _one_or_many(value: object) -> object:
    # A tuple, because pydantic's strict mode refuses lists from a validator.
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        reachable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an unclosed bracket or an invalid port
        reachable = False
    if not reachable or re.search(r"\s", value):
        raise ValueError("is not an http:// or https:// address")
    return value


type _Url = Annotated[str, AfterValidator(_url)]
type _Destinations = Annotated[
    tuple[Annotated[str, AfterValidator(check_destination)], ...], BeforeValidator(_one_or_many)
]
type _Duration = Annotated[float, BeforeValidator(_duration), Field(gt=0)]
type _Command = Annotated[tuple[str, ...], Field(min_length=1)]
type _Rate = Annotated[float, Field(ge=0, le=1000)]


class Agency(_SettingsModel):
    """The agency that runs the archiver; country as ISO 3166 alpha-2, language as a BCP 47 tag."""

    name: str = ""
    country: Annotated[str, _like("[A-Z]{2}", "is not a country code such as DE")] | None = None
    language: Annotated[str, _like("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "is not a language code such as en")] = "en"


class Timestamps(_SettingsModel):
    """One timestamp authority. `name` becomes part of file names; `roots` is a PEM file, absolute once loaded."""

    name: Annotated[str, _like("[a-z0-9][a-z0-9-]{0,19}", "must be at most 20 of a-z, 0-9 and -")]
    url: _Url
    roots: Path | None = None


class QualifiedAuthority(Timestamps):
    """One authority of the preset `eu-qualified`, with what is known of it. It is not asked without its roots."""

    provider: str
    price: str
    source: str


def _preset(value: object) -> object:
    """Convert `{preset: eu-qualified}` to the public authorities and the ones that are said to be qualified."""
    if isinstance(value, list):
        return tuple(value)
    if value != {"preset": QUALIFIED_PRESET}:
        raise ValueError(f"must be a list of authorities, or {{preset: {QUALIFIED_PRESET}}}")
    public = [Timestamps(name=name, url=url) for name, (url, _) in _PUBLIC_TIMESTAMPS.items()]
    listed = packaged_yaml(dict[str, list[QualifiedAuthority]], "archiver.home", "qualified_authorities.yaml")
    return (*public, *listed["authorities"])


class TrustedListSettings(_SettingsModel):
    """Where the EU's list of trusted lists is, and who may sign it (a PEM file), if not as in the Official Journal."""

    url: _Url | None = None
    signers: Path | None = None


class CardSettings(_SettingsModel):
    """The card or token that signs proof.pdf (PKCS#11): its driver's library, its label, and the key's label in it.

    `secret_command` prints the PIN; without it, the PIN is asked for at the terminal.
    """

    module: Path
    token: str
    key: str
    secret_command: _Command | None = None


class WitnessSettings(_SettingsModel):
    """A witness that holds the newest checkpoint: a folder (relative to the home), a mail address or a command."""

    name: str
    folder: Path | None = None
    email: str | None = None
    command: _Command | None = None

    @model_validator(mode="after")
    def _one_way(self) -> WitnessSettings:
        if sum(way is not None for way in (self.folder, self.email, self.command)) != 1:
            raise ValueError("needs exactly one of folder, email and command")
        return self


class AnchorSettings(_SettingsModel):
    """A party that vouches for checkpoints: a C2SP witness with its `key`, or an OpenTimestamps calendar."""

    name: Annotated[str, _like("[a-z0-9][a-z0-9-]{0,19}", "must be at most 20 of a-z, 0-9 and -")]
    witness: _Url | None = None
    key: (
        Annotated[str, _like(r"\S+\+[0-9a-f]{8}\+\S+", "is not the key of a witness, as NAME+12345678+BASE64")] | None
    ) = None
    calendar: _Url | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> AnchorSettings:
        if (self.witness is None) == (self.calendar is None):
            raise ValueError("needs exactly one of witness and calendar")
        if (self.witness is None) != (self.key is None):
            raise ValueError("needs the key of its witness" if self.witness else "is a calendar, which has no key")
        return self


class MailSettings(_SettingsModel):
    """The server that sends mail. `secret_command` prints the password of `username`."""

    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    sender: Annotated[str | None, Field(alias="from")] = None
    username: str | None = None
    secret_command: _Command | None = None


class PacingSettings(_SettingsModel):
    """Requests per second; 0 turns pacing off. Without `default`, each provider keeps its own pace."""

    default: _Rate | None = None
    hosts: dict[str, _Rate] = {}


class NetworkSettings(_SettingsModel):
    """`ca_file` is a PEM file; once loaded, an absolute path."""

    proxy: _Url | None = None
    ca_file: Path | None = None
    no_proxy: tuple[str, ...] = ("localhost", "127.0.0.1")


class MatchSettings(_SettingsModel):
    model: Path | None = None


def _period(value: object) -> object:
    """Convert `10y` or `90d` to days."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,5})([dy])", value.strip())):
        return int(match[1]) * (366 if match[2] == "y" else 1)
    raise ValueError("is not a period such as 10y or 90d")


type _Period = Annotated[int, BeforeValidator(_period), Field(ge=1)]


class RetainSettings(_SettingsModel):
    """For how many days the store must keep a file, by its class: the folder below `evidence/` in which it lies.

    `ledger` is for all that lies elsewhere, and for tombstones: without it, nothing else can be restored, so it must be
    kept longest. `default` is for the classes that are not named.
    """

    default: _Period = 10 * 366
    licences: _Period | None = None
    comps: _Period | None = None
    terms: _Period | None = None
    receipts: _Period | None = None
    sightings: _Period | None = None
    statements: _Period | None = None
    ledger: _Period | None = None

    @model_validator(mode="after")
    def _ledger_stays_longest(self) -> RetainSettings:
        if self.ledger is not None and self.ledger < max(each for each in vars(self).values() if each is not None):
            raise ValueError("the ledger must be kept at least as long as everything else, which needs it")
        return self

    def days(self, path: str) -> int:
        """For a path in the archive."""
        place = path.split("/")
        name = place[1] if place[0] == "evidence" and len(place) > 2 and place[1] != "tombstones" else "ledger"
        periods: dict[str, int | None] = vars(self)
        longest = max(each for each in periods.values() if each is not None)
        return periods.get(name) or (longest if name == "ledger" else self.default)


def _retain(value: object) -> object:
    """A single period is for all classes."""
    return {"default": value} if isinstance(value, str) else value


class ReplicaSettings(_SettingsModel):
    """The bucket that receives a copy which nobody can delete.

    `retain` is for how long the store must keep each file. `secret_command` prints `client_id: ACCESS-KEY-ID` and
    `client_secret: SECRET-ACCESS-KEY`; without it, boto3 looks where it always does. Without `endpoint`, the bucket is
    Amazon's.
    """

    bucket: Annotated[str, _like("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "is not the name of a bucket")]
    endpoint: _Url | None = None
    region: str | None = None
    prefix: Annotated[str, _like("[A-Za-z0-9_./-]*", "may contain only letters, digits and . _ - /")] = ""
    retain: Annotated[RetainSettings, BeforeValidator(_retain)] = RetainSettings()
    secret_command: _Command | None = None


type _Hours = Annotated[
    str, _like("([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d", "is not a span as 22:00-05:00")
]


class FleetSettings(_SettingsModel):
    """When a fleet's workers visit accounts: spread over `night`, and never within the `quiet` hours, both in the
    time `zone`. `lease`: after so many seconds without a sign of life, another worker takes a client over.
    `documents`: how many bytes of fetched documents a desk or command keeps on its machine.
    """

    night: _Hours = "22:00-05:00"
    quiet: tuple[_Hours, ...] = ()
    zone: str = "UTC"
    lease: _Duration = 300.0
    documents: Annotated[int, BeforeValidator(_bytes)] = 2 << 30

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # few homes name a zone

        try:
            ZoneInfo(zone)
        except (ValueError, ZoneInfoNotFoundError):
            raise ValueError("is not a time zone such as Europe/Berlin") from None
        return zone


class RunSettings(_SettingsModel):
    """`deadline`: the longest time for one account, in seconds. The next run continues the rest."""

    deadline: _Duration = 4 * 3600.0


class Notify(_SettingsModel):
    """Who gets messages besides each client's contact; see docs/operations.md.

    `channels` are mail addresses, https:// addresses that accept a POST, and apprise addresses. A message about a
    missing certificate is sent again after `missing_days`, one about a claim's deadline `deadline_days` before. Every
    run fetches `ping` at its end, so that a monitoring service notices missing runs. `weekly`: send a message once a
    week if all is well.
    """

    channels: _Destinations = ()
    missing_days: Annotated[int, Field(ge=1)] = 7
    deadline_days: Annotated[int, Field(ge=0)] = 5
    weekly: bool = False
    ping: _Url | None = None


def _channels(value: object) -> object:
    """A plain list means a list of channels."""
    return {"channels": value} if isinstance(value, list | str) else value


class Contact(_SettingsModel):
    """The person who gets a client's messages; `to` has the form of `notify.channels`."""

    name: str = ""
    to: _Destinations = ()


def _contact(value: object) -> object:
    return {"to": value} if isinstance(value, list | str) else value


class OpenIdSettings(_SettingsModel):
    """Sign-in at the desk with OpenID Connect. `secret_command` prints the client's secret; a public client has none.

    `claim` names what the provider must say of a person: the desk's user with that name is signed in. An `email` counts
    only if the provider says that it is verified.
    """

    issuer: _Url
    client_id: str
    secret_command: _Command | None = None
    title: str = "OpenID Connect"
    claim: str = "email"


class DeskSettings(_SettingsModel):
    """How people sign in at the desk."""

    openid: OpenIdSettings | None = None


class Settings(_SettingsModel):
    """The model of archiver.yaml. `replay` marks a home whose archives are never evidence."""

    replay: bool = False
    agency: Agency = Agency()
    timestamps: Annotated[tuple[Timestamps, ...], BeforeValidator(_preset)] = ()
    trusted_lists: TrustedListSettings = TrustedListSettings()
    card: CardSettings | None = None
    witnesses: tuple[WitnessSettings, ...] = ()
    anchors: tuple[AnchorSettings, ...] = ()
    mail: MailSettings = MailSettings()
    notify: Annotated[Notify, BeforeValidator(_channels)] = Notify()
    run: RunSettings = RunSettings()
    pacing: PacingSettings = PacingSettings()
    network: NetworkSettings = NetworkSettings()
    match: MatchSettings = MatchSettings()
    desk: DeskSettings = DeskSettings()
    replica: ReplicaSettings | None = None
    fleet: FleetSettings = FleetSettings()

    @field_validator("timestamps", "witnesses", "anchors")
    @classmethod
    def _names_differ[T: (tuple[Timestamps, ...], tuple[WitnessSettings, ...], tuple[AnchorSettings, ...])](
        cls, listed: T
    ) -> T:
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
    """A rule that assigns licences of a shared account to `client`: those that match all given conditions.

    A text condition is a pattern for the whole text, ignoring case: `*` is any text, `?` one character. `hint` matches
    any client hint, `hints` the named ones. `since` and `until` are days, both included.
    """

    name: Annotated[str, _like("[a-z0-9][a-z0-9-]{0,39}", "must be at most 40 of a-z, 0-9 and -")]
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
            raise ValueError("its `since` is after its `until`, so it matches nothing")
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


type Input = Account | Source
"""Everything that a run reads."""

type _Line = Annotated[str, _like(r"[^\n]*\S[^\n]*", "must be one line that is not empty")]


class AuditSettings(_SettingsModel):
    """A weekly audit of the client's site. Without `sites`, its domains; `hosts` are further hosts of pictures."""

    sites: tuple[_Line, ...] = ()
    hosts: tuple[_Line, ...] = ()
    pages: Annotated[int, Field(ge=1)] = 500
    use: Literal["commercial", "editorial"] | None = None


class _Client(_SettingsModel):
    name: _Line
    aliases: tuple[_Line, ...] = ()
    domains: tuple[_Line, ...] = ()
    contact: Annotated[Contact, BeforeValidator(_contact)] = Contact()
    accounts: dict[Annotated[str, AfterValidator(check_account_name)], AccountSettings] = {}
    sources: dict[Annotated[str, AfterValidator(check_account_name)], AnySource] = {}
    audit: AuditSettings | None = None


# ---------------------------------------------------------------- the loaded home


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
    def load(cls, root: Path) -> Home:
        """Read all files; ConfigError names `file:line:column` of each fault."""
        root = root.absolute()
        marked = load(root / "archiver.yaml")
        settings = _with_files(root, marked, _checked(marked, Settings))
        return cls(root, settings, _clients(root))

    def customers(self) -> list[Client]:
        """All clients but the house."""
        return [client for client in self.clients.values() if client.slug != HOUSE]

    def accounts(self) -> list[Account]:
        """All accounts, in the order of the clients and of their files."""
        return [account for client in self.clients.values() for account in client.accounts]

    def account(self, name: str) -> Account:
        """The account of this name; ConfigError lists the known accounts."""
        return _pick({account.name: account for account in self.accounts()}, name, "account", "archiver account add")

    def sources(self) -> list[Source]:
        """All mailboxes and folders that runs read, in the order of the clients and of their files."""
        return [source for client in self.clients.values() for source in client.sources]

    def inputs(self) -> list[Input]:
        """All accounts and sources: everything that runs read."""
        return [each for client in self.clients.values() for each in client.inputs]

    def source(self, name: str) -> Source:
        """The source of this name; ConfigError lists the known sources."""
        return _pick({source.name: source for source in self.sources()}, name, "source", "archiver source add")

    def client(self, slug: str) -> Client:
        """The client of this name; ConfigError lists the known clients."""
        return _pick(self.clients, slug, "client", "archiver client add")

    def check_replay(self, recordings: Path | None) -> None:
        """ConfigError for recordings in a real home, and for a replay home without recordings."""
        if recordings and not self.settings.replay:
            raise ConfigError(
                "A replay is never evidence, so --replay works only in a replay home. Make one with "
                "`archiver init HOME --replay`."
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
            "This command needs a folder, but the home is a fleet. Write a client as a folder with `archiver fleet "
            "export CLIENT --out DIR`, and name that with --home."
        )
    path = option or default_home()
    if not (path / "archiver.yaml").is_file():
        what = "has no archiver.yaml, so it is not a home" if path.is_dir() else "does not exist"
        raise ConfigError(f"{path} {what}. Make a home with `archiver init {path}`, or name yours with --home.")
    return path


def _checked[M: BaseModel](marked: Marked, model: type[M]) -> M:
    return validate(replace(marked, value=_present(marked.value)), model)


def _present(value: Value) -> Value:
    """The value without empty keys: a `key:` without a value means the default."""
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None}
    return [_present(item) for item in value] if isinstance(value, list) else value


def _pick[T](known: Mapping[str, T], name: str, kind: str, command: str) -> T:
    if name not in known:
        names = ", ".join(sorted(known)) or "none yet"
        raise ConfigError(
            f"There is no {kind} {name!r}. Known: {names}.{did_you_mean(name, known)} Add one with `{command}`."
        )
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


def _clients(root: Path) -> dict[str, Client]:
    seen: dict[str, str] = {}
    read: list[tuple[Marked, Client]] = []
    for path in sorted((root / "clients").glob("*.y*ml")):
        marked, client = _client(path, load(path))
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


def _client(path: Path, marked: Marked) -> tuple[Marked, Client]:
    try:
        slug = check_slug(path.stem)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None
    if path.suffix != ".yaml":
        raise ConfigError(f"{path} does not end in .yaml. Rename it to {slug}.yaml.")
    client = _checked(marked, _Client)
    accounts = tuple(
        Account.model_construct(name=name, client=slug, **dict(each)) for name, each in client.accounts.items()
    )
    return marked, Client(
        slug=slug, name=client.name, aliases=client.aliases, domains=client.domains, accounts=accounts,
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


# ---------------------------------------------------------------- writing

_HOME_HEADING = "# Settings of this home. Every key is optional; unknown keys are refused.\n"
_CLIENT_HEADING = "# One client and its accounts. Secrets belong in the vault, never in this file.\n"

# Two public authorities of different operators, with the subjects of the roots that verify their tokens.
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
    """Create a home; ConfigError if one exists. `agency` is a name; each of `timestamps` has name, url and roots.

    By default a real home gets two public authorities with roots from certifi, and a replay home gets none.
    """
    if (root / "archiver.yaml").exists():
        raise ConfigError(f"{root} is a home already. Choose another folder, or use this home with --home.")
    try:
        for folder in (root, root / "clients", root / "archive", root / "state"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if timestamps is None:
            timestamps = [] if replay else _public_timestamps(root)
        content: dict[str, object] = {
            **({"replay": True} if replay else {}),
            **({"agency": {"name": agency}} if agency else {}),
            **({"timestamps": [dict(each) for each in timestamps]} if timestamps else {}),
        }
        _write(root / "archiver.yaml", _HOME_HEADING + (block(content) if content else ""), Settings)
    except OSError as error:
        raise ConfigError(f"The home {root} cannot be created: {error.strerror}. Choose another folder.") from None
    return Home.load(root)


def add_client(root: Path, slug: str, name: str, aliases: Sequence[str] = (), domains: Sequence[str] = ()) -> Client:
    """Write clients/<slug>.yaml; ConfigError if the slug is taken, invalid or `house`."""
    try:
        path = root / "clients" / f"{check_slug(slug)}.yaml"
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
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
        _write(path, _CLIENT_HEADING + block(content), _Client)
        return Home.load(root).clients[slug]


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
        text = _CLIENT_HEADING + block({"name": home.settings.agency.name or "House"})
    else:
        home.client(client)
        text = _text(path)
    text = with_entry(path, text, (part,), name, entry_of(fields))
    _, after = _client(path, load(path, text))
    return replace(home, clients={**home.clients, client: after}), text


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
        _write(root / "clients" / f"{client}.yaml", text, _Client)
        return Home.load(root)


def change_account(root: Path, name: str, **fields: str) -> Account:
    """Change an account's `username`, or set the day on which it was `closed`."""
    with _writing(root):
        account = Home.load(root).account(name)
        path = root / "clients" / f"{account.client}.yaml"
        text = _text(path)
        for key, value in fields.items():
            text = with_entry(path, text, ("accounts", name), key, value)
        _write(path, text, _Client)
        return Home.load(root).account(name)


def change_setting(root: Path, key: str, value: Value) -> Home:
    """Set one key of archiver.yaml, and keep everything else as it is written there."""
    with _writing(root):
        path = root / "archiver.yaml"
        _write(path, with_entry(path, _text(path), (), key, value), Settings)
        return Home.load(root)


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
        _write(path, text, Settings)
        return Home.load(root)


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
        _write(path, text, _Client)
        return Home.load(root).client(slug)


def rename_client(root: Path, slug: str, name: str) -> Client:
    """Give a client another full name, and keep the former one as an alias, by which its licences are recognised."""
    with _writing(root):
        client = Home.load(root).client(slug)
        if client.name == name:
            return client
        path = root / "clients" / f"{slug}.yaml"
        aliases: list[Value] = [each for each in dict.fromkeys((*client.aliases, client.name)) if each != name]
        text = with_entry(path, _text(path), (), "name", name)
        _write(path, with_entry(path, text, (), "aliases", aliases), _Client)
        return Home.load(root).client(slug)


def remove_client(root: Path, slug: str) -> None:
    """Delete a client's file. The caller has made sure that nothing else of the client is left."""
    with _writing(root):
        Home.load(root).client(slug)
        (root / "clients" / f"{slug}.yaml").unlink()
        sync_folder(root / "clients")


def rename_account(root: Path, name: str, new: str) -> Account:
    """Give an account another, valid name; ConfigError if it is taken."""
    with _writing(root):
        home = Home.load(root)
        account = home.account(name)
        if new in {each.name for each in home.accounts()}:
            raise ConfigError(f"The account {new!r} exists already. Choose another name.")
        path = root / "clients" / f"{account.client}.yaml"
        _write(path, with_name(path, _text(path), ("accounts",), name, new), _Client)
        return Home.load(root).account(new)


def remove_input(root: Path, part: Part, name: str) -> None:
    """Delete an account or a source from its client's file; ConfigError if there is none of this name."""
    with _writing(root):
        home = Home.load(root)
        found = home.account(name) if part == "accounts" else home.source(name)
        path = root / "clients" / f"{found.client}.yaml"
        _write(path, without_entry(path, _text(path), (part,), name), _Client)


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    from filelock import FileLock

    (root / "state").mkdir(exist_ok=True, mode=0o700)
    with FileLock(root / "state" / "config.lock"):
        yield


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")  # keep the line ends


def _write(path: Path, text: str, model: type[BaseModel]) -> None:
    """Write a settings file after checking that it can be read again."""
    _checked(load(path, text), model)
    replace_file(path, text.encode())


def _public_timestamps(root: Path) -> list[dict[str, str]]:
    """The public authorities. Writes their roots, as far as certifi has them, to roots/<name>.pem."""
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
            # Parse only roots that contain a wanted name, because some old roots cause warnings.
            if any(subject.encode() in der for subject in subjects):
                names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
                found += [f"{pem}-----END CERTIFICATE-----\n" for each in names if each.value in subjects]
        roots = f"roots/{name}.pem"
        replace_file(root / roots, "".join(found).encode())
        listed.append({"name": name, "url": url, "roots": roots})
    return listed
