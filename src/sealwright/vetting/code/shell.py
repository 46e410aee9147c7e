"""Looks at shell commands in source: known patterns of attacks, installations, and nothing more."""

from __future__ import annotations

import re

from sealwright.patterns import regex
from sealwright.vetting.code.attack_rules import DANGEROUS_SHELL, PERSISTENCE
from sealwright.vetting.code.sink_rules import INSTALLS
from sealwright.vetting.interface import Rule

MAX_COMMAND = 65_536
_SHELL = r"(?:/(?:usr/)?bin/(?:env\s+)?)?(?:ba|da|z|k|c|fi)?sh\b"
_RUNNER = rf"(?:sudo\s+)?(?:{_SHELL}|python[\d.]*\b|perl\b|ruby\b|node\b|php\b)"
_DANGEROUS = regex(
    rf"\b(?:curl|wget|fetch)\b[^|;&\n]*\|\s*(?:tee\s+\S+\s*\|\s*)?{_RUNNER}"
    rf"|{_RUNNER}\s+(?:-c\s+)?[\"']?(?:<\(|\$\(|`)\s*(?:curl|wget|fetch)\b"
    rf"|\b(?:base64|openssl|xxd|gunzip|zcat)\b[^|;\n]*\|\s*(?:gunzip\s*\|\s*)?{_RUNNER}"
    r"|/dev/(?:tcp|udp)/[\w.$]"
    r"|\bn(?:cat|c)(?:\.\w+)?\b[^|;\n]*\s-\w*[ec]\w*\s*(?:/bin/|cmd|bash|sh\b)"
    r"|\bmkfifo\b.*\bnc\b|\bsocat\b.*\bexec:|bash\s+-i\s*(?:>&|&>)"
    r"|\bpowershell(?:\.exe)?\b.*\s-e(?:nc|ncodedcommand|c)?\s+[A-Za-z0-9+/=]{16,}"
    r"|\bpowershell\b.*\b(?:iex|invoke-expression|downloadstring)\b"
    r"|\bcertutil\b.*-urlcache|\bmshta\b\s+\S*https?:|\bregsvr32\b.*\bhttps?:"
    r"|\bbitsadmin\b.*https?:"
    rf"|\b(?:curl|wget)\b[^\n]*?(?:&&|;)\s*(?:chmod\s+\S*(?:\+|7)\S*\s+\S+\s*(?:&&|;)\s*|{_RUNNER}\s)\S"
    r"|\brm\s+(?:-\w+\s+)*-\w*[rf]\w*\s+(?:-\w+\s+)*(?:--no-preserve-root\s+)?(?:/|~"
    r"|\$HOME)(?:\s|\*|/?\"|'|$)"
    r"|:\(\)\s*\{\s*:\|:&\s*\};:",
    re.IGNORECASE,
)
_PERSISTENT = regex(
    r"(?:>>?|\btee\b(?:\s+-a)?|\bcp\b.*|\bmv\b.*)\s*[\"']?\S*"
    r"(?:\.bashrc|\.bash_profile|\.profile|\.zshrc|authorized_keys|/etc/cron|/etc/systemd|rc\.local"
    r"|/etc/profile|sitecustomize\.py|usercustomize\.py|\.pth\b)"
    r"|\bcrontab\s+(?:-\s*$|-\s|\S)(?!l\b)|\(\s*crontab\s+-l",
    re.IGNORECASE,
)
_INSTALLS = regex(
    r"\b(?:pip[\d.]*|uv\s+pip|conda|mamba|poetry|easy_install)\s+(?:install|add)\b|\buv\s+add\b",
    re.IGNORECASE,
)


def judge(command: str) -> tuple[Rule, str] | None:
    """The strongest rule that a shell command meets, and a word on what in it; None for others."""
    text = command[:MAX_COMMAND]
    if _DANGEROUS.search(text):
        return DANGEROUS_SHELL, "downloaded or decoded text goes to an interpreter, or a shell out"
    if _PERSISTENT.search(text):
        return PERSISTENCE, "a start-up file is written"
    if _INSTALLS.search(text):
        return INSTALLS, "packages are installed"
    return None
