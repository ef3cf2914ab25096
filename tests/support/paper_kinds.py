"""Letters and papers of each kind with invented names, as `tests/support/kinds` has them."""

from pathlib import Path
from typing import Any

import yaml

SELLERS = {
    "imago-images.de": "IMAGO", "picture-alliance.com": "picture alliance", "mauritius-images.com": "mauritius images",
    "akg-images.de": "akg-images", "ullstein-bild.de": "ullstein bild", "alamy.com": "Alamy", "adobe.com": "Adobe",
    "gettyimages.com": "Getty Images", "shutterstock.com": "Shutterstock", "dpa.com": "dpa",
    "seller.example": "Bildagentur Beispiel",
}  # fmt: skip
"""Agencies that sell pictures, and one that nobody knows."""


def of_kind(name: str) -> Any:
    """What `tests/support/kinds/<name>.yaml` says."""
    return yaml.safe_load(Path(__file__).with_name("kinds").joinpath(f"{name}.yaml").read_text("utf-8"))
