"""Open Inference Protocol v2, REST: what is said about the server and its models, and errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from sealwright.phases.deployment.core.oip import CASE, DECISION, INPUT, SCORE, Interface

PLATFORM: Final = "onnx_onnxv1"
EXTENSIONS: Final = ("sealwright_cases",)
"""`GET /v2/models/{name}/cases/{id}`: what became of a case that people decide."""

_encode: Final = msgspec.json.Encoder().encode
_DATATYPES: Final = {SCORE: "FP64", DECISION: "BYTES", CASE: "BYTES"}


def server_metadata(version: str) -> bytes:
    """`GET /v2`."""
    return _encode({"name": "sealwright", "version": version, "extensions": EXTENSIONS})


def live() -> bytes:
    """`GET /v2/health/live`."""
    return b'{"live":true}'


def ready(*, ready: bool) -> bytes:
    """`GET /v2/health/ready`. The protocol names this field `live`, too; `ready` is ours."""
    return _encode({"live": True, "ready": ready})


def model_ready(name: str, *, ready: bool) -> bytes:
    """`GET /v2/models/{name}/ready`."""
    return _encode({"name": name, "ready": ready})


def model_metadata(name: str, *, versions: Sequence[str], face: Interface) -> bytes:
    """`GET /v2/models/{name}`. `versions`: those that may be asked for by themselves."""
    return _encode(
        {
            "name": name,
            "versions": list(versions),
            "platform": PLATFORM,
            "inputs": [{"name": INPUT, "datatype": "FP64", "shape": [-1, face.width]}],
            "outputs": [
                {"name": output, "datatype": _DATATYPES[output], "shape": [-1]}
                for output in face.outputs
            ],
        }
    )


def error(text: str) -> bytes:
    """Every refusal's body."""
    return _encode({"error": text})
