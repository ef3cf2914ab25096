"""The fixtures of this folder."""

from tests.support.pack_attacks import made, pack, remembering

__all__ = ["made", "pack", "remembering"]
