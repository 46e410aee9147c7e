"""What a GGUF file can hold: value types, element types and their sizes (ggml.h, gguf 0.19)."""

from __future__ import annotations

STRING, ARRAY, BOOL = 8, 9, 7
SCALARS: dict[int, str] = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    BOOL: "B",
    10: "Q",
    11: "q",
    12: "d",
}
"""Metadata value type → its `struct` code."""
SMALLEST: dict[int, int] = {
    **{
        kind: {"B": 1, "b": 1, "H": 2, "h": 2, "I": 4, "i": 4, "f": 4}.get(code, 8)
        for kind, code in SCALARS.items()
    },
    STRING: 8,
    ARRAY: 12,
}
"""Metadata value type → fewest bytes that one value takes."""

BLOCKS: dict[int, tuple[int, int]] = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 40),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
}
"""Element type → elements in a block, bytes of a block. Types that ggml has dropped are not
listed."""
MOST_TYPES = 1024
"""Numbers from here on are no element type in any version or fork."""
