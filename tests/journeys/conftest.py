"""The fixtures of this folder."""

from tests.support.desk_kit import browser, playwright

__all__ = ["browser", "playwright"]
