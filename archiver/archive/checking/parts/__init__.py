"""The parts of the verifier, in the order in which `checking/build.py` joins them to the single file.

Each imports only those above it, Python's standard library, and nothing else of ours: the single file has all it needs.
"""

ORDER = (
    "archive_words",
    "verify_report",
    "regular_files",
    "strict_json",
    "merkle_tree",
    "ed25519_signature",
    "signed_notes",
    "timestamp_tokens",
    "token_rules",
    "openssl_program",
    "anchor_proofs",
    "ocfl_object",
    "strict_zip",
    "witnessed",
    "many_objects",
    "ledger_lines",
    "proven_dates",
    "common_checks",
    "whole_archive",
    "one_proof",
    "whole_pack",
    "verify_command",
)
