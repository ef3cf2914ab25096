"""The recordings of Acme Stock: `python write_recordings.py` writes them. All that is in them is invented."""

from __future__ import annotations

from pathlib import Path

from archiver.devkit.authored_recording import AuthoredRecording, licence
from archiver.reading.placeholders import pdf

SITE = "https://www.acme-stock.example"
LICENCES = (  # id, asset, title, kind, when; a comp has no certificate
    ("L-30003", 70031, "Heron over a tidal flat", "standard", "2026-11-20"),
    ("L-30002", 70022, "Brass door handle", "extended", "2026-10-02"),
    ("L-30001", 70013, "Chalk cliffs, from the sea", "Comp", "2026-08-11"),
)


def recording(scenario: str) -> AuthoredRecording:
    return AuthoredRecording(
        "acme_stock", scenario, "password", ["invented, with the example"],
        {"password": "RECORDED-PASSWORD"},  # a placeholder, never a real one
        username="ada@example.com", root=Path(__file__).parent / "recordings",
    )  # fmt: skip


def form(message: str = "") -> str:
    return (
        '<div id="cookies">We use cookies. <button onclick="this.parentNode.remove()">Accept</button></div>'
        f'{message}<form method="post" action="/login"><input name="email"><input name="password" type="password">'
        '<button type="submit">Sign in</button></form>'
    )


def row(id_: str, asset: int, title: str, kind: str, day: str) -> str:
    link = f'<a href="/certificate/{id_}">Certificate</a>' if kind != "Comp" else ""
    return (
        f'<tr data-licence="{id_}"><td><a class="asset" href="/asset/{asset}">{title}</a></td><td class="kind">{kind}'
        f'</td><td class="licensee">Acme Ltd</td><td><time datetime="{day}">{day}</time></td><td>{link}</td></tr>'
    )


def page(number: int) -> str:
    head = "<tr><th>Asset</th><th>Kind</th><th>Licensee</th><th>Date</th><th></th></tr>"
    rows = "".join(row(*each) for each in LICENCES[2 * number - 2 : 2 * number])
    link = '<a rel="next" href="/licences?page=2">Next</a>' if number == 1 else ""
    return f'<h1>Licences</h1><table id="licences">{head}{rows}</table><p>Page {number} of 2 {link}</p>'


def write() -> None:
    whole = recording("two-pages")
    whole.get(f"{SITE}/licences", status=302, headers={"location": "/login"})
    whole.get(f"{SITE}/login", form(), slug="login")
    cookie = "acme_session=RECORDED; Path=/; Secure; HttpOnly"
    signed_in = {"location": "/licences", "set-cookie": [cookie]}
    whole.post(f"{SITE}/login", ["email", "password"], status=302, headers=signed_in)
    whole.get(f"{SITE}/licences", page(1), slug="licences-1")
    whole.get(f"{SITE}/licences?page=2", page(2), slug="licences-2")
    for id_, asset, title, kind, day in LICENCES:
        if kind == "Comp":
            whole.comps.append(id_)
            continue
        lines = (f"Licence {id_}", f"Asset {asset}: {title}", f"Kind: {kind}", "Licensee: Acme Ltd", f"Date: {day}")
        whole.get(f"{SITE}/certificate/{id_}", pdf(lines), slug=f"{id_}.pdf")
        expected = licence(
            licence_id=id_, asset_id=str(asset), title=title, kind=kind, licensed_at=day, licensee="Acme Ltd",
            documents=["record.json", "certificate.pdf"],
        )  # fmt: skip
        whole.licences.append(expected)
    whole.write()

    refused = recording("wrong-password")
    refused.get(f"{SITE}/licences", status=302, headers={"location": "/login"})
    refused.get(f"{SITE}/login", form(), slug="login")
    answer = form('<p role="alert">Wrong e-mail or password</p>')
    refused.post(f"{SITE}/login", ["email", "password"], answer, slug="refused")
    refused.write("failed", "WrongPassword")


if __name__ == "__main__":
    write()
