"""The contract between the archiver and an adapter, and how adapters are found.

An adapter declares what it is (`ProviderInfo`), which requests it may make (`Rules`), and four short methods. It never
sees a raw browser, page or HTTP client: it gets a `Session`, through which every request passes the guard.
"""

from archiver.core.model import TextLayout
from archiver.provider.contract import (
    AnyProvider,
    ApiProvider,
    BrowserSession,
    Challenge,
    Choose,
    Click,
    Code,
    History,
    JsonObject,
    Page,
    Provider,
    Response,
    Session,
    SignInOutcome,
    UnreadRow,
    redact_url,
    refusing,
)
from archiver.provider.info import (
    Automation,
    AutomationTerms,
    Basis,
    Confirm,
    ProviderInfo,
    Scope,
    SignInMethod,
    TermsPage,
    TermsText,
    Transport,
)
from archiver.provider.registry import declared, installed, load, method_of, own_adapter
from archiver.provider.request_rules import Mode, Phase, Purpose, Request, Rule, Rules, SessionPhase, static_files

__all__ = [
    "AnyProvider",
    "ApiProvider",
    "Automation",
    "AutomationTerms",
    "Basis",
    "BrowserSession",
    "Challenge",
    "Choose",
    "Click",
    "Code",
    "Confirm",
    "History",
    "JsonObject",
    "Mode",
    "Page",
    "Phase",
    "Provider",
    "ProviderInfo",
    "Purpose",
    "Request",
    "Response",
    "Rule",
    "Rules",
    "Scope",
    "Session",
    "SessionPhase",
    "SignInMethod",
    "SignInOutcome",
    "TermsPage",
    "TermsText",
    "TextLayout",
    "Transport",
    "UnreadRow",
    "declared",
    "installed",
    "load",
    "method_of",
    "own_adapter",
    "redact_url",
    "refusing",
    "static_files",
]
