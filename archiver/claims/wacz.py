"""The captured pages of a pack as a WACZ 1.1.1 file, which viewers of web archives open: replayweb.page and others.

It holds the WARC files of the pack as they are, byte for byte, with an index and a list of pages. So it shows what the
pack discloses and nothing else. It is for looking; the pack is the proof. The form is written here, because the library
for it would bring 21 others.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from archiver import __version__
from archiver.core.atomic_files import new_files, refuse_taken
from archiver.core.model import iso

WACZ_VERSION = "1.1.1"
CAPTURES = re.compile(
    r"[^/]+/data/(?:02_licence_original/[^/]+|07_integrity/[^/]+/terms/[^/]+/v\d+/content)/[^/]+\.warc\.gz"
)
"""Where a pack has captures: the licence's own, and those of its terms."""

ABOUT = (
    "The captured pages of the pack {pack} (SHA-256 {digest}), to look at. Each file in archive/ is byte for byte a "
    "file of that pack. The pack is the proof; this file proves nothing by itself."
)


@dataclass(frozen=True)
class _WarcRecord:
    """An answer that can be seen again: its address, time, status, kind, and place in its WARC file."""

    url: str
    at: str
    status: str
    media_type: str
    digest: str
    offset: int
    length: int

    def line(self, file: str) -> str:
        """The line of the index, in the form CDXJ."""
        said = {"url": self.url, "mime": self.media_type, "status": self.status, "digest": self.digest}
        place = {"length": str(self.length), "offset": str(self.offset), "filename": file}
        return f"{url_key(self.url)} {re.sub(r'[^0-9]', '', self.at)[:14]} {json.dumps(said | place)}\n"


def path_of(pack: Path) -> Path:
    """Return where the WACZ of this pack lies. Raises ConfigError if something is there."""
    out = pack.with_suffix(".wacz")
    refuse_taken(out)
    return out


def write_wacz(out: Path, pack: Path, now: datetime) -> int:
    """Write the WACZ of a pack's zip. Returns the number of pages; without any, nothing is written.

    Raises ConfigError if `out` exists.
    """
    warcs = _warcs(pack)
    files: dict[str, bytes] = {}
    pages: list[dict[str, str]] = []
    index: list[str] = []
    for name, content in warcs.items():
        files[f"archive/{name}"] = content
        records, seen = _read(content)
        index += [each.line(name) for each in records]
        pages += [{"id": f"{name}-{number}", **each} for number, each in enumerate(seen, 1)]
    if not pages:
        return 0
    head = {"format": "json-pages-1.0", "id": "pages", "title": "Captured pages"}
    files["indexes/index.cdx"] = "".join(sorted(index)).encode()
    files["pages/pages.jsonl"] = "".join(f"{json.dumps(each)}\n" for each in (head, *pages)).encode()
    digest = hashlib.sha256(pack.read_bytes()).hexdigest()
    package = {
        "profile": "data-package",
        "wacz_version": WACZ_VERSION,
        "title": f"Captured pages of {pack.name}",
        "description": ABOUT.format(pack=pack.name, digest=digest),
        "created": iso(now.replace(microsecond=0)),
        "software": f"archiver {__version__}",
        "mainPageUrl": pages[0]["url"],
        "mainPageDate": pages[0]["ts"],
        "resources": [
            {"name": path.rpartition("/")[2].lower(), "path": path, "hash": _hash(content), "bytes": len(content)}
            for path, content in files.items()
        ],
    }
    described = json.dumps(package, indent=1).encode()
    files["datapackage.json"] = described
    said = {"path": "datapackage.json", "hash": _hash(described)}
    files["datapackage-digest.json"] = json.dumps(said, indent=1).encode()
    with new_files([out]) as (part,), zipfile.ZipFile(part, "w") as zipped:
        for path, content in files.items():
            info = zipfile.ZipInfo(path)
            info.external_attr, info.create_system = 0o644 << 16, 3
            info.compress_type = zipfile.ZIP_STORED if path.startswith("archive/") else zipfile.ZIP_DEFLATED
            zipped.writestr(info, content)
    return len(pages)


def url_key(url: str) -> str:
    """An address as indexes sort it: the host's parts from behind, in small letters, and a sorted query."""
    parts = urlsplit(url.lower())
    host = re.sub(r"^www\d*\.", "", parts.hostname or "")
    port = f":{parts.port}" if parts.port else ""
    query = "&".join(sorted(parts.query.split("&")))
    return f"{','.join(reversed(host.split('.')))}{port}){parts.path or '/'}{f'?{query}' if query else ''}"


def _warcs(pack: Path) -> dict[str, bytes]:
    """The WARC files of a pack, each once, by names made of their content."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(pack) as zipped:
        for name in sorted(zipped.namelist()):
            if CAPTURES.fullmatch(name):
                content = zipped.read(name)
                found[f"{hashlib.sha256(content).hexdigest()[:16]}.warc.gz"] = content
    return found


def _read(content: bytes) -> tuple[Sequence[_WarcRecord], Sequence[dict[str, str]]]:
    """The answers in a WARC file, and the pages that its records of kind `metadata` describe.

    What was not asked with GET is left out: no viewer can ask for it.
    """
    answers: dict[str, _WarcRecord] = {}
    pages: list[dict[str, str]] = []
    other: set[str] = set()
    for kind, headers, http, body, offset, length in _records(content):
        url, at, name = (headers.get(each, "") for each in ("WARC-Target-URI", "WARC-Date", "WARC-Record-ID"))
        if kind == "response":
            status, media_type = http.get("status", "-"), http.get("content-type", "").partition(";")[0] or "-"
            digest = headers.get("WARC-Payload-Digest", "")
            answers[name] = _WarcRecord(url, at, status, media_type, digest, offset, length)
        elif kind == "request" and http.get("method") != "GET":
            other.add(headers.get("WARC-Concurrent-To", ""))
        elif kind == "metadata":
            main = json.loads(body).get("main", {}).get("url") or url
            pages.append({"url": main, "ts": at, "title": url})
    return [each for name, each in answers.items() if name not in other], pages


def _records(content: bytes) -> Iterator[tuple[str, dict[str, str], dict[str, str], bytes, int, int]]:
    """Each record: its kind, its headers, what HTTP says (status, method, content-type), its body and its place."""
    from warcio.archiveiterator import ArchiveIterator

    records = ArchiveIterator(io.BytesIO(content))
    for record in records:
        http: dict[str, str] = {}
        if record.http_headers:
            http["content-type"] = record.http_headers.get_header("content-type") or ""
            http["status"] = record.http_headers.get_statuscode()
            http["method"] = record.http_headers.protocol
        body = record.content_stream().read()
        place = records.get_record_offset(), records.get_record_length()
        yield record.rec_type, dict(record.rec_headers.headers), http, body, *place


def _hash(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
