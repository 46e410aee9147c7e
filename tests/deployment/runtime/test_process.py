"""The real process at both levels: it answers, and it ends when it must."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from sealwright.phases.deployment.runtime import isolate
from sealwright.phases.deployment.runtime.loading import load
from sealwright.phases.deployment.settings import RuntimeSettings
from sealwright.sandbox.interface import Level
from tests.deployment.runtime.house import (
    LEVELS,
    alive,
    ask,
    below,
    infer,
    make_folder,
    refused,
    request,
    settings_of,
    started,
    wait_until,
)
from tests.validation.builders import graph


@pytest.mark.parametrize("level", LEVELS)
def test_it_serves_and_ends_with_its_input(told: RuntimeSettings, level: Level) -> None:
    with started(told, level=level) as running:
        beat = running.beat()
        assert beat.ready
        assert beat.gauges["isolation"] == {"bubblewrap": 2, "landlock": 1}[level]
        rows = [[0.5, -0.25], [3.0, 1.0]]
        status, answer = infer(told, rows)
        version = told.digest[:12]
        assert status == 200
        assert (answer["model_name"], answer["model_version"]) == ("small", version)
        (score,) = answer["outputs"]
        expected = load(told).scores(np.array(rows)).tolist()
        assert score == {"name": "score", "datatype": "FP64", "shape": [2], "data": expected}
        assert ask(told, "/v2/health/live") == (200, {"live": True})
        assert ask(told, "/v2/health/ready") == (200, {"live": True, "ready": True})
        status, metadata = ask(told, f"/v2/models/small/versions/{version}")
        assert metadata["inputs"] == [{"name": "features", "datatype": "FP64", "shape": [-1, 2]}]
        assert ask(told, "/v2/models/small/ready") == (200, {"name": "small", "ready": True})
        path = f"/v2/models/small/versions/{version}/infer"
        assert ask(told, path, request(rows))[0] == 200
        assert running.beat().process == f"runtime:{version}"
        assert running.end()[0] == 0
    wait_until(lambda: refused(told), what="somebody still listens")


def test_what_is_wrong_is_answered_and_it_goes_on(told: RuntimeSettings) -> None:
    good = request([[1.0, 2.0]])
    path = "/v2/models/small/infer"
    with started(told) as running:
        running.beat()
        assert ask(told, "/v2/models/other/infer", good)[0] == 404
        assert ask(told, "/v2/models/small/versions/0123456789ab/infer", good)[0] == 404
        assert ask(told, path)[0] == 405
        assert ask(told, "/v2/health/live", b"x")[0] == 405
        assert ask(told, path, b"{")[0] == 400
        status, answer = ask(told, path, b" " * 100_000)
        assert status == 413
        assert "bytes" in answer["error"]
        assert ask(told, path, good)[0] == 200
        running.process.stdin.write(b"later settings mean nothing here\n")  # type: ignore[union-attr]
        assert ask(told, path, good)[0] == 200


def test_the_socket_is_its_owners_and_a_new_process_takes_its_place(told: RuntimeSettings) -> None:
    place = Path(told.socket)
    for _ in range(2):
        with started(told) as running:
            running.beat()
            assert place.is_symlink()
            assert place.stat().st_mode & 0o777 == 0o600
            assert place.resolve().parent.stat().st_mode & 0o777 == 0o700
            assert infer(told, [[1.0, 2.0]])[0] == 200
            running.process.kill()
            running.process.wait()
            wait_until(lambda: refused(told), what="a killed runtime still answers")


def test_no_input_at_all_ends_it_at_once(told: RuntimeSettings) -> None:
    with started(told, line=b"") as running:
        assert running.end() == (0, "")


@pytest.mark.parametrize("line", [b"{}\n", b"[" * 50_000 + b"\n", b"\xff\xfe\n", b"null\n"])
def test_garbage_for_settings_ends_it_without_a_traceback(
    told: RuntimeSettings, line: bytes
) -> None:
    with started(told, line=line) as running:
        status, words = running.end()
        assert status == 4
        assert words.startswith("runtime: not the settings of a runtime")
        assert "Traceback" not in words


_PARENT = """
import subprocess, sys, time
argv = sys.argv[2:]
child = subprocess.Popen(argv, stdin=int(sys.argv[1]), stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("level", LEVELS)
def test_it_ends_when_whoever_started_it_is_killed(told: RuntimeSettings, level: Level) -> None:
    # We keep its standard input open: its end must not be what ends it here.
    argv, env, _ = isolate.command(told, level=level)
    reading, writing = os.pipe()
    command = [sys.executable, "-c", _PARENT, str(reading), *argv]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, pass_fds=(reading,)) as parent:
        os.close(reading)
        os.write(writing, msgspec.json.encode(told) + b"\n")
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until(lambda: not refused(told), what="it does not come up")
        assert infer(told, [[1.0, 2.0]])[0] == 200
        family = below(child)
        parent.kill()
        wait_until(lambda: not any(map(alive, family)), what="a runtime outlived its parent")
    os.close(writing)
    wait_until(lambda: refused(told), what="somebody still listens")


def _endless(helper: Any) -> Any:
    """Scores rows; the more often the larger the largest number in them is above a million."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Sin", ["state"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", 7, []),
            helper.make_tensor_value_info("go", 9, []),
            helper.make_tensor_value_info("state", 1, [None, 4]),
        ],
        [
            helper.make_tensor_value_info("go_on", 9, []),
            helper.make_tensor_value_info("next", 1, [None, 4]),
        ],
    )
    nodes = [
        helper.make_node("ReduceMax", ["X"], ["most"], keepdims=0),
        helper.make_node("Sub", ["most", "million"], ["above"]),
        helper.make_node("Relu", ["above"], ["times"]),
        helper.make_node("Cast", ["times"], ["n"], to=7),
        helper.make_node("Loop", ["n", "go", "X"], ["end"], body=body),
        helper.make_node("ReduceMax", ["end"], ["top"], axes=[1]),
        helper.make_node("Sigmoid", ["top"], ["score"]),
    ]
    return (
        nodes,
        [helper.make_tensor_value_info("X", 1, [None, 4])],
        [helper.make_tensor_value_info("score", 1, [None, 1])],
        [
            helper.make_tensor("million", 1, [], [1e6]),
            helper.make_tensor("go", 9, [], [True]),
        ],
    )


@pytest.mark.parametrize("level", LEVELS)
def test_a_model_that_does_not_come_back_ends_the_process(
    tmp_path: Path, sockets: Path, level: Level
) -> None:
    folder = make_folder(tmp_path / "slow", model=graph(_endless))
    told = settings_of(folder, sockets, features="abcd", deadline_seconds=0.3)
    with started(told, level=level) as running:
        running.beat()
        assert infer(told, [[1.0, 2.0, 3.0, 4.0]])[0] == 200
        with pytest.raises(ConnectionError):
            infer(told, [[1e15, 2.0, 3.0, 4.0]])
        status = running.process.wait(30)
        assert status in (-signal.SIGALRM, 128 + signal.SIGALRM)


def test_a_model_larger_than_its_memory_is_an_error_in_words(tmp_path: Path, sockets: Path) -> None:
    folder = make_folder(tmp_path / "large")
    with (folder / "model.onnx").open("r+b") as file:
        file.truncate(400 << 20)  # nothing but zeros on disk, and all of them in memory
    told = settings_of(folder, sockets)
    argv, env, _ = isolate.command(told, memory_mb=256)
    with subprocess.Popen(
        argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        _, words = process.communicate(msgspec.json.encode(told) + b"\n", timeout=60)
    assert words == b"runtime: the model needs more than 256 MiB\n"
    assert process.returncode == 3
