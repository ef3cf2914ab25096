"""What a platform renamed is found between an old page and a new one of other licences; what licences say is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.devkit.markup_update import renamed, renames

OLD = (
    '<main><p class="note big">Page 1 of 2</p><table>\n<tr data-id="7"><td class="kind">Standard</td>'
    '<td>Heron</td><td><time datetime="2026-01-02">2 Jan</time></td></tr></table> <a rel=next href="?p=2">Next</a>'
    "</main>"
)
NEW = (
    '<main><p class="hint big">Seite 1 von 9</p><table>\n<tr data-key="55"><td class="type">Extended</td>'
    '<td>Otter</td><td><span datetime="2026-05-05">5 May</span></td></tr></table> <a rel=next href="?p=2">Weiter</a>'
    "</main>"
)


def test_an_old_page_gets_the_new_names_and_keeps_its_licences() -> None:
    changes = renames([OLD], [NEW], {"Heron", "Otter", "Standard", "Extended", "2 Jan"})
    made = renamed(OLD, changes)
    for name in ('class="hint big"', "Seite 1 von 2", 'data-key="7"', 'class="type"', "<span datetime", ">Weiter<"):
        assert name in made, (changes, made)
    for said in ("Heron", "Standard", "2026-01-02", '</table> <a rel=next href="?p=2">'):
        assert said in made
    answers = ['{"sold_at": "2026", "item": {"id": 1}}'], ['{"bought_at": "2025", "item": {"id": 2}}']
    assert renamed(answers[0][0], renames(*answers, set())) == '{"bought_at": "2026", "item": {"id": 1}}'


@given(
    st.text()
    | st.lists(st.sampled_from((*"<>/='\" \n", "a", "td", "class", "&amp;", "<td class='x y'>", "7"))).map("".join)
)
def test_a_page_without_changes_stays_as_it_is(page: str) -> None:
    assert renamed(page, {}) == page


@pytest.mark.parametrize("new", [OLD, "<p>We moved</p>", ""])
def test_a_page_that_is_the_same_or_quite_another_renames_nothing(new: str) -> None:
    assert renames([OLD], [new], {"Heron", "Standard"}) == {}
