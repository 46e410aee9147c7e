"""The monitor as a real process: what it sees, what survives kill -9, and what cannot stop it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sealwright.errors import MalformedError
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring.process import read_settings
from sealwright.phases.monitoring.settings import MonitorSettings, WatchedModel
from sealwright.traffic import AlertReport, Batch, Restriction, WindowReport, frame
from tests.monitoring.clients import world
from tests.monitoring.clients.world import DIGEST, NOON, ordinary, patients, refused
from tests.monitoring.monitor_process import Gateway, Running, running, settings, short_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as place:
        yield place


@pytest.fixture
def monitor(folder: Path) -> Iterator[Running]:
    with running(settings(folder)) as process:
        yield process


@pytest.fixture
def gateway(monitor: Running) -> Iterator[Gateway]:
    end = Gateway(monitor.told)
    yield end
    end.close()


def attack(count: int, seed: int = 1) -> world.Numbers:
    return world.boundary(patients(), np.random.default_rng(seed), count)


def test_a_boundary_search_is_slowed_down_and_reported(monitor: Running, gateway: Gateway) -> None:
    gateway.ask("ordinary", ordinary(patients(), np.random.default_rng(2), 40))
    gateway.ask("mallory", attack(60), correlation="drill-9")
    slowed = gateway.restriction(lambda said: said.level == "throttle")
    assert slowed.client == "mallory"
    assert slowed.factor < 1
    report = monitor.wait(AlertReport, lambda said: said.alert.response == "throttle")
    assert report.model == DIGEST
    assert report.alert.client == "mallory"
    assert report.alert.correlation == "drill-9"
    beat = monitor.heartbeat(lambda said: said.counters.get("observations", 0) >= 100)
    assert beat.process == "monitor"
    assert beat.ready
    assert beat.gauges["clients_tracked"] == 2
    assert beat.gauges["gateways"] == 1
    assert beat.gauges["detector_threshold/near-duplicate"] > 0
    assert beat.counters["alerts/near-duplicate"] + beat.counters.get("alerts/self-neighbour", 0)
    assert not any("mallory" in key for key in (*beat.gauges, *beat.counters))
    assert monitor.close() == 0


def test_kill_minus_nine_and_a_new_process_forgives_nobody(folder: Path) -> None:
    told = settings(folder)
    with running(told) as first:
        gateway = Gateway(told)
        gateway.ask("mallory", attack(60))
        gateway.restriction(lambda said: said.level == "throttle")
        first.wait(AlertReport, lambda said: said.alert.response == "throttle")
        first.heartbeat()
        first.kill()
        assert gateway.is_closed()
        gateway.close()
    with running(told) as second:
        gateway = Gateway(told)
        gateway.ask("mallory", ordinary(patients(), np.random.default_rng(3), 1))
        slowed = gateway.restriction(lambda said: said.client == "mallory")
        assert slowed.level == "throttle"
        gateway.close()
        assert second.close() == 0
        assert second.words() == ""


def test_a_gateway_that_comes_later_hears_what_is_in_force(
    monitor: Running, gateway: Gateway
) -> None:
    gateway.ask("mallory", attack(60))
    gateway.restriction(lambda said: said.level == "throttle")
    other = Gateway(monitor.told)
    assert other.restriction(lambda said: True).client == "mallory"
    other.ask("eve", attack(60, seed=5))
    assert gateway.restriction(lambda said: said.client == "eve").level != "none"
    other.close()


def test_shifted_traffic_of_several_callers_is_drift(monitor: Running, gateway: Gateway) -> None:
    place, maker = patients(), np.random.default_rng(4)
    shift = np.array([feature.scale for feature in place.profile.features]) * 2.0
    for _ in range(12):
        for ward in range(8):
            gateway.ask(f"ward{ward}", ordinary(place, maker, 8) + shift)
    report = monitor.alert("drift")
    assert report.model == DIGEST
    assert monitor.wait(WindowReport, lambda said: said.window.result != "passed").model == DIGEST


def test_refused_strangers_are_a_burst(monitor: Running, gateway: Gateway) -> None:
    gateway.send(*(refused("", 401, at=NOON, correlation="drill-3") for _ in range(12)))
    report = monitor.alert("denied")
    assert report.alert.correlation == "drill-3"
    assert report.alert.client == ""


def test_lost_observations_are_an_alarm_once(monitor: Running, gateway: Gateway) -> None:
    gateway.send(dropped=0)
    gateway.send(dropped=17)
    gateway.send(dropped=30)
    report = monitor.alert("dropped")
    assert report.alert.n == 17
    beat = monitor.heartbeat(lambda said: said.counters["dropped"] == 30)
    assert beat.counters["alerts/dropped"] == 1


def test_a_gateway_that_says_nothing_is_an_alarm_and_so_is_one_that_goes(folder: Path) -> None:
    with running(settings(folder)) as monitor:
        gateway = Gateway(monitor.told)
        gateway.send()
        report = monitor.alert("silent")
        assert report.alert.statistic is not None
        assert report.alert.statistic > 0.4
        gateway.send()
        monitor.heartbeat()
        gateway.close()
        assert monitor.alert("silent").alert.id != report.alert.id


def test_a_request_with_many_cases_does_not_keep_the_monitor_from_living(
    monitor: Running, gateway: Gateway
) -> None:
    rows = ordinary(patients(), np.random.default_rng(6), 20_000)
    gateway.send(world.observed("bulk", rows, at=NOON), world.observed("other", rows[:2]))
    beats = [monitor.heartbeat()]
    while beats[-1].counters.get("cases", 0) < 20_002:
        beats.append(monitor.heartbeat())
    assert len(beats) > 2
    assert beats[-1].counters["observations"] == 2


def test_without_a_gateway_there_is_no_silence(monitor: Running) -> None:
    for _ in range(12):
        assert "alerts/silent" not in monitor.heartbeat().counters


@pytest.mark.parametrize(
    "junk",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x01\xc1",
        b"GET / HTTP/1.1\r\n\r\n",
        frame(Restriction(client="mallory", level="none", until=0.0, reason="please")),
        frame(Batch(observations=()))[:-1] + b"\xc1",
    ],
)
def test_a_malformed_frame_closes_its_connection_and_nothing_else(
    monitor: Running, gateway: Gateway, junk: bytes
) -> None:
    evil = Gateway(monitor.told)
    evil.socket.sendall(junk)
    assert evil.is_closed()
    evil.close()
    gateway.ask("mallory", attack(60))
    assert gateway.restriction(lambda said: said.level == "throttle").client == "mallory"
    assert monitor.heartbeat(lambda said: said.counters.get("malformed") == 1)


def test_the_socket_and_the_file_are_their_owners_alone(monitor: Running, gateway: Gateway) -> None:
    gateway.ask("mallory", attack(60))
    gateway.restriction(lambda said: said.level == "throttle")
    monitor.heartbeat()
    monitor.heartbeat()
    assert Path(monitor.told.socket).stat().st_mode & 0o777 == 0o600
    assert Path(monitor.told.state).stat().st_mode & 0o777 == 0o600


def test_a_later_line_replaces_the_settings_and_keeps_the_evidence(
    monitor: Running, gateway: Gateway
) -> None:
    gateway.ask("mallory", attack(60))
    gateway.restriction(lambda said: said.level == "throttle")
    milder = msgspec.structs.replace(
        monitor.told, monitoring=Monitoring(heartbeat_seconds=0.2, response="flag")
    )
    monitor.tell(milder)
    assert gateway.restriction(lambda said: said.level == "flag").client == "mallory"
    unknown = WatchedModel(digest="b" * 64, name="other")
    monitor.tell(msgspec.structs.replace(milder, models=(unknown,)))
    report = monitor.alert("health")
    assert report.model == "b" * 64
    assert monitor.heartbeat(lambda said: said.gauges["models_not_watched"] == 1)


def test_a_changed_file_of_accounts_is_an_alarm(folder: Path) -> None:
    told = settings(folder)
    with running(told) as monitor:
        gateway = Gateway(told)
        gateway.ask("mallory", attack(60))
        gateway.restriction(lambda said: said.level == "throttle")
        gateway.close()
        assert monitor.close() == 0
    place = Path(told.state)
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.write_bytes(bytes(data))
    monitor = Running(told)
    try:
        assert "changed" in monitor.alert("integrity").alert.detail
    finally:
        monitor.kill()


@pytest.mark.parametrize("line", [b"", b"{}\n", b"[]\n", b"\xff\n", b"null\n", b'{"socket": 1}\n'])
def test_settings_that_are_none_end_it_with_words(line: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sealwright.phases.monitoring"],
        input=line,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == (4 if line else 3)
    assert done.stdout == b""
    assert done.stderr.startswith(b"monitor: ")
    assert b"Traceback" not in done.stderr


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.binary(max_size=300))
def test_any_line_is_settings_or_malformed(line: bytes) -> None:
    with pytest.raises(MalformedError):
        read_settings(line)


@pytest.mark.parametrize(
    "bad", [{"secret": "zz"}, {"secret": "5a" * 8}, {"secret": ""}, {"socket": "/a\0b"}]
)
def test_settings_out_of_bounds_are_malformed(folder: Path, bad: dict[str, str]) -> None:
    good = settings(folder)
    read_settings(msgspec.json.encode(good))
    with pytest.raises(MalformedError):
        read_settings(msgspec.json.encode(msgspec.structs.replace(good, **bad)))


def test_the_secret_is_not_in_an_error() -> None:
    line = msgspec.json.encode({"secret": "hunter2hunter2"})
    with pytest.raises(MalformedError) as raised:
        read_settings(line)
    assert "hunter2" not in raised.value.message
    assert MonitorSettings.__struct_fields__[2] == "secret"
