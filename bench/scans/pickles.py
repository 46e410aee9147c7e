"""Writes small pickles of all protocols: plain data, standard library types, numpy arrays."""

from __future__ import annotations

import pickle
import random
from collections import OrderedDict
from pathlib import Path

import numpy as np


def write(path: str, count: str) -> None:
    """`count` files in a new folder. Text, as the words of a command line are."""
    folder = Path(path)
    folder.mkdir()
    draw = random.Random(1)
    for index in range(int(count)):
        numbers = [draw.random() for _ in range(50)]
        kinds: tuple[object, ...] = (
            {"weights": numbers, "classes": ["a", "b"], "bias": draw.random()},
            OrderedDict((f"layer{n}", (n, numbers[:5])) for n in range(20)),
            [{"id": n, "tags": {"x", str(n)}, "raw": bytes(20)} for n in range(10)],
            {"array": np.array(numbers), "scalar": np.float64(numbers[0])},
        )
        value = kinds[index % len(kinds)]
        data = pickle.dumps(value, protocol=2 + index // len(kinds) % 4)
        (folder / f"model{index:04d}.pkl").write_bytes(data)
