from archiver.reading.named_items import named_items

CASES = [
    # by a file's name, a word before the number, a column's heading, the rows of a list
    ("Licence for lamb_0412.jpg and lamb_0415.TIF, invoice LB-118.", "lamb_0412.jpg, lamb_0415.TIF"),
    ("Sie dürfen das Motiv RU-2207 auf dem Titel drucken.", "RU-2207"),
    ("Photo n° 7714203 – Falaises\nCommande n° 100482231\nLicence standard", "7714203"),
    ("Bild-Nr.   Motiv    Honorar\n88120417   Steg     75,00\n88120431   Kahn     40,00", "88120417, 88120431"),
    ("Datum;Foto-ID;Titel\n2022-09-04;388104;Bad\n2022-09-19;402117;Dampf", "388104, 402117"),
    ("# | Code | Title\n1 | MOS-118 | Route 66\n2 | MOS-121 | B-52 bomber", "MOS-118, MOS-121"),
    ("Licensed:\nVX-30911 – Grue\nVX-30912 – Casque\nFacture VTX-F-221", "VX-30911, VX-30912"),
    ("Per le foto B-2201, B-2214 e B-2220: tiratura 3.000, fattura 44/22.", "B-2201, B-2214, B-2220"),
    ("Autorizamos la fotografía GH-0093 (tirada 2.000). Factura 2022/77, tel. 953 221 100.", "GH-0093"),
    ("Toestemming nr. 2021/33 voor de foto met inventarisnummer WZ 1932-118.", "WZ 1932-118"),
    ("Zgoda na publikację fotografii o sygnaturach 3-K-11204 i 3-K-11207, nakład 500", "3-K-11204, 3-K-11207"),
    ("Podes usar o ficheiro faixa_norte_v2.wav. Fatura FT 2022/118.", "faixa_norte_v2.wav"),
    ("We permit you to reproduce photographs NM 1921.047 and NM 1921.052 once.", "NM 1921.047, NM 1921.052"),
    ("Signatur: Slg. Huber 12/34 Bl. 7 (Mühle)\nGebühr 40,00 EUR", "Slg. Huber 12/34 Bl. 7"),
    ("Zum Nachdruck: Tafel 12 und Tafel 27, Auflage 800.", "Tafel 12, Tafel 27"),
    # not what the paper calls otherwise
    ('Track "Moons" (Track ID SG-TRK-2207)\nISRC: GB-ABC-22-01187\nLicence ref: SYN/22/0911', "SG-TRK-2207"),
    ("Customer no. 4410221\nInvoice QX-2207\nJob: HX-118\nVAT GB 123 4567 89\nIBAN DE02120300000000202051", ""),
    ("Our file: RR/2021/114\nPO 450018823\n80331 München\nAuflage 12.000, 300 dpi, 1920x1080", ""),
    ("Lizenznummer: LZ-4471\nAsset number: DAM-00912\nVendor no.: 70041", "DAM-00912"),
    ("Downloads: KP-118_full.zip\nPicture: KP-118", "KP-118"),
    # nor what it takes out, only offers, or quotes
    ("Image TR-0412 is licensed to you. Image TR-0420 is not included.", "TR-0412"),
    ("KLM_0412.jpg ist bezahlt. Falls Sie auch KLM_0420.jpg möchten, wären das 80 Euro.", "KLM_0412.jpg"),
    ("C-118 Harbour   £20\nC-121 Pier   £20\nCustomers also bought: C-130, C-144", "C-118, C-121"),
    (
        "Hi, SD-22 and SD-23 are yours, paid.\n\nOn 2 May Kim wrote:\n> could we have SD-22, SD-23 and SD-24?",
        "SD-22, SD-23",
    ),
    ("Subject: Order 5512-B\n\nAgreed, go ahead.\n\nOn 2 May Kim wrote:\n> we take image SD-24.", "SD-24"),
    # nor where it is not clear
    ("Die Serie HT-01 bis HT-06 ist bezahlt.", ""),
    ("Please see AB-1204 and 22-QX-71 about this.", ""),
]


def test_items_are_named_by_what_stands_around_their_numbers() -> None:
    found = [(text, ", ".join(named_items(text))) for text, _ in CASES]
    assert found == [(text, items) for text, items in CASES]
