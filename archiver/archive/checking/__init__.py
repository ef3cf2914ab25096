"""The verifier: its parts, which the product imports, and the single file that is joined from them."""

from pathlib import Path

CARRIED = Path(__file__).with_name("verify.py")
"""What lies in every archive and every pack. In that file itself, this is the file."""
