"""Authors' own papers: a mail, an agreement or an invoice that grants the use of pictures, and what only looks so."""

from datetime import date

from archiver.reading.author_grants import names_picture_and_rights, read_grant
from archiver.reading.certificates import Paper, Sure
from archiver.reading.paper_parties import Envelope

SENT = date(2021, 3, 9)
ENVELOPE = Envelope("Ada Example <ada@example-photos.example>", "Bo <bo@buyer.example>", SENT)
TWO = ["DSC_1201.jpg", "DSC_1202.jpg"]
LIST = "\n\n- DSC_1201.jpg\n- DSC_1202.jpg\n\nAda\n"


def mailed(text: str, envelope: Envelope = ENVELOPE) -> Paper | None:
    return read_grant(f"Pictures\n\n{text}", envelope=envelope)


def ids(paper: Paper | None) -> list[str]:
    return [each.asset.asset_id for each in paper.licences] if paper else []


def test_an_authors_mail_grants_the_named_pictures() -> None:
    table: list[tuple[str, str | None]] = [
        ("I hereby grant Acme Ltd a non-exclusive licence to use these photographs:" + LIST, "Acme Ltd"),
        ("Hiermit räume ich der Muster GmbH das Nutzungsrecht an folgenden Bildern ein:" + LIST, "Muster GmbH"),
        ("für eure Website gebe ich euch die Bilder DSC_1201.jpg und DSC_1202.jpg frei.", None),
        ("Photos DSC_1201.jpg, DSC_1202.jpg.\n\nYou are licensed to use these on your website.", None),
        ("Thank you for your payment. The photos DSC_1201.jpg and DSC_1202.jpg are licensed to Acme Ltd.", "Acme Ltd"),
        ("Merci pour le paiement. Les photos DSC_1201.jpg et DSC_1202.jpg sont donc sous licence.", None),
        ("Je cède à Nuage SARL les droits d'utilisation des photos suivantes :" + LIST, "Nuage SARL"),
        ("Por la presente cedo a Nube S.L. los derechos de uso de las fotografías:" + LIST, "Nube S.L."),
        ("Con la presente confermo di aver concesso in licenza a Nuvola S.r.l. le foto:" + LIST, "Nuvola S.r.l."),
        ("Hierbij verleen ik Wolk B.V. een licentie voor het gebruik van deze foto's:" + LIST, "Wolk B.V."),
        ("Udzielam firmie Chmura Sp. z o.o. licencji na wykorzystanie zdjęć:" + LIST, "Chmura Sp. z o.o."),
        ("Agreed, DSC_1201.jpg and DSC_1202.jpg are yours: licence for the cover, Acme Ltd, UK, one year.", "Acme Ltd"),
        ("Concedo à Nuvem Lda o direito de utilizar as fotografias:" + LIST, "Nuvem Lda"),
    ]
    for text, licensee in table:
        paper = mailed(text)
        assert ids(paper) == TWO
        assert paper and paper.sure is Sure.STATED and paper.platform == "other:example-photos.example"
        assert {(each.licensed_at, each.licensee) for each in paper.licences} == {(SENT, licensee)}
    for text, pictures in GRANTED_ONCE_PAID:
        assert ids(mailed(text)) == pictures
        assert mailed(text.replace(text.partition(".")[0], "Hello")) is None  # which does not say that it is paid


GRANTED_ONCE_PAID = [  # and pictures that have a number by the word before them, or by what they are listed with
    ("Payment received, thanks. You can use image #7614 on the web.", ["7614"]),
    ("The transfer came through. You're good to go with IMG 7614: web, two years.", ["IMG_7614"]),
    ("Invoice settled, thanks. Consider image td_2201 licensed to you: website, two years.", ["td_2201"]),
    ("Het geld is binnen. Bij deze toestemming voor het gebruik van beeld em_3317.", ["em_3317"]),
    ("Bonjour, virement reçu. Les photos em_3301, em_3317 vous sont concédées.", ["em_3301", "em_3317"]),
    ("Das Geld ist da. Damit hast du die Lizenz für die Fotos #3312 und #3318, Web.", ["3312", "3318"]),
    ("Bien reçu le virement. Vous pouvez utiliser la photo 2021_6461 sur le site.", ["2021_6461"]),
    ("Pago recibido. Puede utilizar las fotos np_4471 y np_4489 en la web.", ["np_4471", "np_4489"]),
    ("Bonifico ricevuto. Può utilizzare la foto sv_2087; la licenza non è esclusiva.", ["sv_2087"]),
    ("Betaling ontvangen. Hierbij de licentie voor foto kuiper_7731, website.", ["kuiper_7731"]),
]
NOT_GRANTED = [
    "Payment of your deposit received. You can use image #7614 once the rest is paid.",
    "Payment received? Then you can use image #7614 on the web.",
    "We've paid your colleague's invoice. You can use image #7614 on the web.",
    "Payment for the prints received. Image #7614 is for the website.",
    "Payment received. The licence for image #7614 follows tomorrow.",
    "Payment received. The rights in image #7614 are with my agency.",
    "Zahlung erhalten. Für die Nutzung von Bild #3312 müssten wir noch ein Honorar vereinbaren.",
    "Payment received. You can use image #7614 or image #7615 on the web.",
    "Payment received. You can use voucher AB-7614 for photo prints.",
    "You are licensed for image #7614 from the day the payment reaches my account.",
    "You are licensed for image #7614 as soon as the invoice is settled.",
    "I could grant you a licence to use these photographs:" + LIST,
    "I grant you a licence to use these photographs once the fee is paid:" + LIST,
    "May I ask: did I grant you a licence to use DSC_1201.jpg?",
    "I have licensed DSC_1201.jpg to a magazine.",
    "Please confirm that we have a licence to use DSC_1201.jpg on our website.",
    "I hereby grant Cloud Ltd the right to sublicense these photographs:" + LIST,
    "I hereby grant you a licence to use what you ordered. Next time these may suit you:" + LIST,
    "I hereby grant you a licence to use the photo DSC_1201.jpg. DSC_1202.jpg is a preview.",
    "Our estimate. I hereby grant you a licence to use these photographs:" + LIST,
    "Mit Eingang der Zahlung räume ich Ihnen die Nutzungsrechte an diesen Bildern ein:" + LIST,
    "Hiermit räume ich Ihnen nachträglich die Nutzungsrechte an diesen Bildern ein:" + LIST,
    "Die Nutzungsrechte an DSC_1201.jpg, die ich Ihnen erteilt habe, ziehe ich zurück.",
    "2018 habe ich Ihnen die Nutzungsrechte an DSC_1201.jpg eingeräumt.",
    "Sie dürfen das Bild DSC_1201.jpg für Ihr Layout verwenden.",
    "Wir räumen Ihnen die Nutzungsrechte an der Software mit der Nummer ABC-12345 ein.",
    "Se siete d'accordo, vi concedo la licenza d'uso della foto DSC_1201.jpg.",
    "Si está de acuerdo, concedo la licencia de uso de la foto DSC_1201.jpg.",
    "I hereby grant you a licence to use DSC_1201.jpg to DSC_1250.jpg on your website.",
    "I license photos such as DSC_1201.jpg for web use.",
    "I hereby grant you a web licence for DSC_1201.jpg for 120 EUR.",
    "This is to confirm that Cloud Ltd has asked for a licence to use DSC_1201.jpg.",
    "A selection: DSC_1201.jpg. Nach der Bestellung dürfen Sie diese Fotos für Web nutzen.",
    "Wir haben das Bild DSC_1201.jpg für Ihre Website bei Ada lizenziert.",
    "Thank you for your payment. The photo DSC_1201.jpg is licensed to a magazine.",
    "Merci pour le paiement. Les photos DSC_1201.jpg et DSC_1202.jpg ne sont pas sous licence.",
    "Facture. Si vous êtes d'accord, voici ma facture pour la cession de droits des photos :" + LIST,
    "Agreed. The licence for DSC_1201.jpg comes with your order, tell me which size.",
    "C'est d'accord sur le principe : droits web, photo DSC_1201.jpg, je prépare la cession.",
    "Je pourrais vous céder les droits ; je cède volontiers, si vous payez, la photo DSC_1201.jpg.",
]


def test_what_is_not_granted_for_sure_is_no_licence() -> None:
    assert [text for text in NOT_GRANTED if mailed(text)] == []


def test_a_mail_may_be_the_invoice() -> None:
    text = (
        "Facture 12\n\nVoici ma facture pour la cession de droits des photos suivantes :{}Facturé à : Nuage SARL, Paris"
    )
    paper = mailed(text.format("\n - réf. BR17-933 : un toit\n - réf. BR17-996 : une porte\n\n"))
    assert ids(paper) == ["BR17-933", "BR17-996"]
    assert paper and {each.licensee for each in paper.licences} == {"Nuage SARL"}


def test_neither_a_buyers_mail_nor_a_platforms_nor_a_list_of_likes_grants() -> None:
    envelope = Envelope("Bo <bo@buyer.example>", "Cy <cy@buyer.example>", SENT)
    grant = "I hereby grant you a licence to use"
    assert mailed(f"{grant} these photographs:{LIST}", envelope) is None
    assert mailed(f"{grant} these photographs:{LIST}") and mailed(f"Lightbox: Spring\n{grant} these:{LIST}") is None
    platform = Envelope("Getty Images <share@gettyimages.com>", "Bo <bo@buyer.example>", SENT)
    assert mailed(f"{grant} these photographs:{LIST}", platform) is None  # its own readers know its papers


FORWARD = """{}

-----Original Message-----
From: Ada Example <ada@example-photos.example>
Sent: 8 March 2021 10:00
To: Bo
Subject: Pictures

I hereby grant Acme Ltd a licence to use the photo DSC_1201.jpg.
"""


def test_a_passed_on_mail_counts_on_its_own_day_unless_it_was_taken_back() -> None:
    envelope = Envelope("Bo <bo@buyer.example>", "Cy <cy@buyer.example>", SENT)
    paper = mailed(FORWARD.format("Please file this."), envelope)
    assert paper and (paper.date, paper.platform) == (date(2021, 3, 8), "other:example-photos.example")
    assert mailed(FORWARD.format("That order was cancelled."), envelope) is None


INVOICE = """Ada Example
Photography | www.example-photos.example
Acme Ltd
1 High Street
10115 Berlin

Berlin, 9 March 2021
{title} 2021-9
{purpose}
DSC_1201.jpg    website, two years    90.00
DSC_1202.jpg    website, two years    90.00
{more}
Total    180.00
"""


def invoice(title: str = "Invoice", purpose: str = "Reproduction fee for the photographs:", more: str = "") -> str:
    return INVOICE.format(title=title, purpose=purpose, more=more)


BY_COLUMNS = """Ada Example
PHOTOGRAPHER
example-photos.com.au
TAX INVOICE 2021/9
9 March 2021
Client:
Acme Pty Ltd
Level 3, 1 High Street

   #    {title:<10}           Image file      Usage licence            Fee

   1    Workshop, wedding    AE/20114        Web, 2 years        ....... $90.00
   2    Lawyer and offer     AE/20115        Web, 2 years        ....... $90.00

                                                                 Subtotal $180.00
"""


def test_an_invoice_for_the_use_of_pictures_is_a_licence_on_its_day() -> None:
    paper = read_grant(invoice())
    assert ids(paper) == TWO
    assert paper and {(each.licensed_at, each.licensee) for each in paper.licences} == {(SENT, "Acme Ltd")}
    beside = (  # the day beside its title, though another stands in a sentence; an invoice's number is no picture's
        "Fotografie Ada Example\nada.example\n\nAcme GmbH\n\nRECHNUNG Nr. 2021-051      Datum: 09.08.2021\n"
        "Ihre Freigabe vom 05.08.2021\n\nEinräumung einfacher Nutzungsrechte an Acme GmbH{}:\n\n"
        "DSC07741   Anzeige, 6 Monate ab 01.09.2021        650,00 EUR\nGesamt        650,00 EUR\n"
    )
    paper = read_grant(beside.format(""))
    assert ids(paper) == ["DSC07741"] and paper and str(paper.date) == "2021-08-09"
    assert "RE-1093" not in (ids(read_grant(beside.format(" zum Shooting (RE-1093)"))) or [])
    paper = read_grant(BY_COLUMNS.format(title="Subject"))  # of which the words mean what the pictures show
    assert ids(paper) == ["AE/20114", "AE/20115"]
    assert paper and (paper.platform, paper.licences[0].licensee) == ("other:example-photos.com.au", "Acme Pty Ltd")
    assert read_grant(BY_COLUMNS.format(title="Work")) is None


BY_OBJECT = """EXAMPLE PICTURES LTD
17 Garden Road, London W2 4PH
Invoice 504
Date: 9 March 2021
Acme Ltd
1 High Street
Halifax NS B3J 0K9
Project: Credit Union report
Licence fee for use of photographs AE3653 and AE9301 (web, 2 years)
Image AE3653: 120.00
{second}: 120.00
Total: 240.00
No rights pass until this invoice has been paid.
"""


def test_an_invoice_may_name_its_pictures_in_its_object_only() -> None:
    paper = read_grant(BY_OBJECT.format(second="Image AE9301"))
    assert ids(paper) == ["AE3653", "AE9301"]
    assert paper and (paper.platform, paper.licences[0].licensee) == ("other:example pictures ltd", "Acme Ltd")
    assert read_grant(BY_OBJECT.format(second="Another portrait")) is None
    assert read_grant(BY_OBJECT.format(second="Image AE9302")) is None
    whole = BY_OBJECT.format(second="Image AE9301")
    assert read_grant(whole.replace("Image AE3653: 120.00\nImage AE9301: 120.00\n", "")) is None  # without a price
    priced = whole.replace("Image AE3653: 120.00\nImage AE9301: 120.00\n", "").replace("2 years)", "2 years) 240.00")
    assert ids(read_grant(priced)) == ["AE3653", "AE9301"]
    assert read_grant(priced.replace("Licence fee", "If you want it, the licence fee")) is None


def test_an_invoice_for_something_else_is_none() -> None:
    table: list[str] = [
        invoice("Quotation"),
        invoice(purpose="Photographs, printed and framed:"),
        invoice(purpose="Photographs:"),
        invoice(more="Retouching    60.00"),
        invoice(more="Photo shoot, one day    600.00"),
        invoice(more="Copies of the catalogue    60.00"),
        invoice("Invoice statement"),
        invoice(more="This invoice was replaced by 2021-12."),
        BY_OBJECT.replace("Licence fee for use", "Framed"),
        invoice(more="No rights are granted."),
    ]
    for text in table:
        assert read_grant(text) is None


AGREEMENT = """Licence agreement
Licensor: Ada Example, www.example-photos.example
Licensee: Acme Ltd, 1 High Street, London
The licensor grants the licensee a licence to reproduce the following photographs:
Image no. AE-20114 - A red door
Image no. AE-20115 - A blue door
Date: {day}
Signed: {signed}
"""


def test_an_agreement_must_be_dated_and_signed() -> None:
    assert ids(read_grant(AGREEMENT.format(day="9 March 2021", signed="Ada"))) == ["AE-20114", "AE-20115"]
    assert read_grant(AGREEMENT.format(day="", signed="Ada")) is None
    assert read_grant(AGREEMENT.format(day="9 March 2021", signed="____________")) is None


TITLED = """{title}
Photographer: Ada Example, www.example-photos.example
Licensee: Acme Ltd, 1 High Street, London
Date of licence: 22 December 2022
Image\tSubject\tUse
AE7818\tA canoe\tweb, 5 years
AE8462\tA mill\tweb, 5 years
Signed: Ada Example
{end}
"""


LETTER = """Example Photograph Archive
Old Signal House  |  www.example-photos.example
9 March 2021

{title}

It is our pleasure to let Acme Ltd publish the photographs below in its book.

Item no.\tTitle\tFee
EX/1907/22\tA mill\t75.00
EX/1911/04\tA lawyer\t75.00
"""
CONTRACT = """CONTRAT DE CESSION DE DROITS D’AUTEUR
Ada Exemple, photographe, 14 rue Verte, 44000 Nantes, ci-après « l’Auteur »,
et Nuage SARL, 27 rue Bleue, 75010 Paris
Article 1 – Droits de reproduction sur les photographies suivantes :
N° de fichier: Légende
ÉTÉ_71447: Un pont
ÉTÉ_77555: Un verre
Article 2 – Aucune revente à des tiers. Crédit : Ada Exemple.
Fait à Paris, le 30 août 2012
Signé : Ada Exemple
"""
LABELLED = """Photography licence
www.example-photos.example
Licensed to: Acme Ltd
Date: 9 March 2021
Images: 2021_6461, 2021_6462 and 2021_6470
Media: web, print
Signed: {signed}
"""


def test_an_agreement_may_grant_by_its_title() -> None:
    title = "Licence to reproduce photographs"
    assert ids(read_grant(TITLED.format(title=title, end=""))) == ["AE7818", "AE8462"]
    for other in ("Draft: licence for photographs", "Photographs", "Request: licence to reproduce photographs"):
        assert read_grant(TITLED.format(title=other, end="")) is None
    assert read_grant(TITLED.format(title=title, end="Do you agree?")) is None
    assert read_grant(LABELLED.replace("Media: web, print", "Photographer: Ada").replace("{signed}", "")) is None
    assert read_grant(LABELLED.replace("Signed: {signed}", "")) is None  # a buyer's own list
    signed = LABELLED.replace("{signed}", "Ada Example")
    assert ids(read_grant(signed)) == ["2021_6461", "2021_6462", "2021_6470"]
    assert ids(mailed(f"Hi Bo,\n\n{signed}\n\nAda")) == ids(read_grant(signed))
    assert mailed(f"Hi Bo,\n\n{signed}\n\nIt takes effect on payment.") is None
    assert ids(read_grant(LETTER.format(title="Permission to publish"))) == ["EX/1907/22", "EX/1911/04"]
    assert ids(read_grant(CONTRACT)) == ["ÉTÉ_71447", "ÉTÉ_77555"]
    assert read_grant(f"{CONTRACT}Article 3 – Le contrat entre en vigueur à la signature.\n") is None
    for other in ("Photographs", "What would a licence cost?", "Application for a licence"):
        assert read_grant(LETTER.format(title=other)) is None


def test_a_licence_of_music_names_its_tracks_above_the_sentence_that_grants() -> None:
    text = "music house\nLicence\nDate of issue   22 November 2012\nLicensee      Acme Ltd\nTrack code    Title\n"
    grants = (
        "MH2844_32    Dust\n\nMusic House Limited {} the Licensee the right to dub the above tracks into its films.\n"
    )
    paper = read_grant(text + grants.format("grants"))
    assert ids(paper) == ["MH2844_32"] and paper and paper.platform == "other:music house limited"
    assert read_grant(text + grants.format("would grant")) is None


def test_a_mail_about_rights_of_use_is_kept_though_it_grants_nothing() -> None:
    assert names_picture_and_rights("Can we agree on a licence for the photo DSC_1201.jpg?")
    assert not names_picture_and_rights("The photo shows our licence plate.")
