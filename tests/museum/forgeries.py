"""Genuine and forged archives and packs: what is done to a piece of the museum, and the verdict it must get.

State and exit code of each label were written before the forgery was judged; the codes of findings show which rules
see it. The roots of the timestamps are given, the signer's key is not.
What a forger can do without any key is done, so that no later check of digests stands in the way: lists of digests are
made anew, zips are zipped again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.checking.parts.signed_notes import pem_of_key
from tests.museum.pieces import REFUSED, Verdict
from tests.support.forger import Entry, Files, Owner, bagged, entries_of, resealed, zip_of

PROVEN, UNPROVEN, NO_PACK = Verdict("PROVEN"), Verdict("UNPROVEN"), Verdict(REFUSED, 2)


UNSIGNED = ("c727bf93", "8c67327c")  # whose ledgers have no signed lines, no waiting ones and no anchor at the end
UNSTATED = (*UNSIGNED, "7820dc9d", "fd33bd4b", "50fc16cc")  # whose ledgers state no files beside the evidence
UNBOUND = "8c67327c"  # whose packs do not prove to which terms a licence refers


def damaged(*codes: str) -> Verdict:
    return Verdict("DAMAGED", 90, frozenset(codes))


# ---------------------------------------------------------------- archives


@dataclass(frozen=True)
class Forged:
    """What is done to an archive's folder, and the label.

    `older`: labels at pieces of other formats, by commit; None where these have not what is forged.
    """

    do: Callable[[Path], object]
    label: Verdict
    older: dict[str, Verdict | None] = field(default_factory=dict)


def write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    before = path.read_bytes()
    after = change(before)
    assert after != before
    write(path, after)


def first(root: Path, pattern: str) -> Path:
    return min(root.glob(pattern))


def last(root: Path, pattern: str) -> Path:
    return max(root.glob(pattern))


CERTIFICATE = "evidence/licences/*/*/*/v1/content/certificate.pdf"


def forge(data: bytes) -> bytes:
    """Other bytes of the same length."""
    return data[:-9] + b"% forged\n"


def certificate_and_inventories(root: Path) -> None:
    """Another certificate, and all that OCFL says of it made to fit."""
    path = first(root, CERTIFICATE)
    old = hashlib.sha512(path.read_bytes()).hexdigest().encode()
    edit(path, forge)
    new = hashlib.sha512(path.read_bytes()).hexdigest().encode()
    top = path.parents[2]
    for inventory in [top / "inventory.json", *top.glob("v*/inventory.json")]:
        edit(inventory, lambda data: data.replace(old, new))
        digest = hashlib.sha512(inventory.read_bytes()).hexdigest()
        write(inventory.with_name("inventory.json.sha512"), f"{digest} inventory.json\n".encode())


def swap(root: Path, pattern: str) -> None:
    one, two = first(root, pattern), last(root, pattern)
    assert one != two
    ours, theirs = one.read_bytes(), two.read_bytes()
    write(one, theirs)
    write(two, ours)


def lines(root: Path) -> list[bytes]:
    return (root / "ledger/ledger.jsonl").read_bytes().splitlines()


def ledger(root: Path, changed: list[bytes]) -> None:
    write(root / "ledger/ledger.jsonl", b"".join(each + b"\n" for each in changed))


def checkpoints(root: Path) -> list[int]:
    return sorted(int(each.name[:8]) for each in (root / "ledger/checkpoints").glob("*.note"))


def edit_line(root: Path) -> None:
    """A line below the newest checkpoint, with another date; nothing else is made to fit."""
    found = lines(root)
    found[2] = re.sub(rb'"at":"\d{4}', b'"at":"2025', found[2])
    ledger(root, found)


def chain_anew(root: Path) -> None:
    """The same, the hashes of all later lines made to fit, and what follows the newest checkpoint left out."""
    made = list[bytes]()
    for seq, line in enumerate(lines(root)[: checkpoints(root)[-1]]):
        fields = json.loads(line)
        if seq:
            fields["prev"] = hashlib.sha256(made[-1]).hexdigest()
        fields["at"] = "2025" + fields["at"][4:] if seq == 2 else fields["at"]
        made.append(canonical(fields))
    ledger(root, made)


def edit_waiting_line(root: Path) -> None:
    """The first line after the newest checkpoint; the last one is signed, and says what it was."""
    found, at = lines(root), checkpoints(root)[-1]
    assert len(found) > at + 1
    found[at] = canonical(json.loads(found[at]) | {"tool": "9.9.9"})
    ledger(root, found)


def append_line(root: Path) -> None:
    found = lines(root)
    line = {"seq": len(found), "prev": hashlib.sha256(found[-1]).hexdigest(), "type": "run", "tool": "9.9.9",
            "at": json.loads(found[-1])["at"]}  # fmt: skip
    ledger(root, [*found, canonical(line)])


def plant(root: Path) -> None:
    """An object that was made elsewhere."""
    source = first(root, CERTIFICATE).parents[2]
    shutil.copytree(source, source.with_name(f"{source.name[:-8]}00000000"))


def put_back(root: Path) -> None:
    """An erased object is there again, whatever it holds."""
    erased = next(json.loads(line)["erases"] for line in lines(root) if b'"type":"erasure"' in line)
    name = erased.rpartition(":")[2]
    shutil.copytree(first(root, CERTIFICATE).parents[2], root / f"evidence/licences/{name[:4]}/{name[4:6]}/{name}")


def token_of_another_checkpoint(root: Path) -> None:
    write(last(root, "ledger/checkpoints/*.tsr"), first(root, "ledger/checkpoints/*.tsr").read_bytes())


def own_authority(root: Path) -> None:
    """The newest checkpoint is stamped anew by an authority of the forger's, whose root comes with it."""
    forger, token = Owner(7), last(root, "ledger/checkpoints/*.tsr")
    write(token, forger.stamp(Path(str(token).partition(".note")[0] + ".note").read_bytes()))
    edit(root / "keys/tsa-roots.pem", lambda data: data + forger.roots)


def unsigned_bytes(data: bytes) -> bytes:
    """A timestamp that is granted "with modifications", which nobody signs."""
    status = bytes.fromhex("3003020100")
    assert status in data[:12]
    return data.replace(status, bytes.fromhex("3003020101"), 1)


def copied_token(root: Path) -> None:
    token = first(root, "ledger/checkpoints/*.tsr")
    shutil.copy(token, Path(str(token).replace(".local.tsr", ".other.tsr")))


def sign_anew(root: Path) -> None:
    """The newest checkpoint with a signature that is none."""
    edit(last(root, "ledger/checkpoints/*.note"), lambda data: data[:-20] + (b"A" * 10 + data[-10:]))


def link(root: Path) -> None:
    path = first(root, CERTIFICATE)
    path.unlink()
    path.symlink_to("/etc/hostname")


def own_key(root: Path) -> None:
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    write(root / "keys/signer-public.pem", pem_of_key(public))


ARCHIVES: dict[str, Forged] = {
    "nothing": Forged(lambda root: None, PROVEN),
    "certificate exchanged": Forged(lambda root: edit(first(root, CERTIFICATE), forge), damaged("changed")),
    "certificate and inventories exchanged": Forged(certificate_and_inventories, damaged("changed")),
    "certificates swapped between licences": Forged(lambda root: swap(root, CERTIFICATE), damaged("changed")),
    "certificate removed": Forged(lambda root: first(root, CERTIFICATE).unlink(), damaged("missing")),
    "certificate in other case": Forged(
        lambda root: (path := first(root, CERTIFICATE)).rename(path.with_name("CERTIFICATE.PDF")),
        damaged("extra", "missing"),
    ),
    "inventory removed": Forged(
        lambda root: (first(root, CERTIFICATE).parents[2] / "inventory.json").unlink(), damaged("missing")
    ),
    "object removed": Forged(lambda root: shutil.rmtree(first(root, CERTIFICATE).parents[2]), damaged("missing")),
    "object planted": Forged(plant, damaged("orphan")),
    "erased object put back": Forged(put_back, damaged("erased-content-present")),
    "line edited": Forged(edit_line, damaged("ledger")),
    "line edited and chained anew": Forged(
        chain_anew, damaged("ledger", "forged"), dict.fromkeys(UNSIGNED, damaged("ledger"))
    ),
    "waiting line edited": Forged(edit_waiting_line, damaged("ledger"), dict.fromkeys(UNSIGNED)),
    "line appended": Forged(append_line, damaged("forged"), dict.fromkeys(UNSIGNED, UNPROVEN)),
    "end of the ledger cut off": Forged(
        lambda root: ledger(root, lines(root)[: checkpoints(root)[-1] - 1]),
        damaged("ledger", "missing", "orphan"),
        dict.fromkeys(UNSIGNED, damaged("ledger")),
    ),
    "token of another checkpoint": Forged(
        token_of_another_checkpoint, damaged("timestamp", "changed"), dict.fromkeys(UNSIGNED, damaged("timestamp"))
    ),
    "token of a forger's authority": Forged(
        own_authority, damaged("timestamp", "changed"), dict.fromkeys(UNSIGNED, damaged("timestamp"))
    ),
    "token with other unsigned bytes": Forged(
        lambda root: edit(first(root, "ledger/checkpoints/*.tsr"), unsigned_bytes), damaged("changed")
    ),
    "token copied": Forged(copied_token, damaged("extra")),
    "token removed": Forged(lambda root: first(root, "ledger/checkpoints/*.tsr").unlink(), damaged("missing")),
    "checkpoint signed by nobody": Forged(sign_anew, damaged("checkpoint", "timestamp")),
    "key exchanged": Forged(
        own_key, damaged("checkpoint", "forged", "key"), dict.fromkeys(UNSIGNED, damaged("checkpoint", "key"))
    ),
    "letter to readers changed": Forged(
        lambda root: edit(root / "READ-ME-FIRST.txt", lambda data: data + b"See http://stock.example/\n"),
        damaged("changed"),
        dict.fromkeys(UNSTATED, PROVEN),
    ),
    "file beside the evidence": Forged(lambda root: write(root / "evidence/letter.txt", b"forged"), damaged("extra")),
    "file at the top": Forged(lambda root: write(root / "letter.txt", b"forged"), PROVEN),
    "another verifier": Forged(lambda root: write(root / "tools/verify.py", b"print('PROVEN')\n"), PROVEN),
    "link to a certificate": Forged(link, damaged("invalid")),
}
"""What is done to the shared account's archive."""


# ---------------------------------------------------------------- packs


@dataclass(frozen=True)
class Pack:
    """What is done to a pack's files, by path, and the label; it may give the bytes of a zip. `older` as above."""

    do: Callable[[Files], Files | bytes]
    label: Verdict
    older: dict[str, Verdict | None] = field(default_factory=dict)


def proven(do: Callable[[Files], Files | bytes]) -> Pack:
    """What changes no proof."""
    return Pack(do, PROVEN, {UNBOUND: UNPROVEN})


def one(files: Files, pattern: str) -> str:
    return next(path for path in sorted(files) if re.search(pattern, path))


def changed(pattern: str, change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    """Every file whose path matches is changed, and BagIt's lists are made anew."""

    def do(files: Files) -> Files:
        found = {path: change(data) for path, data in files.items() if re.search(pattern, path)}
        assert found and any(files[path] != data for path, data in found.items())
        return relisted({**files, **found})

    return do


def without(pattern: str) -> Callable[[Files], Files]:
    def do(files: Files) -> Files:
        left = {path: data for path, data in files.items() if not re.search(pattern, path)}
        assert left.keys() != files.keys()
        return relisted(left)

    return do


def relisted(files: Files) -> Files:
    """With BagIt's lists of digests made anew; the rest of `bag-info.txt` stays."""
    made = bagged(files)
    stated = re.search(rb"Payload-Oxum: .*\n", made["bag-info.txt"])
    assert stated
    info = re.sub(rb"Payload-Oxum: .*\n", stated[0], files["bag-info.txt"])
    made["bag-info.txt"] = info
    tags = {path: each for path, each in made.items() if "/" not in path and path != "tagmanifest-sha256.txt"}
    listed = (f"{hashlib.sha256(tags[path]).hexdigest()}  {path}\n" for path in sorted(tags))
    return {**made, "tagmanifest-sha256.txt": "".join(listed).encode()}


COPY, PROOF = r"02_licence_original/.*certificate\.pdf$", r"07_integrity/.*certificate\.pdf$"
TOKENS = r"\.tsr$"


def proof_exchanged(files: Files) -> Files:
    """The certificate in its place and in the proof, and all that OCFL says of it made to fit."""
    path = one(files, PROOF)
    new, top = forge(files[path]), path.partition("/v1/")[0]
    digests = [hashlib.sha512(each).hexdigest().encode() for each in (files[path], new)]
    found = {**files, path: new, one(files, COPY): new}
    for name in [each for each in files if each.startswith(f"{top}/") and each.endswith("inventory.json")]:
        found[name] = files[name].replace(digests[0], digests[1])
        found[f"{name}.sha512"] = f"{hashlib.sha512(found[name]).hexdigest()} inventory.json\n".encode()
    return relisted(found)


def line_edited(data: bytes) -> bytes:
    """The ledger's line in a proof of inclusion, with another date."""
    head, line, rest = re.fullmatch(rb"(.*?\nextra )(\S+)(\n.*)", data, re.DOTALL).groups()  # type: ignore[union-attr]  # as all have it
    fields = json.loads(base64.b64decode(line))
    return bytes(head + base64.b64encode(canonical(fields | {"at": "2025" + fields["at"][4:]})) + rest)


def own_authority_s_tokens(files: Files) -> Files:
    """All checkpoints stamped anew by an authority of the forger's, whose root comes with them."""
    forger, found = Owner(7), dict(files)
    for path in [each for each in files if re.search(TOKENS, each)]:
        found[path] = forger.stamp(files[path.partition(".note")[0] + ".note"])
    for path in [each for each in files if each.endswith("tsa-roots.pem")]:
        found[path] = forger.roots
    return as_before(files, resealed(found))


def as_before(files: Files, made: Files) -> Files:
    return relisted({**made, "bag-info.txt": files["bag-info.txt"]})


def renamed(files: Files) -> Files:
    name = one(files, "07_integrity/.*/").split("/")[2]
    return relisted({path.replace(name, f"{name[:-8]}00000000"): data for path, data in files.items()})


def zipped(files: Files, *more: Entry, **how: Any) -> bytes:
    return zip_of([*entries_of(files), *more], **how)


PACKS: dict[str, Pack] = {
    "nothing": proven(lambda files: files),
    "zipped in another order": proven(lambda files: zip_of(entries_of(files)[::-1])),
    "zipped without packing": proven(lambda files: zip_of([Entry(e.name, e.data, 0) for e in entries_of(files)])),
    "excerpt changed": proven(changed(r"excerpt", lambda data: data.replace(b"2026", b"2016"))),
    "another verifier": proven(changed(r"07_integrity/verify\.py$", lambda _: b"print('PROVEN')\n")),
    "the sender's sheet changed": proven(changed(r"dates-by-us\.txt$", lambda data: data + b"2016\n")),
    "copy exchanged": Pack(changed(COPY, forge), damaged("copy")),
    "copy and proof exchanged": Pack(changed(f"{COPY}|{PROOF}", forge), damaged("changed", "copy")),
    "copy, proof and inventories exchanged": Pack(proof_exchanged, damaged("changed")),
    "copy removed": Pack(without(COPY), damaged("missing")),
    "proof of a file removed": Pack(without(PROOF), damaged("changed", "extra", "invalid", "missing")),
    "inventory removed": Pack(without(r"07_integrity/.*/licences?/.*v1/inventory\.json$"), damaged("missing", "extra")),
    "line edited": Pack(changed(r"\.tlog-proof$", line_edited), damaged("changed", "extra", "inclusion", "orphan")),
    "line removed": Pack(without(r"00000000\.tlog-proof$"), damaged("inclusion")),
    "checkpoint edited": Pack(
        changed(r"\.note$", lambda data: data.replace(b"\n", b"1\n", 2)),
        damaged("changed", "checkpoint", "extra", "inclusion", "orphan", "timestamp"),
    ),
    "tokens of a forger's authority": Pack(
        own_authority_s_tokens, damaged("timestamp"), {UNBOUND: damaged("changed", "timestamp")}
    ),
    "token with other unsigned bytes": Pack(changed(TOKENS, unsigned_bytes), damaged("changed"), {UNBOUND: UNPROVEN}),
    "all tokens removed": Pack(without(TOKENS), UNPROVEN),
    "key exchanged": Pack(changed(r"signer-public\.pem$", lambda _: Owner(7).signer_pem), damaged("checkpoint", "key")),
    "proof under another name": Pack(renamed, damaged("changed", "extra", "missing")),
    "foreign file": Pack(lambda files: relisted({**files, "data/letter.txt": b"forged"}), damaged("changed", "extra")),
    "foreign file beside the pack": proven(lambda files: zipped(files, Entry(b"letter.txt", b"forged"))),
    "foreign file in another case": Pack(
        lambda files: zipped(files, Entry(b"proof/data/PROOF.PDF", b"forged")), NO_PACK
    ),
    "list of digests cut off": Pack(
        lambda files: {**files, "manifest-sha256.txt": files["manifest-sha256.txt"][:-10]}, damaged("changed")
    ),
    "pack's format edited": Pack(
        lambda files: relisted(
            {**files, "bag-info.txt": re.sub(rb"(Format: )\d+", rb"\g<1>99", files["bag-info.txt"])}
        ),
        damaged("format"),
        {UNBOUND: None, "7820dc9d": damaged("changed", "format", "missing")},
    ),
    "file twice": Pack(lambda files: zipped(files, entries_of(files)[0]), NO_PACK),
    "link": Pack(
        lambda files: zipped(files, Entry(b"proof/data/letter.pdf", b"/etc/hostname", mode=0o120777 << 16)), NO_PACK
    ),
    "zip cut off": Pack(lambda files: zipped(files)[:-400], NO_PACK),
    "zip with bytes behind it": Pack(lambda files: zipped(files) + b"forged", NO_PACK),
    "zip with bytes before it": Pack(lambda files: zipped(files, before=b"MZ forged"), NO_PACK),
    "no zip": Pack(lambda files: b"Dear Sir or Madam", NO_PACK),
}
"""What is done to the pack of a claim."""
