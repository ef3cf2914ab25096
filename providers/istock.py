"""iStock, by the API of Getty Images with a key of its own: downloads by subscription and by credits."""

from __future__ import annotations

from archiver.provider import ProviderInfo
from providers.getty_family import METHODS, GettyFamily, rules

SITE = "https://www.istockphoto.com"


class Istock(GettyFamily):
    product_types = ("royaltyfreesubscription", "creditpack")
    info = ProviderInfo.beside(__file__, methods=METHODS, rules=rules("media.istockphoto.com"), listings=product_types)
