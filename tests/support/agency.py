"""An agency's real home with licences that tests put into its archives by hand, dated by a local authority."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.ocfl import NewObject, Stored
from archiver.catalogue.archives import writing
from archiver.collect.terms import SeenTerms
from archiver.core.model import Document, DocumentKind, Gap, Licence
from archiver.home.settings import Home as Loaded
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, find_key, open_vault
from archiver.reading.licence_json import to_json
from tests.support.homes import ROOT, Home, clean_environment
from tests.support.quick_model import quick_model

MODEL = ROOT / ".venv" / "cache" / "quick.onnx"


@dataclass
class Agency:
    """Agency Ltd with its clients Acme and Beta; `run` is its command line."""

    run: Home
    vault: Vault

    @property
    def home(self) -> Loaded:
        return Loaded.load(self.run.root)

    def archive(self, client: str, *filed: tuple[Licence, Iterable[Document | Gap | SeenTerms]]) -> list[Stored]:
        """Put licences with their documents into a client's archive, with the terms seen then, and seal it."""
        stored = []
        with writing(self.home, self.vault, client) as archive:
            for licence, with_it in filed:
                documents = [each for each in with_it if isinstance(each, Document)]
                gaps = [each for each in with_it if isinstance(each, Gap)]
                terms = [each for each in with_it if isinstance(each, SeenTerms)]
                for each in terms:
                    archive.put(each.new_object("run")).result()
                source = {"source": "adapter", "account": "one"}
                references = [each.reference(licence) for each in terms]
                files = {"licence.json": to_json(licence, documents, gaps, source, references)}
                files |= {each.name: each.content for each in documents}
                stored.append(archive.put(NewObject.of(licence, files, datetime.now(UTC))).result())
            archive.seal()
        return stored


def recognise_quickly(root: Path) -> None:
    """Let a home recognise whole pictures only, which takes no work."""
    with (root / "archiver.yaml").open("a") as settings:
        settings.write(f"match: {{model: '{quick_model(MODEL)}'}}\n")


@contextmanager
def agency(folder: Path, *, recognises: bool = False) -> Iterator[Agency]:
    """Made in an empty folder; its timestamp authority stops with it. Only where it `recognises` pictures, it does so
    by their parts, which takes two seconds of a processor for each that is not in its archives as a whole."""
    env = clean_environment(folder)
    before = os.environ.copy()
    os.environ.update(env)
    try:
        with LocalAuthority(folder / "authority") as authority:
            find_key(create=True)
            shutil.copyfile(authority.root_pem, folder / "root.pem")
            stamps = [{"name": "local", "url": authority.url, "roots": "../root.pem"}]
            root = folder / "home"
            create_home(root, agency="Agency Ltd", timestamps=stamps)
            if not recognises:
                recognise_quickly(root)
            add_client(root, "acme", name="Acme Ltd", domains=["acme.example"])
            add_client(root, "beta", name="Beta GmbH")
            add_account(root, "house-stock", client="house", provider="shutterstock")
            yield Agency(Home(root, env), open_vault(root / "vault.enc", create=True))
    finally:
        os.environ.clear()
        os.environ.update(before)


def record(content: bytes = b"{}") -> Document:
    return Document(name="record.json", kind=DocumentKind.RECORD, content=content, media_type="application/json")


def certificate(*lines: str) -> Document:
    text = "\n".join(lines).encode()
    return Document(name="certificate.txt", kind=DocumentKind.CERTIFICATE, content=text, media_type="text/plain")


def preview(content: bytes) -> Document:
    return Document(name="preview.jpg", kind=DocumentKind.PREVIEW, content=content, media_type="image/jpeg")
