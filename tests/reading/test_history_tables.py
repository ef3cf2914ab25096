"""Histories in CSV: every licence of a platform with its row, and no licence from any other table."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.core.model import DocumentKind, iso
from archiver.reading.certificates import Paper, Sure
from archiver.reading.history_tables import history_in, lists_licences, read_table
from tests.support import papers
from tests.support.papers import facts

ENGLISH = "Asset ID,License type,License date,Title\n123456789,Standard,{},Haus\n"


def history_of(content: bytes, name: str = "", *folders: str) -> Paper | None:
    return history_in(read_table(content), name, folders)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_a_spreadsheets_export_in_any_dress(encoding: str, delimiter: str) -> None:
    paper = history_of(papers.adobe_history(12, encoding=encoding, delimiter=delimiter), "export.csv")
    assert paper and len(paper.licences) == 12
    assert (paper.platform, paper.sure, paper.kind) == ("adobe_stock", Sure.POSSIBLE, DocumentKind.RECORD)
    assert paper.quotes["left_out"].startswith("1 rows")  # the total
    assert facts(paper.licences[0]) == {
        "platform": "adobe_stock", "asset_id": "121681000", "contributor": "studio1", "kind": "standard",
        "licensed_at": "2023-11-06",
    }  # fmt: skip
    assert paper.licences[0].row == {"Datum": "06/11/2023", "Urheber": "studio1", "Bild-ID": "121681000",
                                     "Lizenzart": "Standardlizenz", "Preis": "9,99"}  # fmt: skip


def test_the_fields_of_shutterstocks_interface_and_a_comp_that_grants_nothing() -> None:
    paper = history_of(papers.shutterstock_history(3))
    assert paper and paper.sure is Sure.LIKELY
    first = paper.licences[0]
    assert first.identity == "shutterstock:e1eba3833793e77188d22caae800010000"
    assert (first.asset.asset_id, first.seat, first.plan) == ("97633000", "ada", "s12345678")
    assert facts(first)["licensed_at"] == "2023-11-06T15:46:34Z" and first.client_hints == {"client": "Company A"}
    assert [each.comp for each in paper.licences] == [False, False, True]


def test_a_title_is_one_line_and_a_description_stands_for_it_and_a_history_of_nobody_is_still_one() -> None:
    table = 'ID de la ressource;Description;Licence;Date de licence\n123456789;"Haus\nam Meer";Standard;23/05/2021\n'
    paper = history_of(table.encode("cp1252"), "adobe.csv")
    assert paper and paper.platform == "adobe_stock" and paper.sure is Sure.POSSIBLE
    assert paper.licences[0].asset.title == "Haus am Meer" and paper.licences[0].licensed_at == date(2021, 5, 23)
    assert history_of(table.encode(), "adobe fonts.csv") is None and lists_licences(read_table(table.encode()))
    assert not lists_licences(read_table(b"Name;Date\nAda;2021-05-23\n"))


def test_a_column_is_known_whether_its_words_are_joined_by_a_space_or_as_interfaces_do() -> None:
    row = "e1eba3833793e77188d22caae8000100,976330001,standard,2023-11-06T15:46:34Z,ada\n"
    for head in (
        "License ID,Image ID,License,Download Time,Username\n",
        "license_id,image_id,license,download_time,user\n",
    ):
        paper = history_of((head + row).encode(), "shutterstock.csv")
        assert paper and (paper.licences[0].seat, iso(paper.licences[0].licensed_at)) == ("ada", "2023-11-06T15:46:34Z")


@pytest.mark.parametrize(
    ("label", "platform"),
    [
        ("Shutterstock-ID", "shutterstock"),
        ("shutterstock_id", "shutterstock"),
        ("Getty-ID", "getty_images"),
        ("Getty Images Bildnummer", "getty_images"),
        ("Adobe Stock ID", "adobe_stock"),
        ("Adobe-Nr.", "adobe_stock"),
        ("iStock image number", "istock"),
    ],
)
def test_a_column_may_say_whose_ids_it_holds(label: str, platform: str) -> None:
    head, row = f"Datei;{label};Lizenz;Lizenzdatum;Bild-ID\n", "haus.jpg;123456789;Standard;23.05.2021;HAUS-1\n"
    paper = history_of((head + row).encode())
    assert paper and (paper.platform, paper.sure) == (platform, Sure.POSSIBLE)
    assert facts(paper.licences[0]) == {
        "platform": platform, "asset_id": "123456789", "kind": "standard", "licensed_at": "2021-05-23",
    }  # fmt: skip
    two = (head.replace("Datei", "Alamy-ID") + row).encode()
    assert history_of(two) is None and lists_licences(read_table(two))
    assert history_of((head.replace(label, f"{label} Preis") + row).encode()) is None


def test_the_fields_of_adobes_interface() -> None:
    head = "license,license_date,id,title,creator_name\n"
    row = 'Standard,"{}, 9:00 PM",121684652,"Modern, Album",Ada\n'
    paper = history_of((head + row.format("9/21/17")).encode())
    assert paper and paper.licences[0].licensed_at == date(2017, 9, 21)
    assert paper.licences[0].asset.title == "Modern, Album"
    paper = history_of((head + row.format("9/11/17")).encode())  # September or November
    assert paper and paper.licences[0].licensed_at is None
    assert paper.licences[0].identity == "adobe_stock::121684652:standard:9/11/17, 9:00 PM"


def test_the_fields_of_depositphotoss_interface_where_the_user_is_the_seller() -> None:
    content = (
        "mediaId,licenseId,license,purchaseDate,title,username,status\n"
        '32003469,64781356,standard,"Feb.24, 2017 16:15:44",Haus am Meer,studio1,active\n'
    )
    paper = history_of(content.encode())
    assert paper and [facts(each) for each in paper.licences] == [
        {"platform": "depositphotos", "asset_id": "32003469", "licence_id": "64781356", "kind": "standard",
         "licensed_at": "2017-02-24", "title": "Haus am Meer", "contributor": "studio1"}
    ]  # fmt: skip
    assert paper.licences[0].seat is None


@pytest.mark.parametrize(
    ("written", "day"),
    [("2021-04-03", date(2021, 4, 3)), ("03/04/2021", None), ("14/04/2021", date(2021, 4, 14)), ("44257", None)],
)
def test_english_days_are_not_guessed(written: str, day: date | None) -> None:
    paper = history_of(ENGLISH.format(written).encode(), "shutterstock history.csv")
    assert paper and paper.licences[0].licensed_at == day
    for said in ("License date (DD/MM/YYYY)", "License date MM/DD/YYYY"):  # a header may say the order
        stated = history_of(ENGLISH.replace("License date", said).format(written).encode(), "shutterstock history.csv")
        ambiguous = date(2021, 4, 3) if "(DD" in said else date(2021, 3, 4)
        assert stated and stated.licences[0].licensed_at == (ambiguous if written == "03/04/2021" else day)


@pytest.mark.parametrize(
    ("written", "day"), [("04.05.18", date(2018, 5, 4)), ("04.05.98", None), ("4/5/18", date(2018, 5, 4))]
)
def test_a_short_year_counts_where_the_columns_language_puts_the_day_first(written: str, day: date | None) -> None:
    for head, expected in (("Bildnummer;Lizenzmodell;Gekauft am", day), ("Image no.;License model;Bought on", None)):
        paper = history_of(f"{head}\n246937958;Standard;{written}\n".encode(), "adobe.csv")
        assert paper and paper.licences[0].licensed_at == expected


@pytest.mark.parametrize(
    "row",
    ["1.23457E+08,Standard,2021-04-03,Haus", "Total,,2021-04-03,", "123456789,Standard,,Haus",
     "123456789,Standard,2021-04-03,Haus,9,99", '123456789,Standard,"2021-04-03\n1'],
)  # fmt: skip
def test_rows_in_doubt_are_left_out_and_counted(row: str) -> None:
    content = ENGLISH.format("2021-04-03") + row
    paper = history_of(content.encode(), "shutterstock.csv")
    assert paper and len(paper.licences) == 1 and paper.quotes["left_out"].startswith("1 rows")


def test_what_was_undone_is_no_licence_and_a_number_of_several_rows_is_none_of_a_licence() -> None:
    content = (
        "Asset ID,License,Date,Status\n123456789,Standard,2021-04-03,Refunded\n123456780,Standard,2021-04-03,Paid\n"
    )
    paper = history_of(content.encode(), "shutterstock.csv")
    assert paper and [each.asset.asset_id for each in paper.licences] == ["123456780"]
    for name, *cells in (
        ("Order status,License status", "Refunded,Revoked", "Paid,Revoked"),
        ("Agreement", "EasyAccess - comp use only"),
        ("Estado", "pago rechazado", "bezahlt und rückerstattet", "betaald en geannuleerd"),
    ):
        for cell in cells:
            rows = f"File ID,License,Date,{name}\n448817204,Standard,2023-01-05,{cell}\n"
            assert history_of(rows.encode(), "depositphotos.csv") is None, cell
    several = "License no.,Asset ID,License,License date\nL-1001,123456789,Standard,2021-04-03\n"
    of_order = history_of(f"{several}L-1001,123456780,Standard,2021-04-03\n".encode(), "pond5.csv")
    assert of_order and [(each.asset.asset_id, each.licence_id) for each in of_order.licences] == [
        ("123456789", None), ("123456780", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "shutterstock.csv"),
        ("a,b\n1,2\n", "shutterstock.csv"),
        (ENGLISH.format("2021-04-03"), "export.csv"),
        (
            ENGLISH.format("2021-04-03") + "123456780,Standard,2021-04-03,https://stock.adobe.com/1\n",
            "shutterstock.csv",
        ),
        ("Asset ID,License,Date,Earnings\n123456789,Standard,2021-04-03,0.25\n", "shutterstock.csv"),
        ("Asset ID,Date,Title\n123456789,2021-04-03,Favourites\n", "shutterstock.csv"),
        ("Date,Amount,Text\n2021-04-03,9.99,Shutterstock\n", "bank.csv"),
        ("\x89PNG\0\0Asset ID,License,Date", "shutterstock.csv"),
        (
            'Image ID,License,Date,Title\n123456789,Standard,2024-05-03,"open\n123456788,Standard,2024-05-04,b\n',
            "shutterstock.csv",
        ),
    ],
)
def test_other_tables_are_not_read(content: str, name: str) -> None:
    assert history_of(content.encode(), name) is None


def test_addresses_and_file_names_name_a_rows_asset_and_platform() -> None:
    address = "stock.adobe.com/images/boat/123456789"
    for cell in (f"https://{address}", address, "AdobeStock_123456789.jpeg"):
        paper = history_of(f"File,License,License date\n{cell},Standard,2024-05-03\n".encode())
        assert paper and [(each.asset.provider, each.asset.asset_id) for each in paper.licences] == [
            ("adobe_stock", "123456789")
        ]
    for kind, name in (("unknown", ""), ("missing", ""), ("Standard", "sales.csv")):
        rows = f"File,License,License date\nAdobeStock_123456789.jpeg,{kind},2024-05-03\n"
        assert history_of(rows.encode(), name) is None


def test_envatos_statement_lists_purchases_among_fees_and_sales() -> None:
    head = "Date,Order ID,Type,Detail,Item ID,Document,Amount,Site\n"
    row = "2024-05-03 10:00:00 +0000,4711,{},Boat - Regular License,{},IVIP1,-19.00,photodune.net\n"
    rows = [row.format(*each) for each in (("Purchase", "12345678"), ("Buyer Fee", ""), ("Sale", "12345679"))]
    paper = history_of((head + "".join(rows)).encode())
    assert paper and [each.asset.asset_id for each in paper.licences] == ["12345678"]


def test_the_columns_may_stand_below_a_title_and_the_name_of_the_account() -> None:
    head = "Getty Images download history\n\nCompany: Acme GmbH\nAsset number,License model,Download date,Order #\n"
    paper = history_of((head + "675759266,Royalty-free,2021-12-25,7199275363\n").encode())
    assert paper and [facts(each) for each in paper.licences] == [
        {"platform": "getty_images", "asset_id": "675759266", "kind": "Royalty-free", "licensed_at": "2021-12-25",
         "licensee": "Acme GmbH", "order": "7199275363"}
    ]  # fmt: skip


SOURCES = b"Seite;Quelle;Bildnummer;gekauft am;Urheber\n"


def test_a_list_of_pictures_with_seller_and_day_of_purchase_needs_no_kind() -> None:
    rows = b"2;Adobe Stock;146937959;04.05.2018;ArTo\n3;Archiv;4711;05.05.2018;wir\n4;dpa;73775931;05.05.2018;dpa\n"
    paper = history_of(SOURCES + rows, "Bildnachweise.csv")
    assert paper and [(each.asset.provider, each.asset.asset_id) for each in paper.licences] == [
        ("adobe_stock", "146937959"), ("picture_alliance", "73775931")
    ]  # fmt: skip
    for instead in (b"Datum", b"verwendet am", b"Download am"):
        assert history_of(SOURCES.replace(b"gekauft am", instead) + rows, "Bildnachweise.csv") is None
    assert history_of(SOURCES + rows, "Adobe Stock.csv") and history_of(SOURCES + rows, "Shutterstock.csv") is None


def test_a_row_that_took_something_back_or_has_no_day_or_number_is_left_out() -> None:
    table: list[str] = [
        "146937959;Standard;04.05.2018;storniert",
        "146937959;Standard;04.05.2018;refunded 2018-06-01",
        "146937959;Standard;nein;",
        "146937959;Standard;noch nicht;",
        "146937959;Standard;;",
        "146937959;offen;04.05.2018;",
        "146937959;expired;04.05.2018;",
        "146937959;Comp;04.05.2018;",
        "1,46938E+08;Standard;04.05.2018;",
        "1.46938E+08;Standard;04.05.2018;",
    ]
    for row in table:
        rows = f"Bildnummer;Lizenzmodell;Gekauft am;Bemerkung\n246937958.0;Standard;04.05.2018;Titelseite\n{row}\n"
        paper = history_of(rows.encode(), "adobe stock.csv")
        assert paper and [each.asset.asset_id for each in paper.licences] == ["246937958"]


def test_a_column_may_say_that_a_row_was_not_bought() -> None:
    table: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
        ("Status", ("Paid", "abgeschlossen", "", "purchase"), ("in cart", "draft", "quoted", "not paid", "unbezahlt")),
        ("Refunded on", ("", "-", "no"), ("2018-06-01", "yes")),
        ("Approved?", ("yes", "", "Ada"), ("no", "nein")),
    ]
    for column, bought, others in table:
        for each in (*bought, *others):
            row = f"221591418;Standard;2018-05-04;{each}\n"
            paper = history_of(f"Image no.;License;Purchase date;{column}\n{row}".encode(), "istock.csv")
            assert bool(paper) is (each in bought), each


ROW = "Getty Images;221591418;Royalty-Free;2018-05-04;1\n"


def test_a_list_says_itself_whose_licences_it_has_or_a_person_confirms_it() -> None:
    address, number = "https://elements.envato.com/{}boat-{}", "https://shutterstock.com/billing/{}{}"
    table: list[tuple[str, str, str, str, Sure | None]] = [
        ("Item,Item ID,URL,Licensed on", f"Boat,XOU1A60,{address.format('', 'XOU1A60')}", "a.csv", "", Sure.LIKELY),
        ("Item,URL,Licensed on", f"Boat,{address.format('de/', 'XOU1A60')}", "a.csv", "", Sure.LIKELY),
        ("Item,Item ID,Licensed on", "Boat,XOU1A60", "envato-elements.csv", "", Sure.POSSIBLE),
        ("Item,Item ID,Licensed on", "Boat,XOU1A60", "a.csv", "Envato Elements", Sure.POSSIBLE),
        ("Alamy ref,Licence,Invoice date", "2R7GRAA,RM", "a.csv", "", Sure.POSSIBLE),
        ("Asset ID,License type,Date licensed", "1308785861,Standard", "a.csv", "Shutterstock", Sure.STATED),
        ("Asset ID,Title,Date licensed", "1308785861,Boat", "shutterstock.csv", "", Sure.STATED),
        ("ID,License type,Date licensed", "1308785861,Standard", "shutterstock.csv", "", Sure.STATED),
        ("Image,Downloaded on", "shutterstock_1308785861.jpg", "a.csv", "", Sure.STATED),
        ("Image ref,Title,Downloaded on", "SBV-931524402,Boat", "a.csv", "Storyblocks", Sure.POSSIBLE),
        ("Stock item,Date", "SBV-389463921", "a.csv", "", None),
        ("Download history\nStock item,Date", "SBV-389463921", "a.csv", "", Sure.POSSIBLE),
        ("Image ref,Size,Downloaded on", "1308785861,Comp", "shutterstock.csv", "", None),
        ("Image ref,Size,Downloaded on", "1308785861,with watermark", "shutterstock.csv", "", None),
        ("Image ref,Title,Downloaded on", "1308785861,Boat", "shutterstock previews.csv", "", None),
        ("Image ref,Licence,Invoice date,Client", "2R7GRAA,RM", "alamy.csv", "", None),
        ("Image ref,Licence,Date licensed", "1308785861,RM", "a.csv", "Shutterstock lightbox", None),
        ("Image ref,Licence,Date licensed", "1308785861,RM", "our photos.csv", "Shutterstock", None),
        ("Image ref,Title,Date purchased,Buyer", "1308785861,Boat", "shutterstock.csv", "", None),
        ("Product ID,Product,Date purchased", "1308785861,Credit pack", "shutterstock.csv", "", None),
        ("Supplier,Image ref,Licence,Invoice date", "iStock,1308785861,RM", "a.csv", "Adobe Stock", None),
        ("Item,Item ID,URL,Licensed on", "Boat,1308785,https://stock.adobe.com/a", "shutterstock.csv", "", None),
        ("Image ref,Licence,Date", "1308785861,RM", "licences.csv", "Shutterstock", Sure.STATED),
        ("Image ref,Licence,Date", "1308785861,RM", "spring.csv", "Shutterstock", None),
        ("Image ref,Licence,Date,Requested by", "1308785861,RM", "shutterstock.csv", "", None),
        ("Item number,Merchant,Purchase date", f"1308785,{number.format('', 1)}", "card.csv", "", None),
    ]
    for head, row, name, folder, sure in table:
        cells = dict(zip(head.split(","), row.split(","), strict=False))
        cells |= {
            each: "2024-05-03" if each.startswith(("D", "L", "P", "I")) else ""
            for each in head.split(",")[len(cells) :]
        }
        paper = history_of(f"{head}\n{','.join(cells.values())}\n".encode(), name, folder, "2024")
        assert (paper and paper.sure) == sure, (head, name)
        assert paper is None or paper.licences[0].licensed_at == date(2024, 5, 3)
    for first, is_read in ((10001, False), (123456781, True)):  # somebody's own numbers, and a platform's series
        running = "".join(f"{number},Standard,2024-05-03\n" for number in (first, first + 2, first + 1))
        paper = history_of(f"Asset no.,Licence,Date licensed\n{running}".encode(), "a.csv", "Shutterstock")
        assert bool(paper) is is_read
    adobe = f"Item,Item ID,URL,Licensed on\nBoat,XOU1A60,{address.format('', 'XOU1A60')},2024-05-03\n".encode()
    assert history_of(adobe, "shutterstock.csv") is None
    columns = "Image ID,License type,Licensee,Date licensed\nNP-1,Editorial,Acme Ltd,2024-05-03\n"
    for above, is_read in (("License certificate\nwww.north.example", True), ("Pictures\nwww.acme.example", False),
                           ("License certificate (void)\nwww.north.example", False)):  # fmt: skip
        assert bool(history_of(f"{above}\n{columns}".encode(), "a.csv")) is is_read  # a stranger's, if it is a licence
    for seller, is_read in (("North Pictures", True), ("", False)):
        listed = columns.replace("licensed\n", "licensed,Licensor\n").replace("05-03\n", f"05-03,{seller}\n")
        assert bool(history_of(listed.encode(), "a.csv")) is is_read


def test_sales_carts_wishes_and_quotes_are_no_purchases() -> None:
    table: list[tuple[str, str]] = [
        ("Provider;Image no.;License;Quoted price", "list.csv"),
        ("Provider;Image no.;License;Added on", "list.csv"),
        ("Provider;Image no.;License;Sale date", "list.csv"),
        ("Provider;Image no.;License;Purchase date;Your share of sales", "list.csv"),
        ("Provider;Image no.;Size;Download date", "list.csv"),
        ("Provider;Number of images;License;Purchase date", "list.csv"),
        ("Provider;Image no.;License;Purchase date", "Einkaufsliste.csv"),
        ("Provider;Image no.;License;Purchase date", "lightbox_export.csv"),
        ("Provider;Image no.;License;Purchase date", "Angebot 2018.csv"),
        ("Cart;;;\nProvider;Image no.;License;Purchase date", "getty.csv"),
        ("Provider;Image no.;License;Purchase date", "Gutschriften Getty.csv"),
        ("Provider;Image no.;License;Umsatz;Purchase date", "list.csv"),
        ("Provider;Image no.;License;Ingresos;Purchase date", "list.csv"),
    ]
    for head, name in table:
        assert history_of(f"{head};x\n{ROW}".encode(), name) is None
        assert history_of(f"Provider;Image no.;License;Purchase date;x\n{ROW}".encode(), "list.csv")


SAMPLES = [
    papers.adobe_history(2),
    papers.shutterstock_history(2),
    ENGLISH.encode(),
    papers.adobe_history(2, encoding="utf-16"),
]
BYTES = st.sampled_from([each[start : start + 60] for each in SAMPLES for start in range(0, len(each), 30)])


@settings(max_examples=80, deadline=2000)
@given(st.sampled_from(SAMPLES), st.lists(BYTES | st.binary(max_size=40), max_size=20), st.text(max_size=20))
def test_hostile_tables_never_crash(head: bytes, parts: list[bytes], name: str) -> None:
    for content in (b"".join(parts), head + b"".join(parts)):
        paper = history_of(content, name)
        assert paper is None or all(each.identity for each in paper.licences)


TIME = "2017-09-21T12:12:12"
ANSWERS = {
    "adobe_stock": {"nb_results": 1, "files": [{"id": 121684652, "license": "Standard", "creator_name": "ada",
                    "license_date": "9/21/17, 9:00 PM"}]},
    "shutterstock": {"data": [{"id": "e1eba3833793e77188d22caae8", "license": "standard", "image": {"id": "121684652"},
                     "download_time": f"{TIME}.000Z", "user": {"username": "ada"}, "metadata": {}}]},
    "depositphotos": {"response": {"purchases": [{"mediaId": "121684652", "licenseId": "64781356",
                      "license": "standard", "purchaseDate": "Sep.21, 2017 16:15:44", "username": "ada"}]}},
    "envato_market": {"results": [{"sold_at": f"{TIME}+10:00", "license": "Regular License",
                      "code": "86781236-23d0-4b3c-8dfa-c1c147e00001",
                      "item": {"id": 121684652, "name": "Haus"}}]},
    "getty_images": {"downloads": [{"id": "121684652", "date_downloaded": TIME, "product_type": "imagepack",
                     "agreement_name": "A", "thumb_uri": "https://media.gettyimages.com/id/1/a.jpg"}]},
    "istock": {"downloads": [{"id": "121684652", "date_downloaded": TIME, "product_type": "creditpack",
               "agreement_name": "A", "thumb_uri": "https://media.istockphoto.com/id/121684652/a.jpg"}]},
}  # fmt: skip


@pytest.mark.parametrize("platform", ANSWERS)
def test_a_saved_answer_of_an_interface_lists_its_licences(platform: str) -> None:
    paper = history_of(json.dumps(ANSWERS[platform]).encode())
    assert paper and (paper.platform, paper.sure) == (platform, Sure.LIKELY)
    [licence] = paper.licences
    assert (licence.asset.asset_id, str(iso(licence.licensed_at))[:10]) == ("121684652", "2017-09-21")


def test_json_that_lists_no_licences_or_two_lists_is_no_history() -> None:
    search = {"files": [{"id": 121684652, "title": "Haus", "is_licensed": ""}]}
    twice = [ANSWERS["adobe_stock"], ANSWERS["shutterstock"]]
    for answer in (search, twice, {"license": "MIT"}, [], "Standard"):
        assert history_of(json.dumps(answer).encode()) is None
    assert history_of(b"[" * 100_000) is None and history_of(b'{"files": [') is None


def test_a_list_with_a_platform_in_each_row_gives_the_rows_of_known_ones() -> None:
    head = b"Kunde;Quelle;Bild-ID;Lizenz;Lizenziert am\n"
    rows = b"Acme;iStock;32009999;Standard;2024-05-03\nAcme;stock.adobe.com;313054036;Erweiterte Lizenz;2024-05-04\n"
    other = b"Acme;Somewhere;4711;Standard;2024-05-05\nAcme;iStock;32010000;fehlt;2024-05-06\n"
    paper = history_of(head + rows + other, "Bildnachweise.csv")
    assert paper and paper.platform is None and paper.sure is Sure.POSSIBLE
    assert [(each.asset.provider, each.asset.asset_id, each.kind) for each in paper.licences] == [
        ("istock", "32009999", "standard"), ("adobe_stock", "313054036", "extended")
    ]  # fmt: skip
    assert paper.quotes["left_out"] == "1 rows: of no known platform, 1 rows: refunded, cancelled or not licensed"
    for other, name in ((b"Datum", b"Bild-ID"), (b"Lizenziert am", b"ID"), (b"Datum", b"ID")):  # a person confirms it
        doubtful = (head + rows).replace(b"Lizenziert am", other).replace(b"Bild-ID", name)
        stated = history_of(doubtful, "Bildnachweise.csv")
        assert stated and stated.sure is Sure.STATED and len(stated.licences) == 2
        assert (history_of(doubtful, "Bilder.csv") is None) == (other == b"Datum")
        assert name != b"ID" or history_of(doubtful.replace(b"32009999", b"12-99"), "Bildnachweise.csv") is None


def test_an_interface_that_two_platforms_share_is_told_by_the_pictures_addresses() -> None:
    row = {"asset_id": "1655944495", "date_purchased": "2023-05-22T10:00:00Z", "license_model": "RoyaltyFree",
           "order_id": "592957740", "download_uri": "https://api.gettyimages.com/v3/downloads/1655944495"}  # fmt: skip
    for thumb, platform in (("https://media.istockphoto.com/id/1655944495/x.jpg", "istock"), ("", "getty_images")):
        paper = history_of(json.dumps({"purchased_assets": [{**row, "thumb_uri": thumb}]}).encode())
        assert paper and paper.platform == platform


def test_an_interfaces_answer_about_one_licence_order_or_invoice_is_read_if_something_was_bought() -> None:
    to, item = {"company": "Acme Ltd"}, {"itemId": 121684652, "licenseId": 42209, "licenseName": "Standard License"}
    invoice = {"items": [item], "state": "paid", "number": "ESI-1", "date": 1506000000, "from": {}, "to": to}
    content = {"content_id": 121684652, "purchase_details": {"state": "purchased", "license": "Standard",
               "date": "2017-09-21 15:00:00"}}  # fmt: skip
    link = "https://api.gettyimages.com/v3/images/121684652"
    for platform, licensee, answer in (
        ("depositphotos", "Acme Ltd", {
            "license": {"id": 42209, "name": "Standard License"}, "transaction": {"id": 2, "timestamp": "1506000000"},
            "item": {"id": 121684652}, "from": {}, "to": to, "transferredTo": None}),
        ("depositphotos", "Acme Ltd", {"response": {"invoice": invoice}}),
        ("adobe_stock", None, {"contents": {"121684652": content}, "member": {}}),
        ("getty_images", "Acme Ltd", {
            "id": "7", "invoice_number": "8", "order_date": TIME, "notes": {"licensee_name": "Acme Ltd"},
            "assets": [{"id": "121684652", "href": link}]}),
    ):  # fmt: skip
        paper = history_of(json.dumps(answer).encode())
        assert paper and paper.platform == platform
        [licence] = paper.licences
        assert (licence.asset.asset_id, licence.licensee, str(iso(licence.licensed_at))[:10]) == (
            "121684652", licensee, "2017-09-21",
        )  # fmt: skip
    unpaid, offered = {**invoice, "state": "unpaid"}, {**content, "purchase_details": {"state": "not_purchased"}}
    for nothing in ({"invoice": unpaid}, {"contents": {"1": offered}, "member": {}}):
        assert history_of(json.dumps(nothing).encode()) is None


def test_depositphotos_items_of_an_enterprise_account() -> None:
    item = {"itemTransactionId": 635177, "licenseId": 42209, "datetime": "2020-03-10 17:24:58", "itemId": 97522625,
            "itemLink": "https://depositphotos.com/97522625/x.html", "actor": "ada", "seller": "studio1"}  # fmt: skip
    counted = history_of(json.dumps({"type": "success", "downloads": [item | {"datetime": 1583861098}]}).encode())
    assert counted and str(iso(counted.licences[0].licensed_at))[:10] == "2020-03-10"
    paper = history_of(json.dumps({"type": "success", "items": [item]}).encode())
    assert paper and [facts(each) for each in paper.licences] == [
        {"platform": "depositphotos", "asset_id": "97522625", "licence_id": "42209", "licensed_at": "2020-03-10",
         "contributor": "studio1"}
    ]  # fmt: skip
