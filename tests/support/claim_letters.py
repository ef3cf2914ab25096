"""Letters about pictures in many layouts, all invented: what each says, and what a careful reader takes from it.

`None` for a field means that the letter does not say it, or not clearly enough: then it must stay open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ACME = ("acme.example",)
RECEIVED = date(2026, 12, 7)  # a Monday


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One letter to Acme Ltd; `by_mail`: it came as a mail, with its text in it."""

    name: str
    text: str
    claimant: str | None
    reference: str | None
    kind: str | None
    urls: tuple[str, ...]
    amount: str | None
    currency: str | None
    dated: date | None
    deadline: date | None
    first_seen: date | None = None
    by_mail: bool = False

    def expected(self) -> dict[str, object]:
        fields = ("claimant", "reference", "kind", "urls", "currency", "dated", "deadline", "first_seen")
        amount = None if self.amount is None else Decimal(self.amount)
        return {name: getattr(self, name) for name in fields} | {"amount": amount}


SENT = [
    Sent(
        name="pixsy-report",
        text="""\
PIXSY INC.
340 S Lemon Ave, Walnut, CA 91789, United States

UNAUTHORIZED USE REPORT                                   Case 2026-084213
                                                          Date issued: December 3, 2026
To: Acme Ltd

Image                 Harbour at Dawn
Photographer          Ada Example
Where it was found    https://www.acme.example/blog/2024/05/
                      harbour-guide.html
Date of detection     November 21, 2026
First published       2019-08-14

Our client requires a licence fee of $750.00 for the past use. Pixsy asks that you resolve this
matter within 21 days of the date of this letter. See https://my.pixsy.com/resolve/2026-084213 .
""",
        claimant="Pixsy", reference="2026-084213", kind="demand",
        urls=("https://www.acme.example/blog/2024/05/harbour-guide.html",),
        amount="750.00", currency="USD", dated=date(2026, 12, 3), deadline=date(2026, 12, 24),
        first_seen=date(2026, 11, 21),
    ),
    Sent(
        name="higbee-letterhead",
        text="""\
HIGBEE & ASSOCIATES
A National Law Firm
1504 Brookhollow Dr., Suite 112            Phone: (714) 555-0100
Santa Ana, California 92705                Fax: (714) 555-0199

December 1, 2026

SENT VIA EMAIL
Acme Ltd
Re: Copyright Infringement - Case No. 9012345

To whom it may concern,

This law firm represents Example Press Agency. Your company's website displayed our client's work without a
licence, as Exhibit A shows (captured on October 15, 2026):

    http://acme.example/team.html

The Copyright Act allows statutory damages of up to $150,000.00 for wilful infringement, and of $750.00 to
$30,000.00 otherwise. Our client is willing to settle this matter for payment of $1,250.00, provided that it
is received by December 22, 2026. Registration number VA 2-123-456 is attached.
""",
        claimant="Higbee & Associates", reference="9012345", kind="demand", urls=("http://acme.example/team.html",),
        amount="1250.00", currency="USD", dated=date(2026, 12, 1), deadline=date(2026, 12, 22),
        first_seen=date(2026, 10, 15),
    ),
    Sent(
        name="imagerights-mail", by_mail=True,
        text="""\
Dear Acme Ltd,

ImageRights International, Inc. writes on behalf of the photographer Ada Example.

Claim ID: 20261130-77412
Image ID: IMG_4411.jpg
Web page: https://shop.acme.example/products?id=17&pic=4411
Retroactive fee: USD 1,480.00

If you purchased a licence from another party, please send us the sales order, the invoice or other
pertinent licensing information. Otherwise payment of the retroactive fee is due within ten (10) business
days of receipt of this notice.

ImageRights International | www.imagerights.com
""",
        claimant="ImageRights", reference="20261130-77412", kind="demand",
        urls=("https://shop.acme.example/products?id=17&pic=4411",),
        amount="1480.00", currency="USD", dated=None, deadline=date(2026, 12, 21),
    ),
    Sent(
        name="permission-machine-table",
        text="""\
Permission Machine NV - Diestsevest 32, 3000 Leuven
Dossier nr.: PM-2026-118822

Leuven, 2 December 2026

Subject: use of copyrighted images without permission

Nr  Photographer    Seen on                              Fee
1   Ada Example     https://acme.example/news/1          EUR 310,00
2   Bob Example     https://acme.example/news/2          EUR 310,00
Administrative costs                                     EUR 45,00
Total amount due                                         EUR 665,00

Please pay the total within 14 days after the date of this letter. If you hold a valid licence, send the
order receipt or invoice to copyright@permissionmachine.com and the file will be closed.
""",
        claimant="Permission Machine", reference="PM-2026-118822", kind="demand",
        urls=("https://acme.example/news/1", "https://acme.example/news/2"),
        amount="665.00", currency="EUR", dated=date(2026, 12, 2), deadline=date(2026, 12, 16),
    ),
    Sent(
        name="image-protect-notice", by_mail=True,
        text="""\
NOTICE OF COPYRIGHT INFRINGEMENT
Notice ID: IP-5501-AX

ImageProtect found an image that belongs to its client on your website.

Page: https://www.acme.example/a/very/long/path/that/breaks/over/the-line-of-the-mail-because-it-is-so-
long.html
Image: https://cdn.acme.example/img/harbour-1200.jpg

A retroactive licence is offered at $650. This offer ends on December 18, 2026. If you already have a licence,
reply with the sales order receipt or invoice.
""",
        claimant="Image Protect", reference="IP-5501-AX", kind="demand",
        urls=(
            "https://www.acme.example/a/very/long/path/that/breaks/over/the-line-of-the-mail-because-it-is-so-long.html",
            "https://cdn.acme.example/img/harbour-1200.jpg",
        ),
        amount="650", currency="USD", dated=None, deadline=date(2026, 12, 18),
    ),
    Sent(
        name="copytrack-english",
        text="""\
COPYTRACK SE
Oranienburger Str. 4, 10178 Berlin

Berlin, 4 December 2026
Your claim ID: Q4ZT7M

Request for proof of a licence

Dear Sir or Madam, we have been authorised by Example Bildagentur GmbH. On 28 November 2026 we detected the
image "Harbour at Dawn" on the following page:
acme.example/harbour

If you have a licence, please upload it by 14 December 2026 at https://portal.copytrack.com/q4zt7m .
If not, you can choose: licence for one year EUR 389.59, or compensation EUR 350.00.
""",
        claimant="Copytrack", reference="Q4ZT7M", kind="inquiry", urls=("https://acme.example/harbour",),
        amount=None, currency=None, dated=date(2026, 12, 4), deadline=date(2026, 12, 14),
        first_seen=date(2026, 11, 28),
    ),
    Sent(
        name="copytrack-berechtigungsanfrage", by_mail=True,
        text="""\
Sehr geehrte Damen und Herren,

dies ist eine Berechtigungsanfrage und keine Abmahnung. RD Legal GmbH schreibt im Auftrag der Copytrack SE.

Anspruchs-ID: 7HK2PX
Bild: Hafen im Morgenlicht
Fundstelle: www.acme.example/leistungen
Festgestellt am: 24.11.2026

Bitte weisen Sie uns Ihre Lizenz nach, und zwar bis zum 17.12.2026 (Eingang hier). Eine nachträgliche Lizenz
kostet 412,50 EUR.

Mit freundlichen Grüßen
RD Legal GmbH, Datum: 03.12.2026
""",
        claimant="Copytrack", reference="7HK2PX", kind="inquiry", urls=("https://www.acme.example/leistungen",),
        amount="412.50", currency="EUR", dated=date(2026, 12, 3), deadline=date(2026, 12, 17),
        first_seen=date(2026, 11, 24),
    ),
    Sent(
        name="picrights-claim",
        text="""\
PicRights UK Limited                      Reference Number:   4410-8821-0093
                                          Password:           Xy7-kk29
                                          Date:               30 November 2026

Acme Ltd
Unlicensed use of imagery - Agence Example

Image number   Where used                                   Viewed on
EX-22011       https://www.acme.example/press/              19/11/2026
               2023-launch.html

You may settle the matter by payment of £645 within 14 days from the date of this letter, through
https://resolve.picrights.com/44108821 . If you hold a licence issued by Agence Example or by someone
authorised by it, tell us.
""",
        claimant="PicRights", reference="4410-8821-0093", kind="demand",
        urls=("https://www.acme.example/press/2023-launch.html",),
        amount="645", currency="GBP", dated=date(2026, 11, 30), deadline=date(2026, 12, 14),
        first_seen=date(2026, 11, 19),
    ),
    Sent(
        name="getty-two-pictures",
        text="""\
gettyimages
License Compliance

Friday, December 4, 2026

Acme Ltd
1 Example Street

Case number 24-118822-A

Dear Acme Ltd,

We noticed that imagery represented by Getty Images is used on your website:

1) 123450001   https://acme.example/products/one
2) 123450002   https://acme.example/products/two

Within 10 business days of the date of this letter, please either send the sales order number of your
licence, or pay the settlement of $1,250.00 ($625.00 for each image). You have 30 days to pay.
""",
        claimant="Getty Images", reference="24-118822-A", kind="demand",
        urls=("https://acme.example/products/one", "https://acme.example/products/two"),
        amount="1250.00", currency="USD", dated=date(2026, 12, 4), deadline=date(2026, 12, 18),
    ),
    Sent(
        name="abmahnung-kanzlei",
        text="""\
RECHTSANWÄLTE EXAMPLE & PARTNER mbB                                   Musterallee 7, 10115 Berlin
Rechtsanwalt Dr. Max Muster                                           Tel. 030 5550100

Acme Ltd                                                              Berlin, 01.12.2026
Vorab per E-Mail                                                      Unser Az.: 00412/26 MM/k

Urheberrechtsverletzung im Internet

Sehr geehrte Damen und Herren,

wir vertreten Frau Ada Example. Am 17.11.2026 wurde festgestellt, dass Sie auf der Seite

https://www.acme.example/ueber-uns

ein Lichtbild unserer Mandantin öffentlich zugänglich machen (§ 19a UrhG, vgl. BGH, Urteil vom 12.07.2012,
I ZR 18/11). Wir mahnen Sie hiermit ab und fordern Sie auf, die anliegende strafbewehrte Unterlassungserklärung
abzugeben,
                              bis zum 12.12.2026 (Eingang hier),

sowie Schadensersatz in Höhe von EUR 1.234,56 und Rechtsanwaltskosten aus einem Gegenstandswert von
EUR 6.000,00 in Höhe von EUR 540,50, insgesamt EUR 1.775,06, bis zum 22.12.2026 zu zahlen.
""",
        claimant="RECHTSANWÄLTE EXAMPLE & PARTNER mbB", reference="00412/26 MM/k", kind="abmahnung", urls=("https://www.acme.example/ueber-uns",),
        amount="1775.06", currency="EUR", dated=date(2026, 12, 1), deadline=date(2026, 12, 12),
        first_seen=date(2026, 11, 17),
    ),
    Sent(
        name="berechtigungsanfrage-generic", by_mail=True,
        text="""\
Sehr geehrte Damen und Herren,

Vorgangsnummer: BA-2026-0815

auf Ihrer Internetseite https://acme.example/blog/hafen verwenden Sie ein Bild unseres Auftraggebers. Bitte teilen
Sie uns innerhalb von zehn Werktagen nach Zugang dieses Schreibens mit, ob Sie über eine Lizenz verfügen, und
senden Sie uns einen Nachweis der Lizenz. Andernfalls behalten wir uns eine Abmahnung vor.

Bildrechte Example, Musterstadt
""",
        claimant="Bildrechte Example", reference="BA-2026-0815", kind="inquiry", urls=("https://acme.example/blog/hafen",),
        amount=None, currency=None, dated=None, deadline=date(2026, 12, 18),
    ),
    Sent(
        name="german-invoice-like",
        text="""\
Bildagentur Example GmbH · Hafenstr. 1 · 20457 Hamburg

Acme Ltd                                      Datum              02.12.2026
                                              Referenz           R-88112
                                              Unser Zeichen      sk-88112

Nachlizenzierung eines unlizenzierten Bildes

Bild-Nr. 4711   Fundstelle: https://acme.example/unternehmen/
                standorte
Nutzung seit 01.03.2024, Dokumentation vom 20.11.2026

Nachlizenzierung           650,00 €
Dokumentationskosten        95,00 €
Zwischensumme              745,00 €
USt. 19 %                  141,55 €
Gesamtbetrag               886,55 €

Zahlbar binnen 14 Tagen ab Rechnungsdatum. Sollten Sie eine Lizenz erworben haben, bitten wir um Vorlage.
""",
        claimant="Bildagentur Example GmbH", reference="R-88112", kind="demand",
        urls=("https://acme.example/unternehmen/standorte",),
        amount="886.55", currency="EUR", dated=date(2026, 12, 2), deadline=date(2026, 12, 16),
        first_seen=date(2024, 3, 1),
    ),
    Sent(
        name="photographer-english", by_mail=True,
        text="""\
Hi,

I am the photographer of the picture at the top of https://acme.example/about . Do you have permission to
use it? I never sold it to you. I would like to hear from you by next Friday.

Ada Example
Phone +49 30 5550100, ref my portfolio at https://ada.example/harbour
""",
        claimant=None, reference=None, kind="inquiry", urls=("https://acme.example/about",),
        amount=None, currency=None, dated=None, deadline=date(2026, 12, 11),
    ),
    Sent(
        name="english-solicitors",
        text="""\
EXAMPLE & CO SOLICITORS
Our ref: EX/1182/26                      Your ref:
Date: 3rd December 2026

BY POST AND EMAIL

Dear Sirs

Our client: Ada Example Photography Ltd - infringement of copyright

1. Our client first became aware of the use of the photograph at www.acme.example/portfolio/
   on 9th November 2026.
2. We invite you to pay damages of £1,500 plus our costs of £350 plus VAT of £70, a total of £1,920, by
   4.00pm on 17 December 2026.
3. Under section 97 of the Copyright, Designs and Patents Act 1988 (see
   https://www.legislation.gov.uk/ukpga/1988/48/section/97) additional damages may be awarded.

Yours faithfully
""",
        claimant="EXAMPLE & CO SOLICITORS", reference="EX/1182/26", kind="demand", urls=("https://www.acme.example/portfolio/",),
        amount="1920", currency="GBP", dated=date(2026, 12, 3), deadline=date(2026, 12, 17),
        first_seen=date(2026, 11, 9),
    ),
    Sent(
        name="two-sums-no-total",
        text="""\
Example Rights Management
Matter: ERM-99
December 2, 2026

We represent several photographers. The use of two images on https://acme.example/one and
https://acme.example/two infringes their rights. For the first image our client claims EUR 400, for the
second EUR 250. Please reply no later than Dec 16, 2026.
""",
        claimant="Example Rights Management", reference="ERM-99", kind="demand",
        urls=("https://acme.example/one", "https://acme.example/two"),
        amount=None, currency=None, dated=date(2026, 12, 2), deadline=date(2026, 12, 16),
    ),
    Sent(
        name="pixsy-mail-made-a-page-of-lines", by_mail=True,
        text="""\
Unauthorized Use of Imagery - Case 118-204417
Unauthorized use was found on your website:
Page
https://blog.acme.example/2023/04/harbour-guide
First seen
Apr 17, 2023
To resolve this matter, a retroactive license fee of
US$750.00
is due. Please respond within 21 days of the date of this email.
Cara Example, Pixsy, Inc.
""",
        claimant="Pixsy", reference="118-204417", kind="demand",
        urls=("https://blog.acme.example/2023/04/harbour-guide",), amount="750.00", currency="USD", dated=None,
        deadline=date(2026, 12, 28), first_seen=date(2023, 4, 17),
    ),
    Sent(
        name="getty-pdf-of-narrow-columns",
        text="""\
Friday 6 November 2026
Unauthorised Use of Getty Images Imagery - Case Number 45120987
If you hold a valid licence, please provide the sales order number within 10 working days of the date
of this letter. If not, payment of the settlement is required within 30 days.
45120987 187654321 21 September
2026
https://www.acme.example/services/
freight-and-customs/index.php?
id=17
https://www.acme.example/uploads/harbour- 1200x800.jpg
Licence fee £620.00
VAT (20%) £124.00
Total settlement £744.00
""",
        claimant="Getty Images", reference="45120987", kind="demand",
        urls=("https://www.acme.example/services/freight-and-customs/index.php?id=17",
              "https://www.acme.example/uploads/harbour-1200x800.jpg"),
        amount="744.00", currency="GBP", dated=date(2026, 11, 6), deadline=date(2026, 11, 20),
    ),
    Sent(
        name="image-protect-australia",
        text="""\
Image Protect Inc.
Date of notice: 2 November 2026
Notice number: IP-AU-55912
Our client's image appears on your site at www.acme.example/au/offers.
Otherwise we offer to resolve the matter for AU$1,320 (incl. GST) if paid within 10 business days
from the date of this notice. After that date the amount rises to AU$1,980.
Image first detected: 30/08/2026
""",
        claimant="Image Protect", reference="IP-AU-55912", kind="demand",
        urls=("https://www.acme.example/au/offers",), amount="1320", currency="AUD", dated=date(2026, 11, 2),
        deadline=date(2026, 11, 16), first_seen=date(2026, 8, 30),
    ),
    Sent(
        name="new-york-month-first",
        text="""\
LAW OFFICES OF JACK SAMPLE, P.C.

11/02/2026

Re: Demand - copyright infringement; Our File No. 26-1187

On or about 09/28/2026 Ms. Sample discovered that her photograph was displayed on your website,
www.acme.example/gallery?page=2 .
We demand that you pay $2,500 by 11/06/2026.
Statutory damages may reach $150,000 per work. Your attorney fees could be $30,000 or more.
""",
        claimant="LAW OFFICES OF JACK SAMPLE, P.C.", reference="26-1187", kind="demand", urls=("https://www.acme.example/gallery?page=2",),
        amount="2500", currency="USD", dated=date(2026, 11, 2), deadline=date(2026, 11, 6),
        first_seen=date(2026, 9, 28),
    ),
    Sent(
        name="forwarded-in-the-text", by_mail=True,
        text="""\
Fwd: Your claim 9QX4TB
Can you check? We must answer by Wednesday I think.

---------- Forwarded message ---------
From: Claims <claims@copytrack.com>
Date: Thu, 5 Nov 2026 at 11:02

> our client has found an image on https://acme.example/shop/candles
Claim-ID: 9QX4TB
Please upload your licence within 10 days of the date of this mail or pay €289.00.
Your Copytrack team
""",
        claimant="Copytrack", reference="9QX4TB", kind="demand", urls=("https://acme.example/shop/candles",),
        amount="289.00", currency="EUR", dated=date(2026, 11, 5), deadline=date(2026, 11, 15),
    ),
    Sent(
        name="vienna-lawyer",
        text="""\
Dr. Pia Beispiel Rechtsanwältin
Wien, am 12. Jänner 2026
GZ: 77/2026

Das Lichtbild wurde am 15.10.2025 unter https://www.acme.example/galerie/alpen abgerufen. Nach § 86 UrhG
gebührt angemessenes Entgelt von EUR 400,00, zuzüglich Kosten von EUR 310,20, gesamt daher EUR 710,20.
Ich fordere Sie auf, diesen Betrag binnen 14 Tagen ab dem Datum dieses Schreibens zu überweisen; der
Gegenstandswert läge
bei 6.000 €.
""",
        claimant="Dr. Pia Beispiel Rechtsanwältin", reference="77/2026", kind="demand", urls=("https://www.acme.example/galerie/alpen",),
        amount="710.20", currency="EUR", dated=date(2026, 1, 12), deadline=date(2026, 1, 26),
        first_seen=date(2025, 10, 15),
    ),
    Sent(
        name="getty-french-working-days",
        text="""\
Getty Images France
Paris, le 2 décembre 2026
Numéro de dossier : 94561230
Objet : utilisation d'images sans licence

Nous avons constaté le 15/10/2026 l'utilisation de deux images sur votre site :
- https://www.acme.example/accueil
- https://www.acme.example/produits/l'été
Montant du règlement : 1 240 EUR
Merci de nous répondre dans un délai de dix jours ouvrables à compter de la date de ce courrier.
""",
        claimant="Getty Images", reference="94561230", kind="demand",
        urls=("https://www.acme.example/accueil", "https://www.acme.example/produits/l'été"),
        amount="1240", currency="EUR", dated=date(2026, 12, 2), deadline=date(2026, 12, 14),
        first_seen=date(2026, 10, 15),
    ),
    Sent(
        name="picrights-spanish",
        text="""\
PicRights Iberia
Número de referencia: 5511-2233-4455
Madrid, 3 de diciembre de 2026

La imagen de nuestro cliente aparece en https://www.acme.example/la-ca%C3%B1a.html desde el 1 de octubre de 2026.
Les rogamos que abonen la cantidad de 1.050,75 € a más tardar el 21 de diciembre de 2026.
""",
        claimant="PicRights", reference="5511-2233-4455", kind="demand",
        urls=("https://www.acme.example/la-ca%C3%B1a.html",),
        amount="1050.75", currency="EUR", dated=date(2026, 12, 3), deadline=date(2026, 12, 21),
        first_seen=date(2026, 10, 1),
    ),
    Sent(
        name="higbee-statutory-range",
        text="""\
HIGBEE & ASSOCIATES
December 3, 2026
Case Number: 561177
Re: Demand for payment. The image was used at http://acme.example/store/item.aspx?sku=AB-100&color=red without a
license. Statutory damages range between $750 and $30,000. You can settle for $3,250.00 within seven days from the
date of this notice. A receipt or invoice for a license closes the case.
""",
        claimant="Higbee & Associates", reference="561177", kind="demand",
        urls=("http://acme.example/store/item.aspx?sku=AB-100&color=red",),
        amount="3250.00", currency="USD", dated=date(2026, 12, 3), deadline=date(2026, 12, 10),
    ),
    Sent(
        name="pixsy-table-without-colons",
        text="""\
Unauthorized Use Report
Date December 3, 2026
Case Reference 048-219384
Where https://www.acme.example/what's-new/?
id=77&view=full. See also https://www.acme.example/a-very-long-
name/ for more.
Pixsy represents the author. A license fee of $1,450.00 is payable within 21 days of the date of this letter.
""",
        claimant="Pixsy", reference="048-219384", kind="demand",
        urls=("https://www.acme.example/what's-new/?id=77&view=full", "https://www.acme.example/a-very-long-name/"),
        amount="1450.00", currency="USD", dated=date(2026, 12, 3), deadline=date(2026, 12, 24),
    ),
    Sent(
        name="abmahnung-with-a-table-of-costs",
        text="""\
Rechtsanwalt Beispiel
Hamburg, 02.12.2026
Az.: 77/26 BE
Urheberrechtliche Abmahnung
Geben Sie die Unterlassungserklärung bis zum 11. Dezember 2026 ab. Das Bild wird seit mindestens 03.02.2024 verwendet,
und zwar auf www.acme.example/blog/herbst?bild=größe .
Schadensersatz: 1.100,00 €; Kosten: 540,50 €; Summe: 1.640,50 €
""",
        claimant="Rechtsanwalt Beispiel", reference="77/26 BE", kind="abmahnung",
        urls=("https://www.acme.example/blog/herbst?bild=größe",),
        amount="1640.50", currency="EUR", dated=date(2026, 12, 2), deadline=date(2026, 12, 11),
        first_seen=date(2024, 2, 3),
    ),
    Sent(
        name="getty-header-row",
        text="""\
getty images
License Compliance
CASE NUMBER        SETTLEMENT AMOUNT      DUE DATE
98765432           USD 1,150.00           21 December 2026
Acme Inc.
This letter concerns the use of the image "Harbour" found at www.acme.example/landing/ on 2 November 2026.
""",
        claimant="Getty Images", reference="98765432", kind="demand", urls=("https://www.acme.example/landing/",),
        amount="1150.00", currency="USD", dated=None, deadline=date(2026, 12, 21), first_seen=date(2026, 11, 2),
    ),
    Sent(
        name="german-frist-from-receipt",
        text="""\
Bildrechte Beispiel UG
2. Dezember 2026
Ihr Vorgang: BB-2026-778
Ihr Foto ist auf https://acme.example/kontakt/#team-büro ohne Lizenz zu sehen. Wir setzen Ihnen eine Frist von 2 Wochen
ab Zugang dieses Schreibens. Vergleichsbetrag: EUR 350,–.
""",
        claimant="Bildrechte Beispiel UG", reference="BB-2026-778", kind="demand", urls=("https://acme.example/kontakt/#team-büro",),
        amount="350", currency="EUR", dated=date(2026, 12, 2), deadline=date(2026, 12, 21),
    ),
    Sent(
        name="german-a-week-from-receipt",
        text="""\
RD Legal GmbH
Berlin, den 24.11.2026
Claim 7HH3WD
Auf https://acme.example/winterdienst.html wird das Bild ohne Lizenz genutzt (Screenshot vom 03.11.2026). Überweisen Sie
780,00 € zzgl. Kosten von 159,94 €, insgesamt 939,94 €, binnen einer Woche nach Zustellung dieses Schreibens.
""",
        claimant="Copytrack", reference="7HH3WD", kind="demand", urls=("https://acme.example/winterdienst.html",),
        amount="939.94", currency="EUR", dated=date(2026, 11, 24), deadline=date(2026, 12, 14),
        first_seen=date(2026, 11, 3),
    ),
    Sent(
        name="dutch-visual-rights-group",
        text="""\
Visual Rights Group BV
Ons kenmerk: PM-20261187
Datum: 23 november 2026
Op uw website werd een foto zonder toestemming aangetroffen op 9 oktober 2026: https://acme.example/blog/fietsen
Het verschuldigde bedrag van € 395,00 is te betalen binnen twee weken.
""",
        claimant="Visual Rights Group", reference="PM-20261187", kind="demand",
        urls=("https://acme.example/blog/fietsen",), amount="395.00", currency="EUR", dated=date(2026, 11, 23),
        deadline=date(2026, 12, 7), first_seen=date(2026, 10, 9),
    ),
    Sent(
        name="german-terms-of-payment",
        text="""\
Vorgangsnummer: LV-998122
Datum: 25.11.2026
Für https://shop.acme.example/p/stiefel-42?size=42 ist keine Lizenz hinterlegt.
Nachlizenz netto 290,00 EUR
zzgl. 19 % USt 55,10 EUR
Rechnungsbetrag brutto 345,– EUR
Zahlungsziel: zwei Wochen ab Rechnungsdatum. Verlängerung binnen 3 Monaten möglich.
""",
        claimant=None, reference="LV-998122", kind="demand", urls=("https://shop.acme.example/p/stiefel-42?size=42",),
        amount="345", currency="EUR", dated=date(2026, 11, 25), deadline=date(2026, 12, 9),
    ),
    Sent(
        name="pixsy-extended-deadline",
        text="""\
Pixsy Case: 2026-118822
The deadline of November 23, 2026 has passed. As a final courtesy we extend it to December 17, 2026.
We detected the use of your photo on our page https://acme.example/jobs on 11/18/2026.
Fee: $620 USD
Sent: November 27, 2026
""",
        claimant="Pixsy", reference="2026-118822", kind="demand", urls=("https://acme.example/jobs",),
        amount="620", currency="USD", dated=date(2026, 11, 27), deadline=date(2026, 12, 17),
        first_seen=date(2026, 11, 18),
    ),
    Sent(
        name="french-huitaine",
        text="""\
Paris, le 24 novembre 2026
N/Réf. : 26-1187/AE
Vous reproduisez sa photographie sans autorisation à l'adresse https://acme.example/fr/mariages . Je vous mets en
demeure, sous huitaine, de verser la somme de 2.400 euros.
""",
        claimant=None, reference="26-1187/AE", kind="demand", urls=("https://acme.example/fr/mariages",),
        amount="2400", currency="EUR", dated=date(2026, 11, 24), deadline=date(2026, 12, 2),
    ),
    Sent(
        name="abmahnung-with-a-day-by-itself",
        text="""\
Berlin, den 26. November 2026
Aktenzeichen 77/26
ABMAHNUNG
Sie haben Gelegenheit, bis spätestens

                   10. Dezember 2026, 18.00 Uhr

540,50 EUR zu zahlen. Fundstelle: https://acme.example/aktuelles/42
""",
        claimant=None, reference="77/26", kind="abmahnung", urls=("https://acme.example/aktuelles/42",),
        amount="540.50", currency="EUR", dated=date(2026, 11, 26), deadline=date(2026, 12, 10),
    ),
]  # fmt: skip
