from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.governance.page import read_page

from sealwright.phases.governance.report.markup import element, join, style_element
from sealwright.readable import readable


@given(st.text(), st.text())
def test_text_and_attributes_come_back_as_text(text: str, attribute: str) -> None:
    parsed = read_page(str(element("p", text, class_=attribute)))
    assert parsed.shape == ["p"]
    assert not parsed.other
    assert "".join(parsed.text) == readable(text)
    assert parsed.elements[0].attributes == {"class": readable(attribute)}


@pytest.mark.parametrize("tag", ["script", "iframe", "img", "object", "form", "base", "link"])
def test_dangerous_elements_cannot_be_made(tag: str) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        element(tag)


@pytest.mark.parametrize("name", ["onclick", "style", "src", "formaction", "xlink:href"])
def test_dangerous_attributes_cannot_be_made(name: str) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        element("p", **{name: "x"})


@pytest.mark.parametrize("target", ["https://x", "javascript:x", "//x", "x", "#a b", "#\n", "#"])
def test_links_stay_in_the_page(target: str) -> None:
    with pytest.raises(ValueError, match="stay in the page"):
        element("a", href=target)


def test_a_style_sheet_cannot_end_itself() -> None:
    with pytest.raises(ValueError, match="cannot contain"):
        style_element("</style><script>")


def test_children_of_every_sort() -> None:
    assert str(join("<", None, 1234, ["a", element("em", "b")])) == "&lt;1,234a<em>b</em>"
