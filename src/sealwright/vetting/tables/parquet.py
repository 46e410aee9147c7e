"""Parquet files: the footer, where the columns lie, and what the metadata brings.

Layout: apache/parquet-format, README and src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

from sealwright.vetting.interface import Examining, Fit, Format, Member
from sealwright.vetting.tables import rules

_MARKS = (b"PAR1", b"PARE")


def recognise(member: Member) -> Fit:
    """By the mark at the beginning."""
    return "strong" if bytes(member.data[:4]) in _MARKS and len(member.data) >= 12 else "no"


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
