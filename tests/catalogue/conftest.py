"""The fixtures of this folder."""

from tests.support.catalogue_kit import acme, reader

__all__ = ["acme", "reader"]
