"""The data listener's OpenAPI 3.1 document, made from the routes and the reasons for refusing.

python -m sealwright.phases.deployment.core.openapi > openapi.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from sealwright.phases.deployment.core.openapi_schemas import Json, schemas
from sealwright.phases.deployment.core.reasons import REASONS
from sealwright.phases.deployment.core.routes import CASE, NAME, VERSION, Operation, Route

_ALWAYS: Final = ("X-Decision-Id", "X-Correlation-Id")

_ANY: Final = frozenset({400, 408, 417, 431, 503})
_KNOWN: Final = _ANY | {401, 403, 429}
_STATUSES: Final[dict[Operation, frozenset[int]]] = {
    "live": _ANY,
    "ready": _ANY,
    "server": _KNOWN,
    "model": _KNOWN | {404},
    "model-ready": _KNOWN | {404},
    "infer": _KNOWN | {404, 411, 413, 415},
    "case": _KNOWN | {404},
}
"""What each operation may be answered with beside 200."""

_PATHS: Final[tuple[tuple[str, Operation, str, str], ...]] = (
    # path, operation, schema of its answer, what it does
    ("/v2/health/live", "live", "ServerLive", "Whether the gateway lives"),
    ("/v2/health/ready", "ready", "ServerReady", "Whether every model can be asked"),
    ("/v2", "server", "ServerMetadata", "What this server is"),
    ("/v2/models/{name}", "model", "ModelMetadata", "What a model takes and gives"),
    ("/v2/models/{name}/ready", "model-ready", "ModelReady", "Whether a model can be asked"),
    ("/v2/models/{name}/infer", "infer", "InferResponse", "Asks a model"),
    ("/v2/models/{name}/versions/{version}", "model", "ModelMetadata", "The same of one version"),
    (
        "/v2/models/{name}/versions/{version}/ready",
        "model-ready",
        "ModelReady",
        "The same of one version",
    ),
    (
        "/v2/models/{name}/versions/{version}/infer",
        "infer",
        "InferResponse",
        "Asks one version of a model",
    ),
    (
        "/v2/models/{name}/cases/{case}",
        "case",
        "CaseOutcome",
        "What people decided about a case that the caller asked about",
    ),
)

_PARAMETERS: Final[Json] = {
    "name": ("Name that the model is served under", NAME),
    "version": ("First 12 hex digits of the model's digest", VERSION),
    "case": ("Id of the case, from the output `case`", CASE),
}

_ALSO: Final[dict[tuple[Operation, int], str]] = {
    ("ready", 503): "ServerReady",
    ("model-ready", 503): "ModelReady",
}
"""Statuses whose body may be the answer itself."""


def document(*, server: str = "http://127.0.0.1:8080") -> Json:
    """The document. `server`: where the data listener is."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sealwright gateway, data listener",
            "version": "2",
            "description": "Open Inference Protocol v2 over REST. A request that is not listed "
            "here is refused.",
        },
        "servers": [{"url": server}],
        "paths": {
            path: _path(path, operation, schema, summary)
            for path, operation, schema, summary in _PATHS
        },
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, or a token of the configured issuer.",
                }
            },
            "responses": {
                str(status): _refusal(status)
                for status in sorted(frozenset().union(*_STATUSES.values()))
            },
            "schemas": schemas(),
            "headers": _headers(),
        },
    }


def _path(path: str, operation: Operation, schema: str, summary: str) -> Json:
    health = operation in ("live", "ready")
    described: Json = {
        "operationId": operation + ("-version" if "{version}" in path else ""),
        "summary": summary,
        "security": [] if health else [{"bearer": []}],
        "parameters": [_correlation()],
        "responses": _responses(operation, schema),
    }
    if operation == "infer":
        described["requestBody"] = {"required": True, "content": _json("InferRequest")}
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": text,
            "schema": {"type": "string", "pattern": f"^{pattern}$"},
        }
        for name, (text, pattern) in _PARAMETERS.items()
        if "{" + name + "}" in path
    ]
    method = Route(operation).method.lower()
    return {method: described} | ({"parameters": parameters} if parameters else {})


def _correlation() -> Json:
    return {
        "name": "X-Correlation-Id",
        "in": "header",
        "required": False,
        "description": "Carried into the decision record, and given back.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    }


def _responses(operation: Operation, schema: str) -> Json:
    limits = [] if operation in ("live", "ready") else ["RateLimit", "RateLimit-Policy"]
    found: Json = {
        "200": {
            "description": "Answered",
            "headers": _refer([*_ALWAYS, *limits]),
            "content": _json(schema),
        }
    }
    for status in sorted(_STATUSES[operation]):
        also = _ALSO.get((operation, status))
        found[str(status)] = (
            _refusal(status, also) if also else {"$ref": f"#/components/responses/{status}"}
        )
    return found


def _refusal(status: int, *also: str) -> Json:
    headers = list(_ALWAYS)
    if status in (429, 503):
        headers += ["Retry-After", "RateLimit", "RateLimit-Policy"]
    elif status == 401:
        headers.append("WWW-Authenticate")
    return {
        "description": _why(status),
        "headers": _refer(headers),
        "content": _json("Error", *also),
    }


def _why(status: int) -> str:
    texts = dict.fromkeys(reason.text for reason in REASONS.values() if reason.status == status)
    return f"{HTTPStatus(status).phrase}: {'; '.join(texts)}"


def _refer(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _json(*schemas: str) -> Json:
    refers = [{"$ref": f"#/components/schemas/{name}"} for name in schemas]
    return {"application/json": {"schema": refers[0] if len(refers) == 1 else {"anyOf": refers}}}


def _headers() -> Json:
    texts = {
        "X-Decision-Id": "Names the decision record of this answer.",
        "X-Correlation-Id": "As it was sent.",
        "RateLimit": "draft-ietf-httpapi-ratelimit-headers-11: what remains.",
        "RateLimit-Policy": "draft-ietf-httpapi-ratelimit-headers-11: the limit.",
        "Retry-After": "Seconds until asking again makes sense.",
        "WWW-Authenticate": "How to prove who you are.",
    }
    return {
        name: {"description": text, "schema": {"type": "string"}} for name, text in texts.items()
    }


def render() -> str:
    """The document as the text that docs/reference/openapi.json holds."""
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
