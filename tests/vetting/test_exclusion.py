"""What is left out is what a `.gitignore` of the same words would leave out."""

from __future__ import annotations

import pytest

from sealwright.vetting.exclusion import Exclusion


@pytest.mark.parametrize(
    ("pattern", "path", "folder", "expected"),
    [
        (".git", ".git", True, True),
        (".git", "sub/.git", True, True),
        (".git", "sub/.github", True, False),
        (".git", ".git", False, True),
        ("*.py", "a/b/c.py", False, True),
        ("evil*", "evil/x", True, False),  # the folder itself is left out, with all in it
        ("build/", "a/build", True, True),
        ("build/", "a/build", False, False),
        ("/keys", "keys", True, True),
        ("/keys", "a/keys", True, False),
        ("./keys", "keys", True, True),
        ("./keys", "a/keys", True, False),
        ("a/keys", "a/keys", True, True),
        ("a/keys", "b/a/keys", True, False),
        ("a/keys/", "a/keys", True, True),
        ("a/*.bin", "a/b/c.bin", False, True),
        ("**/keys", "keys", True, True),
        ("**/keys", "a/b/keys", True, True),
        ("**/a/keys", "a/keys", True, True),
        ("**/a/keys", "b/a/keys", True, True),
        ("", "a", False, False),
        ("/", "a", True, False),
        ("KEYS", "keys", False, False),
    ],
)
def test_a_pattern_stands_for_names_and_with_a_slash_for_paths(
    pattern: str, path: str, folder: bool, expected: bool
) -> None:
    exclusion = Exclusion([pattern])
    assert exclusion.leaves_out(path, folder=folder) is expected
    assert exclusion.unused == (() if expected else (pattern,))


def test_every_pattern_that_matched_is_used() -> None:
    exclusion = Exclusion(["*.bin", "a*", "gone", "gone"])
    assert exclusion.leaves_out("a.bin", folder=False)
    assert exclusion.unused == ("gone",)
