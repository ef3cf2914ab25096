"""Getty Images, by its official API: downloads under every product, and assets bought by order."""

from __future__ import annotations

from archiver.provider import ProviderInfo
from providers.getty_family import METHODS, ORDERS, PURCHASES, GettyFamily, rules

SITE = "https://www.gettyimages.com"


class GettyImages(GettyFamily):
    product_types = ("premiumaccess", "editorialsubscription", "imagepack", "easyaccess")
    purchases = True
    info = ProviderInfo.beside(
        __file__,
        methods=METHODS,
        rules=rules("media.gettyimages.com", PURCHASES, f"{ORDERS}/*"),
        listings=(*product_types, "purchases"),
    )
