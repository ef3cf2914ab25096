"""The program openssl, which checks the signature of a timestamp."""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from archiver.archive.checking.parts.archive_words import OPENSSL_TIMEOUT_S
from archiver.archive.checking.parts.ed25519_signature import SignatureCheck
from archiver.archive.checking.parts.regular_files import content
from archiver.archive.checking.parts.timestamp_tokens import (
    Certificate,
    Qualification,
    Token,
    der_items,
    epoch,
    pem_of_certificates,
    signed_message,
)

MAX_OF_ONE_NAME, MAX_CHOICES = 8, 64  # roots of one name that are tried, one after another

ListChecker = Callable[[Qualification, bytes, bytes, bytes], "str | None"]
"""Read kept trusted lists: (statement, timestamp, list of lists, list) -> why they do not show what it states, or None.
"""


class StampedNote(NamedTuple):
    """A timestamp response and the note that it covers: their files, and their bytes as they were read.

    `breaks_rule` asks for its signature and chain only, as it is known to break a rule of `token_rules`.
    """

    response_file: str
    note_file: str
    response: bytes
    note: bytes
    breaks_rule: bool = False


class TokenChecker(NamedTuple):
    """A checker of timestamps: its name, and a function of (timestamp, roots, further certificates), these in DER.

    The function returns the reason why it refuses a timestamp, or None. It raises Malformed if it cannot read it.
    """

    name: str
    refuses: Callable[[StampedNote, tuple[bytes, ...], tuple[bytes, ...]], str | None]
    signed: SignatureCheck | None = None  # as quick for signatures as for timestamps
    qualifies: ListChecker | None = None
    first: bool = False  # ask it before OpenSSL about a few timestamps, too: it is loaded, or remembers answers


def openssl_version() -> tuple[str, str] | None:
    """Return the `openssl` program and its kind (`OpenSSL 3.5.9`, `LibreSSL 3.3.6`, `not answering`), or None."""
    program = shutil.which("openssl")
    if program is None:
        return None
    try:
        return program, _kind(program, Path(program).stat().st_mtime_ns)
    except OSError:
        return None
    except subprocess.TimeoutExpired:
        return program, "not answering"


@functools.lru_cache
def _kind(program: str, _changed_ns: int) -> str:
    """Ask a program once, until its file has changed."""
    return " ".join(_openssl([program, "version"]).stdout.split()[:2])


def _openssl(command: list[str | Path], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        timeout=OPENSSL_TIMEOUT_S,
    )  # fmt: skip


def openssl() -> str | None:
    """Return the `openssl` program if it is OpenSSL 3 or later."""
    program, version = openssl_version() or ("", "")
    return program if is_openssl_3(version) else None


def is_openssl_3(version: str) -> bool:
    """LibreSSL and older versions lack needed features."""
    number = re.match(r"OpenSSL (\d+)\.", version)
    return number is not None and int(number[1]) >= 3


def openssl_refuses(
    program: str, response: Path, data: Path | bytes, roots: Iterable[bytes], chain: Iterable[bytes]
) -> str | None:
    """Return why `openssl ts -verify` refuses a timestamp at its stated time, or None if it accepts it.

    `data` is the file that was timestamped, or its digest. `roots` and `chain`, further certificates, are in DER: the
    program gets files of exactly these, as it trusts more in a PEM file than others read there. Raises
    subprocess.TimeoutExpired if the program does not end.
    """
    about = ["-digest", data.hex()] if isinstance(data, bytes) else ["-data", data.resolve()]
    command: list[str | Path] = [program, "ts", "-verify", "-in", response.resolve(), *about]
    return _answer(command, "-untrusted", content(response), roots, chain)


def openssl_refuses_signature(
    program: str, response: bytes, roots: Iterable[bytes], chain: Iterable[bytes]
) -> str | None:
    """The same of the signature and the chain alone, for a timestamp that breaks another rule."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        token = Path(folder, "token")
        token.write_bytes(signed_message(response))
        command: list[str | Path] = [program, "cms", "-verify", "-binary", "-inform", "DER", "-in", token]
        command += ["-purpose", "timestampsign", "-out", Path(folder, "content")]
        return _answer(command, "-certfile", response, roots, chain)


def _answer(
    command: Sequence[str | Path], further: str, response: bytes, roots: Iterable[bytes], chain: Iterable[bytes]
) -> str | None:
    """Run a command that verifies a timestamp at its time; `further` is its option for the file of `chain`."""
    at = str(epoch(Token.parse(response).time))
    every = tuple(roots)
    refused = _answer_by(command, further, at, every, chain)
    for some in _one_of_each_name(every) if refused else ():
        if _answer_by(command, further, at, some, chain) is None:
            return None
    return refused


def _one_of_each_name(roots: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    """Choices of roots of which no two have one name, if there are any: OpenSSL only ever tries the first of a name."""
    by_name: dict[bytes, list[bytes]] = {}
    for each in roots:
        with contextlib.suppress(IndexError, ValueError):
            by_name.setdefault(Certificate.parse(der_items(each)[0]).subject, []).append(each)
    alike = [found[:MAX_OF_ONE_NAME] for found in by_name.values()]
    if any(len(found) > 1 for found in alike):
        yield from itertools.islice(itertools.product(*alike), MAX_CHOICES)


def _answer_by(
    command: Sequence[str | Path], further: str, at: str, roots: tuple[bytes, ...], chain: Iterable[bytes]
) -> str | None:
    command = list(command)
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        Path(folder, "roots.pem").write_bytes(pem_of_certificates(roots))
        command += ["-CAfile", "roots.pem", "-attime", at]
        if pem := pem_of_certificates(chain):
            Path(folder, "chain.pem").write_bytes(pem)
            command += [further, "chain.pem"]  # openssl splits this at spaces and commas: use no folder
        done = _openssl(command, Path(folder))
    if done.returncode == 0:
        return None
    reasons = re.findall(r":(?:[^:\n]*):([^:\n]+):[^:\n]*:\d+:(.*)", done.stderr)
    return "; ".join(" ".join(part for part in reason if part) for reason in reasons) or "openssl gives no reason"
