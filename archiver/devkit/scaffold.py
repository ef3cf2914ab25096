"""The files of a new adapter: a small package to install beside the archiver, with a working recording."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

from archiver.core.errors import ConfigError
from archiver.provider import installed

TEMPLATES = Path(__file__).parent / "example"
WRITER = "write_recordings.py"


def lay_out(name: str, folder: Path, *, web: bool) -> list[Path]:
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
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # a killed command left it
    partial.mkdir(parents=True)
    for path, content in _files(name, web).items():
        (partial / path).write_text(content, "utf-8")
    runpy.run_path(str(partial / WRITER), run_name="__main__")
    made = sorted(path.relative_to(partial) for path in partial.rglob("*") if path.is_file())
    partial.rename(folder)
    return [folder / path for path in made]


def adapter(name: str, *, web: bool) -> str:
    """The example adapter's source for this name; `docs/adapters.md` shows it for acme_stock."""
    return _filled("acme_stock_web.py" if web else "acme_stock.py", name)


def _files(name: str, web: bool) -> dict[str, str]:
    return {
        "pyproject.toml": _filled("pyproject.toml.txt", name),
        f"archiver_{name}.py": adapter(name, web=web),
        f"test_{name}.py": _filled("test_acme_stock.py", name),
        WRITER: _filled("write_acme_stock_web.py" if web else "write_acme_stock.py", name),
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
