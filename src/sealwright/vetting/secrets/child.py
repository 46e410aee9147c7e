"""The process in which the detector runs: reads files from a pipe, answers what and where, and
keeps
the secrets to itself.

Input: one JSON line (salt, cache folder, seconds for each file), then for each file its length in
8 bytes and its bytes. Output: JSON. Started by `engine`; it has no other use.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from typing import Any, BinaryIO


def main(reading: BinaryIO, writing: BinaryIO) -> None:
    """Scans what `reading` holds and writes one JSON object."""
    from kingfisher_sdk import DetectionPolicy, Rules, ScanInput, Scanner

    settings = json.loads(reading.readline())
    rules = Rules(
        confidence="medium", cache=bool(settings["cache"]), cache_dir=settings["cache"] or None
    )
    # Comments in the scanned files have no say, and neither have their names.
    policy = DetectionPolicy(inline_ignores=False, markup_context=False)
    scanner = Scanner(rules, policy=policy)
    salt = bytes.fromhex(settings["salt"])
    answers: list[dict[str, Any]] = []
    number = 0
    while header := reading.read(8):
        data = reading.read(int.from_bytes(header, "big"))
        try:
            source = ScanInput(path=f"f{number:06}", data=data)
            found = scanner.scan_input(source, timeout=settings["seconds"])
            answers.append(
                {"seen": [_told(each, settings, salt) for each in found if each.visible]}
            )
        except TimeoutError:
            answers.append({"seen": [], "problem": "the detector took too long"})
        number += 1
    writing.write(json.dumps({"rules": len(rules), "files": answers}).encode())
    writing.flush()


def _told(found: Any, settings: dict[str, Any], salt: bytes) -> dict[str, Any]:
    """What may leave this process. The fingerprint is of the secret and this scan's salt."""
    digest = hmac.new(salt, found.secret.encode("utf-8", "surrogateescape"), hashlib.sha256)
    return {
        "rule": found.rule_id,
        "confidence": found.confidence,
        "line": found.location["line"],
        "start": found.location["start_offset"],
        "fingerprint": digest.hexdigest()[: settings["short"]],
    }


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
