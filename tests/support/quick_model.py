"""A model for pictures that takes no work: the colours of 12 × 12 fields. It finds whole pictures only.

For homes of tests which are about something else than recognising pictures. It is written out here, since the package
that makes such files is no part of this environment; see https://onnx.ai/onnx/repo-docs/IR.html.
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

from archiver.core.atomic_files import replace_file

FIELD_PX, FIELDS, VECTOR_LENGTH = 25, 12, 512
UINT8, FLOAT, INT64 = 2, 1, 7  # types of ONNX


@cache
def quick_model(path: Path) -> Path:
    """The file, written if it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, _model())
    return path


def _number(value: int) -> bytes:
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        out.append(low | 0x80 * bool(value))
        if not value:
            return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _bytes(field: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return _number(field << 3 | 2) + _number(len(content)) + content


def _node(operation: str, inputs: list[str], output: str, **settings: int | list[int]) -> bytes:
    parts = b"".join(_bytes(1, each) for each in inputs) + _bytes(2, output) + _bytes(4, operation)
    for name, value in settings.items():
        listed = b"".join(_int(8, each) for each in value) if isinstance(value, list) else _int(3, value)
        parts += _bytes(5, _bytes(1, name) + listed + _int(20, 7 if isinstance(value, list) else 2))
    return _bytes(1, parts)


def _value(name: str, kind: int, *sizes: int | str) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, each) if isinstance(each, str) else _int(1, each)) for each in sizes)
    return _bytes(1, name) + _bytes(2, _bytes(1, _int(1, kind) + _bytes(2, shape)))


def _model() -> bytes:
    pads = [0, 0, 0, VECTOR_LENGTH - 3 * FIELDS * FIELDS]
    graph = (
        _node("Cast", ["pictures"], "numbers", to=FLOAT)
        + _node("Transpose", ["numbers"], "planes", perm=[0, 3, 1, 2])
        + _node("AveragePool", ["planes"], "fields", kernel_shape=[FIELD_PX] * 2, strides=[FIELD_PX] * 2)
        + _node("Flatten", ["fields"], "flat", axis=1)
        + _node("ReduceMean", ["flat"], "mean", axes=[1], keepdims=1)
        + _node("Sub", ["flat", "mean"], "centred")
        + _node("Pad", ["centred", "pads"], "vectors")
        + _bytes(2, "quick")
        + _bytes(5, _int(1, len(pads)) + _int(2, INT64) + _bytes(8, "pads") + _bytes(9, struct.pack("<4q", *pads)))
        + _bytes(11, _value("pictures", UINT8, "n", "height", "width", 3))
        + _bytes(12, _value("vectors", FLOAT, "n", VECTOR_LENGTH))
    )
    return _int(1, 7) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _int(2, 13))
