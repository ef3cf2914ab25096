"""A pack's two files in an ASiC-E container with timestamps (ETSI EN 319 162-1).

The container holds the pack's zip and PDF as they are, and for each timestamp authority that answers a manifest with
their digests and the authority's RFC 3161 token over this manifest. It has no signature: it says that these files
existed then, not who made them, and nothing about what they say.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from archiver.archive import seal
from archiver.archive.checking.parts import archive_words, regular_files
from archiver.core.atomic_files import new_files, refuse_taken

MEDIA_TYPE, TOKEN_TYPE = "application/vnd.etsi.asic-e+zip", "application/vnd.etsi.timestamp-token"
NAMESPACES = ("http://uri.etsi.org/02918/v1.2.1#", "http://www.w3.org/2000/09/xmldsig#")
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
_BLOCK_BYTES = 1 << 20


def path_of(zip_file: Path) -> Path:
    """Return where the container of this pack lies. Raises ConfigError if something is there."""
    out = zip_file.with_suffix(".asice")
    refuse_taken(out)
    return out


def write_container(
    out: Path, files: Sequence[Path], authorities: Sequence[seal.Authority], post: seal.Post
) -> list[str]:
    """Write the container of these files with a timestamp by each of the authorities that answers.

    All are asked at once, each for at most `seal.TSA_TIMEOUT_S`. Returns the reason of each that gave none; if none
    gave one, nothing is written. Raises ConfigError if `out` exists.
    """
    digests = {path.name: bytes.fromhex(regular_files.digests(path)["sha512"]) for path in files}
    manifests = [manifest(digests, number) for number in range(1, len(authorities) + 1)]
    with ThreadPoolExecutor(max(1, len(authorities))) as pool:
        answers = list(pool.map(lambda each, about: _token(about, each, post), authorities, manifests))
    given = {number: each for number, each in enumerate(answers, 1) if isinstance(each, bytes)}
    if given:
        with new_files([out]) as (part,), zipfile.ZipFile(part, "w") as container:
            container.writestr(_entry("mimetype", zipfile.ZIP_STORED), MEDIA_TYPE)
            for path in files:
                with container.open(_entry(path.name), "w", force_zip64=True) as into, path.open("rb") as content:
                    shutil.copyfileobj(content, into, _BLOCK_BYTES)
            for number, token in given.items():
                container.writestr(_entry(f"META-INF/ASiCManifest{number:03d}.xml"), manifests[number - 1])
                container.writestr(_entry(f"META-INF/timestamp{number:03d}.tst"), token)
    pairs = zip(authorities, answers, strict=True)
    return [f"{authority.name}: {each}" for authority, each in pairs if isinstance(each, str)]


def _token(data: bytes, authority: seal.Authority, post: seal.Post) -> bytes | str:
    """The authority's token over the data, whose signature holds; or the reason why there is none."""
    from rfc3161_client import decode_timestamp_response

    _, answer = seal.ask(data, authority, post)
    if isinstance(answer, str):
        return answer
    try:
        seal.hold_against_roots(answer, hashlib.sha512(data).digest(), authority)
        return decode_timestamp_response(answer).time_stamp_token()
    except (archive_words.Malformed, ValueError, subprocess.TimeoutExpired) as error:
        return f"its answer does not hold ({error})"


def _entry(name: str, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)  # a fixed time: what matters about times is in the tokens
    info.external_attr, info.create_system, info.compress_type = 0o644 << 16, 3, method
    return info


def manifest(digests: Mapping[str, bytes], number: int) -> bytes:
    """Return the ASiCManifest of files, by name, that timestamp `number` covers."""
    asic, dsig = NAMESPACES
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<asic:ASiCManifest xmlns:asic="{asic}" xmlns:ds="{dsig}">',
        f'<asic:SigReference URI="META-INF/timestamp{number:03d}.tst" MimeType="{TOKEN_TYPE}"/>',
    ]
    for name, digest in digests.items():
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        lines += [
            f"<asic:DataObjectReference URI={quoteattr(quote(name))} MimeType={quoteattr(kind)}>",
            f'<ds:DigestMethod Algorithm="{SHA512}"/>',
            f"<ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue>",
            "</asic:DataObjectReference>",
        ]
    return "\n".join([*lines, "</asic:ASiCManifest>", ""]).encode()
