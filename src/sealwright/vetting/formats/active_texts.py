"""Texts in documents that are more than texts: packed files, Python, shell commands, templates.

Programs decode, evaluate or render values of the configurations that they read. Which ones do is
not known here, so every text is looked at for what has no business in a configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.formats.packed_texts import BEGINS, is_code_object, unpacked
from sealwright.vetting.interface import DocumentCheck, Examining, Member, Rule, quoted

_ATLAS = ("AML.T0011.000", "AML.T0018.002")

BYTECODE = Rule(
    id="SW-DOC-003",
    effect="fail",
    severity="high",
    title="A text of the document is compiled Python code",
    remediation="do not load the model; ask its author for the source of the code",
    why="The text is the base64 of a marshalled code object. Nobody can read what it does, and the "
    "only use of it is to be run.",
    example='{"preprocess": "4wEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADzDgAAAJcA…"}',
    atlas=_ATLAS,
    cwe=(502, 94),
)
BREAKS_OUT = Rule(
    id="SW-DOC-004",
    effect="fail",
    severity="critical",
    title="A text of the document is an expression that runs a program",
    remediation="do not load the model; take the text out after you have found out who wrote it",
    why="Several programs give values of a model's configuration to `eval` or `exec`. A value that "
    "imports a module in the middle of an expression, or walks from an object to the internals of "
    "Python, is written for that.",
    example="names: \"{0: __import__('os').system('id')}\"",
    atlas=_ATLAS,
    cwe=(95,),
)
RUNS = Rule(
    id="SW-DOC-005",
    effect="review",
    severity="high",
    title="A text of the document is Python code that runs commands or other code",
    remediation="find out which program runs the text, and read what it does",
    why="Data set descriptions, work flows and prompts carry code that the program that reads them "
    "runs. This one starts processes, or evaluates what it puts together.",
    example="download: \"import os\\nos.system('make data')\"",
    atlas=_ATLAS,
    cwe=(94,),
)
COMMAND = Rule(
    id="SW-DOC-006",
    effect="review",
    severity="high",
    title="A text of the document is a shell command that attacks are made of",
    remediation="find out which program runs the command, and read what it fetches",
    why="The text hands what it downloads or decodes to an interpreter, opens a shell to somewhere "
    "else, or writes to a start-up file.",
    example='download: "curl -s https://example.org/x | bash"',
    atlas=_ATLAS,
    cwe=(78,),
)
RULES = (BYTECODE, BREAKS_OUT, RUNS, COMMAND)

_SHORTEST = 12
_LONGEST_SHOWN = 80
_MARKS = (
    *("__", "{{", "{%", "exec", "eval", "system", "popen", "spawn", "subprocess", "runpy"),
    *("import_module", "compile(", "curl", "wget", "/dev/", "base64", "openssl", "powershell"),
    *("PowerShell", "crontab", "certutil", "mshta", "regsvr32", "bitsadmin", "mkfifo", "socat"),
    *("nc ", "ncat", "rm -", ".bashrc", ".profile", ".zshrc", "authorized_keys", ".pth"),
)
"""What a text must hold to be looked at; a prompt or a token seldom does."""
_INTERNALS = regex(r"__(?:subclasses|globals|builtins|mro|base|bases)__")
_IMPORTS = regex(r"""\b__import__\s*\(\s*[('"]""")
_RUNNING = regex(
    r"(?:os|posix|nt)\.(?:system|popen\d?|exec[lv]p?e?|spawn[lv]p?e?|posix_spawnp?|startfile|fork)"
    r"|subprocess\.\w+|pty\.spawn|runpy\.\w+|importlib\.import_module"
    r"|(?:builtins\.)?(?:eval|exec|compile|__import__)|marshal\.loads?|(?:c?[pP]ickle|dill"
    r"|cloudpickle)\.loads?|code\.Interactive\w+\..*|ctypes\.\w+(?:\..*)?"
)


def applies(value: Any, member: Member) -> bool:
    """Any object or array."""
    return isinstance(value, dict | list)


def examine(value: Any, examining: Examining) -> None:
    """Every text at every depth. Where no text has a mark, no path is made.

    What the cells of a notebook do is judged by the rules of code.
    """
    if isinstance(value, dict) and "nbformat" in value:
        value = {key: one for key, one in value.items() if key not in ("cells", "worksheets")}
    together = "\n".join(_texts(value, examining))
    examining.session.spend(1 + len(together) // 64)
    marks = tuple(mark for mark in _MARKS if mark in together)
    if not marks and BEGINS.search(together) is None:
        return
    for path, text in _with_paths(value, examining):
        if len(text) >= _SHORTEST and (BEGINS.match(text) or any(one in text for one in marks)):
            _examine(text, examining, where=path)


def examine_text(text: str, examining: Examining, *, where: str) -> None:
    """Looks at one text: a value of a model's metadata.

    `where`: the part of the member that it is; it ends the location of what is found.
    """
    if len(text) >= _SHORTEST and (BEGINS.match(text) or any(mark in text for mark in _MARKS)):
        _examine(text, examining, where=where)


def _examine(text: str, examining: Examining, *, where: str) -> None:
    examining.session.spend(1 + len(text) // 4)
    location = f"{examining.member.path}#{where}"
    if _packed(text, examining, where, location) or _template(text, examining, where):
        return
    if not _python(text, examining, location):
        _shell(text, examining, location)


_HELD = frozenset((str, dict, list))


def _texts(value: Any, examining: Examining) -> list[str]:
    found: list[str] = []
    pending: list[Any] = [value]
    steps = 0
    while pending:
        one = pending.pop()
        if type(one) is str:
            if len(one) >= _SHORTEST:
                found.append(one)
            continue
        inner = one.values() if type(one) is dict else one
        steps += 1 + len(inner)
        pending.extend(each for each in inner if type(each) in _HELD)
    examining.session.spend(1 + steps // 16)
    return found


def _with_paths(value: Any, examining: Examining) -> Iterator[tuple[str, str]]:
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        path, one = pending.pop()
        examining.session.spend(1)
        if isinstance(one, str):
            yield path, one
        elif isinstance(one, dict):
            dot = f"{path}." if path else ""
            pending.extend((f"{dot}{key}", x) for key, x in one.items() if type(x) in _HELD)
        elif isinstance(one, list):
            pending.extend((f"{path}[{n}]", x) for n, x in enumerate(one) if type(x) in _HELD)


def _packed(text: str, examining: Examining, where: str, location: str) -> bool:
    """A file as base64 or in hexadecimal digits: examined as what it is."""
    from sealwright.vetting.formats.embedded import is_file

    data = unpacked(text)
    if data is None:
        return False
    if is_code_object(data):
        from sealwright.vetting.formats.keras_code import names_in

        names = names_in(data)
        uses = f", that uses {', '.join(names)}" if names else ""
        examining.find(BYTECODE, f"{len(data)} bytes of code{uses}", location=location)
        return True
    if not is_file(data, examining.session):
        return False
    examining.session.visit(where, data, within=examining.member)
    return True


def _python(text: str, examining: Examining, location: str) -> bool:
    """A text that is Python and calls something; True where that is all that it can be."""
    if "(" not in text:
        return False
    import textwrap

    from sealwright.vetting.code.flow import facts
    from sealwright.vetting.code.source import parse

    tree = parse(textwrap.dedent(text).strip()).tree
    if tree is None:
        if _IMPORTS.search(text):
            examining.find(RUNS, _shown(text), location=location)
        return False
    try:
        known = facts(tree)
    except RecursionError:
        return False
    if not known.calls:
        return False
    if _IMPORTS.search(text) or _INTERNALS.search(text):
        examining.find(BREAKS_OUT, _shown(text), location=location)
        return True
    names = sorted(
        {path for call in known.calls for path in call.paths if _RUNNING.fullmatch(path)}
    )
    if names:
        message = f"calls {', '.join(names[:5])}: {_shown(text)}"
        examining.find(RUNS, message, location=location)
    return bool(names)


def _shell(text: str, examining: Examining, location: str) -> None:
    from sealwright.vetting.code.shell import judge
    from sealwright.vetting.code.sink_rules import INSTALLS

    judged = judge(text)
    if judged is not None and judged[0] is not INSTALLS:
        examining.find(COMMAND, f"{judged[1]}: {_shown(text)}", location=location)


def _template(text: str, examining: Examining, where: str) -> bool:
    """A template under any name, where it reaches for the internals of Python: what else is odd in
    one depends on the program that renders it. True where it does."""
    if not ("{{" in text and "}}" in text) and not ("{%" in text and "%}" in text):
        return False
    from sealwright.vetting.formats import jinja, jinja_rules

    apart = Examining(examining.member, examining.session)
    jinja.examine_template(text, apart, where=where)
    known = {(seen.rule.id, seen.finding.message) for seen in examining.observations}
    found = [seen for seen in apart.observations if seen.rule is jinja_rules.INTERNALS]
    for seen in found:
        if (seen.rule.id, seen.finding.message) not in known:
            message, location = seen.finding.message, seen.finding.location
            examining.find(seen.rule, message, location=location)
    return bool(found)


def _shown(text: str) -> str:
    short = " ".join(text.split())
    return quoted(short if len(short) <= _LONGEST_SHOWN else f"{short[:_LONGEST_SHOWN]}…")


CHECK = DocumentCheck(
    id="texts",
    title="Texts that are files, code, commands or templates",
    examines=(
        "Every text at any depth: base64 and hexadecimal digits of files are examined as these "
        "files; Python that imports within an expression, reaches for internals or starts "
        "processes; commands that hand downloads to an interpreter; templates that reach for the "
        "internals of Python."
    ),
    applies=applies,
    examine=examine,
    rules=RULES,
)
