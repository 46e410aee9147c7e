"""What is known to be dangerous, with what an attacker does with it. These only label and raise the
severity: a name that is in no pack is refused without them, and no pack may allow a labelled one.
"""

from __future__ import annotations

from sealwright.vetting.pickle.policy import Label

_EXECUTE = ("AML.T0011.000", "AML.T0018.002")
_FETCH = ("AML.T0011.000", "AML.T0010.003")

_TABLE: tuple[tuple[str, tuple[int, ...], tuple[str, ...], str], ...] = (
    (
        "runs commands of the operating system",
        (78, 502),
        _EXECUTE,
        "os.* posix.* nt.* subprocess.* _posixsubprocess.* commands.* popen2.* pty.* pexpect.* sh.*"
        " ptyprocess.* plumbum.* invoke.* fabric.* paramiko.* asyncio.subprocess.*"
        " asyncio.create_subprocess_shell asyncio.create_subprocess_exec asyncio.unix_events.*"
        " asyncio.base_events.* asyncio.base_subprocess.* asyncio.windows_utils.*"
        " platform.popen platform._syscmd_ver _aix_support.* _osx_support.* webbrowser.*"
        " antigravity.* idlelib.* turtledemo.* pydoc.* pipes.* distutils.* setuptools.*"
        " _distutils_hack.*"
        " pkg_resources.* numpy.distutils.* numpy.f2py.* torch.utils.cpp_extension.*"
        " torch.utils.collect_env.* nltk.internals.java uuid._get_command_stdout"
        " uuid._ifconfig_getter"
        " uuid._netstat_getter uuid._popen multiprocessing.* concurrent.futures.process.*"
        " ctypes.util.*"
        " pip.* _pip.* ensurepip.* venv.* lib2to3.pgen2.* imaplib.IMAP4_stream"
        " _xxsubinterpreters.* _interpreters.* interpreters.* scipy._lib._testutils.*"
        " scipy._build_utils.* sysconfig.* _sysconfigdata.* getpass.* tkinter.* _tkinter.*"
        " torch.distributed.run.* torch.distributed.launch.* torch.distributed.elastic.*"
        " torch.distributed.rpc.* torch.multiprocessing.* torch._inductor.* mailcap.* cgitb.*",
    ),
    (
        "executes program text or loads code",
        (94, 95, 502),
        _EXECUTE,
        "builtins.eval builtins.exec builtins.execfile builtins.compile builtins.__import__"
        " builtins.breakpoint builtins.input builtins.apply builtins.reload builtins.globals"
        " builtins.__build_class__ __main__.__builtins__.*"
        " code.* codeop.* runpy.* importlib.* imp.* _imp.* _frozen_importlib.*"
        " _frozen_importlib_external.* pkgutil.* zipimport.* zipapp.* ihooks.* modulefinder.*"
        " timeit.* _timeit.* trace.* bdb.* pdb.* cProfile.* profile.* _lsprof.* pstats.* doctest.*"
        " unittest.* test.* _testcapi.* _testinternalcapi.* sympy.core.sympify.sympify"
        " sympy.parsing.* numpy.testing.* pandas.eval pandas.core.computation.*"
        " pandas.util._test_decorators.* linecache.*"
        " dataclasses._create_fn dataclasses.make_dataclass collections.namedtuple"
        " typing.get_type_hints typing.ForwardRef typing._eval_type annotationlib.*"
        " torch.jit.* torch.hub.* torch.package.* torch._dynamo.* torch.fx.graph_module.*"
        " torch.fx._lazy_graph_module.* torch.utils._config_module.*"
        " torch.export.* torch._export.* torch.onnx.* torch.ops.*"
        " jinja2.* mako.* yaml.* ruamel.* rlcompleter.* sqlite3.* _sqlite3.* logging.config.*"
        " gettext.* site.* sitecustomize.* usercustomize.* lldb.* gdb.* IPython.* ipykernel.*"
        " jupyter_client.* numexpr.* cffi.* _cffi_backend.* cython.* Cython.*"
        " keras.src.saving.* transformers.dynamic_module_utils.*"
        " hydra.* string.Formatter jsonpickle.* execnet.* pytest.* _pytest.* py._path.*"
        " fire.* celery.* atheris.* pyparsing.*",
    ),
    (
        "reaches attributes, or calls or composes functions, and so leads to any other function",
        (470, 502),
        _EXECUTE,
        "builtins.getattr builtins.setattr builtins.delattr builtins.hasattr builtins.vars"
        " builtins.locals builtins.dir builtins.map builtins.filter builtins.property"
        " builtins.classmethod builtins.staticmethod builtins.super"
        ""
        " operator.call operator.methodcaller _operator.call _operator.methodcaller"
        " functools.reduce _functools.reduce functools.partialmethod functools.singledispatch"
        " functools.singledispatchmethod functools.cached_property functools.wraps"
        " functools.update_wrapper itertools.starmap itertools.accumulate itertools.takewhile"
        " itertools.dropwhile itertools.filterfalse itertools.groupby itertools.imap"
        " itertools.ifilter"
        " weakref.* _weakref.* contextlib.* gc.* sys.* atexit.* signal.signal _signal.*"
        " threading.* _thread.* thread.* sched.* selectors.* faulthandler.* types.MethodType"
        " types.DynamicClassAttribute types.coroutine types.new_class types.prepare_class"
        " types.resolve_bases types.ModuleType builtins.type.* builtins.object.__getattribute__"
        " builtins.object.__setattr__ builtins.__dict__.* copy.* copyreg.add_extension"
        " copyreg.pickle copyreg.constructor copyreg.dispatch_table copyreg.remove_extension"
        " copyreg.clear_extension_cache contextvars.* asyncio.* tracemalloc.* warnings.*"
        " numpy.vectorize.__call__ numpy.frompyfunc numpy.apply_along_axis numpy.apply_over_axes"
        " numpy.piecewise numpy.fromfunction numpy.lib.function_base.vectorize.__call__"
        " sklearn.utils.parallel.* joblib.parallel.* joblib._parallel_backends.*"
        " pydash.*",
    ),
    (
        "calls functions of shared libraries or touches memory",
        (822, 502),
        _EXECUTE,
        "ctypes.* _ctypes.* mmap.* numpy.ctypeslib.* numpy.lib.stride_tricks.* cffi.api.*"
        " _ctypes_test.* torch._utils_internal.* torch.library.* torch.ops.load_library"
        " torch.classes.load_library",
    ),
    (
        "unpickles other bytes, or reads a file that does",
        (502,),
        _EXECUTE,
        "pickle.* _pickle.* cPickle.* _compat_pickle.* pickletools.* shelve.* dbm.* klepto.*"
        " pickle5.*"
        " joblib.numpy_pickle.load joblib.load joblib.memory.* joblib.numpy_pickle.read_zfile"
        " joblib.numpy_pickle_compat.* numpy.load numpy.lib.npyio.* numpy.lib._npyio_impl.*"
        " numpy.lib.format.* numpy.lib._format_impl.* numpy.core.multiarray.loads numpy.loads"
        " pandas.read_pickle pandas.io.* pandas.compat.pickle_compat.* torch.load"
        " torch.serialization.*"
        " torch.storage._load_from_bytes torch.save sklearn.datasets.*"
        " keras.models.load_model tensorflow.keras.models.load_model skops.io.* ast.* xmlrpc.*"
        " numpy.lib._datasource.* numpy.DataSource",
    ),
    (
        "reads, writes or removes files",
        (73, 502),
        _FETCH,
        "builtins.open io.open io.FileIO io.open_code io.TextIOWrapper io.BufferedWriter _io.open"
        " _io.FileIO _io.open_code _io.TextIOWrapper _pyio.* codecs.open codecs.EncodedFile"
        " codecs.StreamReaderWriter shutil.* tempfile.* fileinput.* glob.* zipfile.* tarfile.*"
        " gzip.*"
        " bz2.* lzma.* compression.* filecmp.* fcntl.* msvcrt.* winreg.* _winreg.* _winapi.*"
        " numpy.save numpy.savez numpy.savez_compressed numpy.savetxt numpy.loadtxt"
        " numpy.genfromtxt"
        " numpy.fromfile numpy.memmap.__new__ numpy.fromregex numpy.recfromcsv"
        " pathlib.Path.* pathlib.PosixPath.* pathlib.PurePath.* logging.handlers.*"
        " logging.FileHandler logging.basicConfig configparser.* ConfigParser.* netrc.* csv.*"
        " mailbox.*"
        " py_compile.* compileall.* plistlib.* wave.* resource.* grp.* pwd.* spwd.* crypt.*"
        " dis.* tokenize.* token.* symtable.*",
    ),
    (
        "talks to the network",
        (918, 502),
        _FETCH,
        "socket.* _socket.* ssl.* _ssl.* urllib.* urllib2.* httplib.* http.client.* http.server.*"
        " http.cookiejar.* ftplib.* smtplib.* smtpd.* telnetlib.* poplib.* imaplib.* nntplib.*"
        " socketserver.*"
        " SocketServer.* xmlrpclib.* wsgiref.* asyncore.* asynchat.* requests.* httpx.* aiohttp.*"
        " urllib3.* boto3.* botocore.* s3fs.* fsspec.* huggingface_hub.* transformers.utils.hub.*"
        " gdown.* wget.* pycurl.* nltk.downloader.* gensim.downloader.*"
        " torchvision.datasets.utils.*",
    ),
    (
        "ends or blocks the process, or changes how it works",
        (400, 502),
        ("AML.T0029", "AML.T0011.000"),
        "builtins.exit builtins.quit _sitebuiltins.* time.sleep select.* readline.* curses.*"
        " _curses.*"
        " tty.* termios.* syslog.* cmd.* locale.* numpy.seterrcall numpy.set_string_function",
    ),
)
_CODE_TEXT = "makes a function or class from code in the file"
_CODE = (
    "cloudpickle.* joblib.externals.cloudpickle.* pyspark.cloudpickle.* pyspark.serializers.*"
    " ray.cloudpickle.* distributed.protocol.* dill.* _dill.* pathos.* multiprocess.* marshal.*"
    " types.CodeType types.FunctionType types.LambdaType types.CellType builtins.code"
    " builtins.function"
    " new.* bytecode.* torch.package.package_importer.*"
    " sklearn.externals.joblib.externals.cloudpickle.*"
)


def labels() -> dict[str, Label]:
    """Name or `module.*` → what is known of it."""
    found = {
        name: Label(name=name, what=what, cwe=cwe, atlas=atlas)
        for what, cwe, atlas, names in _TABLE
        for name in names.split()
    }
    for name in _CODE.split():
        found[name] = Label(name=name, what=_CODE_TEXT, cwe=(94, 502), atlas=_EXECUTE, code=True)
    return found
