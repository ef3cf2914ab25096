"""`licence.json` gives back what was put in, whatever the platform called it."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import IntegrityError
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence, TermsReference, TermsRelation
from archiver.reading.licence_json import FiledDocument, from_json, source_of, to_json

texts = st.text(st.characters(), max_size=30)  # lone surrogates too: a platform's JSON may hold them
names = st.text(min_size=1, max_size=20)
maybe = st.none() | texts
instants = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
licences = st.builds(
    Licence,
    asset=st.builds(Asset, provider=names, asset_id=texts, title=maybe, contributor=maybe, media_type=maybe),
    licence_id=names,
    key=st.lists(texts).map(tuple),
    listing=texts,
    kind=maybe,
    licensed_at=st.none() | st.dates() | instants,
    licensee=maybe,
    seat=maybe,
    plan=maybe,
    order=maybe,
    client_hints=st.dictionaries(texts, texts),
    comp=st.booleans(),
)
documents = st.builds(
    Document,
    name=texts,
    kind=st.sampled_from(DocumentKind),
    content=st.binary(),
    media_type=texts,
    url=maybe,
    retrieved_at=st.none() | instants,
    notes=st.dictionaries(texts, texts),
)
gaps = st.builds(Gap, kind=st.sampled_from(DocumentKind), reason=st.sampled_from(GapReason), detail=texts)

sources = st.sampled_from(["adapter", "import", "attended", "companion"])
named = st.dictionaries(texts | st.just("source"), texts | sources)
provenances = st.dictionaries(
    texts | st.sampled_from(["source", "provenance"]), texts | sources | named | st.lists(named)
)

terms = st.builds(TermsReference, id=texts, relation=st.sampled_from(TermsRelation), seen_at=instants)


@given(
    licences,
    st.lists(documents).map(tuple),
    st.lists(gaps).map(tuple),
    provenances,
    st.lists(terms).map(tuple),
)
def test_round_trip(
    licence: Licence,
    documents: tuple[Document, ...],
    gaps: tuple[Gap, ...],
    provenance: dict[str, object],
    terms: tuple[TermsReference, ...],
) -> None:
    content = to_json(licence, documents, gaps, provenance, terms)
    read = from_json(content)
    assert (read.licence, read.gaps, read.provenance, read.terms) == (licence, gaps, provenance, terms)
    source = provenance.get("source")
    assert source_of(content) == (source if isinstance(source, str) else None)
    assert read.documents == tuple(map(FiledDocument.of, documents))
    assert to_json(read.licence, read.documents, read.gaps, read.provenance, read.terms) == content


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": 2}', b"\xff"])
def test_other_bytes_are_an_integrity_error(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        from_json(content)
