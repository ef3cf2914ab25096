"""The fixtures of this folder."""

from tests.support.sync_kit import reader

__all__ = ["reader"]
