"""The OpenAPI document: what it says is what the core does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from sealwright.phases.deployment.core.cases import CaseOutcome, answer_case
from sealwright.phases.deployment.core.conclude import conclude
from sealwright.phases.deployment.core.decision import Answered, Concluded, Refused
from sealwright.phases.deployment.core.openapi import document, render
from sealwright.phases.deployment.core.reasons import REASONS
from sealwright.phases.deployment.core.routes import Route, route
from tests.deployment.core.world import World, infer_body

DOCUMENT = document()


def schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def valid(value: object, name: str) -> bool:
    checker = jsonschema.Draft202012Validator(schema(name))
    return bool(checker.is_valid(value))


def example(path: str) -> str:
    return path.format(name="small", version="0123456789ab", case="0123-0")


def test_every_path_is_a_route_with_its_method() -> None:
    for path, item in DOCUMENT["paths"].items():
        found = route(example(path).encode())
        assert isinstance(found, Route), path
        (method,) = set(item) - {"parameters"}
        assert method.upper() == found.method
        assert item[method]["operationId"].removesuffix("-version") == found.operation
        assert set(re.findall(r"{(\w+)}", path)) == {p["name"] for p in item.get("parameters", [])}


def test_every_status_that_a_refusal_can_have_is_documented_somewhere() -> None:
    statuses = {
        int(status)
        for item in DOCUMENT["paths"].values()
        for operation in (item.get("get"), item.get("post"))
        if operation
        for status in operation["responses"]
    }
    # 405 and unknown paths are no operation's
    assert statuses >= {reason.status for reason in REASONS.values()} - {405}


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', render()):
        place: Any = DOCUMENT
        for part in reference.split("/"):
            place = place[part]
        assert place


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v2", "ServerMetadata"),
        ("/v2/health/live", "ServerLive"),
        ("/v2/health/ready", "ServerReady"),
        ("/v2/models/small", "ModelMetadata"),
        ("/v2/models/small/ready", "ModelReady"),
    ],
)
def test_answers_keep_their_schemas(path: str, name: str) -> None:
    found = World().get(path)
    assert isinstance(found, Answered)
    assert valid(json.loads(found.body), name)
    assert not valid({}, name)


def test_inference_keeps_its_schemas() -> None:
    world = World()
    body = infer_body([[1.0, 2.0]], id="a", outputs=[{"name": "score"}], parameters={"x": 1})
    assert valid(json.loads(body), "InferRequest")
    found = conclude(world.state, world.forward([[1, 2]]), [0.5], now=world.now, latency_us=1)
    assert isinstance(found, Concluded)
    assert valid(json.loads(found.body), "InferResponse")
    refused = world.infer(b"{}")
    assert isinstance(refused, Refused)
    assert valid(json.loads(refused.body), "Error")
    case = CaseOutcome(case="abc-0", client="ward-7", name="small", status="open")
    answered = answer_case(world.get("/v2/models/small/cases/abc-0"), case)
    assert valid(json.loads(answered.body), "CaseOutcome")


def test_the_document_is_printed_by_its_module() -> None:
    command = [sys.executable, "-m", "sealwright.phases.deployment.core.openapi"]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert printed.stdout.decode() == render()
    assert json.loads(printed.stdout)["openapi"] == "3.1.0"
