"""A stock-platform download archiver that captures licence proof automatically."""

__version__ = "0.1.0"
