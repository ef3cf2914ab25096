"""What a person asks of a visit, and the scope and the fetcher that follow from it and from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from archiver.agency.audit.audit_store import AuditStore
from archiver.agency.audit.fetcher import DEFAULT_RATE_HZ, PoliteFetcher
from archiver.agency.audit.site_scope import SiteScope, scope_of
from archiver.core.errors import ConfigError
from archiver.home.connections import network_of
from archiver.home.settings import Client, Home

DEFAULT_PAGES = 500
MAX_VISIT_HOURS = 6.0


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """What a person asks of a visit. Without `sites`: those of the client's weekly audit, or else
    its domains. `hosts` are further hosts of pictures."""

    sites: Sequence[str] = ()
    hosts: Sequence[str] = ()
    pages: int = DEFAULT_PAGES
    use: str | None = None
    browser: bool = True  # open pages in Chromium whose scripts add pictures
    hours: float = MAX_VISIT_HOURS


def scope_of_visit(owner: Client, options: AuditOptions) -> SiteScope:
    """The sites and hosts of a visit; ConfigError without a site."""
    sites, hosts = options.sites, options.hosts
    if owner.audit and not sites:
        sites, hosts = owner.audit.sites, (*owner.audit.hosts, *hosts)
    sites = sites or owner.domains
    if not sites:
        raise ConfigError(f"{owner.name} has no known domain. Name its site with --site https://www.example.com.")
    if options.pages < 1:
        raise ConfigError("--pages must be at least 1.")
    return scope_of(sites, hosts)


@contextmanager
def fetcher_of_visit(
    home: Home, scope: SiteScope, store: AuditStore, wait: Callable[[float], None]
) -> Iterator[PoliteFetcher]:
    """The fetcher of a visit, with the pace and the contact of the settings."""
    pacing = home.settings.pacing
    rate = DEFAULT_RATE_HZ if pacing.default is None else pacing.default
    contact = home.settings.mail.sender or home.settings.agency.name or ""
    made = PoliteFetcher(
        network_of(home), scope, contact, rate=rate, rates=pacing.hosts, left_alone=store.left_alone(), wait=wait
    )
    with made as fetcher:
        yield fetcher
