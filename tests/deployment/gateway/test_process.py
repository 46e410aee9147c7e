"""A gateway process and what it obeys: snapshot, STOP file, its standard input, its losses."""

from __future__ import annotations

import base64
import json
import os
import resource
import signal
import ssl
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sealwright.clock import format_time
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.predicates.serving import Losses
from sealwright.phases.deployment.core.decision import OpenCase
from sealwright.phases.deployment.gateway.cases import (
    CaseAnswer,
    answer_file,
    answer_secret,
    case_file,
    sealed,
)
from sealwright.traffic import Restriction
from tests.deployment.gateway.house import (
    DIGEST,
    SHADOW,
    House,
    Monitor,
    infer_body,
    refused,
    served,
    wait_for,
)
from tests.deployment.gateway.upstream_app import (
    ERROR,
    EXTRA,
    HANG_UP,
    HUGE,
    NOT_A_NUMBER,
    NOT_JSON,
    OUT_OF_RANGE,
    SECRET,
    TOO_FEW,
)


def soon(seconds: float) -> str:
    return format_time(datetime.now(UTC) + timedelta(seconds=seconds))


def test_an_answer_its_record_and_its_observation_agree(gateway: House) -> None:
    answer = gateway.infer((0.75, 1, 2), (0.1, 3, 4), headers={"x-correlation-id": "drill-7"})
    assert answer.status == 200
    assert answer.output("score") == [0.75, 0.1]
    assert answer.output("decision") == ["positive", "negative"]
    (entry,) = [e for e in gateway.entries() if e.record.operation == "infer"]
    assert entry.record.id == answer.decision
    assert (entry.record.client, entry.record.digest) == ("bank", DIGEST)
    assert (entry.record.decisions, entry.record.correlation) == ("pn", "drill-7")
    assert entry.record.inputs == ()
    monitor = gateway.monitor
    assert monitor is not None
    gateway.wait(lambda: any(o.correlation == "drill-7" for o in monitor.observations))
    (seen,) = [o for o in monitor.observations if o.correlation == "drill-7"]
    assert (seen.model, seen.rows, len(seen.features), len(seen.scores)) == (DIGEST, 2, 24, 8)


@pytest.mark.parametrize(
    "trouble", [ERROR, NOT_JSON, TOO_FEW, OUT_OF_RANGE, NOT_A_NUMBER, HUGE, EXTRA, HANG_UP]
)
def test_what_a_runtime_says_amiss_is_never_relayed(gateway: House, trouble: int) -> None:
    answer = gateway.infer((float(trouble), 1, 2))
    assert answer.status == 503
    assert SECRET.encode() not in answer.body + str(answer.headers).encode()
    (entry,) = [e for e in gateway.entries() if e.record.operation == "infer"]
    assert entry.record.outcome == "failed"
    assert entry.record.reason in ("runtime-answer", "runtime-lost")


def test_a_runtime_that_comes_back_is_asked_again(gateway: House) -> None:
    gateway.stop_runtime()
    gateway.wait(lambda: gateway.infer().status == 503)
    gateway.start_runtime()
    gateway.wait(lambda: gateway.infer().status == 200)


def test_a_newer_snapshot_takes_effect(gateway: House) -> None:
    assert gateway.infer().status == 200
    gateway.publish(served(SHADOW), refused=(refused(),))
    gateway.wait(lambda: gateway.infer().status == 503)  # its runtime is not there
    answer = gateway.ask("POST", f"/v2/models/scorer/versions/{DIGEST[:12]}/infer", infer_body())
    assert answer.status == 403
    assert "revoked: poisoned" in answer.json["error"]


def test_a_revocation_cuts_answers_under_way(gateway: House) -> None:
    gateway.publish(served(), refused=(refused(),))
    gateway.wait(lambda: gateway.infer().status == 403)
    assert gateway.infer().status == 403


@pytest.mark.parametrize("how", ["another key", "older", "same number", "garbage", "empty", "half"])
def test_a_snapshot_that_is_no_successor_is_not_taken(gateway: House, how: str) -> None:
    path = gateway.root / "snapshot"
    good = path.read_bytes()
    if how == "another key":
        gateway.publish(served(), refused=(refused(),), key=SigningKey.generate())
    elif how == "older":
        gateway.sequence = -1
        gateway.publish(served(), refused=(refused(),))
    elif how == "same number":
        gateway.sequence -= 1
        gateway.publish(served(), refused=(refused(),))
    else:
        path.write_bytes({"garbage": b"{}", "empty": b"", "half": good[: len(good) // 2]}[how])
    gateway.wait(lambda: gateway.gauge("snapshot_problem") == 1.0)
    assert gateway.infer().status == 200
    assert gateway.counter("snapshots_refused") >= 1
    gateway.wait(lambda: "integrity" in gateway.alerts)
    assert "snapshot" in (gateway.root / "stderr").read_text()


def test_a_snapshot_that_is_deleted_stays_in_force(gateway: House) -> None:
    (gateway.root / "snapshot").unlink()
    gateway.wait(lambda: gateway.gauge("snapshot_problem") == 1.0)
    assert gateway.infer().status == 200


def test_without_a_snapshot_nothing_is_answered(unstarted: House) -> None:
    unstarted.start(ready=False)
    assert unstarted.infer().status == 503
    assert unstarted.ask("GET", "/v2/health/live").status == 200
    assert unstarted.ask("GET", "/v2/health/ready").status == 503
    unstarted.publish()
    unstarted.wait(lambda: unstarted.infer().status == 200)


@pytest.mark.parametrize(("loss", "status"), [("stop", 503), ("alarm", 200), ("warn", 200)])
def test_an_expired_snapshot_is_a_lost_ledger(gateway: House, loss: Any, status: int) -> None:
    losses = Losses(ledger=loss, log="stop", monitor="warn")
    gateway.publish(losses=losses, expires=soon(0.5))
    gateway.wait(lambda: gateway.gauge("snapshot_seconds_left") < 0)
    assert gateway.infer().status == status
    if loss != "warn":
        gateway.wait(lambda: "health" in gateway.alerts)
    gateway.publish(losses=losses)
    gateway.wait(lambda: gateway.infer().status == 200)


@pytest.mark.parametrize(
    "line",
    [
        '{"model": "scorer", "reason": "pulled", "at": ""}\n',
        '{"model": "*", "reason": "pulled", "at": ""}\n',
        '{"model": "sco',
        "pulled, by hand",
        "",
        "\0",
    ],
)
def test_the_stop_file_stops(gateway: House, line: str) -> None:
    assert gateway.infer().status == 200
    gateway.stop(line)
    gateway.wait(lambda: gateway.infer().status == 403)
    assert gateway.ask("GET", "/v2/health/ready").status == 503
    (gateway.root / "STOP").unlink()
    gateway.wait(lambda: gateway.infer().status == 200)


def test_a_stop_file_of_another_model_stops_that_one_only(gateway: House) -> None:
    gateway.stop('{"model": "other", "reason": "pulled", "at": ""}\n')
    time.sleep(0.3)
    assert gateway.infer().status == 200


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_stop_file_that_cannot_be_read_stops_everything(gateway: House, kind: str) -> None:
    path = gateway.root / "STOP"
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    gateway.wait(lambda: gateway.infer().status == 403)


def test_it_ends_with_its_standard_input(gateway: House) -> None:
    answered = [gateway.infer().decision for _ in range(5)]
    assert gateway.end() == 0
    chain = gateway.verified()
    assert [e.record.id for e in gateway.entries() if e.record.operation == "infer"] == answered
    # The last head that was told is the end of the log.
    head = gateway.heads[-1].head
    assert (head.seq, head.head) == (chain.seq - 1, chain.head)
    assert head.segment == gateway.segments()[-1].name


def test_it_ends_on_a_signal(gateway: House) -> None:
    assert gateway.process is not None
    gateway.infer()
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.end() == 0
    gateway.verified()


def test_a_killed_gateway_has_recorded_every_answer(gateway: House) -> None:
    answered: list[str] = []
    script = Path(__file__).with_name("load.py")
    assert gateway.process is not None
    clients = [
        subprocess.Popen(
            [sys.executable, str(script), str(gateway.port), gateway.token],
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    gateway.wait(lambda: gateway.counter("answered") > 300)
    gateway.process.kill()
    for client in clients:
        answered += client.communicate()[0].decode().split()
    gateway.end()
    assert len(answered) > 300
    # Whatever was torn off at the end was never acknowledged.
    lines = gateway.lines()
    if lines and not lines[-1].endswith(b"\n"):
        gateway.segments()[-1].write_bytes(b"".join(lines[:-1]))
    gateway.verified()
    assert set(answered) <= {entry.record.id for entry in gateway.entries()}
    before = {path.name: path.read_bytes() for path in (gateway.root / "log").iterdir()}
    gateway.start()
    assert gateway.infer().status == 200
    after = {path.name: path.read_bytes() for path in (gateway.root / "log").iterdir()}
    assert all(after[name] == data for name, data in before.items())
    assert gateway.end() == 0
    gateway.verified()


@pytest.mark.parametrize(("loss", "status"), [("stop", 503), ("alarm", 200)])
def test_a_full_disk_stops_or_alarms_as_the_policy_says(
    gateway: House, loss: Any, status: int
) -> None:
    gateway.publish(losses=Losses(ledger="warn", log=loss, monitor="warn"))
    gateway.wait(lambda: gateway.gauge("snapshot_sequence") == 2.0)
    assert gateway.infer().status == 200
    assert gateway.process is not None
    room = gateway.segments()[-1].stat().st_size + 100
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    assert {gateway.infer().status for _ in range(3)} == {status}
    gateway.wait(lambda: gateway.gauge("log_lost") == 1.0)
    gateway.wait(lambda: "log" in gateway.alerts)
    assert gateway.infer().status == status
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, unlimited)
    gateway.wait(lambda: gateway.gauge("log_lost") == 0.0)
    gateway.wait(lambda: gateway.infer().status == 200)
    assert gateway.end() == 0
    gateway.verified()


def test_a_critical_system_syncs_before_it_answers(gateway: House) -> None:
    strict = Losses(ledger="stop", log="stop", monitor="stop")
    gateway.publish(tier="critical", losses=strict)
    gateway.wait(lambda: gateway.gauge("snapshot_sequence") == 2.0)
    answers = [gateway.infer() for _ in range(5)]
    assert {answer.status for answer in answers} == {200}
    assert {a.decision for a in answers} <= {entry.record.id for entry in gateway.entries()}


@pytest.mark.parametrize(("loss", "status"), [("stop", 503), ("alarm", 200)])
def test_without_its_monitor_it_does_what_the_policy_says(
    gateway: House, loss: Any, status: int
) -> None:
    gateway.publish(losses=Losses(ledger="warn", log="stop", monitor=loss))
    gateway.wait(lambda: gateway.gauge("snapshot_sequence") == 2.0)
    assert gateway.infer().status == 200
    assert gateway.monitor is not None
    gateway.monitor.close()
    gateway.wait(lambda: gateway.gauge("monitor_lost") == 1.0)
    assert gateway.infer().status == status
    gateway.wait(lambda: "silent" in gateway.alerts)
    gateway.monitor = Monitor(gateway.root / "monitor.sock")
    gateway.wait(lambda: gateway.infer().status == 200)


def test_the_monitor_restricts_a_caller_for_a_while(gateway: House) -> None:
    assert gateway.monitor is not None
    assert gateway.infer((0.77777, 1, 1)).output("score") == [0.778]
    until = time.time() + 60
    gateway.monitor.send(
        Restriction(client="bank", level="coarsen", until=until, reason="extraction")
    )
    gateway.wait(lambda: gateway.infer((0.77777, 1, 1)).output("score") == [0.8])
    gateway.monitor.send(Restriction(client="bank", level="block", until=until, reason="more"))
    gateway.wait(lambda: gateway.infer().status == 403)
    gateway.monitor.send(Restriction(client="bank", level="none", until=until, reason="sorry"))
    gateway.wait(lambda: gateway.infer().status == 200)


def test_a_limit_is_a_limit(gateway: House) -> None:
    slow = gateway.add_key("slow", requests_per_minute=2)
    gateway.publish()
    gateway.wait(lambda: gateway.infer(token=slow).status != 401)
    gateway.wait(lambda: gateway.infer(token=slow).status == 429)
    answer = gateway.infer(token=slow)
    assert int(answer.headers["retry-after"]) > 0
    assert "ratelimit" in answer.headers
    assert gateway.infer().status == 200


def test_a_shadow_is_asked_after_the_answer(gateway: House) -> None:
    gateway.start_runtime(SHADOW)
    gateway.publish(served(), served(SHADOW, role="shadow", name="scorer"))
    gateway.wait(lambda: gateway.gauge("runtimes") == 2.0)
    answer = gateway.infer((0.75, 1, 2), headers={"x-correlation-id": "shadowed"})
    assert SHADOW[:12] not in answer.body.decode()
    monitor = gateway.monitor
    assert monitor is not None
    gateway.wait(lambda: any(o.correlation == "shadowed" for o in monitor.observations))
    (seen,) = [o for o in monitor.observations if o.correlation == "shadowed"]
    assert seen.shadow == SHADOW
    assert seen.shadow_scores == seen.scores


def test_a_case_waits_for_people_and_only_its_client_hears_of_it(gateway: House) -> None:
    other = gateway.add_key("another bank")
    gateway.publish(served(confirm=("positive",), review=True, abstain_margin=0.1))
    gateway.wait(lambda: gateway.gauge("snapshot_sequence") == 2.0)
    answer = gateway.infer((0.9, 1, 2), (0.5, 3, 4), (0.1, 5, 6))
    assert answer.output("decision") == ["held", "abstain", "negative"]
    held, undecided, none = answer.output("case")
    assert none == ""
    folder = gateway.root / "reviews"
    path = case_file(folder, held)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert msgspec.json.decode(path.read_bytes(), type=OpenCase).values == (0.9, 1.0, 2.0)
    assert case_file(folder, undecided).exists()
    where = f"/v2/models/scorer/cases/{held}"
    assert gateway.ask("GET", where).json["status"] == "open"
    assert gateway.ask("GET", where, token=other).status == 404
    assert gateway.ask("GET", where + "9").status == 404
    pending = CaseAnswer(case=held, state="pending")
    answer_file(folder, held).write_bytes(msgspec.json.encode(pending))
    assert gateway.ask("GET", where).json["status"] == "open"
    said = CaseAnswer(case=held, state="positive", at="2026-11-22T20:00:00.000000Z")
    answer_file(folder, held).write_bytes(msgspec.json.encode(said))
    assert gateway.ask("GET", where).json["status"] == "open"  # nobody with the secret said so
    signed = sealed(said, secret=answer_secret(gateway.pepper))
    answer_file(folder, held).write_bytes(msgspec.json.encode(signed))
    assert gateway.ask("GET", where).json["decision"] == "positive"
    answer_file(folder, held).write_bytes(b"{")
    assert gateway.ask("GET", where).status == 503


def test_nothing_is_held_where_it_cannot_be_kept(gateway: House) -> None:
    gateway.publish(served(confirm=("positive",)))
    gateway.wait(lambda: gateway.gauge("snapshot_sequence") == 2.0)
    (gateway.root / "reviews").rmdir()
    (gateway.root / "reviews").write_text("a file is in the way")
    answer = gateway.infer((0.9, 1, 2))
    assert answer.status == 503
    assert "outputs" not in answer.json


def settings_line(house: House, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "gateway": "g",
        "host": "127.0.0.1",
        "port": 0,
        "snapshot": str(house.root / "snapshot"),
        "snapshot_keys": [base64.b64encode(house.key.public.der).decode()],
        "stop_file": str(house.root / "STOP"),
        "sockets": str(house.root / "sockets"),
        "monitor_socket": str(house.root / "monitor.sock"),
        "log_folder": str(house.root / "log"),
        "reviews": str(house.root / "reviews"),
        "pepper": "00" * 32,
    }
    return json.dumps(values | changes).encode() + b"\n"


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"host": "0.0.0.0"}, 2, "loopback"),
        ({"host": "::"}, 2, "loopback"),
        ({"host": "localhost"}, 2, "IP address"),
        ({"certificate": "/nowhere"}, 2, "both"),
        ({"host": "0.0.0.0", "certificate_key": "/nowhere"}, 2, "loopback"),
        ({"certificate": "/nowhere", "certificate_key": "/nowhere"}, 3, "certificate_key"),
        ({"snapshot_keys": []}, 4, "snapshot key"),
        ({"snapshot_keys": ["AAAA"]}, 4, "public key"),
        ({"snapshot_keys": ["?"]}, 4, "base64"),
        ({"pepper": "short"}, 4, "hex"),
        ({"pepper": "00"}, 4, "256 bits"),
        ({"surprise": 1}, 4, "settings"),
        ({"log_folder": "/nowhere/at/all"}, 3, "log"),
    ],
)
def test_it_does_not_start_on_bad_settings(
    unstarted: House, changes: dict[str, Any], code: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sealwright.phases.deployment.gateway"],
        input=settings_line(unstarted, **changes),
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


def test_it_does_not_start_on_somebody_elses_log(unstarted: House) -> None:
    (unstarted.root / "log" / "g-0.jsonl").write_bytes(b"theirs")
    done = subprocess.run(
        [sys.executable, "-m", "sealwright.phases.deployment.gateway"],
        input=settings_line(unstarted),
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert (unstarted.root / "log" / "g-0.jsonl").read_bytes() == b"theirs"


def certificate(folder: Path) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem, der = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, der, serialization.NoEncryption()))
    (folder / "key.pem").chmod(0o600)
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_tls_is_modern_or_nothing(unstarted: House) -> None:
    pem, key = certificate(unstarted.root)
    unstarted.publish()
    unstarted.start(ready=False, certificate=pem, certificate_key=key)
    trusting = ssl.create_default_context(cafile=pem)
    trusting.check_hostname = False

    def ask() -> int:
        connection = HTTPSConnection("127.0.0.1", unstarted.port, context=trusting, timeout=20)
        head = {"authorization": f"Bearer {unstarted.token}", "content-type": "application/json"}
        connection.request("POST", "/v2/models/scorer/infer", infer_body(), head)
        status = connection.getresponse().status
        connection.close()
        return status

    wait_for(lambda: ask() == 200, alive=unstarted.process)
    weak = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    weak.check_hostname, weak.verify_mode = False, ssl.CERT_NONE
    weak.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = HTTPSConnection("127.0.0.1", unstarted.port, context=weak, timeout=20)
    with pytest.raises(ssl.SSLError):
        connection.request("GET", "/v2/health/live")
    connection.close()
    # Plain text gets nothing that could be taken for an answer.
    assert b"200" not in unstarted.raw(b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n")


def test_a_key_file_that_others_can_read_is_not_used(unstarted: House) -> None:
    pem, key = certificate(unstarted.root)
    Path(key).chmod(0o640)
    done = subprocess.run(
        [sys.executable, "-m", "sealwright.phases.deployment.gateway"],
        input=settings_line(unstarted, certificate=pem, certificate_key=key),
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert "chmod 600" in done.stderr.decode()
