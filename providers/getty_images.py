"""Getty Images, by its official API: downloads under every product, and assets bought by order."""

from __future__ import annotations

from archiver.provider import Automation, AutomationTerms, Confirm, ProviderInfo, Scope, TermsPage, static_files
from providers.getty_family import BASIS, METHODS, ORDERS, PURCHASES, GettyFamily, rules

SITE = "https://www.gettyimages.com"


class GettyImages(GettyFamily):
    product_types = ("premiumaccess", "editorialsubscription", "imagepack", "easyaccess")
    purchases = True
    info = ProviderInfo(
        name="getty_images",
        title="Getty Images",
        home=f"{SITE}/",
        login_url=f"{SITE}/sign-in",
        methods=METHODS,
        rules=rules("media.gettyimages.com", PURCHASES, f"{ORDERS}/*"),
        scope=Scope.ORGANISATION,
        listings=(*product_types, "purchases"),
        identity="of a download the product's type and id, the asset and the API's date, since downloads are not "
        "numbered; of a purchase the order number, the asset and the date",
        documents={
            "record": "offered",
            "preview": "offered",
            "certificate": "Getty Images issues none; the order number is what it asks for",
            "receipt": "of an order on request: a person saves the order's page and invoice from the account's pages. "
            "The API tells neither the uses of a rights-managed licence nor prices",
        },
        client_hints="of an order: end client, purchase order, project title; of a download: project code and notes",
        basis=BASIS,
        basis_detail="the vendor's .NET library of February 2026 and a copy of its interface description. Not yet run "
        "against a live account. Unknown: how far back the API shows downloads; whether easyaccess downloads grant "
        "more than trying an asset out, which their agreement says. Not read: downloads of the AI generator. The key "
        "must be enabled for orders and for the company's history. The address of the licence agreement is from public "
        "links; which agreement an account has may differ.",
        automation=AutomationTerms(
            stance=Automation.UNREAD,
            quote="",
            source="the contract that comes with an API key, and the site's terms, have not been read",
            read_on="2026-11-24",
        ),
        confirm=Confirm(
            how="the sales order number, with a copy of the licence if at hand, in answer to a letter within 10 "
            "business days: Getty Images then connects it with the use. Downloads under an agreement have none",
            who="whoever received the letter; a purchase by staff counts",
            german="Durch die Auftragsnummer, mit einer Kopie der Lizenz, soweit vorhanden, als Antwort auf ein "
            "Schreiben binnen zehn Werktagen: Getty Images verbindet sie dann mit der Verwendung. Downloads aus einem "
            "Rahmenvertrag haben keine. Antworten darf, wer das Schreiben erhielt; auch ein Kauf durch Mitarbeiter "
            "zählt.",
        ),
        terms=(TermsPage("licence", f"{SITE}/eula", assets=static_files(SITE)),),
        pacing=2.0,
    )
