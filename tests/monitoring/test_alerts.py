"""The alert file: durable, whole lines, bounded; and the command that shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sealwright.errors import CannotLook
from sealwright.phases.monitoring.alerts import KEPT, AlertSink, read_alerts
from tests.monitoring.test_ocsf import alert, check_finding


def test_lines_are_added_and_read_back(tmp_path: Path) -> None:
    place = tmp_path / "serving/alerts.jsonl"
    sink = AlertSink(place)
    sink.write(alert(id="1"), model="ab" * 32, entries=(3,))
    AlertSink(place).write(alert(id="2"))
    found, odd = read_alerts(place)
    assert [event["finding_info"]["uid"] for event in found] == ["1", "2"]
    assert odd == 0
    for event in found:
        check_finding(event)
    assert place.stat().st_mode & 0o777 == 0o600
    assert sink.counters() == {"alerts_written": 1, "alerts_failed": 0}
    sink.close()


def test_a_caller_cannot_write_a_line_of_its_own(tmp_path: Path) -> None:
    place = tmp_path / "alerts.jsonl"
    nasty = 'x"}\n{"class_uid": 2004, "forged": true}\r\u2028\x1b[2J\x00\x7f'
    AlertSink(place).write(alert(client=nasty, title=nasty, correlation=nasty))
    (line,) = place.read_bytes().splitlines()
    assert json.loads(line)["evidences"][0]["actor"]["user"]["uid"] == nasty
    assert all(0x20 <= byte < 0x7F for byte in line)


def test_a_torn_last_line_spoils_only_itself(tmp_path: Path) -> None:
    place = tmp_path / "alerts.jsonl"
    sink = AlertSink(place)
    sink.write(alert(id="1"))
    whole = place.read_bytes()
    place.write_bytes(whole + whole[:40])
    sink.write(alert(id="2"))
    found, odd = read_alerts(place)
    assert [event["finding_info"]["uid"] for event in found] == ["1", "2"]
    assert odd == 1


def test_the_file_is_turned_over_and_the_oldest_goes(tmp_path: Path) -> None:
    place = tmp_path / "alerts.jsonl"
    sink = AlertSink(place, limit=2000)
    for number in range(40):
        sink.write(alert(id=f"{number:02}"))
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["alerts.jsonl", *(f"alerts.jsonl.{n}" for n in range(1, KEPT + 1))]
    assert all(path.stat().st_size <= 2000 for path in tmp_path.iterdir())
    found, _ = read_alerts(place)
    shown = [event["finding_info"]["uid"] for event in found]
    assert shown == [f"{number:02}" for number in range(40 - len(shown), 40)]
    assert read_alerts(place, limit=2)[0] == found[-2:]


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"")
    place = tmp_path / "alerts.jsonl"
    place.symlink_to(tmp_path / "elsewhere")
    sink = AlertSink(place)
    with pytest.raises(CannotLook, match="cannot be written"):
        sink.write(alert())
    assert (tmp_path / "elsewhere").read_bytes() == b""
    assert sink.counters()["alerts_failed"] == 1


def test_a_full_disk_is_an_error_that_says_what_was_to_be_written(tmp_path: Path) -> None:
    sink = AlertSink(tmp_path / "alerts.jsonl")
    sink.path = Path("/dev/full")
    with pytest.raises(CannotLook) as raised:
        sink.write(alert())
    assert "mallory" in raised.value.advice


def test_no_file_means_no_alarm_yet(tmp_path: Path) -> None:
    assert read_alerts(tmp_path / "alerts.jsonl") == ([], 0)
