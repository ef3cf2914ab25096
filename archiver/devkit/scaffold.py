"""The files of a new adapter: a small package to install beside the archiver, with a working recording."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from archiver.core.errors import ConfigError
from archiver.provider import installed
from archiver.reading.placeholders import pdf

TEMPLATES = Path(__file__).parent / "example"
# The invented licences of the example: id, asset, title, kind, when, licensee, project, and whether there is a paper.
_LICENCES: tuple[tuple[str, int, str, str, str, str, str | None, bool], ...] = (
    ("L-30003", 70031, "Heron over a tidal flat", "standard", "2026-11-20T09:30:00Z", "Acme Ltd", "Spring", True),
    ("L-30002", 70022, "Brass door handle", "extended", "2026-10-02T14:05:00Z", "Acme Ltd", None, True),
    ("L-30001", 70013, "Chalk cliffs, from the sea", "standard", "2026-08-11T08:00:00Z", "Acme Ltd", None, False),
)


def lay_out(name: str, folder: Path, *, web: bool = False) -> list[Path]:
    """Write the package to a new folder and return its files; ConfigError for a name that is taken or invalid.

    `web`: the example signs in and reads in a browser; else it is one of an API with a token.
    """
    if not re.fullmatch("[a-z][a-z0-9_]{1,30}", name):
        raise ConfigError(
            f"{name!r} is not a valid adapter name. Use a-z, 0-9 and _, beginning with a letter: acme_stock."
        )
    if name in installed():
        raise ConfigError(f"The adapter {name!r} exists already. Choose another name, or change that one.")
    if folder.exists():
        raise ConfigError(f"{folder} exists. Choose another folder with --out.")
    files = {
        path: content.encode() if isinstance(content, str) else content for path, content in _files(name, web).items()
    }
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # a killed command left it
    for path, content in files.items():
        (partial / path).parent.mkdir(parents=True, exist_ok=True)
        (partial / path).write_bytes(content)
    partial.rename(folder)
    return [folder / path for path in files]


def adapter(name: str, *, web: bool = False) -> str:
    """The example adapter's source for this name; `docs/adapters.md` shows it for acme_stock."""
    return _filled("acme_stock_web.py" if web else "acme_stock.py", name)


def _files(name: str, web: bool) -> dict[str, str | bytes]:
    scenario = f"recordings/{name}/two-pages"
    return {
        "pyproject.toml": _filled("pyproject.toml.txt", name),
        f"archiver_{name}.py": adapter(name, web=web),
        f"test_{name}.py": _filled("test_acme_stock.py", name),
        f"{scenario}/session.yaml": _yaml(_web_session(name) if web else _session(name)),
        f"{scenario}/expected.yaml": _yaml(_web_expected() if web else _expected()),
        **{f"{scenario}/bodies/{each[0]}.pdf": _certificate(each) for each in _LICENCES if each[7]},
    }


def _filled(template: str, name: str) -> str:
    """A file of the example, which is a working adapter itself, under another name."""
    words = name.split("_")
    names = {
        "AcmeStockSite": "".join(word.capitalize() for word in words),
        "AcmeStock": "".join(word.capitalize() for word in words),
        "Acme Stock": " ".join(word.capitalize() for word in words),
        "acme-stock": "-".join(words),
        "acme_stock": name,
    }
    return re.sub("|".join(names), lambda found: names[found[0]], (TEMPLATES / template).read_text("utf-8"))


def _session(name: str) -> dict[str, object]:
    api = f"https://api.{name.replace('_', '-')}.example/v1"
    rows = [
        {"id": id_, "asset": {"id": asset, "title": title}, "kind": kind, "licensed_at": when, "licensee": licensee,
         "project": project}
        for id_, asset, title, kind, when, licensee, project, _ in _LICENCES
    ]  # fmt: skip
    exchanges: list[dict[str, object]] = [_get(f"{api}/me", json={"company": "Acme Ltd"})]
    for number in (1, 2):
        page = {"total": len(rows), "licences": rows[2 * number - 2 : 2 * number]}
        exchanges.append(_get(f"{api}/licences?page={number}&per_page=2", json=page))
    for id_, *_, offered in _LICENCES:
        url = f"{api}/licences/{id_}/certificate.pdf"
        paper = {"headers": {"content-type": "application/pdf"}, "body": f"bodies/{id_}.pdf"}
        exchanges.append(_get(url, **paper) if offered else _get(url, status=404))
    return {
        "format": 1, "provider": name, "scenario": "two-pages", "method": "token", "origin": "authored",
        "sources": ["invented, with the example adapter"], "secrets": {"token": "RECORDED-TOKEN"},
        "now": "2026-11-24T02:00:00Z", "exchanges": exchanges,
    }  # fmt: skip


def _web_session(name: str) -> dict[str, object]:
    site = f"https://www.{name.replace('_', '-')}.example"
    html = {"content-type": "text/html; charset=utf-8"}
    sign_in = (
        '<div id="cookies">We use cookies. <button onclick="this.parentNode.remove()">Accept</button></div>'
        '<form method="post" action="/login"><input name="email"><input name="password" type="password">'
        '<button type="submit">Sign in</button></form>'
    )
    rows = [
        f'<tr data-licence="{id_}"><td><a class="asset" href="/asset/{asset}">{title}</a></td>'
        f'<td class="kind">{kind if offered else "Comp"}</td><td class="licensee">{licensee}</td>'
        f'<td><time datetime="{when[:10]}">{when[:10]}</time></td>'
        + (f'<td><a href="/certificate/{id_}">Certificate</a></td></tr>' if offered else "<td></td></tr>")
        for id_, asset, title, kind, when, licensee, _, offered in _LICENCES
    ]

    def page(number: int) -> str:
        head = "<tr><th>Asset</th><th>Kind</th><th>Licensee</th><th>Date</th><th></th></tr>"
        link = '<a rel="next" href="/licences?page=2">Next</a>' if number == 1 else ""
        table = f'<table id="licences">{head}{"".join(rows[2 * number - 2 : 2 * number])}</table>'
        return f"<h1>Licences</h1>{table}<p>Page {number} of 2 {link}</p>"

    exchanges = [
        _get(f"{site}/licences", status=302, headers={"location": "/login"}),
        _get(f"{site}/login", headers=html, text=sign_in),
        {
            "request": {"method": "POST", "url": f"{site}/login", "form": ["email", "password"]},
            "response": {
                "status": 302,
                "headers": {"location": "/licences", "set-cookie": ["acme_session=RECORDED; Path=/; Secure; HttpOnly"]},
            },
        },
        _get(f"{site}/licences", headers=html, text=page(1)),
        _get(f"{site}/licences?page=2", headers=html, text=page(2)),
        *(
            _get(f"{site}/certificate/{id_}", headers={"content-type": "application/pdf"}, body=f"bodies/{id_}.pdf")
            for id_, *_, offered in _LICENCES
            if offered
        ),
    ]
    return {
        "format": 1, "provider": name, "scenario": "two-pages", "method": "password", "origin": "authored",
        "sources": ["invented, with the example adapter"], "secrets": {"password": "RECORDED-PASSWORD"},
        "username": "ada@example.com", "now": "2026-11-24T02:00:00Z", "exchanges": exchanges,
    }  # fmt: skip


def _get(url: str, **response: object) -> dict[str, object]:
    return {"request": {"method": "GET", "url": url}, "response": {"status": 200, **response}}


def _expected() -> dict[str, Any]:
    licences = [
        {
            "licence_id": id_, "asset_id": str(asset), "title": title, "kind": kind, "licensed_at": when,
            "licensee": licensee, "seat": None, "plan": None, "order": None,
            "client_hints": {"project": project} if project else {},
            "documents": ["record.json", "certificate.pdf"] if offered else ["record.json"],
            "gaps": {} if offered else {"certificate": "none_offered"},
        }
        for id_, asset, title, kind, when, licensee, project, offered in _LICENCES
    ]  # fmt: skip
    return {
        "outcome": "complete", "error": None, "requests_refused": 0, "licences": licences, "comps": [],
        "unexplained": [],
    }  # fmt: skip


def _web_expected() -> dict[str, Any]:
    expected = _expected()
    for each in expected["licences"]:
        each |= {"licensed_at": each["licensed_at"][:10], "client_hints": {}}
    comps = [each["licence_id"] for each in expected["licences"] if each["gaps"]]
    return expected | {"licences": [each for each in expected["licences"] if not each["gaps"]], "comps": comps}


def _certificate(licence: tuple[str, int, str, str, str, str, str | None, bool]) -> bytes:
    id_, asset, title, kind, when, licensee, *_ = licence
    return pdf((f"Licence {id_}", f"Asset {asset}: {title}", f"Kind: {kind}", f"Licensee: {licensee}", f"Date: {when}"))


def _yaml(value: object) -> str:
    return str(yaml.safe_dump(json.loads(json.dumps(value)), sort_keys=False, allow_unicode=True, width=120))
