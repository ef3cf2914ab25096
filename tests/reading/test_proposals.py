"""What a paper may license that no reader takes for a licence."""

from datetime import date

from archiver.reading.paper_parties import Envelope
from archiver.reading.proposals import proposed

LETTERHEAD = "Lumen Archive\n4 Quay Street\n\nTo: Acme Ltd\n3 June 2026\n\n"
MAY_LICENSE = [
    (f"{LETTERHEAD}We are glad to let you show photograph LA 1921.047 in your booklet.", ["LA 1921.047"]),
    (f"{LETTERHEAD}Invoice 88\nUse of these clips, web:\nDJI_0412.mov   140.00\nDJI_0417.mov   140.00", 2),
    ("Klangwerk Muster\nLizenzschein\nDatum: 3. Juni 2026\nTitel-Nr.: KM-0417\nFür: Muster GmbH", ["KM-0417"]),
    ("Studio Exemple\nNote de droits\nLe 3 juin 2026\nIllustration SE-118, étiquette, France", ["SE-118"]),
]
GRANT_NOTHING = [
    f"{LETTERHEAD}Quote 88\nUse of these clips, web:\nDJI_0412.mov   140.00",
    f"{LETTERHEAD}Your basket\nPhotograph LA 1921.047\nCheckout now",
    f"{LETTERHEAD}Model release for photograph LA 1921.047",
    f"{LETTERHEAD}You used photograph LA 1921.047 without a licence.",
    f"{LETTERHEAD}We are glad to let you show our photograph in your booklet.",  # which one?
    "We are glad to let you show photograph LA 1921.047.",  # who, and when?
]


def test_a_paper_that_names_items_seller_and_day_is_proposed() -> None:
    for text, ids in MAY_LICENSE:
        paper = proposed(text, "paper.pdf")
        assert paper, text
        assert {each.licensed_at for each in paper.licences} == {date(2026, 6, 3)}
        assert [each.asset.asset_id for each in paper.licences] == (
            ["DJI_0412.mov", "DJI_0417.mov"] if ids == 2 else ids
        )
    assert [text for text in GRANT_NOTHING if proposed(text, "paper.pdf")] == []
    mail = Envelope("Ada Example <ada@example-photos.example>", "Bo <bo@buyer.example>", date(2026, 6, 3))
    said = proposed("Pictures\n\nMoney is in. DSC_1201.jpg is all yours for the web.", "Pictures", envelope=mail)
    assert said and said.platform == "other:example-photos.example"
    rows = "Register\nLumen Archive\n\nImage    Day\nLA-1001    3 June 2026\nLA-1002    5 June 2026"
    each = proposed(rows, "register.pdf")
    assert each and [licence.licensed_at for licence in each.licences] == [date(2026, 6, 3), date(2026, 6, 5)]
