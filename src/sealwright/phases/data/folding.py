"""Folds text so that spellings of one thing compare equal; runs inside the engine, on columns."""

from __future__ import annotations

import unicodedata
from typing import Any

import pyarrow as pa

FOLD = "sealwright_fold"
"""The engine's name for `fold_array`."""


def fold(text: str) -> str:
    """Text without differences of case, blanks or Unicode form (NFKC, case folded)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def fold_array(text: Any) -> Any:
    """`fold` over an Arrow array; each distinct text is folded once."""
    encoded = text.dictionary_encode()
    chunks = encoded.chunks if isinstance(encoded, pa.ChunkedArray) else [encoded]
    folded = [
        pa.array([fold(value) for value in chunk.dictionary.to_pylist()], type=pa.string()).take(
            chunk.indices
        )
        for chunk in chunks
    ]
    return pa.chunked_array(folded, type=pa.string())
