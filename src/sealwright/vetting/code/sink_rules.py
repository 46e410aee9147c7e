"""What the rule pack for training code can find: one declaration per rule.

Graded so that a careful engineer's code passes, an ordinary example script gets warnings, and what
only an attacker writes fails.
"""

from __future__ import annotations

from sealwright.evidence.finding import Confidence, Severity
from sealwright.vetting.interface import Effect, Rule

_CODE = ("AML.T0010.001", "AML.T0011")
_ARTIFACT = ("AML.T0011.000",)
_MODEL = ("AML.T0010.003", "AML.T0011.000")


def rule(
    number: int,
    effect: Effect,
    severity: Severity,
    title: str,
    *,
    why: str,
    example: str,
    remediation: str,
    atlas: tuple[str, ...] = _CODE,
    cwe: tuple[int, ...] = (),
    confidence: Confidence = "high",
) -> Rule:
    """One rule of the pack: `SW-CODE-<number>`."""
    return Rule(
        id=f"SW-CODE-{number}",
        effect=effect,
        severity=severity,
        title=title,
        why=why,
        example=example,
        remediation=remediation,
        atlas=atlas,
        cwe=cwe,
        confidence=confidence,
    )


NOT_PARSED = rule(
    101,
    "inconclusive",
    "medium",
    "The source could not be parsed",
    why="What cannot be parsed was not examined; another interpreter may well run it.",
    example="print 'hello'  # Python 2",
    remediation="make it valid Python for the interpreter that runs the scan",
    atlas=(),
)
UNPICKLES = rule(
    102,
    "warn",
    "medium",
    "A file is loaded by a function that runs what the file says",
    why=(
        "pickle, joblib, dill, cloudpickle, shelve and pandas.read_pickle call whatever "
        "functions the "
        "file names. Whoever can write the file runs code in the training."
    ),
    example='model = joblib.load("model.joblib")',
    remediation="scan the file before it is loaded, or use safetensors, ONNX, skops or Parquet",
    atlas=_ARTIFACT,
    cwe=(502,),
)
NUMPY_PICKLE = rule(
    103,
    "warn",
    "medium",
    "numpy is told to accept pickled objects",
    why="allow_pickle=True turns an array file into a pickle, which can call any function.",
    example='x = np.load("x.npy", allow_pickle=True)',
    remediation="store plain arrays and leave allow_pickle off",
    atlas=_ARTIFACT,
    cwe=(502,),
)
TORCH_LOAD = rule(
    104,
    "warn",
    "medium",
    "torch.load is not limited to weights",
    why=(
        "Without weights_only=True, torch.load unpickles: before torch 2.6 that was the default, "
        "and "
        "weights_only=False asks for it in so many words."
    ),
    example='state = torch.load("checkpoint.pt")',
    remediation="pass weights_only=True, or load safetensors",
    atlas=_ARTIFACT,
    cwe=(502,),
)
TORCH_HUB = rule(
    105,
    "warn",
    "high",
    "Code of a repository is fetched and run by torch.hub",
    why=(
        "torch.hub.load runs the repository's hubconf.py, at whatever state its branch is in today."
    ),
    example='model = torch.hub.load("org/repo", "model")',
    remediation="vendor the model's code, review it, and load weights from a scanned file",
    atlas=_MODEL,
    cwe=(494, 829),
)
UNPINNED = rule(
    106,
    "warn",
    "medium",
    "A model or data set is fetched without a pinned revision",
    why=(
        "A name on a hub stands for whatever was uploaded last, by whoever holds the name today. "
        "Only "
        "a full commit hash says which bytes are meant."
    ),
    example='AutoModel.from_pretrained("org/name")',
    remediation="pass revision= with the full 40-digit commit hash",
    atlas=("AML.T0010.003", "AML.T0010.002"),
    cwe=(494, 829),
)
REMOTE_CODE = rule(
    107,
    "warn",
    "high",
    "Code that comes with a model is allowed to run",
    why="trust_remote_code=True imports the Python files of the model's repository.",
    example='AutoModel.from_pretrained("org/name", trust_remote_code=True)',
    remediation="read that code, vendor it, and load without trust_remote_code",
    atlas=_MODEL,
    cwe=(829,),
)
KERAS_UNSAFE = rule(
    108,
    "warn",
    "high",
    "Keras is told to rebuild code from a model file",
    why=(
        "safe_mode=False and enable_unsafe_deserialization let Lambda layers, which hold Python "
        "bytecode, run when the model is loaded."
    ),
    example='keras.models.load_model("m.keras", safe_mode=False)',
    remediation="leave safe_mode on; replace Lambda layers by registered classes",
    atlas=_ARTIFACT,
    cwe=(502,),
)
REMOTE_GRAPH = rule(
    109,
    "warn",
    "high",
    "A model is loaded straight from an address",
    why=(
        "The graph that runs is whatever the address serves at that moment, and nothing "
        "examined it."
    ),
    example='tf.saved_model.load("https://example.org/model")',
    remediation="import the model first, pin it by digest, and load the local copy",
    atlas=_MODEL,
    cwe=(494, 829),
)
YAML_OBJECTS = rule(
    110,
    "warn",
    "high",
    "YAML is read by a loader that builds Python objects",
    why="Tags as !!python/object/apply call functions while the document is read.",
    example="yaml.load(file, Loader=yaml.Loader)",
    remediation="use yaml.safe_load",
    cwe=(502,),
)
INSTANTIATE = rule(
    111,
    "note",
    "low",
    "A configuration decides which class or function is called",
    why=(
        "hydra's instantiate and call import and call what `_target_` names. The configuration is "
        "then as powerful as code."
    ),
    example="model = hydra.utils.instantiate(cfg.model)",
    remediation="keep the configuration with the code, under the same review",
    cwe=(470,),
)
TRUSTING_LOAD = rule(
    112,
    "warn",
    "medium",
    "A loader is told to trust everything in the file",
    why=(
        "skops refuses types that nobody listed; trusted=True or a list taken from the same file "
        "switches that off. mlflow's load functions unpickle what the registry holds."
    ),
    example='skops.io.load("m.skops", trusted=True)',
    remediation="list the types that you expect; scan files of a registry before they are loaded",
    atlas=_ARTIFACT,
    cwe=(502,),
)
COMPUTED_CODE = rule(
    113,
    "warn",
    "medium",
    "Text that is not written here is run as code",
    why=(
        "exec, eval and compile run any text; what the text will be is not to be seen in "
        "the source."
    ),
    example="eval(arguments.transform)",
    remediation="use a table of functions, ast.literal_eval or importlib with fixed names",
    cwe=(95,),
    confidence="medium",
)
IMPORT_NETWORK = rule(
    117,
    "warn",
    "medium",
    "The network is used while the file is imported",
    why=(
        "Whoever only imports the module, a test or a documentation tool say, makes the connection."
    ),
    example="page = requests.get(URL)  # at top level",
    remediation='move it into a function, or below `if __name__ == "__main__":`',
    confidence="medium",
)
IMPORT_PROCESS = rule(
    118,
    "warn",
    "medium",
    "A process is started while the file is imported",
    why=(
        "Importing should define things; a process at import runs wherever the module is looked at."
    ),
    example='subprocess.run(["make"])  # at top level',
    remediation='move it into a function, or below `if __name__ == "__main__":`',
    cwe=(78,),
    confidence="medium",
)
IMPORT_FILES = rule(
    121,
    "note",
    "low",
    "Files are written or deleted while the file is imported",
    why=(
        "A module that writes or deletes when it is imported surprises whoever only "
        "wanted a function."
    ),
    example='shutil.rmtree("runs")  # at top level',
    remediation="move it into a function",
    confidence="medium",
)
RELAXED_LOADER = rule(
    127,
    "warn",
    "high",
    "A loader is made less strict for the whole process",
    why=(
        "torch.load replaced by a partial, or add_safe_globals, lowers the guard for "
        "every other file."
    ),
    example="torch.load = functools.partial(torch.load, weights_only=False)",
    remediation="pass the option where one file needs it",
    atlas=_ARTIFACT,
    cwe=(502,),
)
UNVERIFIED_TLS = rule(
    128,
    "warn",
    "high",
    "TLS certificates are not verified",
    why="Anybody on the way can answer in the server's place, with other data or another model.",
    example="requests.get(url, verify=False)",
    remediation="verify certificates; give the CA file with verify=PATH where it is a private one",
    cwe=(295,),
)
HOOKS = rule(
    129,
    "note",
    "low",
    "A hook is set that runs later or sees every call",
    why="sys.settrace, atexit and native libraries act outside the code that is read here.",
    example="sys.settrace(tracer)",
    remediation="make sure that the hook is the code's own business",
    confidence="medium",
)
INSTALLS = rule(
    132,
    "warn",
    "medium",
    "Packages are installed while the code runs",
    why="What pip takes at run time is no part of the lock file and of nothing that was examined.",
    example='subprocess.check_call([sys.executable, "-m", "pip", "install", "x"])',
    remediation="add it to the lock file",
    atlas=("AML.T0010.001", "AML.T0011.001"),
    cwe=(494,),
)
SHELL_CELL = rule(
    135,
    "note",
    "low",
    "A notebook cell runs a shell command",
    why="Shell commands are no Python: what they do was looked at only for known patterns.",
    example="!nvidia-smi",
    remediation="keep the steps that matter in Python or in a reviewed script",
    confidence="medium",
)
RULES = tuple(value for value in globals().values() if isinstance(value, Rule))
