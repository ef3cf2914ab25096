"""The cheap question that comes first passes every paper that the rules read, and keeps their cost from other texts."""

import pytest

from archiver.reading.document_parser import read_text
from archiver.reading.relevance import is_relevant, page_is_relevant
from tests.support import papers

BUSINESS = {
    "platform": "Downloaded from Shutterstock by the design team",
    "label": "Bild-Nr.: 4711\nLizenznehmer: Example GmbH",
    "rights": "Usage rights for image LND-4471 as agreed",
    "demand": "Ihr Foto wurde ohne Lizenz genutzt. Wir fordern Unterlassung.",
    "seller": "PixelMill\nLicence Certificate\nItem: 4411\nDate: 3 May 2026\nLicensee: Example GmbH",
    "narrow column": "L I C E N C E  C E R T I F I C A T E\nused online, 3.5.2026",
    "letterhead": "Pond 5\nYour receipt",
}
OTHER = {
    "minutes": "Minutes of 3 May 2026: the brochure is late, call the printer about the price of 4,000 copies.",
    "furniture": "Invoice 2026-17 of 3 May 2026\nchair;9,99\ntable;120,00\nThank you for your order",
    "recipe": "200 g of flour, 3 eggs, bake for 40 minutes",
    "nothing": "",
}


@pytest.mark.parametrize("text", BUSINESS.values(), ids=BUSINESS.keys())
def test_what_may_be_about_licences_passes(text: str) -> None:
    assert is_relevant(text)
    assert page_is_relevant(f"<p>{text.replace('e', '<b>e</b>')}</p>")


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER.keys())
def test_what_is_none_of_our_business_does_not(text: str) -> None:
    assert not is_relevant(text)
    assert not page_is_relevant(f"<p>{text}</p>")


def test_every_paper_that_is_read_passes() -> None:
    texts = [papers.elements("ai", 1).text, papers.market_2017(1).text]
    assert all(map(read_text, texts))
    assert all(map(is_relevant, texts))


def test_a_file_called_as_a_platform_passes() -> None:
    assert is_relevant("a licence", "adobe-stock-4411.txt")
    assert not is_relevant("a chair", "chairs-4411.txt")
