"""A model's runtime as far as the gateway sees one: `python upstream_app.py SOCKET`.

The score is the first feature, cut to [0, 1]. First features from 100 on ask for trouble.
"""

import asyncio
import json
import sys
from typing import Any

import uvicorn

SECRET = "internal-path-/srv/secret/weights.onnx"

HANG, ERROR, NOT_JSON, TOO_FEW, OUT_OF_RANGE, NOT_A_NUMBER, HANG_UP, HUGE, EXTRA, LATE = range(
    100, 110
)


def scores_for(rows: list[list[float]]) -> list[float]:
    return [min(1.0, max(0.0, row[0])) for row in rows]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["method"] == "GET":
        await respond(send, 200, '{"live": true, "ready": true}')
        return
    tensor = json.loads(body)["inputs"][0]
    rows, width = tensor["shape"]
    data = [tensor["data"][i * width : (i + 1) * width] for i in range(rows)]
    trouble = int(data[0][0]) if 100 <= data[0][0] < 110 else None
    if trouble == HANG:
        await asyncio.sleep(60)
    elif trouble == LATE:
        await asyncio.sleep(0.5)
    elif trouble == HANG_UP:
        raise SystemExit(0)
    scores = bad_scores(scores_for(data), trouble)
    await respond(send, 500 if trouble == ERROR else 200, text_of(scores, trouble))


def bad_scores(scores: list[Any], trouble: int | None) -> list[Any]:
    if trouble == TOO_FEW:
        return scores[:-1]
    if trouble in (OUT_OF_RANGE, NOT_A_NUMBER):
        return [1.5 if trouble == OUT_OF_RANGE else float("nan"), *scores[1:]]
    return scores


def text_of(scores: list[Any], trouble: int | None) -> str:
    if trouble == ERROR:
        return json.dumps({"error": SECRET})
    if trouble == NOT_JSON:
        return f"<html>{SECRET}</html>"
    if trouble == HUGE:
        return " " * (8 * 1024 * 1024)
    output = {"name": "score", "datatype": "FP64", "shape": [len(scores)], "data": scores}
    outputs = [output, output] if trouble == EXTRA else [output]
    return json.dumps({"model_name": "m", "model_version": "v", "outputs": outputs})


async def respond(send: Any, status: int, text: str) -> None:
    length = (b"content-length", str(len(text)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length]})
    await send({"type": "http.response.body", "body": text.encode()})


if __name__ == "__main__":
    uvicorn.run(
        app, uds=sys.argv[1], log_level="critical", lifespan="off", loop="uvloop", http="httptools"
    )
