"""JSON Schemas of the data listener's bodies, for its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sealwright.phases.deployment.core.oip import CASE, DECISION, INPUT, MAX_ID, SCORE

Json = dict[str, Any]


def _object(properties: Json, *, required: Iterable[str]) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _tensor(data: Json, *, datatypes: list[str], sizes: int) -> Json:
    shape = {
        "type": "array",
        "items": {"type": "integer", "minimum": 0},
        "minItems": sizes,
        "maxItems": sizes,
    }
    return {
        "name": {"type": "string"},
        "shape": shape,
        "datatype": {"enum": datatypes},
        "data": data,
    }


def schemas() -> Json:
    """Name → JSON Schema of each body."""
    text: Json = {"type": "string"}
    number: Json = {"type": "number"}
    numbers: Json = {"type": "array", "items": number}
    parameters: Json = {
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    }
    nested = {"anyOf": [numbers, {"type": "array", "items": numbers}]}
    sent = _tensor(nested, datatypes=["FP64", "FP32"], sizes=2)
    sent["name"] = {"const": INPUT}
    sent["parameters"] = parameters
    wanted = {"name": {"enum": [SCORE, DECISION, CASE]}, "parameters": parameters}
    given = {"anyOf": [numbers, {"type": "array", "items": text}]}
    output = _tensor(given, datatypes=["FP64", "BYTES"], sizes=1)
    metadata = {
        "name": text,
        "datatype": text,
        "shape": {"type": "array", "items": {"type": "integer", "minimum": -1}},
    }
    tensors = {"type": "array", "items": _object(metadata, required=metadata)}
    identity: Json = {"type": "string", "maxLength": MAX_ID}
    return {
        "Error": _object({"error": text}, required=["error"]),
        "ServerLive": _object({"live": {"const": True}}, required=["live"]),
        "ServerReady": _object(
            {"live": {"const": True}, "ready": {"type": "boolean"}}, required=["live", "ready"]
        ),
        "ServerMetadata": _object(
            {"name": text, "version": text, "extensions": {"type": "array", "items": text}},
            required=["name", "version", "extensions"],
        ),
        "ModelReady": _object(
            {"name": text, "ready": {"type": "boolean"}}, required=["name", "ready"]
        ),
        "ModelMetadata": _object(
            {
                "name": text,
                "versions": {"type": "array", "items": text},
                "platform": text,
                "inputs": tensors,
                "outputs": tensors,
            },
            required=["name", "versions", "platform", "inputs", "outputs"],
        ),
        "InferRequest": _object(
            {
                "id": identity,
                "parameters": parameters,
                "inputs": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": _object(sent, required=["name", "shape", "datatype", "data"]),
                },
                "outputs": {
                    "type": "array",
                    "maxItems": 3,
                    "items": _object(wanted, required=["name"]),
                },
            },
            required=["inputs"],
        ),
        "InferResponse": _object(
            {
                "model_name": text,
                "model_version": text,
                "id": identity,
                "outputs": {"type": "array", "items": _object(output, required=output)},
            },
            required=["model_name", "model_version", "outputs"],
        ),
        "CaseOutcome": _object(
            {
                "model_name": text,
                "case": text,
                "status": {"enum": ["open", "closed"]},
                "decision": {"enum": ["positive", "negative", "none"]},
                "at": text,
            },
            required=["model_name", "case", "status", "decision", "at"],
        ),
    }
