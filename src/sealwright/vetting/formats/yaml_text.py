"""YAML texts: read as events, so that no tag is obeyed, and given to every check of documents."""

from __future__ import annotations

import re
from contextlib import suppress

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.documents import examine_document
from sealwright.vetting.formats.text import is_text
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule, quoted
from sealwright.vetting.texts import Notice, decode_text
from sealwright.vetting.yaml_values import CORE, MAX_YAML, parse_yaml

_ATLAS = ("AML.T0011.000", "AML.T0018.002")
_LISTED = 50
_TAGS = 2_000
"""Different tags of one text that are judged."""
_CALLED_YAML = frozenset(("MLmodel", "MLproject"))
"""Files that their program reads as YAML, whatever they look like."""

CALLS = Rule(
    id="SW-YAML-001",
    effect="fail",
    severity="critical",
    title="A tag makes a YAML loader import a name or call it",
    remediation="do not load it; load YAML with yaml.safe_load only",
    why="`yaml.load` with the loaders Loader, UnsafeLoader and (in older versions) FullLoader does "
    "what the tag says while it reads: it imports the module and calls the function.",
    example="!!python/object/apply:os.system ['id']",
    atlas=_ATLAS,
    cwe=(502,),
)
OTHER_LANGUAGE = Rule(
    id="SW-YAML-002",
    effect="fail",
    severity="high",
    title="A tag names a class of another language",
    remediation="do not load it",
    why="Loaders of Java and Ruby make objects of any class that a tag names; loading remote code "
    "that way is well known.",
    example="!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL "
    "['…']]]]",
    atlas=_ATLAS,
    cwe=(502,),
)
MADE = Rule(
    id="SW-YAML-003",
    effect="review",
    severity="medium",
    title="A tag makes a loader build an object or call a function",
    remediation="have someone look at what is built, and by which loader",
    why="Loaders with tags of their own (`!new:`, `!apply:`, `!name:`) import and call what the "
    "tag names. The name is none that is known to be dangerous, and none that is known to be "
    "harmless.",
    example="!new:mypackage.Model",
    atlas=_ATLAS,
    cwe=(502,),
)
UNKNOWN_TAG = Rule(
    id="SW-YAML-004",
    effect="review",
    severity="low",
    title="A tag has a meaning only for one program",
    remediation="find out what the program that reads the file does with the tag",
    why="Safe loaders refuse unknown tags. The program that takes this file has a loader of its "
    "own, and what that does with the tag is not known.",
    example="password: !vault abc",
    cwe=(502,),
)
BOMB = Rule(
    id="SW-YAML-005",
    effect="fail",
    severity="high",
    title="Aliases multiply the document beyond measure",
    remediation="do not load it",
    why="A few lines that refer to each other stand for billions of values, or for an endless one: "
    "whoever writes the document out or copies it runs out of memory.",
    example="a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b] …",
    atlas=("AML.T0029",),
    cwe=(776,),
)
TWICE = Rule(
    id="SW-YAML-006",
    effect="warn",
    severity="low",
    title="A key occurs twice in one mapping",
    remediation="keep one of the two",
    why="Loaders take the last value without a word, or refuse the document.",
    example="a: 1\na: 2",
    cwe=(436,),
)
NOT_YAML = Rule(
    id="SW-YAML-007",
    effect="inconclusive",
    severity="low",
    title="The file is not YAML, although its name says so",
    remediation="correct it, or give it the extension of what it is",
    why="It breaks off, or it is a template that becomes YAML later. It was not examined to its "
    "end.",
    example="a: [1, 2",
    atlas=("AML.T0076",),
)
RULES = (CALLS, OTHER_LANGUAGE, MADE, UNKNOWN_TAG, BOMB, TWICE, NOT_YAML)

_PLAIN_PYTHON = frozenset(
    f"{CORE}python/{name}"
    for name in (
        *("none", "bool", "str", "unicode", "int", "long", "float", "complex", "bytes"),
        *("list", "tuple", "dict"),
    )
)
"""Tags for plain values of Python: the loader calls nothing that the file names."""
_PLAIN_CLASSES = frozenset(
    (
        *("collections.OrderedDict", "argparse.Namespace", "torch.device", "pathlib.PosixPath"),
        *("pathlib.PurePosixPath", "pathlib.WindowsPath", "datetime.timedelta", "uuid.UUID"),
    )
)
"""What settings that Python wrote hold: building them does nothing else."""
_FOREIGN = regex(r"(?:tag:yaml\.org,2002:|!)(?:ruby/|java|javax|com\.|org\.|net\.|System\.|php/)")
_OBJECT = regex(
    r"!(new|apply|name|module|ref|copy|tuple|include|placeholder|applyref|instance):?(.*)"
)
_HARMLESS = frozenset(("!ref", "!copy", "!tuple", "!placeholder", "!PLACEHOLDER", "!ENV", "!env"))
_LINE = regex(r"\s*+(?:- )?[\w.\"'/-]{1,80}+:(?:\s|$)|\s*+- \S|\s*+#|\s*+$")


def looks_like_yaml(text: str) -> bool:
    """Whether the lines are those of a mapping or a list."""
    if text.startswith(("---", "%YAML", "%TAG")):
        return True
    lines = text[:4096].splitlines()[:60]
    fitting = sum(1 for line in lines if _LINE.match(line))
    return len(lines) >= 2 and fitting >= 0.8 * len(lines) and ":" in text[:4096]


def recognise(member: Member) -> Fit:
    """Weak: by its lines, by a tag that only YAML has, or by its extension."""
    data = member.data
    if not is_text(data):
        return "no"
    if _is_called_yaml(member) or b"!!python/" in bytes(data[:MAX_YAML]):
        return "weak"
    head = bytes(data[:8192])
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="ignore")
    return "weak" if looks_like_yaml(text) or re.search(r"(?m)^%TAG |!<tag:", text) else "no"


def _is_called_yaml(member: Member) -> bool:
    return member.extension in FORMAT.extensions or member.name in _CALLED_YAML


def examine(examining: Examining) -> None:
    """The whole file. Only a file that is called YAML must be YAML."""
    text = decode_text(examining.data)
    examining.parsed = len(examining.data)
    if _is_called_yaml(examining.member):
        examine_text(text, examining)
        return
    with suppress(MalformedError):
        examine_text(text, examining)


def examine_text(text: str, examining: Examining) -> None:
    """Reports tags, aliases and keys, and gives each document to every check.

    Raises MalformedError after what stood before the damage was looked at.
    """
    noticed: list[Notice] = []
    documents: list[object] = []
    try:
        parse_yaml(text, examining.session, noticed=noticed, documents=documents)
    finally:
        _report_all(noticed, examining)
        for document in documents:
            examine_document(document, examining)


def _report_all(noticed: list[Notice], examining: Examining) -> None:
    """Each kind on its own and each text once: a thousand harmless ones hide no other."""
    told: dict[str, set[str]] = {}
    for notice in noticed:
        texts = told.setdefault(notice.kind, set())
        if notice.text in texts:
            continue
        if len(texts) == (_TAGS if notice.kind == "tag" else _LISTED):
            if notice.kind == "tag":
                examining.gap(f"more than {_TAGS} different tags; the others were not judged")
                texts.add(notice.text)
            continue
        if len(texts) < _TAGS:
            texts.add(notice.text)
            _report(notice, examining)


def _report(notice: Notice, examining: Examining) -> None:
    match notice.kind:
        case "tag":
            judge_tag(notice.text, examining, offset=notice.offset)
        case "alias" | "recursion":
            message = f"the alias {quoted(notice.text)} is not followed any more"
            examining.find(BOMB, message, offset=notice.offset)
        case "duplicate":
            examining.find(TWICE, f"the key {quoted(notice.text)}", offset=notice.offset)
        case _:
            pass


def judge_tag(tag: str, examining: Examining, *, offset: int | None = None) -> None:
    """What a loader would do for a tag that is not of YAML's own."""
    from sealwright.vetting.targets import judge_name

    shown = quoted(tag.removeprefix(CORE))
    made = _OBJECT.fullmatch(tag)
    if tag.startswith(CORE + "python/"):
        kind, _, name = tag.rpartition(":")
        plain = name in _PLAIN_CLASSES and kind.startswith(f"{CORE}python/object")
        if tag not in _PLAIN_PYTHON and not plain:
            examining.find(CALLS, f"the tag {shown}", offset=offset)
    elif _FOREIGN.match(tag):
        examining.find(OTHER_LANGUAGE, f"the tag {shown}", offset=offset)
    elif tag in _HARMLESS:
        return
    elif made is not None and made[2] and made[1] in ("new", "apply", "name", "module", "instance"):
        judged = judge_name(made[2], examining.session.policy)
        rule = CALLS if judged.dangerous else MADE
        if not judged.harmless:
            examining.find(rule, f"the tag {shown}{judged.because}", offset=offset)
    else:
        examining.find(UNKNOWN_TAG, f"the tag {shown}", offset=offset)


FORMAT = Format(
    id="yaml",
    title="YAML",
    examines=(
        "Tags, aliases and repeated keys of every document, and every check of documents. Nothing "
        "is built: the text is read as events."
    ),
    extensions=(".yaml", ".yml"),
    recognise=recognise,
    examine=examine,
    malformed=NOT_YAML,
    rules=RULES,
)
