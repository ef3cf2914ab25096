"""Letters as claimants write them; all invented."""

from __future__ import annotations

from pathlib import Path

import yaml

GETTY = """Getty Images License Compliance
13 March 2026

Acme Ltd, 1 Example Street
Case Number: 90012345

Unauthorized use of imagery on https://www.acme.example/news/launch.html
The image was captured on 2 March 2026. If you have a valid license, please send us the sales order number within
ten (10) business days. Otherwise a settlement of £645.00 is due. You can also reply at https://www.gettyimages.com/x.
"""


COPYTRACK = """Copytrack SE
Datum: 22.12.2025
Betreff: Berechtigungsanfrage
Fall-ID: X7K2P9

Guten Tag, wir haben am 01.12.2025 festgestellt, dass auf www.acme.example/blog/ein-beitrag das Bild unseres Kunden
verwendet wird. Bitte antworten Sie bis zum 1. Januar 2026. Ohne Lizenz beträgt der Schadensersatz 350,00 EUR oder die
Nachlizenzierung 389,59 €. Andernfalls folgt eine Abmahnung mit Unterlassungserklärung.
"""


ABMAHNUNG = """Kanzlei Beispiel & Partner
Musterstadt, den 4. Mai 2026
Unser Zeichen: 123/26-AB
Abmahnung wegen Urheberrechtsverletzung

Namens unserer Mandantin mahnen wir Sie hiermit ab. Auf https://acme.example/team wird ihr Lichtbild genutzt. Wir
fordern Sie auf, die beigefügte Unterlassungs- und Verpflichtungserklärung bis spätestens 18.05.2026 abzugeben und
einen Betrag von insgesamt 1.234,56 EUR zu zahlen. Grundlage: https://www.gesetze-im-internet.de/urhg/__97.html
"""


PICRIGHTS = """PicRights Ltd on behalf of an example agency and Getty Images
June 5, 2026   Reference Number: 1234-5678-9012
We found an infringement at http://shop.acme.example/a(1).html. To settle, pay an amount of $922.00 in 14 days from
receipt of this letter, that is within 14 days of receipt.
"""


UNKNOWN = """Studio Ada Example
Le 3 février 2026
Dossier n° : FR-2026/17
Utilisation non autorisée de ma photographie sur https://acme.example/fr/ . Je demande la somme de 480 € dans un délai
de quinze jours.
"""


ASIDES: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "letters" / "asides.yaml").read_text("utf-8")
)
"""Sentences about other sums and days, each with a field for it, by `sums` or `days` and by language."""
