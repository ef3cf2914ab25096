"""Unsplash: a photo's page as it is offered, and the API's record of it. Its download endpoint is never asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from archiver.provider import (
    Automation,
    AutomationTerms,
    Basis,
    Confirm,
    ProviderInfo,
    Rule,
    Rules,
    TermsPage,
    static_files,
)
from archiver.reading.html import Field
from providers.free_family import DOCUMENTS, HINTS, IDENTITY, LISTINGS, SCOPE, Api, FreeSite, public

SITE, API = "https://unsplash.com", "https://api.unsplash.com"


class Unsplash(FreeSite):
    page = f"{SITE}/photos/{{id}}"
    asset_id = r"https://unsplash\.com/(?:[a-z-]{2,5}/)?(?:photos|fotos)/(?:[^/]*-)?([\w-]{11})/?$"
    bare_id = r"[\w-]{11}"
    fields: ClassVar[Mapping[str, Field]] = {
        "title": Field("meta[property='og:title']", "content", optional=True),
        "contributor": Field("main a[href*='/@'], article a[href*='/@'], a[href*='/@']"),
        "contributor_url": Field("main a[href*='/@'], article a[href*='/@'], a[href*='/@']", "href"),
        "kind": Field("a[href$='/plus/license'], a[href$='/license']", pattern=r"(Unsplash\+? License)"),
        "kind_url": Field("a[href$='/plus/license'], a[href$='/license']", "href"),
        "picture_url": Field("meta[property='og:image']", "content", optional=True),
    }
    # Documented: the key as Client-ID, and the version. What downloads is another address, links.download_location.
    api = Api(
        url=f"{API}/photos/{{id}}",
        headers={"authorization": "Client-ID {key}", "accept-version": "v1"},
    )
    info = ProviderInfo(
        name="unsplash",
        title="Unsplash",
        home=f"{SITE}/",
        login_url=f"{SITE}/login",
        methods=public("unsplash.com/developers, the application's Access Key"),
        rules=Rules(
            allow=(Rule("GET", f"{SITE}/photos/*"), Rule("GET", f"{API}/photos/*")),
            # A download is counted at the platform as a use of the photo.
            refuse=tuple(Rule("*", f"{place}/**/download{rest}") for place in (SITE, API) for rest in ("", "/**")),
            assets=("https://images.unsplash.com/**", "https://plus.unsplash.com/**", *static_files(SITE)),
        ),
        scope=SCOPE,
        listings=LISTINGS,
        identity=IDENTITY,
        documents=DOCUMENTS,
        client_hints=HINTS,
        basis=Basis.UNPROVEN,
        basis_detail="the API as the vendor documents it (a photo's record; requests carry the key as Client-ID); the "
        "fields of the page are assumed. Not yet run against a live site. A photo of Unsplash+ is a subscription's "
        "matter: its page shows an offer only.",
        automation=AutomationTerms(
            stance=Automation.RESTRICTED,
            quote="access the Service using any bots, spiders, scripts, crawlers, scrapers, or other automated tools",
            source="terms, section 8, undated, as an archive of terms has them, which except a browser, the app and "
            "the API. Only pages that a person names are opened, one at a time, and never by a schedule",
            read_on="2026-11-24",
        ),
        confirm=Confirm(
            how="no letter was found; a message to the contributor, or to support@unsplash.com", who="anyone"
        ),
        terms=(TermsPage("licence", f"{SITE}/license", assets=static_files(SITE)),),
        on_request=True,
    )
