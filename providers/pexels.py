"""Pexels: a photo's page as it is offered, and the API's record of it."""

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

SITE, API = "https://www.pexels.com", "https://api.pexels.com/v1"


class Pexels(FreeSite):
    page = f"{SITE}/photo/{{id}}/"
    asset_id = r"https://www\.pexels\.com/(?:[a-z-]{2,5}/)?(?:photo|foto)/(?:[^/]*-)?(\d{1,12})/?$"
    bare_id = r"\d{1,12}"
    fields: ClassVar[Mapping[str, Field]] = {
        "title": Field("meta[property='og:title']", "content", optional=True),
        "contributor": Field("main a[href*='/@'], a[href*='/@']"),
        "contributor_url": Field("main a[href*='/@'], a[href*='/@']", "href"),
        "kind": Field("main a[href*='/license'], a[href*='/license'], a[href*='/creative-commons']"),
        "kind_url": Field("main a[href*='/license'], a[href*='/license'], a[href*='/creative-commons']", "href"),
        "picture_url": Field("meta[property='og:image']", "content", optional=True),
    }
    api = Api(url=f"{API}/photos/{{id}}", headers={"authorization": "{key}"})
    info = ProviderInfo(
        name="pexels",
        title="Pexels",
        home=f"{SITE}/",
        login_url=f"{SITE}/login/",
        methods=public("pexels.com/api; 200 requests an hour"),
        rules=Rules(
            allow=(
                Rule("GET", f"{SITE}/photo/*"),
                Rule("GET", f"{SITE}/photo/*/"),
                Rule("GET", f"{API}/photos/*"),
            ),
            refuse=tuple(
                Rule("*", f"{place}/**/{word}{rest}")
                for place in (SITE, "https://api.pexels.com")
                for word in ("download", "downloads")
                for rest in ("", "/**")
            ),
            assets=("https://images.pexels.com/**", *static_files(SITE)),
        ),
        scope=SCOPE,
        listings=LISTINGS,
        identity=IDENTITY,
        documents=DOCUMENTS,
        client_hints=HINTS,
        basis=Basis.UNPROVEN,
        basis_detail="the API as the vendor documents it; the fields of the page are assumed. Not yet run against a "
        "live site, which may show an unattended browser a check instead of the page. Photos under CC0 and under the "
        "Pexels licence stand side by side: the page of each says which.",
        automation=AutomationTerms(
            stance=Automation.RESTRICTED,
            quote="data mining, extraction, scraping, and automated data collection or extraction",
            source="help page 900005880463, undated, which bars these for unauthorised purposes. Only pages that a "
            "person names are opened, one at a time, and never by a schedule",
            read_on="2026-11-24",
        ),
        confirm=Confirm(how="copyright questions on one item: info@pexels.com", who="anyone"),
        terms=(TermsPage("licence", f"{SITE}/license/", assets=static_files(SITE)),),
        on_request=True,
    )
