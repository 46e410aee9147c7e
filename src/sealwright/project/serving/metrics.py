"""Prometheus' text format 0.0.4, written by hand: a few bounded families, never a client's name.

Format: prometheus.io/docs/instrumenting/exposition_formats. Labels are closed sets: process kinds,
names and versions of served models, detectors, severities.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
MOST_SAMPLES: Final = 2000
"""Samples in one family; what is more is left out and counted."""
_NAME = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Sample:
    """One number and its labels."""

    value: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name without the prefix, what it means, and its samples."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: tuple[Sample, ...]


def one(value: float, **labels: str) -> tuple[Sample, ...]:
    """A family's only sample."""
    return (Sample(value, labels),)


def render(families: Iterable[Family]) -> str:
    """The families as text, in the order given; each name once."""
    lines: list[str] = []
    left_out = 0
    for family in families:
        name = f"sealwright_{family.name}"
        lines += [f"# HELP {name} {_escaped(family.help)}", f"# TYPE {name} {family.kind}"]
        left_out += max(0, len(family.samples) - MOST_SAMPLES)
        lines += [_line(name, sample) for sample in family.samples[:MOST_SAMPLES]]
    if left_out:
        lines += ["# TYPE sealwright_samples_left_out gauge"]
        lines += [f"sealwright_samples_left_out {left_out}"]
    return "".join(f"{line}\n" for line in lines)


def child_families(
    process: str,
    counters: Iterable[tuple[str, Mapping[str, float]]],
    gauges: Iterable[tuple[str, Mapping[str, float]]],
) -> list[Family]:
    """What children of one kind count: `sealwright_<process>_<name>`, one sample per instance.

    A name that ends in `/VALUE` becomes the label `of`, so that a child can count by reason or
    detector; each pair is the instance (empty where there is only one) and its numbers.
    """
    kinds: tuple[tuple[Literal["counter", "gauge"], list[tuple[str, Mapping[str, float]]]], ...]
    kinds = (("counter", list(counters)), ("gauge", list(gauges)))
    found: dict[str, tuple[Literal["counter", "gauge"], list[Sample]]] = {}
    for kind, instances in kinds:
        for instance, numbers in instances:
            for key, value in numbers.items():
                name, _, of = key.partition("/")
                metric = _metric(process, name, kind)
                labels = {"of": of} if of else {}
                if instance:
                    labels["instance_of"] = instance
                known = found.setdefault(metric, (kind, []))
                if known[0] == kind and all(each.labels != labels for each in known[1]):
                    known[1].append(Sample(value, labels))
    return [
        Family(name, kind, f"As the {process} reports it.", tuple(samples))
        for name, (kind, samples) in sorted(found.items())
    ]


def _metric(process: str, name: str, kind: str) -> str:
    clean = _NAME.sub("_", name.lower()).strip("_")[:60] or "unnamed"
    ending = "_total" if kind == "counter" and not clean.endswith("_total") else ""
    return f"{process}_{clean}{ending}"


def _line(name: str, sample: Sample) -> str:
    labels = ",".join(f'{key}="{_quoted(value)}"' for key, value in sorted(sample.labels.items()))
    return (
        f"{name}{{{labels}}} {_number(sample.value)}"
        if labels
        else (f"{name} {_number(sample.value)}")
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def _quoted(text: str) -> str:
    return _escaped(text[:200]).replace('"', '\\"')


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
