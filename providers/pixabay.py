"""Pixabay: an item's page as it is offered, and the API's record of it."""

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

SITE = "https://pixabay.com"
KINDS = ("photos", "illustrations", "vectors")


class Pixabay(FreeSite):
    page = f"{SITE}/photos/{{id}}/"
    asset_id = rf"https://pixabay\.com/(?:[a-z]{{2}}/)?(?:{'|'.join(KINDS)})/(?:[^/]*-)?(\d{{1,12}})/?$"
    bare_id = r"\d{1,12}"
    fields: ClassVar[Mapping[str, Field]] = {
        "title": Field("meta[property='og:title']", "content", optional=True),
        "contributor": Field("a[href*='/users/']"),
        "contributor_url": Field("a[href*='/users/']", "href"),
        "kind": Field("a[href*='/service/license']"),
        "kind_url": Field("a[href*='/service/license']", "href"),
        "picture_url": Field("meta[property='og:image']", "content", optional=True),
    }
    # Documented: the key and the id as parameters, answers to be kept for 24 hours, as `archiver capture` does.
    api = Api(url=f"{SITE}/api/", query={"key": "{key}", "id": "{id}"}, photo=("hits", 0))
    info = ProviderInfo(
        name="pixabay",
        title="Pixabay",
        home=f"{SITE}/",
        login_url=f"{SITE}/accounts/login/",
        methods=public("pixabay.com/api/docs, shown to whoever is signed in; 100 requests a minute"),
        rules=Rules(
            allow=(
                *(Rule("GET", f"{SITE}/{kind}/*{end}") for kind in KINDS for end in ("", "/")),
                Rule("GET", f"{SITE}/api/"),
            ),
            refuse=tuple(
                Rule("*", f"{SITE}/**/{word}{rest}") for word in ("download", "downloads") for rest in ("", "/**")
            ),
            assets=("https://cdn.pixabay.com/**", *static_files(SITE)),
        ),
        scope=SCOPE,
        listings=LISTINGS,
        identity=IDENTITY,
        documents=DOCUMENTS,
        client_hints=HINTS,
        basis=Basis.UNPROVEN,
        basis_detail="the API as the vendor documents it; the fields and the address by id alone are assumed. Not yet "
        "run against a live site, which may show an unattended browser a check instead of the page. Items changed from "
        "CC0 to the site's own licence, and some are for editorial use only, which only a reader of the page can tell.",
        automation=AutomationTerms(
            stance=Automation.UNREAD,
            quote="",
            source="the terms of today have not been read; those of 2013 only ask to keep others out of one's "
            "account. Only pages that a person names are opened, one at a time, and never by a schedule",
            read_on="2026-11-24",
        ),
        confirm=Confirm(how="no route was found", who="unknown"),
        terms=(TermsPage("licence", f"{SITE}/service/license-summary/", assets=static_files(SITE)),),
        on_request=True,
    )
