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


def lay_out(name: str, folder: Path) -> list[Path]:
    """Write the package to a new folder and return its files; ConfigError for a name that is taken or invalid."""
    if not re.fullmatch("[a-z][a-z0-9_]{1,30}", name):
        raise ConfigError(
            f"{name!r} is not a valid adapter name. Use a-z, 0-9 and _, beginning with a letter: acme_stock."
        )
    if name in installed():
        raise ConfigError(f"The adapter {name!r} exists already. Choose another name, or change that one.")
    if folder.exists():
        raise ConfigError(f"{folder} exists. Choose another folder with --out.")
    files = {path: content.encode() if isinstance(content, str) else content for path, content in _files(name).items()}
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # a killed command left it
    for path, content in files.items():
        (partial / path).parent.mkdir(parents=True, exist_ok=True)
        (partial / path).write_bytes(content)
    partial.rename(folder)
    return [folder / path for path in files]


def adapter(name: str) -> str:
    """The example adapter's source for this name; `docs/adapters.md` shows it for acme_stock."""
    return _filled("acme_stock.py", name)


def _files(name: str) -> dict[str, str | bytes]:
    scenario = f"recordings/{name}/two-pages"
    return {
        "pyproject.toml": _filled("pyproject.toml.txt", name),
        f"archiver_{name}.py": adapter(name),
        f"test_{name}.py": _filled("test_acme_stock.py", name),
        f"{scenario}/session.yaml": _yaml(_session(name)),
        f"{scenario}/expected.yaml": _yaml(_expected()),
        **{f"{scenario}/bodies/{each[0]}.pdf": _certificate(each) for each in _LICENCES if each[7]},
    }


def _filled(template: str, name: str) -> str:
    """A file of the example, which is a working adapter itself, under another name."""
    words = name.split("_")
    names = {
        "AcmeStock": "".join(word.capitalize() for word in words),
        "Acme Stock": " ".join(word.capitalize() for word in words),
        "acme-stock": "-".join(words),
        "acme_stock": name,
    }
    return re.sub("|".join(names), lambda found: names[found[0]], (TEMPLATES / template).read_text("utf-8"))


def _session(name: str) -> dict[str, Any]:
    api = f"https://api.{name.replace('_', '-')}.example/v1"
    rows = [
        {"id": id_, "asset": {"id": asset, "title": title}, "kind": kind, "licensed_at": when, "licensee": licensee,
         "project": project}
        for id_, asset, title, kind, when, licensee, project, _ in _LICENCES
    ]  # fmt: skip
    exchanges: list[dict[str, Any]] = [_get(f"{api}/me", json={"company": "Acme Ltd"})]
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


def _get(url: str, **response: Any) -> dict[str, Any]:
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


def _certificate(licence: tuple[str, int, str, str, str, str, str | None, bool]) -> bytes:
    id_, asset, title, kind, when, licensee, *_ = licence
    return pdf((f"Licence {id_}", f"Asset {asset}: {title}", f"Kind: {kind}", f"Licensee: {licensee}", f"Date: {when}"))


def _yaml(value: Any) -> str:
    return str(yaml.safe_dump(json.loads(json.dumps(value)), sort_keys=False, allow_unicode=True, width=120))
