"""The fixtures of this folder."""

from tests.support.browsing_kit import anyio_backend, browsers, info, record, replay, visit

__all__ = ["anyio_backend", "browsers", "info", "record", "replay", "visit"]
