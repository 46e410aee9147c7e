"""What an Arrow schema says beside names and types: the metadata of tables and columns.

Layout: apache/arrow, format/Schema.fbs.
"""

from __future__ import annotations

from collections.abc import Iterable

from sealwright.errors import MalformedError
from sealwright.vetting import documents
from sealwright.vetting.flatbuffer import Table
from sealwright.vetting.formats.embedded import is_file
from sealwright.vetting.interface import Examining, Rule, quoted
from sealwright.vetting.session import Spent
from sealwright.vetting.tables import rules

SCHEMA = 1
"""Type of the message that a stream begins with."""
MAX_FIELDS = 200_000
MAX_DEPTH = 64
MAX_FILES = 64
"""Values of the metadata of one file that are examined as files."""
MAX_METADATA = 64 * 1024 * 1024
"""Bytes of all keys and values of one file."""
_PAIR = 100
"""What a pair costs beside its bytes."""
_JUDGED = 200
"""Steps of a look at a value that was not seen before."""
_SMALLEST = 8
"""Bytes: what is shorter can't call anything."""
_MAX_TOLD = 20
_NAME = b"ARROW:extension:name"
_METADATA = b"ARROW:extension:metadata"
_PY_EXTENSION = b"arrow.py_extension_type"
_PICKLED = frozenset((b"ray.data.arrow_pickled_object",))
_DOCUMENTS = (b"pandas", b"huggingface")
"""Keys whose value is JSON that other libraries act on."""
_R_OBJECT = (b"A\n2\n", b"A\n3\n", b"X\n\0\0", b"RDX", b"RDA")


class Metadata:
    """Looks at the key-value pairs of one file, wherever in it they stand."""

    def __init__(self, work: Examining) -> None:
        self.work = work
        self.size = 0
        self.told: dict[str, int] = {}
        self.visited: set[bytes] = set()
        self.judged: dict[bytes, bool] = {}
        """Value → whether it is a file: columns often share theirs."""

    def pairs(
        self, pairs: Iterable[tuple[bytes, bytes]], *, where: str
    ) -> list[tuple[bytes, bytes]]:
        """Judges the pairs of a table or a column, and gives them back. Readers differ about a key
        that occurs twice, so that each counts.

        Raises Spent beyond `MAX_METADATA` bytes in all, MalformedError where JSON is none.
        """
        held: list[tuple[bytes, bytes]] = []
        for key, value in pairs:
            self.size += len(key) + len(value) + _PAIR
            if self.size > MAX_METADATA:
                raise Spent(f"more than {MAX_METADATA} bytes of metadata")
            held.append((key, value))
        names = [value for key, value in held if key == _NAME]
        pickled = _PY_EXTENSION in names
        if pickled:
            self._tell(rules.PY_EXTENSION, f"{where}: CVE-2023-47248")
        for name in _PICKLED.intersection(names):
            self._tell(rules.OBJECTS, f"{where} is {quoted(name.decode())}")
        for key, value in held:
            if pickled and key == _METADATA:
                self._visit(key, value)
            elif self._is_file(key, value):
                self._tell(rules.FILE_IN_METADATA, f"{where}: the value of {_shown(key)}")
                self._visit(key, value)
        return held

    def _is_file(self, key: bytes, value: bytes) -> bool:
        """Whether a value is more than text; JSON that libraries act on is looked at as such."""
        if len(value) < _SMALLEST:
            return False
        found = self.judged.get(value)
        if found is None:
            self.work.session.spend(_JUDGED)
            found = value.startswith(_R_OBJECT) or is_file(value, self.work.session)
            self.judged[value] = found
            if key in _DOCUMENTS and not found:
                documents.examine_json(value, self.work, what=f"metadata {key.decode()}")
        return found

    def _tell(self, rule: Rule, message: str) -> None:
        """The first findings by each rule."""
        self.told[rule.id] = self.told.get(rule.id, 0) + 1
        if self.told[rule.id] <= _MAX_TOLD:
            self.work.find(rule, message)

    def _visit(self, key: bytes, value: bytes) -> None:
        """Each value once."""
        if not value or value in self.visited:
            return
        self.visited.add(value)
        if len(self.visited) > MAX_FILES:
            raise Spent(f"more than {MAX_FILES} values of the metadata are files")
        name = _shown(key)[1:-1].replace("!", "_")
        self.work.session.visit(name, value, within=self.work.member)


def _shown(key: bytes) -> str:
    return quoted(key.decode("utf-8", "backslashreplace"))


def examine_schema(schema: Table, metadata: Metadata) -> None:
    """Looks at the metadata of a schema and of all its fields.

    Raises MalformedError where the FlatBuffer is broken, Spent beyond `MAX_FIELDS` or `MAX_DEPTH`.
    """
    metadata.pairs(_pairs(schema, 2), where="the schema")
    pending = [(field, 1) for field in schema.tables(1)]
    count = 0
    while pending:
        field, depth = pending.pop()
        count += 1
        if count > MAX_FIELDS or depth > MAX_DEPTH:
            raise Spent(f"more than {MAX_FIELDS} columns, or more than {MAX_DEPTH} levels of them")
        if len(pending) > MAX_FIELDS:
            raise Spent(f"more than {MAX_FIELDS} columns")
        name = quoted(field.text(0))
        metadata.pairs(_pairs(field, 6), where=f"the column {name}")
        for child in field.tables(5):
            pending.append((child, depth + 1))
            if len(pending) > MAX_FIELDS:
                raise Spent(f"more than {MAX_FIELDS} columns")


def _pairs(table: Table, number: int) -> Iterable[tuple[bytes, bytes]]:
    for pair in table.tables(number):
        yield pair.raw(0), pair.raw(1)


def message_of(root: Table) -> tuple[int, Table]:
    """Type and header of an IPC message (format/Message.fbs).

    Raises MalformedError where it is none of metadata version 4 or 5, which readers take.
    """
    kind = root.number(1, 1)
    header = root.table(2)
    if not 1 <= kind <= 5 or header is None or root.number(0, 2) not in (3, 4):
        raise MalformedError(f"a message of type {kind} is not known")
    return kind, header
