"""`ProviderInfo`: what an adapter declares about itself and its platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archiver.core.errors import ConfigError
from archiver.core.model import DateOrder, DocumentKind, Gap, GapReason, Licence
from archiver.core.yaml_source import load as read_yaml
from archiver.provider.request_rules import Rule, Rules, static_files

if TYPE_CHECKING:
    from playwright.async_api import StorageState


class Transport(StrEnum):
    HTTP = "http"
    BROWSER = "browser"


class Scope(StrEnum):
    """Whose history an account sees: that of one seat, or of the whole organisation."""

    SEAT = "seat"
    ORGANISATION = "organisation"


class Automation(StrEnum):
    """What the platform's terms say about software that reads one's own account."""

    PERMITTED = "permitted"
    SILENT = "silent"
    RESTRICTED = "restricted"
    UNREAD = "unread"

    @property
    def needs_acceptance(self) -> bool:
        return self in (Automation.RESTRICTED, Automation.UNREAD)


class Basis(StrEnum):
    """What an adapter is based on: the vendor's published contract, observations of others, or assumptions."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    UNPROVEN = "unproven"


@dataclass(frozen=True, kw_only=True)
class SignInMethod:
    """One way to sign in: which secrets it needs, and whether it runs in a browser or as a plain HTTP client."""

    name: str  # token | password | attended
    transport: Transport
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    needs_username: bool = False
    where: str = ""  # where a person finds the secret, and which permissions to tick


@dataclass(frozen=True, kw_only=True)
class AutomationTerms:
    """The class, and the quote that it is based on."""

    stance: Automation
    quote: str
    source: str
    read_on: str


TERMS_UNREAD = AutomationTerms(
    stance=Automation.UNREAD, quote="", source="the terms of use have not been read", read_on=""
)


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """How the platform itself confirms a licence to a third party, and who may ask.

    `german` says both in whole German sentences. If it is empty, a German pack only says whom to ask.
    """

    how: str
    who: str
    german: str = ""


@dataclass(frozen=True)
class TermsPage:
    """A public page with licence terms, opened without a sign-in. Nothing else is opened.

    `selector` is the element whose visible text is the terms. `also` are URL patterns (as in `Rule`) to which the
    platform may redirect; `assets` are those that the page may load in addition to the files of the sites in `static`.
    `kinds` are the kinds of licence that the text applies to, as the platform names them; empty means all.
    """

    name: str
    url: str
    selector: str = "body"
    assets: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    @property
    def loads(self) -> tuple[str, ...]:
        """URL patterns of everything that the page may load."""
        return (*self.assets, *(pattern for site in self.static for pattern in static_files(site)))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Where the page is, or may be."""
        return tuple(Rule("GET", url) for url in (self.url, *self.also))

    def covers(self, licence: Licence) -> bool:
        """Whether the text applies to this licence. A comp grants nothing, so no terms apply."""
        named = {kind.casefold() for kind in self.kinds}
        return not licence.comp and (not named or (licence.kind or "").casefold() in named)


@dataclass(frozen=True, kw_only=True)
class CompanionSite:
    """What the browser extension knows of a platform's web site. What it may fetch is decided by the rules.

    `hosts` are those that it offers to watch. `asset` is a pattern with one group, the asset's id in the address of its
    page; `document` the address of that asset's document, with `{asset}` in it. `history` are URL patterns (as in
    `Rule`) of the pages of the person's own list, `row` and `next` selectors of its rows and of its link to the next
    page.
    """

    hosts: tuple[str, ...]
    asset: str = ""
    document: str = ""
    history: tuple[str, ...] = ()
    row: str = ""
    next: str = ""


@dataclass(frozen=True, kw_only=True)
class TermsText:
    """A text of licence terms that the platform's interface gives to an account.

    `page` gives its name, its source, and the kinds of licence that it applies to. It is not opened.
    """

    page: TermsPage
    text: str
    retrieved_at: datetime


@dataclass(frozen=True, kw_only=True)
class ProviderInfo:
    """Everything about an adapter that is not code. `archiver providers` prints it.

    `narrowed` are settings of an account that narrow its history if they are not `true`, each with what is then not
    seen. `settings` are its other settings, with their meaning. The setting `without` of any account leaves out lists
    that are named in `listings`, and `date_order` says which number of their dates is the day.

    The field `date_order` is what the platform documents of these dates. A list that proves another order wins.

    `certificate` are the facts that every final certificate of the platform states: names of fields of `Licence`, or
    `asset_id`. What lacks one of them is archived as provisional, and asked for again until a final one comes. If
    nothing is declared, a certificate has to name the licensee or the date that the list states.

    `bearer` are the fields of a licence that by themselves give a stranger something: whoever knows a purchase code can
    look it up, or use it. No pack holds them.

    What has a default says the least: a seat's history, unproven, terms that nobody has read.
    """

    name: str
    title: str
    home: str
    login_url: str
    methods: tuple[SignInMethod, ...]
    rules: Rules
    scope: Scope = Scope.SEAT
    listings: tuple[str, ...]  # the platform's lists, each swept for itself
    identity: str
    documents: Mapping[str, str]  # kind -> "offered", or why not
    client_hints: str = "none"
    basis: Basis = Basis.UNPROVEN
    basis_detail: str = "not yet run against a live account"
    automation: AutomationTerms = TERMS_UNREAD
    confirm: Confirm = Confirm(how="unknown", who="unknown")
    terms: tuple[TermsPage, ...] = ()
    certificate: tuple[Literal["asset_id", "licence_id", "order", "kind", "licensee", "licensed_at"], ...] = ()
    bearer: tuple[Literal["licence_id", "order"], ...] = ()
    companion: CompanionSite | None = None
    narrowed: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    pacing: float = 1.0  # requests a second and host, unless archiver.yaml says otherwise
    date_order: DateOrder | None = None
    states_total: bool = True  # False: no list states its number of licences, and every summary says so
    headless: bool = True
    on_request: bool = False  # no history: `archiver capture` reads what a person names, and runs never ask it
    previews_marked: bool = False  # its previews may carry a watermark: none is called the same
    session_secrets: tuple[str, ...] = ()  # names of cookies and tokens; nothing that contains their values is archived

    @classmethod
    def beside(cls, module: str, **code: object) -> ProviderInfo:
        """Read the declaration from the YAML file beside an adapter's module (`__file__`). `code` has the fields that
        are code.

        The keys are this class's fields except `name`, which is the file's name. ConfigError names each mistake.
        """
        from pydantic import TypeAdapter, ValidationError

        path = Path(module).with_suffix(".yaml")
        facts = read_yaml(path).value
        try:
            return TypeAdapter(cls).validate_python({"name": path.stem, **dict(facts), **code})  # type: ignore[arg-type]
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise ConfigError(f"{path}: {'; '.join(faults)}") from None

    def bearer_of(self, licence: Licence) -> dict[str, str]:
        """The fields of a licence, of those in `bearer`, that have a value."""
        return {name: value for name in self.bearer if (value := getattr(licence, name))}

    def gap(self, kind: DocumentKind) -> Gap:
        """The gap for a document that the platform does not give, with the reason from `documents`."""
        why = self.documents[kind]
        reason = GapReason.ON_REQUEST if why.startswith("on request") else GapReason.NONE_OFFERED
        return Gap(kind=kind, reason=reason, detail=why)

    def check_settings(self, settings: Mapping[str, str]) -> None:
        """ConfigError names settings that accounts of this platform do not have, and lists those that they have."""
        known = sorted({"date_order", "without", *self.narrowed, *self.settings})
        if strange := [repr(name) for name in settings if name not in known]:
            raise ConfigError(
                f"An account of {self.title} has no setting {', '.join(strange)}. Use one of: {', '.join(known)}."
            )
        self.stated_date_order(settings)

    def stated_date_order(self, settings: Mapping[str, str]) -> DateOrder | None:
        """The order that a person set as an account's `date_order`; ConfigError for another value."""
        said = settings.get("date_order", "")
        try:
            return DateOrder(said.replace("-", " ")) if said else None
        except ValueError:
            known = ", ".join(each.replace(" ", "-") for each in DateOrder)
            raise ConfigError(f"The setting `date_order` is {said!r}. Use one of: {known}.") from None

    def unseen(self, settings: Mapping[str, str]) -> list[str]:
        """The licences that an account does not see with these settings, and which setting causes it."""
        narrowed = ((name, settings.get(name, "true")) for name in self.narrowed)
        seen = [f"{self.narrowed[name]} ({name}: {value})" for name, value in narrowed if value.lower() != "true"]
        return seen + [f"the list {listing} (without: {settings['without']})" for listing in self.without(settings)]

    def without(self, settings: Mapping[str, str]) -> list[str]:
        """The lists that an account's setting `without` names, separated by commas; ConfigError for unknown ones."""
        named = [name.strip() for name in settings.get("without", "").split(",") if name.strip()]
        if strange := [name for name in named if name not in self.listings]:
            raise ConfigError(
                f"The setting `without` names {', '.join(strange)}, but {self.title} has no such list. Use one of: "
                f"{', '.join(self.listings)}."
            )
        return named

    def session_end(self, state: StorageState | None) -> datetime | None:
        """When a saved session (a Playwright storage state) ends: when the first of its declared cookies expires.

        None if no cookie says so.
        """
        cookies = state.get("cookies", ()) if state else ()
        ends = [float(each.get("expires", -1)) for each in cookies if each.get("name") in self.session_secrets]
        return min((datetime.fromtimestamp(end, UTC) for end in ends if end > 0), default=None)

    def method(self, name: str | None) -> SignInMethod:
        """The sign-in method with this name, or the provider's first; ConfigError lists the methods."""
        for method in self.methods:
            if name in (None, method.name):
                return method
        known = ", ".join(method.name for method in self.methods)
        raise ConfigError(f"{self.name} has no sign-in method {name!r}. Use one of: {known}.")
