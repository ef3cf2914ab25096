"""The fixtures of this folder."""

from tests.support.desk_kit import browser, person, playwright, served, whole_browser

__all__ = ["browser", "person", "playwright", "served", "whole_browser"]
