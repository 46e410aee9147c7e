"""Names that the rule pack knows, by their full path after aliases were resolved (`names.same`)."""

from __future__ import annotations

import re

from sealwright.patterns import regex
from sealwright.vetting.code.sink_rules import (
    HOOKS,
    INSTANTIATE,
    RELAXED_LOADER,
    TORCH_HUB,
    TRUSTING_LOAD,
    UNPICKLES,
    UNVERIFIED_TLS,
)
from sealwright.vetting.interface import Rule

UNPICKLING = regex(
    r"(?:pickle|dill|cloudpickle)\.(?:load|loads|load_session|load_module)"
    r"|(?:pickle|dill)\.(?:Unpickler|_Unpickler)\(\)\.load|joblib\.(?:load|read_zipfile)"
    r"|pandas\.read_pickle|shelve\.(?:open|DbfilenameShelf)|jsonpickle\.(?:decode"
    r"|unpickler\.decode)"
    r"|torch\.package\.PackageImporter\(\)\.load_pickle|torch\.jit\.unsupported_load"
    r"|pyspark\.serializers\.\w+\(\)\.loads|multiprocessing\.reduction\.ForkingPickler\.loads"
    r"|compress_pickle\.loads?|pandas\.compat\.pickle_compat\.load|numpy\.lib\.format\.read_array"
    r"|transformers\.trainer_utils\.load_pickle|torch\.utils\.data\._utils\.pickle\.load"
)
EXECUTORS = frozenset(("exec", "eval", "compile", "execfile", "runpy.run_path",
                       "code.InteractiveInterpreter().runsource", "types.FunctionType",
                       "types.CodeType",
                       "code.interact", "os.execfile", "IPython.get_ipython().run_cell",
                       "pandas.eval", "numexpr.evaluate", "cffi.FFI().verify"))  # fmt: skip
TEXT_EXECUTORS = frozenset(
    ("exec", "eval", "compile", "execfile", "code.InteractiveInterpreter().runsource")
)
"""Of these, a computed text is worth a warning by itself."""
TEXT_MODULES = ("timeit.", "cProfile.", "profile.", "pdb.", "bdb.", "trace.", "doctest.", "code")
TEXT_RUNNERS = regex(
    r"timeit\.(?:timeit|repeat|Timer)|(?:cProfile|profile)\.(?:Profile\(\)\.)?(?:run|runctx)"
    r"|pdb\.(?:run|runeval|runctx)|(?:bdb\.Bdb|pdb\.Pdb)\(\)\.(?:run|runeval|runctx)"
    r"|trace\.Trace\(\)\.(?:run|runctx)|doctest\.(?:run_docstring_examples|debug_src|debug_script)"
    r"|code\.Interactive(?:Interpreter|Console)\(\)\.(?:runsource|push)|code\.compile_command"
    r"|codeop\.compile_command"
)
"""What runs a text that mostly is written beside it: the text is examined, and no more is said."""
PROCESSES = regex(
    r"os\.(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|startfile|posix_spawnp?|forkpty)"
    r"|subprocess\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)"
    r"|pty\.spawn|commands\.get(?:status)?output|asyncio\.create_subprocess_(?:shell|exec)"
    r"|popen2\.\w+|sh\.\w+|plumbum\.\w+|pexpect\.(?:spawn|run)|invoke\.run|fabric\.\w+"
    r"|_posixsubprocess\.fork_exec|multiprocessing\.util\.spawnv_passfds"
    r"|IPython\.get_ipython\(\)\.system|get_ipython\(\)\.(?:system|getoutput)"
)
NETWORK = regex(
    r"(?:requests|httpx)\.(?:(?:Session|Client|AsyncClient|session)\(\)\.)?"
    r"(?:get|post|put|patch|delete|head|options|request|stream|send)"
    r"|urllib\.request\.(?:urlopen|urlretrieve|Request|build_opener\(\)\.open)"
    r"|urllib3\.(?:PoolManager\(\)\.)?request|http\.client\.HTTPS?Connection\(\)\.request"
    r"|aiohttp\.ClientSession\(\)\.(?:get|post|put|request)"
    r"|socket\.(?:socket\(\)\.(?:connect|connect_ex|send|sendall|sendto|bind)|create_connection)"
    r"|socket\.(?:gethostbyname|getaddrinfo)|smtplib\.SMTP(?:_SSL)?\(\)\.send(?:mail|_message)"
    r"|ftplib\.FTP(?:_TLS)?\(\)\.\w+|telnetlib\.Telnet|paramiko\.SSHClient\(\)\.connect"
    r"|websockets?\.(?:connect|create_connection)|wget\.download|dns\.resolver\.(?:query|resolve)"
    r"|xmlrpc\.client\.ServerProxy|asyncio\.open_connection"
)
WRITES = regex(
    r"os\.(?:remove|unlink|rmdir|removedirs|rename|replace|symlink|link|chmod|truncate)"
    r"|shutil\.(?:rmtree|move|copy|copy2|copyfile|copytree)"
    r"|pathlib\.(?:Path|PosixPath)\(\)\.(?:write_text|write_bytes|unlink|rmdir|symlink_to"
    r"|rename|replace)"
)
OPENS = frozenset(("open", "io.open", "codecs.open", "pathlib.Path().open", "os.open", "os.fdopen"))
START_UP = regex(
    r"(?:\.bashrc|\.bash_profile|\.bash_login|\.profile|\.zshrc|\.zprofile|config\.fish"
    r"|authorized_keys"
    r"|\.ssh[/\\]config|/etc/(?:cron|profile|ld\.so\.preload|rc\.local|systemd|init\.d|sudoers"
    r"|passwd)"
    r"|/var/spool/cron|\.config[/\\](?:autostart|systemd)|LaunchAgents|LaunchDaemons"
    r"|sitecustomize\.py"
    r"|usercustomize\.py|\.pth$(?<!model\.pth)|Start Menu[/\\]Programs[/\\]Startup"
    r"|CurrentVersion\\+Run"
    r"|\.git[/\\]hooks[/\\]|startup[/\\]\d+\S*\.py)",
    re.IGNORECASE,
)
SITE = regex(r"site-packages|dist-packages|getsitepackages|purelib|platlib")
FIXED: dict[str, tuple[Rule, str]] = {
    "torch.hub.load": (TORCH_HUB, "torch.hub.load runs hubconf.py"),
    "torch.hub.load_state_dict_from_url": (UNPICKLES, "a checkpoint is fetched and unpickled"),
    "torch.utils.model_zoo.load_url": (UNPICKLES, "a checkpoint is fetched and unpickled"),
    "hydra.utils.instantiate": (INSTANTIATE, "hydra.utils.instantiate"),
    "hydra.utils.call": (INSTANTIATE, "hydra.utils.call"),
    "pytorch_lightning.utilities.cli.instantiate_class": (INSTANTIATE, "instantiate_class"),
    "torch.serialization.add_safe_globals": (RELAXED_LOADER, "more classes may be unpickled"),
    "sys.settrace": (HOOKS, "sys.settrace"),
    "sys.setprofile": (HOOKS, "sys.setprofile"),
    "threading.settrace": (HOOKS, "threading.settrace"),
    "threading.setprofile": (HOOKS, "threading.setprofile"),
    "atexit.register": (HOOKS, "atexit.register"),
    "ssl._create_unverified_context": (UNVERIFIED_TLS, "ssl._create_unverified_context"),
    "mlflow.pyfunc.load_model": (TRUSTING_LOAD, "mlflow unpickles what the model holds"),
    "mlflow.sklearn.load_model": (TRUSTING_LOAD, "mlflow unpickles what the model holds"),
    "mlflow.pytorch.load_model": (TRUSTING_LOAD, "mlflow unpickles what the model holds"),
}
LIBRARIES = regex(
    r"ctypes\.(?:CDLL|PyDLL|WinDLL|cdll\.LoadLibrary|\w+dll\.LoadLibrary)|cffi\.FFI\(\)\.dlopen"
)
MACHINE_CODE = regex(
    r"ctypes\..*\.(?:VirtualAlloc(?:Ex)?|RtlMoveMemory|CreateRemoteThread|WriteProcessMemory"
    r"|mprotect)"
)
FETCHING = regex(
    r"(?:.*\.)?from_pretrained|huggingface_hub\.(?:snapshot_download|hf_hub_download)"
    r"|datasets\.load_dataset|transformers\.pipeline"
    r"|(?:huggingface_hub\.)?HfApi\(\)\.(?:snapshot_download|hf_hub_download)"
)
LOCAL_BUILDERS = frozenset(
    ("arrow", "audiofolder", "csv", "imagefolder", "json", "pandas", "parquet", "text",
     "videofolder", "webdataset", "xml", "spark", "sql", "generator")
)  # fmt: skip
HUB_ID = regex(r"[A-Za-z0-9][\w.-]{0,95}(?:/[\w.-]{1,96})?")
REVISION = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")
REMOTE = regex(r"(?:https?|gs|s3|hdfs|ftp|abfss?|wasbs?)://|tfhub\.dev", re.IGNORECASE)
REMOTE_GRAPHS = frozenset(
    ("tensorflow.saved_model.load", "tensorflow_hub.load", "tensorflow_hub.KerasLayer",
     "tensorflow_hub.Module", "keras.models.load_model", "keras.saving.load_model",
     "keras.layers.TFSMLayer", "onnxruntime.InferenceSession", "onnx.load")
)  # fmt: skip
DANGEROUS_NAMES = regex(
    r"exec|eval|compile|__import__|execfile|os\.(?:system|popen|exec\w+|spawn\w+)|subprocess\.\w+"
    r"|pty\.spawn|marshal\.loads|pickle\.loads?|ctypes\.\w+|socket\.socket"
)
HIDDEN_MODULES = frozenset(
    ("os", "subprocess", "socket", "pty", "ctypes", "marshal", "builtins", "pickle")
)
REDUCES = regex(
    r"exec|eval|compile|__import__|getattr|open|os\.\w+|subprocess\.\w+|pty\.\w+|runpy\.\w+"
    r"|shutil\.rmtree"
    r"|webbrowser\.open|importlib\.import_module|commands\.\w+|socket\.\w+|urllib\.request\.\w+"
    r"|requests\.\w+"
    r"|builtins\.\w+|nt\.\w+|posix\.\w+|platform\.popen|timeit\.timeit|pickle\.loads?"
    r"|marshal\.loads"
    r"|types\.(?:FunctionType|CodeType)|bdb\.\w+|pdb\.\w+|code\.interact|ctypes\..*|asyncio\..*"
    r"|pip\..*"
)
PATCHED = regex(
    r"pickle\.\w+|(?:exec|eval|compile|__import__|open|input)"
    r"|sys\.(?:meta_path|path_hooks)(?:\[\])?|importlib\.\w+"
)
RELAXED = regex(r"(?:torch|joblib|numpy|keras|yaml)\.\w*load\w*|torch\.serialization\.\w+")
