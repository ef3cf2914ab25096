"""Small PDFs, drawn as needed."""

import zlib


def pdf(*lines: str, kids: bytes = b"3 0 R", operators: bytes | None = None) -> bytes:
    """A PDF written by hand: one page, Helvetica, one line of text below the other."""
    if operators is None:
        operators = (
            b"BT /F1 12 Tf 50 700 Td 14 TL" + b"".join(b" (%s) Tj T*" % each.encode() for each in lines) + b" ET"
        )
    stream = zlib.compress(operators)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count 1>>" % kids,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(out),
    )
