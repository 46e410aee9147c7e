"""From inside a runtime nothing can be reached: network, files, programs, neighbours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sealwright.errors import Unsupported, UsageError
from sealwright.phases.deployment.runtime import isolate
from sealwright.phases.deployment.settings import RuntimeSettings
from sealwright.sandbox import service
from sealwright.sandbox.interface import Level
from tests.deployment.runtime.house import LEVELS, below, settings_of, started

_PROBE = """
import json, os, socket, subprocess, sys
from pathlib import Path
from sealwright.sandbox.service import confine
told = json.loads(sys.stdin.readline())
if told["confine"]:
    told["walls"] = confine(level=told["level"], readable=(told["folder"],), memory_mb=512)
answers = {}
def attempt(name, do):
    try:
        answers[name] = ["done", str(do())[:200]]
    except OSError as error:
        answers[name] = ["refused", type(error).__name__]
def reach():
    with socket.create_connection(("127.0.0.1", told["port"]), timeout=2):
        return "connected"
def neighbour():
    with socket.socket(socket.AF_UNIX) as ours:
        ours.connect(told["neighbour"])
attempt("model", lambda: len(Path(told["folder"], "model.onnx").read_bytes()))
attempt("network", reach)
attempt("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt("neighbour", neighbour)
attempt("secret", lambda: Path(told["secret"]).read_text())
attempt("home", lambda: os.listdir(told["home"]))
attempt("program", lambda: subprocess.run(["/bin/true"], check=True))
attempt("fork", lambda: os.fork() or os._exit(0))
attempt("parent", lambda: Path("/proc", str(told["pid"]), "environ").read_bytes())
attempt("init", lambda: Path("/proc/1/environ").read_bytes())
attempt("change", lambda: Path(told["folder"], "model.onnx").write_bytes(b""))
attempt("add", lambda: Path(told["folder"], "more").write_bytes(b""))
attempt("beside", lambda: Path(told["socket"]).with_name("x").symlink_to("/etc/passwd"))
attempt("write", lambda: Path(told["socket"]).with_name("x").write_bytes(b""))
attempt("tmp", lambda: Path("/tmp/sealwright-probe").write_bytes(b""))
attempt("signal", lambda: os.kill(told["pid"], 0))
answers["walls"] = told.get("walls", [])
answers["environment"] = dict(os.environ)
sys.stdout.write(json.dumps(answers))
"""


def _probe(
    told: RuntimeSettings, tmp_path: Path, *, level: Level, confine: bool = True
) -> dict[str, Any]:
    argv, env, _ = isolate.command(told, level=level)
    at = argv.index("-m")
    secret = tmp_path / "secret.pem"
    secret.write_text("hush", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as other:
        place = Path(told.socket).with_name("other.sock")
        other.bind(str(place))
        other.listen()
        facts = {
            "confine": confine,
            "level": level,
            "folder": told.folder,
            "socket": str(Path(told.socket).resolve()),
            "port": server.getsockname()[1],
            "neighbour": str(place),
            "secret": str(secret),
            "home": str(Path(__file__).parent),
            "pid": os.getpid(),
        }
        done = subprocess.run(
            [*argv[:at], "-c", _PROBE],
            env=env,
            input=json.dumps(facts).encode() + b"\n",
            capture_output=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr.decode()
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_reached_but_the_model(
    told: RuntimeSettings, tmp_path: Path, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALWRIGHT_PASSPHRASE", "hush")
    answers = _probe(told, tmp_path, level=level)
    walls, environment = answers.pop("walls"), answers.pop("environment")
    assert answers.pop("model")[0] == "done"
    if answers["init"] == ["done", "b''"]:  # somebody else's process, seen without its content
        answers.pop("init")
    assert {name: answer for name, answer in answers.items() if answer[0] != "refused"} == {}
    assert {"seccomp", "no-new-privileges", "rlimits", "ends-with-parent"} <= set(walls)
    assert ("bubblewrap" in walls) == (level == "bubblewrap")
    assert "hush" not in environment.values()
    assert environment["HOME"] == "/nonexistent"


def test_bubblewrap_alone_has_no_network_and_no_files(
    told: RuntimeSettings, tmp_path: Path
) -> None:
    answers = _probe(told, tmp_path, level="bubblewrap", confine=False)
    for name in ("network", "neighbour", "secret", "home", "parent", "change", "add", "tmp"):
        assert answers[name][0] == "refused", name


@pytest.mark.parametrize("level", LEVELS)
def test_the_process_that_serves_is_behind_those_walls(told: RuntimeSettings, level: Level) -> None:
    with started(told, level=level) as running:
        running.beat()
        server = below(running.process.pid)[-1]
        proc = Path("/proc", str(server))
        facts = dict(
            line.split(":\t", 1)
            for line in (proc / "status").read_text().splitlines()
            if "\t" in line
        )
        assert facts["Seccomp"].strip() == "2"
        assert facts["NoNewPrivs"].strip() == "1"
        assert int(facts["CapEff"], 16) == 0
        limits = (proc / "limits").read_text()
        assert "Max data size             1073" in limits
        assert (proc / "ns" / "net").readlink() != Path("/proc/self/ns/net").readlink()


def test_a_level_that_is_not_there_is_refused(
    told: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolate, "available", lambda: ("landlock",))
    assert isolate.command(told).level == "landlock"
    with pytest.raises(Unsupported, match="bubblewrap"):
        isolate.command(told, level="bubblewrap")
    monkeypatch.setattr(isolate, "available", tuple)
    with pytest.raises(Unsupported):
        isolate.command(told)


def test_a_process_with_a_network_does_not_pass_for_one_without() -> None:
    with pytest.raises(Unsupported, match="has a network"):
        service._require_no_network()


@pytest.mark.parametrize(
    "place", ["relative/x.sock", "/tmp/nosuffix", "/tmp/" + "x" * 110 + ".sock"]
)
def test_a_socket_that_cannot_be_is_refused(told: RuntimeSettings, place: str) -> None:
    with pytest.raises(UsageError):
        isolate.command(msgspec.structs.replace(told, socket=place))


def test_the_memory_that_is_allowed_grows_with_the_model(folder: Path, sockets: Path) -> None:
    small = isolate.command(settings_of(folder, sockets)).argv
    with (folder / "weights").open("wb") as file:
        file.truncate(100 << 20)
    large = isolate.command(settings_of(folder, sockets)).argv
    assert int(large[-1]) - int(small[-1]) >= 600
