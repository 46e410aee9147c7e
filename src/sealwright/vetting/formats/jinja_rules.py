"""The rules of templates: what in a chat or prompt template is more than formatting of messages."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_ATLAS = ("AML.T0011.000", "AML.T0018.002")

INTERNALS = Rule(
    id="SW-JINJA-001",
    effect="fail",
    severity="critical",
    title="The template reaches for the internals of Python objects",
    remediation="do not load the model; use the template that the model's authors publish",
    why="Names such as `__class__`, `__globals__` or `gi_frame` lead from any value to the modules "
    "of the process, and from there to running commands. A tool that renders the template without "
    "a sandbox runs it for every message; sandboxes have been escaped this way as well. No "
    "template needs such names to format messages.",
    example="{{ ''.__class__.__mro__[1].__subclasses__() }}",
    atlas=_ATLAS,
    cwe=(1336, 94),
)
FUNCTION = Rule(
    id="SW-JINJA-002",
    effect="fail",
    severity="high",
    title="The template uses a function that leads to the operating system",
    remediation="do not load the model; use the template that the model's authors publish",
    why="`lipsum`, `url_for` and the like are Python functions within every template: their "
    "globals hold `os`. `popen` and `system` are what the way there ends in.",
    example="{{ lipsum.__globals__['os'].popen('id').read() }}",
    atlas=_ATLAS,
    cwe=(1336, 94),
)
HIDDEN_NAME = Rule(
    id="SW-JINJA-003",
    effect="review",
    severity="high",
    title="The template reads an attribute whose name it makes up or hides",
    remediation="read the template; have the name written out or the expression removed",
    why="The `attr` filter, private names, formatted strings and pieces of `__` names serve to get "
    "past readers that look for forbidden names. Chat templates have no use for them.",
    example="{{ messages|attr(kind ~ 'ss') }}",
    atlas=_ATLAS,
    cwe=(1336,),
)
LOADS = Rule(
    id="SW-JINJA-004",
    effect="review",
    severity="medium",
    title="The template loads another template",
    remediation="write the included text into the template",
    why="What is included is not part of what was examined, and its path may lead anywhere that "
    "the loader reaches.",
    example="{% include '/etc/passwd' %}",
    atlas=_ATLAS,
    cwe=(98,),
)
HEAVY = Rule(
    id="SW-JINJA-005",
    effect="review",
    severity="medium",
    title="The template computes more than any message needs",
    remediation="do not render it; use the template that the model's authors publish",
    why="A loop over an enormous range or a string that is multiplied stops the server that "
    "renders it, with every request.",
    example="{% for i in range(10000000000) %}{% endfor %}",
    atlas=("AML.T0029",),
    cwe=(400,),
)
UNREADABLE = Rule(
    id="SW-JINJA-006",
    effect="inconclusive",
    severity="medium",
    title="The template is not Jinja that can be read",
    remediation="check that the template is complete, and what renders it",
    why="What is not read is not judged: another version of Jinja, or another program, may accept "
    "it.",
    example="{% for m in messages %}{{ m.content",
    atlas=("AML.T0076",),
)
UNUSUAL_NAME = Rule(
    id="SW-JINJA-007",
    effect="review",
    severity="medium",
    title="The template uses objects of a web framework or of Jinja itself",
    remediation="read the template; a chat template needs its messages and tools only",
    why="`self`, `request` and `cycler` are the usual first steps of a way out of a template.",
    example="{{ request.application }}",
    atlas=_ATLAS,
    cwe=(1336,),
)
RULES = (INTERNALS, FUNCTION, HIDDEN_NAME, LOADS, HEAVY, UNREADABLE, UNUSUAL_NAME)
