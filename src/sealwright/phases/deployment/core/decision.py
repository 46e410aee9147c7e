"""What deciding leads to. Each way ends in exactly one of these records.

Refused    an answer that says no
Answered   an answer that needs neither body nor runtime
CaseAsked  a question about a case that people decide: the gateway looks it up
Admitted   the body may be read now
Forward    the runtime may be asked now
Concluded  the answer to an inference request, with what goes on record
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sealwright.phases.deployment.core.callers import Caller
from sealwright.phases.deployment.core.routes import Operation
from sealwright.phases.deployment.core.snapshot import Served
from sealwright.traffic import Level, Observation

Headers = tuple[tuple[bytes, bytes], ...]
"""Names in lower case."""


class Trace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a request so far; it becomes the beginning of its record."""

    id: str
    """Decision id."""
    at: float
    """Unix seconds."""
    correlation: str = ""
    operation: Operation | Literal[""] = ""
    client: str = ""
    """Proved identity; empty before."""
    key: str = ""
    """Id of the key that was presented, proved or not."""
    name: str = ""
    version: str = ""
    """Of what answers; before that is chosen, as asked for."""
    digest: str = ""
    """Of what answers; empty where nothing does."""
    what_if: bool = False
    restriction: Level = "none"
    sequence: int = 0
    """Number of the snapshot that was decided by; 0 where there was none."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No. `headers` hold all that belongs into the answer, Content-Length included."""

    trace: Trace
    status: int
    reason: str
    """Key of `reasons.REASONS`."""
    headers: Headers
    body: bytes
    recorded: bool = True
    """False: count it, write no record; who floods us does not fill our disk."""


class Answered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A complete answer."""

    trace: Trace
    status: int
    headers: Headers
    body: bytes
    recorded: bool = True
    """False for health checks."""


class CaseAsked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who may ask for cases of `trace.name` asks for one; see `cases.answer_case`."""

    trace: Trace
    case: str
    headers: Headers
    """Limits, for the answer."""


class Admitted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Stage one is passed. Only `decide.admit` makes one: read no body without it."""

    trace: Trace
    caller: Caller
    served: Served
    explicit: bool
    """Whether the caller asked for this version by itself."""
    length: int
    """Stated length of the body; -1 where it comes in chunks."""
    max_body: int
    """Stop reading beyond this many bytes and refuse with `body-too-large`."""
    max_rows: int
    coarse: bool
    """Whether the caller gets coarse scores."""
    headers: Headers
    """Limits, for the answer."""


class Forward(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Stage two is passed. Only `decide.check` makes one: ask no runtime without it."""

    trace: Trace
    served: Served
    shadow: Served | None
    """Asked, too; its answer is compared and never given."""
    body: bytes
    """For the runtimes, written from `values`."""
    rows: int
    values: list[float]
    """rows x features, row by row."""
    request_id: str | None
    outputs: tuple[str, ...]
    coarse: bool
    headers: Headers


class OpenCase(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of a request that people decide now."""

    case: str
    """Id, as the client gets it: decision id and row."""
    kind: Literal["confirm", "review"]
    client: str
    name: str
    digest: str
    row: int
    values: tuple[float, ...]
    """Inputs, in the contract's order."""
    score: float
    """As rounded by the contract."""
    model_decision: Literal["positive", "negative", "abstain"]
    at: float
    """Unix seconds."""
    correlation: str = ""


class DecisionRecord(
    msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True
):
    """What is kept of one decision. Its fields are written in this order."""

    id: str
    at: str
    """When the request came, UTC."""
    correlation: str
    client: str
    key: str
    operation: str
    name: str
    version: str
    digest: str
    outcome: Literal["answered", "abstained", "held", "refused", "failed"]
    decisions: str
    """One letter for each row: p positive, n negative, a abstain, h held."""
    reason: str
    """`granted`, or a key of `reasons.REASONS`."""
    status: int
    latency_us: int
    """From the request's head to the answer, microseconds."""
    rows: int
    input_sha256: str
    """sha256 of the inputs as little-endian FP64, row by row; empty where there were none. Inputs
    that can be guessed can be found by it."""
    restriction: Level
    coarse: bool
    """Whether the scores were made coarse."""
    what_if: bool
    sequence: int
    """Snapshot that was decided by."""
    shadow: str
    """Digest of the shadow that was asked."""
    cases: tuple[str, ...]
    """Ids of the rows that people decide."""
    inputs: tuple[float, ...] = ()
    """Raw inputs, row by row, where the policy has them kept."""


class Concluded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer with decisions. It may leave once `record` and `cases` are durable."""

    trace: Trace
    status: int
    headers: Headers
    body: bytes
    record: DecisionRecord
    observation: Observation
    cases: tuple[OpenCase, ...]
