"""Encodings of text that a stranger may name: those of real pages and mails, and none of Python's other codecs.

Among the others are some that take minutes for a small text (punycode), decode nothing (undefined), or need more of it
than there is (idna).
"""

from __future__ import annotations

import codecs

_KNOWN = frozenset((
    "ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    *(f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
    *(f"cp{page}" for page in (*range(1250, 1259), 437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865,
                               866, 869, 874, 932, 949, 950)),
    "mac-roman", "mac-cyrillic", "koi8-r", "koi8-u", "tis-620", "gb2312", "gbk", "gb18030", "big5", "big5hkscs",
    "euc_jp", "shift_jis", "iso2022_jp", "euc_kr", "johab",
))  # fmt: skip


def encoding_named(label: str | None) -> str | None:
    """Python's name of an encoding that a page or a mail says it has; None for what no text has.

    Decoding with it takes a time in proportion to the text, and fails with UnicodeDecodeError alone.
    """
    try:
        name = codecs.lookup((label or "").strip()).name
    except (LookupError, ValueError):  # a zero in it
        return None
    return name if name in _KNOWN else None
