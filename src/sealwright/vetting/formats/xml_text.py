"""XML texts (PMML, SVG): entities and what they fetch, and names of foreign code in PMML."""

from __future__ import annotations

import codecs
import re
from pyexpat import ExpatError, ParserCreate
from typing import Any

import msgspec

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule, quoted
from sealwright.vetting.session import Spent

MAX_XML = 64 * 1024 * 1024
MAX_DEPTH = 512
MAX_TAG = 4 * 1024 * 1024
"""Bytes of one element's attributes, which the parser holds many times over."""
_WINDOW = 1 << 16
_HEAD = regex(
    rb"\s*+(?:<\?xml[\s?]|<!--|<!DOCTYPE\s+(?!html)|<[A-Za-z][\w:.-]*+[\s>/])", re.IGNORECASE
)
_KEPT = regex(
    r"https?://(?:www\.w3\.org|www\.apple\.com/DTDs|(?:www\.)?freedesktop\.org|java\.sun\.com"
    r"|(?:www\.|docs\.)?oasis-open\.org|(?:www\.)?docbook\.org|(?:www\.)?dmg\.org)/[\w./-]+\Z",
    re.ASCII,
)
"""Addresses of document types that ordinary files name; nobody else can put one there."""
_STYLE_SHEET = "http://www.w3.org/1999/XSL/Transform "
_SPRING = "http://www.springframework.org/schema/beans "
_XINCLUDE = ("http://www.w3.org/2001/XInclude include", "http://www.w3.org/2003/XInclude include")

EXTERNAL = Rule(
    id="SW-XML-001",
    effect="fail",
    severity="high",
    title="The document has a reader fetch a file or an address",
    remediation="do not load it; take the document type and the include out",
    why="An external entity or an include makes a reader that follows it open local files or "
    "addresses in the network, and put their content into the document.",
    example='<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
    atlas=("AML.T0011.000",),
    cwe=(611,),
)
EXPANDS = Rule(
    id="SW-XML-002",
    effect="fail",
    severity="high",
    title="Entities are made of entities",
    remediation="do not load it",
    why="A few lines stand for billions of characters: a reader that expands them runs out of "
    "memory.",
    example='<!ENTITY a "x"><!ENTITY b "&a;&a;&a;"> …',
    atlas=("AML.T0029",),
    cwe=(776,),
)
ENTITY = Rule(
    id="SW-XML-003",
    effect="review",
    severity="low",
    title="The document defines an entity",
    remediation="write its text out where it is used",
    why="No library writes models with entities of their own; readers expand them differently.",
    example='<!ENTITY a "x">',
    cwe=(776,),
)
FOREIGN_CODE = Rule(
    id="SW-XML-004",
    effect="review",
    severity="high",
    title="The document names code of the program that reads it",
    remediation="have someone look at what is called; use the functions of the PMML standard only",
    why="Evaluators of PMML take a function name with dots for a class to load and run; style "
    "sheets can run scripts.",
    example='<Apply function="com.example.Evil">',
    atlas=("AML.T0011.000",),
    cwe=(470,),
)
DAMAGED = Rule(
    id="SW-XML-005",
    effect="inconclusive",
    severity="low",
    title="The file is not well-formed XML",
    remediation="get it again from its source",
    why="It begins as XML and breaks off; it was not examined to its end.",
    example="<PMML version='4.4'>",
    atlas=("AML.T0076",),
)
OBJECTS = Rule(
    id="SW-XML-006",
    effect="fail",
    severity="critical",
    title="The document has a reader build objects and call their methods",
    remediation="do not load it",
    why="Java's XMLDecoder, Spring's bean files and XAML name classes and methods, and their "
    "readers call them while they read: the usual way to run a command from XML.",
    example='<java class="java.beans.XMLDecoder"><object class="java.lang.Runtime" …>',
    atlas=("AML.T0011.000",),
    cwe=(502, 470),
)
RULES = (EXTERNAL, EXPANDS, ENTITY, FOREIGN_CODE, DAMAGED, OBJECTS)


class _Reading(msgspec.Struct):
    examining: Examining
    depth: int = 0
    stopped: bool = False
    heard: int = 0
    """How often the parser has said something."""

    def doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        """A document type with an address: harmless where a body of standards keeps it."""
        named = (public or "").startswith(("-//", "+//", "ISO ")) and "/" not in (system or "")
        if system and not named and not _KEPT.match(system):
            self.examining.find(EXTERNAL, f"the document type at {quoted(system)}")

    def entity(
        self,
        name: str,
        parameter: int,
        value: str | None,
        base: str | None,
        system: str | None,
        public: str | None,
        notation: str | None,
    ) -> None:
        """A definition; what is worse than a plain one ends the reading."""
        if system or public:
            self.examining.find(EXTERNAL, f"the entity {quoted(name)} is at {quoted(system or '')}")
        elif parameter or "&" in (value or "") or "%" in (value or ""):
            self.examining.find(EXPANDS, f"the entity {quoted(name)}")
        else:
            self.examining.find(ENTITY, f"the entity {quoted(name)}")
            return
        self.stopped = True

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element."""
        self.depth += 1
        self.heard += 1
        self.examining.session.spend(8 + len(attributes))
        if self.depth > MAX_DEPTH:
            raise Spent(f"XML nested more than {MAX_DEPTH} deep")
        local = name.rpartition(" ")[2]
        if name in _XINCLUDE:
            self.examining.find(EXTERNAL, f"an include of {quoted(attributes.get('href', ''))}")
        elif local == "Apply" and "." in attributes.get("function", ""):
            self.examining.find(FOREIGN_CODE, f"the function {quoted(attributes['function'])}")
        elif name.startswith(_STYLE_SHEET) and local in ("stylesheet", "transform"):
            self.examining.find(FOREIGN_CODE, "a style sheet, which is a program")
        elif _builds(name, local, attributes):
            self.examining.find(OBJECTS, f"the element {quoted(local)}")

    def end(self, name: str) -> None:
        """The end of an element."""
        self.depth -= 1

    def other(self, text: str) -> None:
        """Texts and comments."""
        self.heard += 1

    def instruction(self, target: str, text: str) -> None:
        """A style sheet is fetched and run by readers that show the document."""
        if target == "xml-stylesheet":
            self.examining.find(FOREIGN_CODE, f"the style sheet {quoted(text)}")


def _builds(name: str, local: str, attributes: dict[str, str]) -> bool:
    """Whether a reader calls for this element: XMLDecoder, Spring beans, XAML."""
    if name in ("object", "void", "new", "java"):
        shown = attributes.get("class", "")
        return shown.startswith(("java.", "javax.", "com.", "org.", "sun."))
    if name.startswith(_SPRING) and local == "bean":
        return "class" in attributes
    return local == "ObjectDataProvider" or any(
        value.startswith("clr-namespace:System.Diagnostics") for value in attributes.values()
    )


def recognise(member: Member) -> Fit:
    """Weak: by the first mark or element; HTML is text here."""
    head = bytes(member.data[:1024])
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode()
    elif head[:4] in (b"<\0?\0", b"\0<\0?"):
        return "weak"
    head = head.removeprefix(codecs.BOM_UTF8)
    if not _HEAD.match(head) or b"\0" in head or re.match(rb"\s*<html", head, re.IGNORECASE):
        return "no"
    telling = any(mark in head for mark in (b"<?xml", b"xmlns", b"<!DOCTYPE"))
    return "weak" if telling or member.extension in FORMAT.extensions else "no"


def examine(examining: Examining) -> None:
    """Reads it with every entity left as it is."""
    data = examining.data
    if len(data) > MAX_XML:
        raise Spent(f"XML of {len(data)} bytes; at most {MAX_XML} are read")
    reading = _Reading(examining)
    parser: Any = ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = reading.doctype
    parser.EntityDeclHandler = reading.entity
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.ProcessingInstructionHandler = reading.instruction
    # With a default handler, entities in the text are handed over and not expanded.
    parser.DefaultHandler = reading.other
    heard = silent = 0
    try:
        for start in range(0, len(data), _WINDOW):
            parser.Parse(bytes(data[start : start + _WINDOW]), False)
            if reading.stopped:
                return
            silent = silent + _WINDOW if reading.heard == heard else 0
            heard = reading.heard
            if silent > MAX_TAG:
                raise Spent(f"an element of more than {MAX_TAG} bytes")
        parser.Parse(b"", True)
    except (ExpatError, ValueError, LookupError) as error:
        if not reading.stopped:
            raise MalformedError(f"not XML: {error}"[:200]) from None
    examining.parsed = len(data)


FORMAT = Format(
    id="xml",
    title="XML",
    examines=(
        "Well-formedness, document types and entities, includes, style sheets, and the functions "
        "that PMML calls. Nothing is expanded or fetched."
    ),
    extensions=(".xml", ".pmml", ".svg", ".xsd", ".xsl"),
    recognise=recognise,
    examine=examine,
    malformed=DAMAGED,
    rules=RULES,
)
