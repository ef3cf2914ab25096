"""The demo's letter: an invented claim about a picture of the demo's archive, as a PDF or a mail."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from html import escape
from pathlib import Path

from archiver.archive.reader import Archive
from archiver.browsing.pdf_printing import print_pages
from archiver.catalogue import embedding, search
from archiver.home.settings import Home

LETTER_ABOUT = "Lighthouse in heavy surf"


@dataclass(frozen=True, kw_only=True)
class DemoLetter:
    """A letter, its picture, the changes to the picture, and the day of its first use."""

    letter: Path
    picture: Path
    how: str
    first_seen: date


def letter_arrives(home: Home, folder: Path, *, browser: bool) -> DemoLetter:
    """An invented letter about a picture of the demo's archive, as a web page would show it.

    It is a PDF, or a mail if no browser can print one. The picture is cropped and recompressed, or only recompressed if
    the extra that recognises crops is not installed.
    """
    from PIL import Image

    archive = Archive(home.archive("acme"))
    [row] = [row for row in search.find(home, f'"{LETTER_ABOUT}"', client="acme") if row["title"] == LETTER_ABOUT]
    image: Image.Image = Image.open(io.BytesIO(archive.object(row["licence"].partition("/")[2]).read("preview.jpg")))
    width, height = image.size
    how = "the letter's picture is smaller and recompressed"
    if embedding.installed():
        image = image.crop((round(0.05 * width), 0, width, round(0.94 * height)))
        how = "the letter's picture is cropped and recompressed"
    jpeg = io.BytesIO()
    image.resize((600, round(600 * image.height / image.width))).save(jpeg, "JPEG", quality=70)
    picture = folder / "letter-picture.jpg"
    picture.write_bytes(jpeg.getvalue())
    today = datetime.now(UTC)
    first_seen = date.fromisoformat(row["licensed_at"][:10]) + timedelta(days=3)
    lines = LETTER.format(today=f"{today.day} {today:%B %Y}", seen=f"{first_seen.day} {first_seen:%B %Y}").split("\n")
    if browser:
        letter = folder / "letter.pdf"
        [content] = print_pages([letter_page(lines, jpeg.getvalue())])
        letter.write_bytes(content)
    else:
        letter = folder / "letter.eml"
        letter.write_bytes(letter_mail(lines, jpeg.getvalue(), today))
    return DemoLetter(letter=letter, picture=picture, how=how, first_seen=first_seen)


LETTER = """\
Northgate Picture Claims
on behalf of Studio Ada Example
12 Example Quay, Sampleburg
claims@northgate.example

Acme Ltd
The Management
4 Invented Street
Exampletown

{today}

Case Number: DEMO-4711
Unauthorised use of a photograph

Dear Sir or Madam,

We act for Studio Ada Example, which holds the rights in the photograph shown below. On {seen} our search found it on \
your website:

https://www.acme.example/news/launch.html

We hold no record of a licence for this use. Please send us your licence within ten business days, with the invoice or \
the order number. If you have no licence, please stop the use and settle the amount of EUR 389.59 within the same time.

This letter is sent without prejudice to all rights of our client.

Yours faithfully,
Bo Sample
Claims Department, Northgate Picture Claims"""


def letter_page(lines: list[str], jpeg: bytes) -> str:
    """The letter on paper, with its letterhead and the picture."""
    import base64

    sender, _, rest = "\n".join(lines).partition("\n\n")
    name, *address = sender.split("\n")
    blocks = rest.split("\n\n")
    recipient, day, subject, *body = blocks
    case, title = subject.split("\n")
    picture = f'<img src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" alt="">'
    paragraphs = [f"<p>{escape(each).replace(chr(10), '<br>')}</p>" for each in body]
    return f"""<!doctype html><html lang=en><meta charset=utf-8><title>{escape(case)}</title><style>
      @page {{ size: A4; margin: 22mm 24mm 18mm }}
      body {{ font: 10.5pt/1.42 "Liberation Serif", "Noto Serif", Georgia, serif; color: #1a1a1a; margin: 0 }}
      header {{ border-bottom: 1pt solid #7a1f2b; padding-bottom: 3mm; display: flex; justify-content: space-between }}
      header b {{ font: 600 17pt/1.1 "Liberation Sans", "Noto Sans", sans-serif; color: #7a1f2b }}
      header span {{ font-size: 8.5pt; text-align: right }}
      address {{ font-style: normal; margin: 12mm 0 8mm }}
      .day {{ text-align: right }}
      h1 {{ font-size: 11.5pt; margin: 6mm 0 1mm }}
      .case {{ margin: 0 0 5mm }}
      img {{ width: 78mm; border: .6pt solid #888; margin: 1mm 0 3mm; display: block }}
      p {{ margin: 0 0 3.2mm }}
    </style><body><header><b>{escape(name)}</b><span>{"<br>".join(map(escape, address))}</span></header>
    <address>{escape(recipient).replace(chr(10), "<br>")}</address><p class=day>{escape(day)}</p>
    <h1>{escape(title)}</h1><p class=case>{escape(case)}</p>
    {"".join(paragraphs[:3])}{picture}{"".join(paragraphs[3:])}</body></html>"""


def letter_mail(lines: list[str], jpeg: bytes, sent: datetime) -> bytes:
    """The letter as a mail with the picture as an attachment."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Northgate Picture Claims <claims@northgate.example>", "office@acme.example"
    mail["Subject"], mail["Date"] = "Case Number: DEMO-4711", sent
    mail.set_content("\n".join(lines))
    mail.add_attachment(jpeg, maintype="image", subtype="jpeg", filename="photograph.jpg")
    return mail.as_bytes()
