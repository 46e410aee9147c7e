"""Asks again and again until the gateway is gone; prints each decision id that it got."""

import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.deployment.gateway.house import infer_body


def main() -> None:
    connection = HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
    head = {"authorization": f"Bearer {sys.argv[2]}", "content-type": "application/json"}
    while True:
        try:
            connection.request("POST", "/v2/models/scorer/infer", infer_body(), head)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return
        if answer.status == 200:
            sys.stdout.write(answer.headers["x-decision-id"] + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
