"""Every drill, in one list: the table of contents."""

from __future__ import annotations

from sealwright.drill.declaration import Drill
from sealwright.drill.drills import (
    dat_01,
    dat_02,
    dep_01,
    dep_05,
    gov_01,
    gov_02,
    mod_01,
    mod_03,
    mod_05,
    mon_02,
    val_02,
    val_06,
)

DRILLS: tuple[Drill, ...] = (
    dat_01.DRILL,
    dat_02.DRILL,
    mod_01.DRILL,
    mod_03.DRILL,
    mod_05.DRILL,
    val_02.DRILL,
    val_06.DRILL,
    dep_01.DRILL,
    dep_05.DRILL,
    mon_02.DRILL,
    gov_01.DRILL,
    gov_02.DRILL,
)
"""In the order of a lifecycle."""
