"""The seal: a signed checkpoint over the whole ledger (C2SP signed-note), and RFC 3161 timestamps over that."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from archiver.archive.checking.parts import (
    archive_words,
    ledger_lines,
    merkle_tree,
    openssl_program,
    proven_dates,
    regular_files,
    signed_notes,
    timestamp_tokens,
    token_rules,
    whole_archive,
)
from archiver.archive.known_signatures import KnownSignatures
from archiver.archive.ledger import is_by_key
from archiver.archive.ocfl import move_over, write_new, write_over
from archiver.archive.side_files import SideFiles, certificates, loaded_certificates, public_roots
from archiver.archive.token_times import HonestTime, is_past
from archiver.core.atomic_files import read_file, scratch_folder, sync_folder
from archiver.core.errors import ArchiverError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.x509 import Certificate

type Qualify = Callable[[Path, Sequence[Path]], tuple[list[str], list[str]]]
"""Keep what shows that timestamps are qualified: `(archive, files of timestamps)`.

Returns the names of the new statements, and the reasons against others, in English.
"""

type Post = Callable[[str, bytes, str, float], bytes]
"""Send `(url, body, content_type, timeout in seconds)` and return the answer. Raises OSError or ArchiverError."""

TSA_TIMEOUT_S = 5.0  # for one authority


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A timestamp authority. `roots` is a PEM file with its root certificate; None means a root that browsers trust."""

    name: str
    url: str
    roots: Path | None = None


@dataclass(frozen=True)
class Seal:
    """The newest checkpoint: its size, the time of its first timestamp, and the authorities that failed, with the
    reason. `asked` are all that were asked, with why each gave no timestamp, or None.
    """

    size: int
    secured_since: str | None
    warnings: tuple[str, ...] = ()
    asked: Mapping[str, str | None] = field(default_factory=dict)


def sign(origin: str, size: int, root: bytes, signer: Ed25519PrivateKey) -> bytes:
    """Return a checkpoint in the form of C2SP tlog-checkpoint, signed with Ed25519 under the name `origin`."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    identity = signed_notes.key_id(origin, signer.public_key().public_bytes_raw())
    signature = base64.b64encode(identity + signer.sign(text.encode())).decode()
    return f"{text}\n\N{EM DASH} {origin} {signature}\n".encode()


def write_checkpoint(
    root: Path, origin: str, frontier: merkle_tree.Frontier, signer: Ed25519PrivateKey,
    stamped: Callable[[Path], list[Path] | None] = lambda _: [],
) -> list[str]:  # fmt: skip
    """Write a checkpoint over the ledger. Does nothing if it exists already.

    `stamped` gets the note before it is in place, and returns the timestamps that it has already; None: it is not
    wanted. A timestamp that is there before its checkpoint was planted: it is put aside, and a warning is returned.
    """
    folder = root / archive_words.CHECKPOINTS
    note = folder / f"{frontier.size:08d}.note"
    if note.exists():
        return []
    staged = root / "staging" / note.name
    write_new(staged, sign(origin, frontier.size, frontier.root(), signer))
    tokens = stamped(staged)
    if tokens is None:
        staged.unlink()
        return []
    planted = sorted(folder.glob(f"{note.name}.*.tsr"))
    for each in planted:
        move_over(each, each.with_name(f"{each.name}.refused"))
    staged.rename(note)
    for each in tokens:
        each.rename(folder / each.name)
    sync_folder(folder)
    return [
        f"{each} was there before its checkpoint, so it is no timestamp of it. It is now {each.name}.refused. Find out "
        "who can write to the archive."
        for each in planted
    ]


STAYS_UNPROVEN = "What is newer than the last timestamp stays UNPROVEN until a later seal gets one."
OTHERS_STAND = "Another authority's timestamp of the same checkpoint stands, so the archive is dated."


@dataclass(frozen=True)
class _Kept:
    """What became of an authority's answer: why it is no timestamp, or what could not be checked of one."""

    why: str | None = None
    doubt: str | None = None


def stamp(root: Path, authorities: Sequence[Authority], post: Post, qualify: Qualify, beside: SideFiles) -> Seal:
    """Get the timestamps that the newest checkpoint lacks, and what shows that they are qualified.

    If it has one that is more than a day old, it gets no further ones: they would disagree about its time.
    """
    size, note, before = ledger_lines.newest_checkpoint(root)
    lacking = [] if is_past(_times_in(before)) else [each for each in authorities if not _response(note, each).exists()]
    kept = _asked(beside, note, size, lacking, post)
    _, _, tokens = ledger_lines.newest_checkpoint(root)
    times = _times_in(tokens)
    stands = OTHERS_STAND if times else STAYS_UNPROVEN
    asked = {each.name: said.why for each, said in kept.items()}
    warnings = [f"No timestamp from {name}: {why}. {stands}" for name, why in asked.items() if why is not None]
    warnings += [said.doubt for said in kept.values() if said.doubt]
    warnings += keep_lists(beside, tokens, qualify)
    return Seal(size, proven_dates.agreed(times) if times else None, tuple(warnings), asked)


def _asked(
    beside: SideFiles, note: Path, size: int, authorities: Sequence[Authority], post: Post
) -> dict[Authority, _Kept]:
    """Ask authorities, side by side, for timestamps of a checkpoint of this size. Keep beside it those that hold."""
    with ThreadPoolExecutor(len(authorities) or 1) as pool:
        answers = list(pool.map(lambda each: ask(read_file(note), each, post), authorities))
    received = [answer for _, answer in answers if isinstance(answer, bytes)]
    moment = HonestTime.of(received, _newest_time(beside.root, size))
    return {each: _keep(beside, note, each, answer, moment) for each, answer in zip(authorities, answers, strict=True)}


def owing(root: Path, authorities: Sequence[Authority], since: float) -> list[Authority]:
    """The authorities that owe a timestamp: none of theirs is younger than `since` (seconds since 1970), and the newest
    checkpoint can have no other.
    """
    _, note, tokens = ledger_lines.newest_checkpoint(root)
    if not is_past(_times_in(tokens)):
        return []
    return [each for each in authorities if not _response(note, each).exists() and _last_time(root, each) < since]


def _last_time(root: Path, authority: Authority) -> int:
    """When an authority's newest timestamp was made, as it states; 0 if there is none."""
    found = (root / archive_words.CHECKPOINTS).glob(f"*.note.{authority.name}.tsr")
    newest = max(found, key=lambda each: int(each.name.partition(".")[0]), default=None)
    return max(map(timestamp_tokens.epoch, _times_in([newest] if newest else [])), default=0)


def settled(
    beside: SideFiles, note: Path, owed: Sequence[Authority], post: Post, asked: dict[str, str | None]
) -> list[Path] | None:
    """Ask authorities that owe a timestamp for one of a checkpoint that is not yet in place.

    Returns those that hold; None, and nothing stays, if none does. So an authority that is down costs no file. `asked`
    gets what `Seal.asked` is.
    """
    kept = _asked(beside, note, int(note.stem), owed, post)
    asked.update((each.name, said.why) for each, said in kept.items())
    found = [_response(note, each) for each, said in kept.items() if said.why is None]
    for each in set(note.parent.glob(f"{note.name}.*")) - set(found):
        each.unlink()
    return found or None


def _newest_time(root: Path, below: int) -> int:
    """When the newest timestamped checkpoint of fewer than `below` lines was made, in seconds since 1970; else 0."""
    for size, _, tokens in ledger_lines.newest_checkpoints(root / archive_words.CHECKPOINTS):
        if size < below and (stated := stated_time(tokens)):
            return timestamp_tokens.epoch(stated[0])
    return 0


def stated_time(tokens: Sequence[Path]) -> tuple[str, Path] | None:
    """The time of a checkpoint as these timestamps of it state, unchecked, and the file that states it."""
    times = _times_in(tokens)
    return (time, times[time]) if times and (time := proven_dates.agreed(times)) else None


def _times_in(tokens: Sequence[Path]) -> dict[str, Path]:
    """The times that these timestamps state, unchecked, each with a file. Skips damaged ones: `verify` reports them."""
    found = dict[str, Path]()
    for each in tokens:
        with suppress(archive_words.Malformed, OSError):
            found[timestamp_tokens.Token.parse(regular_files.content(each)).time] = each
    return found


def keep_lists(beside: SideFiles, tokens: Sequence[Path], qualify: Qualify) -> list[str]:
    """Keep what shows that timestamps are qualified, and state it. Returns reasons against others."""
    names, reasons = qualify(beside.root, tokens)
    beside.state_lists(names)
    return reasons


class AnchorFields(TypedDict):
    """What an `anchor` line names, which proves that it is younger: the newest checkpoint's size, and its timestamps
    (name -> SHA-256).
    """

    checkpoint: int
    tokens: dict[str, str]


def anchored(root: Path, roots: Sequence[Path], checker: openssl_program.TokenChecker) -> AnchorFields | None:
    """Return what the next ledger line names. None if the newest checkpoint has no timestamps that hold.

    Whoever can write to the archive can have put a timestamp there. `roots` as in `SealSettings`.
    """
    size, note, tokens = ledger_lines.newest_checkpoint(root)
    if not tokens:
        return None
    refused = check_newest(root, roots, checker)
    tokens = [each for each in tokens if f"{archive_words.CHECKPOINTS}/{each.name}" not in refused]
    if not tokens:
        return None
    names = {path.name[len(note.name) + 1 : -len(".tsr")]: path for path in tokens}
    digests = {name: hashlib.sha256(regular_files.content(path)).hexdigest() for name, path in names.items()}
    return {"checkpoint": size, "tokens": digests}


def _response(note: Path, authority: Authority) -> Path:
    return note.with_name(f"{note.name}.{authority.name}.tsr")


def ask(data: bytes, authority: Authority, post: Post) -> tuple[int | None, bytes | str]:
    """Ask for one timestamp over `data`. Returns the nonce, and the raw answer or the reason why there is none."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA512)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    answer = send(request.as_bytes(), authority, post)
    return (None if isinstance(answer, str) else request.nonce), answer


def send(request: bytes, authority: Authority, post: Post) -> bytes | str:
    """Send an RFC 3161 request. Returns the raw answer, or the reason why there is none."""
    try:
        return post(authority.url, request, "application/timestamp-query", TSA_TIMEOUT_S)
    except ArchiverError as error:  # Its own session: an authority is no platform, and every seal asks it.
        return error.detail
    except OSError as error:
        return str(error)


def hold_against_roots(response: bytes, digest: bytes, authority: Authority) -> None:
    """Check an answer for a digest against its authority's roots. Raises Malformed with the reason."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    if timestamp_tokens.Token.parse(response).digest != digest:
        raise archive_words.Malformed("it is a timestamp of other data")
    roots = _trusted(authority, response)
    try:
        VerifierBuilder(roots=roots).build().verify(decode_timestamp_response(response), digest)
    except (ValueError, VerificationError) as error:  # which need not be a fault: it reads DER only, and some send BER
        program = openssl_program.openssl()
        if program is None:
            raise archive_words.Malformed(str(error)) from None
        with scratch_folder("answer") as folder:
            answer = folder / "answer"
            answer.write_bytes(response)
            trusted = [each.public_bytes(Encoding.DER) for each in roots]
            if refusal := openssl_program.openssl_refuses(program, answer, digest, trusted, trusted):
                raise archive_words.Malformed(refusal) from None


def _keep(
    beside: SideFiles, note: Path, authority: Authority, asked: tuple[int | None, bytes | str], moment: HonestTime
) -> _Kept:
    """Keep an answer, given with its request's nonce, as received. Then check it."""
    nonce, answer = asked
    if isinstance(answer, str):
        return _Kept(why=answer)
    response = _response(note, authority)
    kept = beside.root / "staging" / response.name  # where the next command clears away what a kill leaves
    write_over(kept, answer)
    try:
        moment.check(answer)
        doubt = _check(beside, kept, note, nonce, authority)
    except archive_words.Malformed as error:
        move_over(kept, response.with_name(f"{response.name}.refused"))
        return _Kept(why=f"its answer does not hold ({error})")
    kept.rename(response)
    sync_folder(note.parent)
    return _Kept(doubt=doubt)


def _check(beside: SideFiles, response: Path, note: Path, nonce: int | None, authority: Authority) -> str | None:
    """Check an answer against the request and the authority's roots, and add these roots to the archive's.

    Returns a text for what could not be checked. Raises Malformed with the reason if the answer is wrong.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    data = read_file(response)
    token = timestamp_tokens.Token.parse(data)
    if not token.covers(read_file(note)):
        raise archive_words.Malformed("it is a timestamp of other data")
    if token.nonce is None or int.from_bytes(token.nonce, "big") != nonce:
        raise archive_words.Malformed("it answers another request")
    roots = _trusted(authority, data)
    trusted = [each.public_bytes(Encoding.DER) for each in roots]
    refusal = _refusal(data, read_file(note), roots)
    beside.add_roots(roots)
    if refusal is None:
        return None
    program = openssl_program.openssl()
    if program is None:
        return f"The timestamp from {authority.name} could not be checked here: {refusal}."
    if refusal := openssl_program.openssl_refuses(program, response, note, trusted, trusted):
        raise archive_words.Malformed(refusal)
    return None


def strict_checker(
    qualifies: openssl_program.ListChecker | None = None, known: KnownSignatures | None = None
) -> openssl_program.TokenChecker:
    """Check timestamps without a program, for `verify_archive` on machines without OpenSSL 3.

    With `known`, what held before is not computed again, and what holds now is added.
    """
    from importlib.metadata import version

    held = functools.partial(_held, known)
    loaded = functools.lru_cache(8)(loaded_certificates)  # many timestamps rest on the same roots

    def refuses(stamped: openssl_program.StampedNote, roots: tuple[bytes, ...], _: tuple[bytes, ...]) -> str | None:
        def reason() -> str | None:
            from rfc3161_client import PKIStatus, decode_timestamp_response

            try:
                answer = decode_timestamp_response(stamped.response)
                if answer.status != PKIStatus.GRANTED:
                    raise archive_words.Malformed("it was granted with modifications")
                _ = answer.tst_info.gen_time, answer.signed_data.signer_infos  # which are read only now
                return _refusal(stamped.response, stamped.note, loaded(roots))
            except ValueError as error:
                raise archive_words.Malformed(str(error)) from None

        return held(reason, b"timestamp", stamped.response, stamped.note, *roots)

    def signed(public: bytes, signature: bytes, message: bytes) -> bool:
        def reason() -> str | None:
            return None if is_by_key(public, signature, message) else "is not by this key"

        return held(reason, b"signature", public, signature, message) is None

    name = f"rfc3161-client {version('rfc3161-client')}"
    return openssl_program.TokenChecker(name, refuses, signed, qualifies, first=known is not None)


@contextmanager
def remembering(file: Path, signer: Ed25519PrivateKey) -> Iterator[openssl_program.TokenChecker]:
    """Yield a strict checker that knows what `file` remembers, and keep there what is found to hold meanwhile."""
    known = KnownSignatures(file, signer)
    yield strict_checker(known=known)
    known.save()


def check_newest(root: Path, roots: Sequence[Path], checker: openssl_program.TokenChecker) -> frozenset[str]:
    """Check the newest checkpoint, so that a later check of the whole archive need not compute it again.

    `roots` as in `SealSettings`. What cannot be checked now is not remembered; the later check says why. Returns the
    paths, in the archive, of the timestamps that do not hold.
    """
    with suppress(OSError, archive_words.Malformed), scratch_folder("roots") as folder:
        trusted = folder / "roots.pem"
        found = (each for file in roots for each in timestamp_tokens.certificates_in(read_file(file))[0])
        trusted.write_bytes(timestamp_tokens.pem_of_certificates(found))
        return whole_archive.check_newest(root, trusted if roots else None, checker)
    return frozenset()


def _held(known: KnownSignatures | None, reason: Callable[[], str | None], *parts: bytes) -> str | None:
    """Return why something does not hold, or None: at once if it is known to hold. `parts` are all that decides it."""
    if known is None:
        return reason()
    mark = b"".join(hashlib.sha256(each).digest() for each in parts)
    if mark in known:
        return None
    refusal = reason()
    if refusal is None:
        known.add(mark)
    return refusal


def _refusal(response: bytes, data: bytes, roots: list[Certificate]) -> str | None:
    """Return why the strict reader refuses a timestamp.

    It may still be valid: the reader knows DER, and some send BER.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        VerifierBuilder(roots=roots).build().verify_message(decode_timestamp_response(response), data)
    except (ValueError, VerificationError) as error:
        return str(error)
    return None


def _trusted(authority: Authority, response: bytes) -> list[Certificate]:
    """Return the roots for an authority's timestamp that keeps the rules. Raises Malformed with the rule it breaks.

    A check asks the same function. So nothing is sealed that a check does not count.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    roots = _roots(authority, response)
    if not roots:
        raise archive_words.Malformed("its root certificate is unknown; add it as `roots` of this authority")
    trusted = [each.public_bytes(Encoding.DER) for each in roots]
    if broken := token_rules.broken_rule(response, trusted):
        raise archive_words.Malformed(f"it {broken}")
    ends = timestamp_tokens.token_ends(response, trusted)
    if ends and ends < timestamp_tokens.Token.parse(response).time:
        raise archive_words.Malformed("its hash function or a certificate was no longer valid")
    return roots


def _roots(authority: Authority, response: bytes) -> list[Certificate]:
    """Return the roots for an authority's timestamps: the configured ones, else the public root of its chain."""
    if authority.roots:
        return certificates(authority.roots)
    return [each for each in public_roots() if each.subject.public_bytes() in response]  # it issued one of the chain
