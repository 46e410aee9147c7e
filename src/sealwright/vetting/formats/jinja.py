"""Reads Jinja templates (chat templates) as syntax trees; nothing is ever rendered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sealwright.errors import MalformedError
from sealwright.evidence.digest import sha256_hex
from sealwright.patterns import regex
from sealwright.vetting.formats import jinja_rules as rules
from sealwright.vetting.formats.jinja_checks import Reading, below, grows, is_a, look, repeats
from sealwright.vetting.formats.jinja_names import FORBIDDEN
from sealwright.vetting.interface import Examining, Fit, Format, Member, quoted
from sealwright.vetting.texts import decode_text

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

MAX_TEMPLATE = 512 * 1024
"""Characters of one template; large ones of well-known models have 30,000."""
_HINT = regex(rb"^\s*\{[%#{]")
_TAG = regex(r"\{%-?\+?\s*(?:if|for|set|macro|include|import|from|extends|block|call|filter)\b")


def examine_template(text: str, examining: Examining, *, where: str = "") -> None:
    """Looks at one template. `where`: the part of the member that it is (`chat_template`).

    A template that is no Jinja is inconclusive; what its text shows is found all the same.
    """
    location = f"{examining.member.path}#{where}" if where else examining.member.path
    digest = sha256_hex(text.encode("utf-8", "surrogatepass"))
    examining.fact("template", f"{where or 'template'} sha256 {digest}")
    if len(text) > MAX_TEMPLATE:
        message = f"{len(text)} characters; at most {MAX_TEMPLATE} are read"
        examining.find(rules.UNREADABLE, message, location=location)
        text = text[:MAX_TEMPLATE]
    examining.session.spend(1 + len(text))
    reading = Reading(examining, location)
    tree = _parsed(text, reading)
    if tree is None:
        for name in sorted(set(FORBIDDEN.findall(text)))[:20]:
            message = f"the name {quoted(name)} in a template that can't be read"
            examining.find(rules.INTERNALS, message, location=location)
        return
    _collect(reading, tree)
    for node, steps in _walk(tree, reading):
        look(reading, node, steps)


def _parsed(text: str, reading: Reading) -> nodes.Template | None:
    from jinja2 import TemplateSyntaxError

    problem = ""
    try:
        return _environment().parse(text)
    except TemplateSyntaxError as error:
        problem = f"line {error.lineno}: {error.message}"
    except RecursionError:
        problem = "nested too deeply"
    except (ValueError, OverflowError, AssertionError) as error:
        problem = type(error).__name__
    reading.examining.find(rules.UNREADABLE, problem[:300], location=reading.location)
    return None


@cache
def _environment() -> Environment:
    """As the usual programs set it up, with the tag that marks what is generated."""
    from jinja2 import Environment
    from jinja2.ext import Extension
    from jinja2.nodes import CallBlock, ContextReference, Node
    from jinja2.parser import Parser

    class _Generation(Extension):
        tags = {"generation"}

        def parse(self, parser: Parser) -> Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            call = self.call_method("mark", [ContextReference()])
            return CallBlock(call, [], [], body).set_lineno(line)

    extensions: list[str | type[Extension]] = [
        "jinja2.ext.loopcontrols",
        "jinja2.ext.do",
        "jinja2.ext.i18n",
        _Generation,
    ]
    return Environment(extensions=extensions, autoescape=True, cache_size=0, trim_blocks=True)


def _collect(reading: Reading, tree: nodes.Template) -> None:
    """What names the template itself gives a meaning, and which of them have one constant value.

    `name()` stands for a macro's text, `name.attribute` for an attribute of a namespace.
    """
    assigned: list[tuple[str, nodes.Node]] = []
    for node in below(tree):
        kind, one = type(node).__name__, cast("Any", node)
        if (kind == "Name" and one.ctx in ("store", "param")) or kind == "Macro":
            reading.bound.add(one.name)
        if kind == "Macro":
            assigned.append((f"{one.name}()", _written(one)))
        elif kind in ("Assign", "AssignBlock"):
            value = one.node if kind == "Assign" else _written(one)
            if is_a(one.target, "Name"):
                assigned.append((one.target.name, value))
                assigned += _namespace(one.target.name, value)
            elif is_a(one.target, "NSRef"):
                assigned.append((f"{one.target.name}.{one.target.attr}", value))
    for name, value in assigned:
        reading.names[name] = value
        if grows(name, value, {}) or (is_a(value, "Output") and not cast("Any", value).nodes):
            reading.grown.add(name)
    for name, count in Counter(name for name, _ in assigned).items():
        if count > 1:
            del reading.names[name]


def _namespace(name: str, value: Any) -> list[tuple[str, nodes.Node]]:
    """The attributes that `namespace(a=…)` is given."""
    if not is_a(value, "Call") or getattr(value.node, "name", "") != "namespace":
        return []
    return [(f"{name}.{one.key}", one.value) for one in value.kwargs]


def _written(block: Any) -> nodes.Node:
    """The text that a block or a macro writes, where it is only text."""
    from jinja2 import nodes

    parts = [part for output in block.body for part in getattr(output, "nodes", [output])]
    if getattr(block, "filter", None) is None and all(is_a(one, "TemplateData") for one in parts):
        return nodes.Const("".join(one.data for one in parts), lineno=block.lineno)
    return nodes.Output([], lineno=block.lineno)


def _walk(tree: nodes.Template, reading: Reading) -> Iterator[tuple[nodes.Node, int]]:
    """Every node, with how often loops over constant ranges would run it."""
    pending: list[tuple[nodes.Node, int]] = [(tree, 1)]
    while pending:
        node, steps = pending.pop()
        reading.examining.session.spend(4)
        yield node, steps
        inside = steps
        if type(node).__name__ == "For":
            inside = min(steps * max(1, repeats(reading, node)), 1 << 62)
        pending.extend((one, inside) for one in node.iter_child_nodes())


def recognise(member: Member) -> Fit:
    """A text that begins as a template, or has its extension and a tag."""
    head = bytes(member.data[: 1 << 16])
    if b"\0" in head or b"{" not in head:
        return "no"
    if _HINT.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "weak"
    named = member.extension in FORMAT.extensions
    return "weak" if named and re.search(rb"\{[%{#]", head) else "no"


def examine(examining: Examining) -> None:
    """The whole file as one template."""
    text = decode_text(examining.data)
    if not _TAG.search(text) and "{{" not in text and "{#" not in text:
        raise MalformedError("no tag of a template")
    examine_template(text, examining)
    examining.parsed = len(examining.data)


FORMAT = Format(
    id="jinja",
    title="Jinja template",
    examines=(
        "The syntax tree: names and attributes, texts that are put together from constants, "
        "filters that read attributes, included templates, loops and products of constants. "
        "Whether the text that a template writes is what its authors want is not judged."
    ),
    extensions=(".jinja", ".jinja2", ".j2"),
    recognise=recognise,
    examine=examine,
    malformed=rules.UNREADABLE,
    rules=rules.RULES,
)
