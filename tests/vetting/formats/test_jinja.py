"""Templates of ordinary models pass; what reaches further is found, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.formats import jinja
from sealwright.vetting.formats.jinja_constants import fold, formatted
from sealwright.vetting.formats.jinja_names import core_of_a_name, forbidden_name, part_of_a_name
from sealwright.vetting.interface import Examining, Member
from tests.vetting.examine import examine, rules, session

TEMPLATES = sorted((Path(__file__).parents[2] / "benign/documents/chat_templates").glob("*.jinja"))


def found(template: str) -> set[str]:
    work = Examining(Member(path="t", data=b""), session())
    jinja.examine_template(template, work, where="chat_template")
    return rules(work)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_ordinary_chat_templates_pass(path: Path) -> None:
    assert jinja.recognise(Member(path=path.name, data=path.read_bytes())) == "weak"
    work = examine(jinja.FORMAT, path.read_bytes(), path=path.name)
    assert not work.observations
    assert not work.gaps
    assert work.parsed == path.stat().st_size


def test_there_are_ordinary_templates() -> None:
    assert len(TEMPLATES) >= 7


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages[0]['role'] }}{{ m.name.replace('__', '.') }}",
        "{% if name.startswith('mcp__') %}a{% endif %}",
        "text with __class__ in it",
        "{% for i in range(100) %}{% for j in range(100) %}a{% endfor %}{% endfor %}",
        "{{ 'Today: {}'.format(day) }}{{ '%d' % 5 }}{{ '%05.2f' | format(x) }}",
        "{% set config = {'a': 1} %}{% set request = config.a %}{{ request }}",
        "{% macro self(a) %}{{ a }}{% endmacro %}{{ self(1) }}",
        "{{ [1, 2] | sum }}{{ tools | map(attribute='function.name') | join(', ') }}",
        "{{ '-' * 40 }}{{ x ** 2 }}",
        "{# {{ ''.__class__ }} #}{% raw %}{{ ''.__class__ }}{% endraw %}",
        "{% set t %}{{ messages }}{% endset %}{{ t | upper }}",
        "{% for a, b in tools.items() recursive %}{{ loop(b) }}{{ loop.cycle('a', 'b') }}{% "
        "endfor %}",
        "{% do messages.append(1) %}{{ message['tool_' ~ name] }}{{ tools[name | lower] }}",
    ],
)
def test_what_looks_alike_and_is_harmless_passes(template: str) -> None:
    assert found(template) == set()


def test_the_place_is_named() -> None:
    work = Examining(Member(path="tokenizer_config.json", data=b""), session())
    jinja.examine_template("a\n\n{{ ''.__class__ }}", work, where="chat_template")
    (seen,) = work.observations
    assert seen.finding.location == "tokenizer_config.json#chat_template line 3"
    assert "__class__" in seen.finding.message


def test_each_message_is_told_once() -> None:
    work = Examining(Member(path="t", data=b""), session())
    jinja.examine_template("{{ a.__class__ }}{{ b.__class__ }}", work)
    assert len(work.observations) == 1


def test_a_template_that_is_too_large_is_inconclusive() -> None:
    assert found("{{ a }}" + " " * jinja.MAX_TEMPLATE) == {"SW-JINJA-006"}


def test_what_is_no_template_is_not_recognised() -> None:
    for data in (b"", b"text", b"{a}", b"\0{{ a }}", b"# {{ a }}"):
        assert jinja.recognise(Member(path="a.md", data=data)) == "no"
    assert jinja.recognise(Member(path="a.j2", data=b"# {{ a }}")) == "weak"
    assert rules(examine(jinja.FORMAT, b"{% a.jinja", path="a.jinja")) == {"SW-JINJA-006"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a' ~ 1 ~ 'b'", "a1b"),
        ("'ab' * 3", "ababab"),
        ("2 * 'ab'", "abab"),
        ("['a', 'b'] | join('-')", "a-b"),
        ("'-'.join(['a', 'b'])", "a-b"),
        ("'abc'[::-1]", "cba"),
        ("'abc'[-2:]", "bc"),
        ("'abc'[1]", "b"),
        ("('a', 'b')[1]", "b"),
        ("'%s-%c' | format('a', 98)", "a-b"),
        ("'%s' % 'a'", "a"),
        ("'{}{}'.format('a', 'b')", "ab"),
        ("'aXb'.replace('X', '_').upper()", "A_B"),
        ("'abc' | list | first", "a"),
        ("'abc' | reverse", "cba"),
        ("1 + 2", 3),
        ("'a' * 999999", None),
        ("'%999999999d' % 1", None),
        ("'{:>999999999}'.format('a')", None),
        ("unknown ~ 'a'", None),
        ("'abc'[::0]", None),
        ("'abc'[9]", None),
        ("'a' | unknown", None),
        ("9 * 9 ** 9", None),
    ],
)
def test_constants_are_worked_out(expression: str, value: object) -> None:
    from jinja2 import Environment, nodes

    output = Environment(autoescape=True).parse("{{ " + expression + " }}").find(nodes.Output)
    assert output is not None
    assert fold(output.nodes[0], {}) == value


def test_the_pieces_of_names() -> None:
    assert forbidden_name("a.__class__") == "__class__"
    assert forbidden_name("__ssalc__") == "__class__"
    assert not forbidden_name("__media__")
    assert not forbidden_name("x__class__y")
    assert part_of_a_name("__cla")
    assert not part_of_a_name("__")
    assert not part_of_a_name("mcp__")
    assert core_of_a_name("globals")
    assert formatted("%d", ["x"]) is None


@given(st.text(alphabet="{}%#-+ab_.'\"|~[]()*=0x\\\n", max_size=80))
def test_any_text_is_read_or_inconclusive(text: str) -> None:
    found(text)
    examine(jinja.FORMAT, text.encode(), path="a.jinja")


PIECES = """{{ | }} |{% if a %}|{% endif %}|{% for a in b %}|{% endfor %}|'__cla'| ~ |a|.|x[|]|)
|''|{% set a = | %}|range(|9|**|(|lipsum|,|{% macro a(b) %}|{% endmacro %}|a=|["""
FRAGMENTS = st.sampled_from([*PIECES.split("|"), "|attr("])


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_any_fragments_are_read_or_inconclusive(text: str) -> None:
    found(text)
