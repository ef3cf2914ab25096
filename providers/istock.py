"""iStock, by the API of Getty Images with a key of its own: downloads by subscription and by credits."""

from __future__ import annotations

from archiver.provider import Automation, AutomationTerms, Confirm, ProviderInfo, Scope, TermsPage, static_files
from providers.getty_family import BASIS, METHODS, GettyFamily, rules

SITE = "https://www.istockphoto.com"


class Istock(GettyFamily):
    product_types = ("royaltyfreesubscription", "creditpack")
    info = ProviderInfo(
        name="istock",
        title="iStock",
        home=f"{SITE}/",
        login_url=f"{SITE}/sign-in",
        methods=METHODS,
        rules=rules("media.istockphoto.com"),
        scope=Scope.ORGANISATION,
        listings=product_types,
        identity="the product's type and id, the asset and the API's date, since downloads are not numbered",
        documents={
            "record": "offered",
            "preview": "offered",
            "certificate": "iStock issues none; the history of downloads is the proof",
            "receipt": "not in the API; a person finds invoices and order confirmations on the account's pages",
        },
        client_hints="project code and notes, where a product asks for them",
        basis=BASIS,
        basis_detail="the vendor's .NET library of February 2026 and a copy of its interface description, which name "
        "iStock's lists. Not yet run against a live account. Unknown: how far back the API shows downloads, and how it "
        "tells an extended licence. The company's history must be enabled for the account. The address of the licence "
        "agreement is from public links, among them the metadata of iStock's own pictures.",
        automation=AutomationTerms(
            stance=Automation.UNREAD,
            quote="",
            source="the contract that comes with an API key, and the site's terms, have not been read; older terms of "
            "another interface allowed its data for non-commercial use only",
            read_on="2026-11-24",
        ),
        confirm=Confirm(
            how="the history of downloads is the proof, as a buyer reports the support's answer; no letter or look-up "
            "was found",
            who="the account holder",
            german="Der Download-Verlauf ist der Nachweis, wie ein Käufer die Auskunft des Supports wiedergibt; ein "
            "Schreiben oder eine Auskunft für Dritte wurde nicht gefunden. Fragen darf der Kontoinhaber.",
        ),
        terms=(TermsPage("licence", f"{SITE}/legal/license-agreement", assets=static_files(SITE)),),
        pacing=2.0,
    )
