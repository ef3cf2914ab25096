"""The fixtures of this folder."""

from tests.support.archive_kit import authority, kit, sealed, sealed_once

__all__ = ["authority", "kit", "sealed", "sealed_once"]
