"""What archiver.yaml and clients/*.yaml may say: the models that check them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from archiver.core.packaged_data import packaged_yaml
from archiver.core.written_names import kept_domain
from archiver.home.source_settings import AnySource

QUALIFIED_PRESET = "eu-qualified"

# Two public authorities of different operators, with the subjects of the roots that verify their tokens.
PUBLIC_TIMESTAMPS = {
    "digicert": ("http://timestamp.digicert.com", ("DigiCert Trusted Root G4",)),
    "sectigo": (
        "http://timestamp.sectigo.com",
        ("USERTrust RSA Certification Authority", "Sectigo Public Time Stamping Root R46"),
    ),
}

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
    public = [Timestamps(name=name, url=url) for name, (url, _) in PUBLIC_TIMESTAMPS.items()]
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
    run fetches `ping` at its end, so that a monitoring service notices missing runs. `weekly`: say once a week that
    all is well, or what is open.
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


type _Line = Annotated[str, _like(r"[^\n]*\S[^\n]*", "must be one line that is not empty")]


class AuditSettings(_SettingsModel):
    """A weekly audit of the client's site. Without `sites`, its domains; `hosts` are further hosts of pictures."""

    sites: tuple[_Line, ...] = ()
    hosts: tuple[_Line, ...] = ()
    pages: Annotated[int, Field(ge=1)] = 500
    use: Literal["commercial", "editorial"] | None = None


class ClientFile(_SettingsModel):
    """The model of a client's file."""

    name: _Line
    aliases: tuple[_Line, ...] = ()
    domains: tuple[Annotated[_Line, AfterValidator(kept_domain)], ...] = ()
    contact: Annotated[Contact, BeforeValidator(_contact)] = Contact()
    accounts: dict[Annotated[str, AfterValidator(check_account_name)], AccountSettings] = {}
    sources: dict[Annotated[str, AfterValidator(check_account_name)], AnySource] = {}
    audit: AuditSettings | None = None
