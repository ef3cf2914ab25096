"""The command."""

from __future__ import annotations

import argparse
import json
import sys
from io import TextIOWrapper
from pathlib import Path

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts.archive_words import DAMAGED, FORKED, Busy, Malformed, in_one_line
from archiver.archive.checking.parts.ocfl_object import check_object
from archiver.archive.checking.parts.one_proof import verify_proof
from archiver.archive.checking.parts.verify_report import VerifyReport
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.checking.parts.whole_pack import BY_SENDER, PROOFS, PackReport, verify_pack, verify_zip


def tell_pack(reports: list[VerifyReport], *, as_json: bool) -> int:
    """Print what was found in a pack; the exit code."""
    *proofs, copies = reports
    if as_json:
        judged = {"state": copies.state, "verdict": copies.verdict.word, "trust": copies.verdict.trust or None}
        document = {**judged, "proofs": [each.as_json() for each in proofs], "copies": copies.as_json()}
        print(json.dumps(document, indent=1))
    else:
        for report in proofs:
            print(report.as_text())
        assert isinstance(copies, PackReport)
        for path, since in copies.copies.items():
            print(in_one_line(f"  {path}: {f'secured since {since}' if since else 'not proven yet'}"))
        for path in copies.by_sender:
            print(in_one_line(f"  {path}: {BY_SENDER}"))
        for unfit in copies.findings:
            print(unfit)
        print(f"all {len(proofs)} proofs and {copies.objects} files beside them: {copies.verdict}")
    return copies.verdict.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify.py", description="Check an archive, one object of it, or a proof. Changes nothing."
    )
    parser.add_argument("archive", nargs="?", type=Path, help="the archive's folder; else the one that holds tools/")
    parser.add_argument("--object", type=Path, metavar="PATH", help="check one OCFL object's folder only")
    parser.add_argument(
        "--proof", type=Path, metavar="PATH", help="check a proof or pack: its zip, or what was unpacked"
    )
    parser.add_argument("--roots", type=Path, metavar="PEM", help="the timestamp roots, from a source you trust")
    parser.add_argument("--key", type=Path, metavar="PEM", help="the signer's public key, from a source you trust")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="X",
        help="a checkpoint held by somebody outside, a folder of them, or a pack",
    )
    parser.add_argument(
        "--headers", type=Path, metavar="X", help="Bitcoin's block headers: lines HEIGHT HEX, or all from block 0 on"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the documents' digests")
    parser.add_argument("--licence", metavar="ID", help="check one licence and its place in the ledger")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


# long: the whole command line, a branch for each thing that it checks
def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if sum(map(bool, (options.archive, options.object, options.proof))) > 1:
        parser.error("give one of ARCHIVE, --object and --proof")
    if options.against and (options.object or options.proof):
        parser.error("--against needs a whole archive")
    given = (options.archive, options.object, options.proof, options.roots, options.key, options.against)
    for path in filter(None, (*given, options.headers)):
        if not path.exists():
            parser.error(f"{path} does not exist")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that a terminal cannot show ends nothing
    bag = options.proof / "data" if options.proof else None  # what was unpacked holds the pack in a folder of this name
    if bag and (bag / PROOFS).is_dir():
        options.proof = bag
    try:
        if options.object:
            report = VerifyReport(options.object.name, findings=check_object(options.object).findings)
            report.state = DAMAGED if any(f.damage for f in report.findings) else "VALID"
            report.objects = 1
        elif options.proof and options.proof.is_file():
            return tell_pack(
                verify_zip(options.proof, options.roots, options.key, options.headers), as_json=options.json
            )
        elif options.proof and (options.proof / PROOFS).is_dir():
            return tell_pack(
                verify_pack(options.proof, options.roots, options.key, options.headers), as_json=options.json
            )
        elif options.proof:
            report = verify_proof(options.proof, options.roots, options.key, options.headers)
        else:
            archive = options.archive or CARRIED.resolve().parent.parent
            report = verify_archive(
                archive, options.roots, options.key, options.quick, options.licence, options.against,
                headers=options.headers,
            )  # fmt: skip
    except Malformed as error:
        parser.error(f"{options.proof} {error}" if options.proof and options.proof.is_file() else str(error))
    except OSError as error:
        place = options.proof or error.filename or options.object or options.archive or "the archive"
        parser.error(f"{place} cannot be checked here: {error.strerror or error}")
    except Busy as error:
        print(f"verify.py: {error}; wait until it ends", file=sys.stderr)
        return 50
    if options.json:
        print(json.dumps(report.as_json(), indent=1))
    elif options.object:
        for finding in report.findings:
            print(finding)
        print(in_one_line(f"{report.client}: {report.state}"))
    else:
        print(report.as_text())
    return report.verdict.exit_code if options.proof else 90 if report.state in (DAMAGED, FORKED) else 0
