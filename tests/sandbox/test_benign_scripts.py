"""What honest training does passes without a word, at both levels."""

from __future__ import annotations

import hashlib

from tests.sandbox.conftest import Run


def test_a_numpy_and_scikit_learn_training_passes(attempt: Run) -> None:
    seen = attempt(
        """
        import csv, pathlib, warnings
        warnings.simplefilter("ignore")  # joblib says that it runs serially without /dev/shm
        import joblib, numpy as np
        from sklearn.linear_model import LogisticRegression
        rows = list(csv.reader(open(pathlib.Path(__file__).resolve().parent / "data/a.csv")))
        x = np.random.default_rng(0).normal(size=(200, 4))
        model = LogisticRegression().fit(x, x[:, 0] > 0)
        joblib.dump(model, "model/model.joblib")
        print(rows, model.score(x, x[:, 0] > 0) > 0.9)
        """,
        memory_mb=2048,
        seconds=240,
    )
    assert seen.outcome.violations == ()
    assert seen.outcome.stdout.tail == "[['1', '2']] True\n"
    assert seen.outcome.clean
    assert (seen.output / "model.joblib").stat().st_size > 0
    assert seen.outcome.peak_memory > 0


def test_children_threads_and_temporary_files_are_fine(attempt: Run) -> None:
    seen = attempt(
        """
        import os, shutil, subprocess, tempfile, threading
        print(subprocess.run(["/bin/sh", "-c", "echo child"], capture_output=True).stdout)
        thread = threading.Thread(target=print, args=("thread",)); thread.start(); thread.join()
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "a"); open(name, "w").write("a")
            shutil.copy2(name, "model/a")
        os.makedirs("model/deep/er"); os.rename("model/a", "model/deep/er/b")
        print(sorted(os.listdir(".")), os.path.exists("model/missing"))
        """
    )
    assert seen.outcome.violations == ()
    assert seen.outcome.clean, seen.outcome.stderr.tail
    assert (seen.output / "deep/er/b").read_text() == "a"


def test_finding_out_whether_there_is_ipv6_is_no_attempt(attempt: Run) -> None:
    seen = attempt(
        """
        import socket
        probe = socket.socket(socket.AF_INET6)
        try: probe.bind(("::1", 0))
        except OSError: print("no")
        """
    )
    assert (seen.outcome.stdout.tail, seen.outcome.violations) == ("no\n", ())


def test_logs_are_bounded_and_their_digest_covers_all_of_them(attempt: Run) -> None:
    seen = attempt("import sys\nfor i in range(20000): print(f'line {i:06}')\nsys.exit(3)")
    whole = "".join(f"line {i:06}\n" for i in range(20000)).encode()
    log = seen.outcome.stdout
    assert (log.size, log.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert log.tail == whole[-(64 << 10) :].decode()
    assert (seen.outcome.exit_code, seen.outcome.signal) == (3, None)


def test_a_signal_of_its_own_and_a_missing_program_are_told_apart(attempt: Run) -> None:
    seen = attempt("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert (seen.outcome.exit_code, seen.outcome.signal) == (None, 11)
    assert seen.outcome.violations == ()


def test_a_program_that_is_not_there_is_an_exit_code(attempt: Run) -> None:
    seen = attempt("", command=("no-such-program",))
    assert seen.outcome.exit_code == 127
    assert "no-such-program" in seen.outcome.stderr.tail


def test_what_was_in_force_is_listed(attempt: Run, level: str) -> None:
    seen = attempt("pass")
    active = set(seen.outcome.mechanisms)
    assert {"seccomp", "seccomp-notify", "rlimits", "no-new-privileges", "supervisor"} <= active
    assert ("process-namespace" in active) is (level == "bubblewrap")
    assert ("landlock-files" in active) is (level == "landlock")
    assert seen.outcome.level == level
    assert seen.outcome.clean
