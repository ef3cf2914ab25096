from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.reading.html import Field, lines, read_row, row_lines, rows, text, value

PAGE = """<table><tr><th>Resource</th></tr>
<tr><td><a href="/x_1.htm"><img></a></td><td><a href="/x_770011.htm">Sports
  <b>car</b></a> by Ada</td><td><time datetime="2026-11-03">3 Nov</time></td></tr></table>
<script>const texts = "You have no downloads yet"</script><p>Page 1 of 2</p>"""
FIELDS = {
    "id": Field("a", "href", r"_(\d{4,})\.htm"),
    "title": Field("a"),
    "author": Field("td:nth-child(2)", pattern=r".*\bby (.+)$"),
    "day": Field("time[datetime]", "datetime"),
    "project": Field(".project", optional=True),
}


def test_a_row_cut_out_of_its_table_is_read_whole() -> None:
    [row] = rows(PAGE, "tr:has(td), tr:has(time)")
    assert read_row(row, FIELDS) == {"id": "770011", "title": "Sports car", "author": "Ada", "day": "2026-11-03"}


def test_the_lines_of_a_page_and_its_frame_hold_no_title_twice() -> None:
    assert lines("<title>A</title><h1>Mine</h1><iframe src=b></iframe>\n<html><title>B</title><p>B</p>") == "Mine\nB"
    assert lines("<p><b>Licensee</b>: <i>Ada</i></p>") == "Licensee:\nAda"
    table = "<table><tr><th>ID<th>Title<th>Fee</tr><tr><td>77<td>A <b>red</b><br>door<td>$1</tr></table>"
    assert row_lines(f"<p>Order</p>{table}<p>Total</p>") == "Order\n\nID\tTitle\tFee\n77\tA red door\t$1\n\nTotal"
    assert row_lines("<table><tr><th>Buyer<td>Ada<br>1 High Street</table>") == ""  # a label and its value


def test_what_scripts_hold_is_no_text_of_the_page() -> None:
    assert "Page 1 of 2" in text(PAGE) and "no downloads" not in text(PAGE)


@pytest.mark.parametrize("broken", [PAGE.replace("datetime", "data-date"), PAGE.replace("770011", "7"), "", "<tr>"])
def test_a_missing_mandatory_value_is_named(broken: str) -> None:
    with pytest.raises(ValueError, match=r"no (day|id)"):
        read_row(broken, FIELDS)


MARKUP = st.lists(
    st.sampled_from(
        ["<tr>", "<td>", "</table>", '<a href="', "<time datetime=", ">", "<!--", "<svg>", "\x00", "&#0;", "<template>"]
    )
    | st.text(max_size=5),
    max_size=30,
).map("".join)


@given(MARKUP)
def test_hostile_markup_never_crashes(html: str) -> None:
    text(html)
    for row in [html, *rows(html, "tr")]:
        found: dict[str, Any] = {name: value(row, field) for name, field in FIELDS.items()}
        try:
            assert read_row(row, FIELDS) == {name: each for name, each in found.items() if each is not None}
        except ValueError:
            assert any(found[name] is None and not field.optional for name, field in FIELDS.items())
