"""What a client of the model needs: the standard library, the address, and a key."""

import csv
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
MODEL = "diabetes-follow-up"


def patients(name: str = "test") -> list[list[float]]:
    """The rows of data/NAME.csv, features only."""
    with (HERE / "data" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return [[float(row[feature]) for feature in FEATURES] for row in csv.DictReader(file)]


def key_of(client: str) -> str:
    """The key that `sealwright access grant CLIENT --out CLIENT.key` wrote."""
    return (HERE / f"{client}.key").read_text(encoding="utf-8").strip()


def ask(rows: list[list[float]], key: str | None = None) -> tuple[int, dict[str, Any]]:
    """Status and answer (Open Inference Protocol v2); an error's text is in `error`."""
    flat = [value for row in rows for value in row]
    tensor = {"name": "features", "shape": [len(rows), len(FEATURES)], "datatype": "FP64"}
    body = json.dumps({"inputs": [{**tensor, "data": flat}]}).encode()
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    url = f"{os.environ['MODEL_URL']}/v2/models/{MODEL}/infer"
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode(errors="replace")
            retry = error.headers.get("Retry-After")
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {"error": text[:200]}
        return error.code, {**answer, **({"retry_after": retry} if retry else {})}


def outputs(answer: dict[str, Any]) -> dict[str, list[Any]]:
    """Output name → values."""
    return {each["name"]: each["data"] for each in answer["outputs"]}
