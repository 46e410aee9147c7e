"""The installation that is served in these tests."""

from __future__ import annotations

from tests.serving_house import house, houses_of_serving

__all__ = ["house", "houses_of_serving"]
