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
from archiver.home.setting_keys import COMMAND, SPAN, Meaning, ValueKind
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


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


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


type _Url = Annotated[str, AfterValidator(_url), ValueKind("http:// or https:// address")]
type _Destinations = Annotated[
    tuple[Annotated[str, AfterValidator(check_destination)], ...],
    BeforeValidator(_one_or_many),
    ValueKind("list of addresses"),
]
type _Duration = Annotated[float, BeforeValidator(_duration), Field(gt=0), ValueKind("duration such as 4h, 90m or 45s")]
type _Size = Annotated[int, BeforeValidator(_bytes), ValueKind("size such as 2GB or 500MB")]
type _Command = Annotated[tuple[str, ...], Field(min_length=1), ValueKind(COMMAND)]
type _Rate = Annotated[float, Field(ge=0, le=1000)]


class Agency(_SettingsModel):
    """The agency that runs the archiver; country as ISO 3166 alpha-2, language as a BCP 47 tag."""

    name: Annotated[str, Meaning("The agency's name, as letters, packs and reports bear it.", "Northlight Media")] = ""
    country: Annotated[
        Annotated[str, BeforeValidator(_upper), _like("[A-Z]{2}", "is not a country code such as DE")] | None,
        Meaning("The agency's country in two letters, by whose clock and rules deadlines are counted.", "DE"),
    ] = None
    language: Annotated[
        str,
        _like("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "is not a language code such as en"),
        Meaning("The language of messages, reports and drafts.", "de"),
    ] = "en"


class Timestamps(_SettingsModel):
    """One timestamp authority. Once loaded, `roots` is an absolute path."""

    name: Annotated[
        str,
        _like("[a-z0-9][a-z0-9-]{0,19}", "must be at most 20 of a-z, 0-9 and -"),
        Meaning("A short name of the authority, which becomes part of file names.", "digicert"),
    ]
    url: Annotated[_Url, Meaning("Where the authority takes requests (RFC 3161).", "http://timestamp.digicert.com")]
    roots: Annotated[
        Path | None,
        Meaning("The authority's root certificates, a PEM file; relative to the home.", "roots/digicert.pem"),
    ] = None


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
    """Where the EU's list of trusted lists is, and who may sign it."""

    url: Annotated[
        _Url | None, Meaning("Where the EU's list of trusted lists is, if not where the EU publishes it.")
    ] = None
    signers: Annotated[
        Path | None,
        Meaning("Who may sign that list, a PEM file, if not those whom the Official Journal names.", "signers.pem"),
    ] = None


class CardSettings(_SettingsModel):
    """The card or token that signs proof.pdf (PKCS#11)."""

    module: Annotated[Path, Meaning("The library of the card's driver.", "/usr/lib/opensc-pkcs11.so")]
    token: Annotated[str, Meaning("The label of the card or token.", "My card")]
    key: Annotated[str, Meaning("The label of the key in it.", "SIGN")]
    secret_command: Annotated[
        _Command | None,
        Meaning(
            "A program that prints the PIN; without it, the PIN is asked for at the terminal.",
            "[op, read, 'op://Private/Card/pin']",
            private=True,
        ),
    ] = None


class WitnessSettings(_SettingsModel):
    """A witness that holds the newest checkpoint: a folder (relative to the home), a mail address or a command."""

    name: Annotated[str, Meaning("A name that you choose.", "counsel")]
    folder: Annotated[
        Path | None, Meaning("A folder that receives the newest checkpoint; relative to the home.", "/mnt/witness")
    ] = None
    email: Annotated[
        str | None, Meaning("A mail address that receives the newest checkpoint.", "counsel@example.com")
    ] = None
    command: Annotated[
        _Command | None,
        Meaning("A program that takes the newest checkpoint from standard input.", "[ssh, host, store]", private=True),
    ] = None

    @model_validator(mode="after")
    def _one_way(self) -> WitnessSettings:
        if sum(way is not None for way in (self.folder, self.email, self.command)) != 1:
            raise ValueError("needs exactly one of folder, email and command")
        return self


class AnchorSettings(_SettingsModel):
    """A party that vouches for checkpoints: a C2SP witness with its `key`, or an OpenTimestamps calendar."""

    name: Annotated[
        str,
        _like("[a-z0-9][a-z0-9-]{0,19}", "must be at most 20 of a-z, 0-9 and -"),
        Meaning("A short name that you choose.", "calendar"),
    ]
    witness: Annotated[_Url | None, Meaning("The address of a C2SP witness, which signs checkpoints.")] = None
    key: Annotated[
        Annotated[str, _like(r"\S+\+[0-9a-f]{8}\+\S+", "is not the key of a witness, as NAME+12345678+BASE64")] | None,
        Meaning("The public key of that witness.", "NAME+12345678+BASE64"),
    ] = None
    calendar: Annotated[
        _Url | None,
        Meaning("The address of an OpenTimestamps calendar.", "https://alice.btc.calendar.opentimestamps.org"),
    ] = None

    @model_validator(mode="after")
    def _one_kind(self) -> AnchorSettings:
        if (self.witness is None) == (self.calendar is None):
            raise ValueError("needs exactly one of witness and calendar")
        if (self.witness is None) != (self.key is None):
            raise ValueError("needs the key of its witness" if self.witness else "is a calendar, which has no key")
        return self


class MailSettings(_SettingsModel):
    """The server that sends mail."""

    host: Annotated[str | None, Meaning("The mail server.", "mail.example.com")] = None
    port: Annotated[
        Annotated[int, Field(ge=1, le=65535)] | None,
        Meaning("Its port: 465 uses TLS from the start, others STARTTLS; 587 if it is left out.", "587"),
    ] = None
    sender: Annotated[
        str | None, Field(alias="from"), Meaning("The address from which mails are sent.", "archiver@example.com")
    ] = None
    username: Annotated[str | None, Meaning("The user who signs in there, if the server wants one.")] = None
    secret_command: Annotated[
        _Command | None,
        Meaning(
            "A program that prints the user's password; without it, the vault's is used, which `setup` stores.",
            "[op, read, 'op://Private/Mail/password']",
            private=True,
        ),
    ] = None


class PacingSettings(_SettingsModel):
    """Requests per second."""

    default: Annotated[
        _Rate | None,
        Meaning(
            "The most requests a second to one host; 0 is without limit; without it, each platform keeps its own pace.",
            "1.0",
        ),
    ] = None
    hosts: Annotated[dict[str, _Rate], Meaning("The same for single hosts.", "{api.example.com: 0.5}")] = {}


class NetworkSettings(_SettingsModel):
    """The way to the network. Once loaded, `ca_file` is an absolute path."""

    proxy: Annotated[
        _Url | None,
        Meaning(
            "The proxy for all connections; without it, the one that the environment names.",
            "http://proxy.example:3128",
        ),
    ] = None
    ca_file: Annotated[
        Path | None, Meaning("The root certificates of a company's own authority, a PEM file.", "corp.pem")
    ] = None
    no_proxy: Annotated[tuple[str, ...], Meaning("The hosts that are reached without the proxy.")] = (
        "localhost",
        "127.0.0.1",
    )


class MatchSettings(_SettingsModel):
    model: Annotated[
        Path | None, Meaning("A model in ONNX that compares pictures; without it, the installed one.", "model.onnx")
    ] = None


def _period(value: object) -> object:
    """Convert `10y` or `90d` to days."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,5})([dy])", value.strip())):
        return int(match[1]) * (366 if match[2] == "y" else 1)
    raise ValueError("is not a period such as 10y or 90d")


type _Period = Annotated[int, BeforeValidator(_period), Field(ge=1), ValueKind("period such as 10y or 90d")]


class RetainSettings(_SettingsModel):
    """For how many days the store must keep a file, by its class: the folder below `evidence/` in which it lies.

    `ledger` is for all that lies elsewhere, and for tombstones: without it, nothing else can be restored, so it must be
    kept longest. `default` is for the classes that are not named.
    """

    default: Annotated[
        _Period, Meaning("How long the store must keep each file whose class has no period of its own.", default="10y")
    ] = 10 * 366
    licences: Annotated[_Period | None, Meaning("How long the store must keep licences.", "10y")] = None
    comps: Annotated[_Period | None, Meaning("How long the store must keep previews that grant nothing.", "10y")] = None
    terms: Annotated[_Period | None, Meaning("How long the store must keep texts of terms.", "10y")] = None
    receipts: Annotated[_Period | None, Meaning("How long the store must keep receipts.", "10y")] = None
    sightings: Annotated[
        _Period | None, Meaning("How long the store must keep what an audit saw of a site.", "10y")
    ] = None
    statements: Annotated[_Period | None, Meaning("How long the store must keep what persons stated.", "10y")] = None
    ledger: Annotated[
        _Period | None,
        Meaning(
            "How long the store must keep the ledger; the longest of the periods if it is left out.",
            "30y",
        ),
    ] = None

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
    """The bucket that receives a copy which nobody can delete."""

    bucket: Annotated[
        str,
        _like("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "is not the name of a bucket"),
        Meaning("The bucket that receives the copy; it has Object Lock.", "northlight-evidence"),
    ]
    endpoint: Annotated[
        _Url | None,
        Meaning("The address of an S3 service that is not Amazon's.", "https://s3.eu-central-1.wasabisys.com"),
    ] = None
    region: Annotated[str | None, Meaning("The bucket's region.", "eu-central-1")] = None
    prefix: Annotated[
        str,
        _like("[A-Za-z0-9_./-]*", "may contain only letters, digits and . _ - /"),
        Meaning("What the names of all objects begin with, so that homes can share a bucket.", "berlin/"),
    ] = ""
    retain: Annotated[
        RetainSettings,
        BeforeValidator(_retain),
        Meaning("How long the store must keep each file; one period is for all.", short="default"),
    ] = RetainSettings()
    secret_command: Annotated[
        _Command | None,
        Meaning(
            "A program that prints `client_id: ACCESS-KEY-ID` and `client_secret: SECRET-ACCESS-KEY`; without it, "
            "boto3 looks where it always does.",
            "[op, read, 'op://Private/S3/keys']",
            private=True,
        ),
    ] = None


class BackupSettings(_SettingsModel):
    """Backups of the home."""

    elsewhere: Annotated[
        str,
        Meaning("What else backs up the home, in your words; then nothing asks for backups.", "restic, every night"),
    ] = ""
    secret_command: Annotated[
        _Command | None,
        Meaning(
            "A program that prints a passphrase; with it, every backup is encrypted.",
            "[pass, show, archiver-backup]",
            private=True,
        ),
    ] = None


type _Hours = Annotated[
    str,
    _like("([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d", "is not a span as 22:00-05:00"),
    ValueKind(SPAN),
]


class FleetSettings(_SettingsModel):
    """When a fleet's workers visit accounts. `lease` in seconds, `documents` in bytes."""

    night: Annotated[_Hours, Meaning("The hours over which a fleet's workers spread the visits to accounts.")] = (
        "22:00-05:00"
    )
    quiet: Annotated[tuple[_Hours, ...], Meaning("The hours in which they visit none.", "[03:00-04:00]")] = ()
    zone: Annotated[str, Meaning("The time zone of these hours.", "Europe/Berlin")] = "UTC"
    lease: Annotated[
        _Duration, Meaning("How long without a sign of life until another worker takes a client over.", default="5m")
    ] = 300.0
    documents: Annotated[
        _Size, Meaning("How much of fetched documents a desk or command keeps on its machine.", default="2GB")
    ] = 2 << 30

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
    """How runs go. `deadline` in seconds."""

    deadline: Annotated[
        _Duration, Meaning("The longest time for one account; the next run continues the rest.", default="4h")
    ] = 4 * 3600.0


class Notify(_SettingsModel):
    """Who gets messages besides each client's contact; see docs/operations.md."""

    channels: Annotated[
        _Destinations,
        Meaning(
            "Who gets messages: mail addresses, https:// addresses that accept a POST, and addresses of chat services.",
            "[ada@example.com, 'ntfy://my-topic']",
            private=True,
        ),
    ] = ()
    missing_days: Annotated[
        int, Field(ge=1), Meaning("After how many days a message about a missing certificate is sent again.")
    ] = 7
    deadline_days: Annotated[int, Field(ge=0), Meaning("How many days before its deadline a claim is told.")] = 5
    weekly: Annotated[bool, Meaning("Whether to tell once a week that all is well, or what is open.")] = False
    ping: Annotated[
        _Url | None,
        Meaning(
            "An address that every run fetches at its end, so that a monitoring service notices missing runs.",
            "https://hc-ping.com/ID",
            private=True,
        ),
    ] = None


def _channels(value: object) -> object:
    """A plain list means a list of channels."""
    return {"channels": value} if isinstance(value, list | str) else value


class Contact(_SettingsModel):
    """The person who gets a client's messages; `to` has the form of `notify.channels`."""

    name: Annotated[str, Meaning("The person who gets the client's messages.", "Ada Example")] = ""
    to: Annotated[
        _Destinations,
        Meaning("Where the client's messages go, as in `notify.channels`.", "ada@example.com", private=True),
    ] = ()


def _contact(value: object) -> object:
    return {"to": value} if isinstance(value, list | str) else value


class OpenIdSettings(_SettingsModel):
    """Sign-in at the desk with OpenID Connect. An `email` counts only if the provider says that it is verified."""

    issuer: Annotated[_Url, Meaning("The address of the provider of identities.", "https://login.example.com")]
    client_id: Annotated[str, Meaning("The name under which the desk is registered there.", "archiver-desk")]
    secret_command: Annotated[
        _Command | None,
        Meaning(
            "A program that prints the desk's secret there; a public client has none.",
            "[op, read, 'op://Private/Desk/secret']",
            private=True,
        ),
    ] = None
    title: Annotated[str, Meaning("What the button of the sign-in says.", "Example login")] = "OpenID Connect"
    claim: Annotated[
        str, Meaning("What the provider says of a person: the desk's user with that name is signed in.")
    ] = "email"


class DeskSettings(_SettingsModel):
    """How people sign in at the desk."""

    openid: Annotated[OpenIdSettings | None, Meaning("Sign-in at the desk with OpenID Connect.")] = None


class Settings(_SettingsModel):
    """The model of archiver.yaml. `replay` marks a home whose archives are never evidence."""

    replay: Annotated[
        bool,
        Meaning("Whether this home is for recordings only, so that its archives are never evidence.", command="init"),
    ] = False
    agency: Annotated[Agency, Meaning("The agency that runs the archiver.")] = Agency()
    timestamps: Annotated[
        tuple[Timestamps, ...],
        BeforeValidator(_preset),
        Meaning("The authorities that stamp the time, or `{preset: eu-qualified}`.", "{preset: eu-qualified}"),
    ] = ()
    trusted_lists: Annotated[
        TrustedListSettings, Meaning("The EU's trusted lists, which show that a timestamp is qualified.")
    ] = TrustedListSettings()
    card: Annotated[CardSettings | None, Meaning("The card or token that signs `proof.pdf` (PKCS#11).")] = None
    witnesses: Annotated[
        tuple[WitnessSettings, ...],
        Meaning(
            "Who outside holds the newest checkpoint: each a folder, a mail address or a program.",
            "[{name: disk, folder: /mnt/witness}]",
        ),
    ] = ()
    anchors: Annotated[
        tuple[AnchorSettings, ...],
        Meaning(
            "Public services that vouch for checkpoints: each a witness with its key, or a calendar.",
            "[{name: alice, calendar: 'https://alice.btc.calendar.opentimestamps.org'}]",
        ),
    ] = ()
    mail: Annotated[MailSettings, Meaning("The server that sends mail.")] = MailSettings()
    notify: Annotated[
        Notify,
        BeforeValidator(_channels),
        Meaning("Who gets messages, and when; a plain list is of channels.", short="channels"),
    ] = Notify()
    run: Annotated[RunSettings, Meaning("How runs go.")] = RunSettings()
    pacing: Annotated[PacingSettings, Meaning("How quickly platforms are asked.")] = PacingSettings()
    network: Annotated[NetworkSettings, Meaning("How this machine reaches the network.")] = NetworkSettings()
    match: Annotated[MatchSettings, Meaning("How pictures are compared.")] = MatchSettings()
    desk: Annotated[DeskSettings, Meaning("How people sign in at the desk.")] = DeskSettings()
    replica: Annotated[ReplicaSettings | None, Meaning("The bucket that receives a copy which nobody can delete.")] = (
        None
    )
    backup: Annotated[BackupSettings, Meaning("How the home is backed up.")] = BackupSettings()
    fleet: Annotated[FleetSettings, Meaning("When a fleet's workers visit accounts.")] = FleetSettings()

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

    A text condition is a pattern for the whole text, ignoring case. `since` and `until` are both included.
    """

    name: Annotated[
        str,
        _like("[a-z0-9][a-z0-9-]{0,39}", "must be at most 40 of a-z, 0-9 and -"),
        Meaning("A short name that you choose.", "summer"),
    ]
    client: Annotated[str, Meaning("The short name of the client for whom the licences are.", "acme")]
    hint: Annotated[
        str | None,
        Meaning("A pattern for any of the client hints of a licence: `*` is any text, `?` one character.", "*Summer*"),
    ] = None
    hints: Annotated[dict[str, str], Meaning("Patterns for client hints by their names.", "{po_number: 'A-*'}")] = {}
    project: Annotated[
        str | None, Meaning("A pattern for the project: `*` is any text, `?` one character.", "*Summer*")
    ] = None
    folder: Annotated[
        str | None, Meaning("A pattern for the folder or collection: `*` is any text, `?` one character.", "*Summer*")
    ] = None
    seat: Annotated[
        str | None, Meaning("A pattern for the seat's user: `*` is any text, `?` one character.", "*Summer*")
    ] = None
    title: Annotated[
        str | None, Meaning("A pattern for the asset's title: `*` is any text, `?` one character.", "*Summer*")
    ] = None
    since: Annotated[date | None, Meaning("The first day of licensing to which the rule applies.", "2026-01-01")] = None
    until: Annotated[date | None, Meaning("The last day of licensing to which the rule applies.", "2026-12-31")] = None

    @model_validator(mode="after")
    def _tells_something(self) -> AssignmentRule:
        if not self.model_dump(exclude={"name", "client"}, exclude_defaults=True):
            raise ValueError("needs a condition: one of hint, hints, project, folder, seat, title, since and until")
        if self.since and self.until and self.since > self.until:
            raise ValueError("its `since` is after its `until`, so it matches nothing")
        return self


type _People = Annotated[int, Field(ge=1, le=100_000)]


class AccountSettings(_SettingsModel):
    """What a client's file says of one account."""

    provider: Annotated[
        str, Meaning("The platform; the command `providers` lists them.", "shutterstock", command="account add")
    ]
    method: Annotated[str | None, Meaning("How to sign in; without it, the platform's first way.", "token")] = None
    username: Annotated[str | None, Meaning("The user name at the platform.")] = None
    secret_command: Annotated[
        _Command | None,
        Meaning(
            "A password manager's program that prints the secrets, in place of the vault.",
            "[op, read, 'op://Private/Stock/token']",
            private=True,
        ),
    ] = None
    plan: Annotated[str | None, Meaning("The plan, in your words.", "Enterprise")] = None
    plan_until: Annotated[date | None, Meaning("The last day of the plan or subscription.", "2026-12-31")] = None
    seats: Annotated[_People | None, Meaning("How many people the plan allows.")] = None
    people: Annotated[_People | None, Meaning("How many people use the sign-in.")] = None
    seat_until: Annotated[
        dict[str, date], Meaning("The last day of single seats, by their users.", "{ada@example.com: 2026-12-31}")
    ] = {}
    settings: Annotated[
        dict[str, Annotated[str, BeforeValidator(_setting)]],
        Meaning(
            "What the platform's adapter wants to know; the command `providers NAME` says what.", "{details: false}"
        ),
    ] = {}
    rules: Annotated[
        tuple[AssignmentRule, ...],
        Meaning(
            "For which clients the licences of a shared account are; the first rule that fits decides.",
            "[{name: summer, client: acme, project: '*Summer*'}]",
        ),
    ] = ()
    closed: Annotated[date | None, Meaning("The day since which nothing signs in.", command="account close")] = None

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, listed: tuple[AssignmentRule, ...]) -> tuple[AssignmentRule, ...]:
        if len({each.name for each in listed}) != len(listed):
            raise ValueError("two have the same name")
        return listed


type _Line = Annotated[str, _like(r"[^\n]*\S[^\n]*", "must be one line that is not empty")]


class AuditSettings(_SettingsModel):
    """A weekly audit of the client's site."""

    sites: Annotated[
        tuple[_Line, ...],
        Meaning("The pages where an audit begins; without them, the client's domains.", "[shop.acme.example]"),
    ] = ()
    hosts: Annotated[tuple[_Line, ...], Meaning("Further hosts whose pictures count.", "[cdn.example.net]")] = ()
    pages: Annotated[int, Field(ge=1), Meaning("The most pages that an audit opens.")] = 500
    use: Annotated[
        Literal["commercial", "editorial"] | None,
        Meaning("How the client uses pictures, for the verdicts.", "commercial"),
    ] = None


class ClientFile(_SettingsModel):
    """The model of a client's file."""

    name: Annotated[
        _Line, Meaning("The client's name, as packs and reports bear it.", "Acme Ltd", command="client rename")
    ]
    aliases: Annotated[
        tuple[_Line, ...], Meaning("Further names by which letters and licences are recognised.", "[ACME, Acme Inc]")
    ] = ()
    domains: Annotated[
        tuple[Annotated[_Line, AfterValidator(kept_domain)], ...],
        Meaning("The client's web sites, by which letters and mails are recognised.", "[acme.example]"),
    ] = ()
    contact: Annotated[
        Contact, BeforeValidator(_contact), Meaning("The person who gets the client's messages.", short="to")
    ] = Contact()
    accounts: Annotated[
        dict[Annotated[str, AfterValidator(check_account_name)], AccountSettings],
        Meaning("The client's accounts by name; see the keys of an account.", command="account add"),
    ] = {}
    sources: Annotated[
        dict[Annotated[str, AfterValidator(check_account_name)], AnySource],
        Meaning("The mailboxes and folders that runs read, by name; see the keys of a source.", command="source add"),
    ] = {}
    audit: Annotated[
        AuditSettings | None, Meaning("The weekly audit of the client's site; without it, there is none.")
    ] = None
