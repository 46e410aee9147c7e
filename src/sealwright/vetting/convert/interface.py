"""What a conversion is made of: tensors as they lie in a source, and what of it is none."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import msgspec

from sealwright.vetting.interface import Buffer

BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
"""Element types of safetensors that are written here → bits."""


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor: a view of the bytes of a storage."""

    name: str
    dtype: str
    """As safetensors calls it; a key of `BITS`."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In elements."""
    offset: int
    """Of its first element in the storage, in elements."""
    storage: Callable[[], Buffer]
    """Gives the bytes; they may be inflated again each time."""
    held: int
    """Bytes of the storage."""
    swap: int = 0
    """Bytes of a number whose order is turned round (big-endian sources); 0: none."""

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return BITS[self.dtype] // 8

    @property
    def size(self) -> int:
        """Bytes of all elements, one after the other."""
        return prod(self.shape) * self.itemsize


class Left(msgspec.Struct, frozen=True):
    """Something in the source that is no tensor that safetensors can hold."""

    name: str
    what: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a source holds."""

    form: str
    """What the source is, for people."""
    tensors: tuple[Tensor, ...]
    left: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()
    """What is not carried over and is no content: flags, structure."""
