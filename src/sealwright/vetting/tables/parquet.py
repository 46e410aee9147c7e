"""Parquet files: the footer, where the columns lie, and what the metadata brings.

Layout: apache/parquet-format, README and src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

from sealwright.vetting.interface import Examining, Fit, Format, Member
from sealwright.vetting.tables import rules

_PLAIN, _ENCRYPTED = b"PAR1", b"PARE"


def recognise(member: Member) -> Fit:
    """By the mark at the beginning; words begin with that of encrypted footers, too, so it has to
    stand at the end as well."""
    data = member.data
    if len(data) < 12:
        return "no"
    marks = bytes(data[:4]), bytes(data[-4:])
    return "strong" if marks[0] == _PLAIN or marks == (_ENCRYPTED, _ENCRYPTED) else "no"


def examine(work: Examining) -> None:
    """Reads the footer and follows its offsets."""
    from sealwright.vetting.tables.parquet_footer import examine_footer

    examine_footer(work)


FORMAT = Format(
    id="parquet",
    title="Parquet table",
    examines=(
        "The footer to its last byte; where column chunks, indexes and filters lie, and whether "
        "another file holds them; metadata of the file and of all columns, with the Arrow schema "
        "in it: extension types, pickles, the JSON of pandas and Hugging Face. Not: pages and "
        "their values; encrypted files."
    ),
    extensions=(".parquet", ".parq", ".pq"),
    recognise=recognise,
    examine=examine,
    malformed=rules.PARQUET_MALFORMED,
    rules=rules.PARQUET_RULES,
)
