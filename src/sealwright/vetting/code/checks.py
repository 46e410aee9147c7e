"""The checks of source code, and those that look for secrets in it."""

from __future__ import annotations

from sealwright.vetting.code import bandit_engine, files, sinks
from sealwright.vetting.interface import CodeCheck
from sealwright.vetting.secrets import check as secrets

CODE_CHECKS: tuple[CodeCheck, ...] = (files.CHECK, bandit_engine.CHECK, sinks.CHECK)
SECRET_CHECKS: tuple[CodeCheck, ...] = (secrets.CHECK,)
