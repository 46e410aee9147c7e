"""The projects that the how-to pages begin in: made once for the tests of the command line."""

from __future__ import annotations

from tests.cli.conftest import houses

__all__ = ["houses"]
