"""The rules by which a pickle's doings are judged; the page of each is generated from here."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_LOAD = "do not load it; ask its author for safetensors, ONNX or another format without code"
_CODE = ("AML.T0011.000", "AML.T0018.002")
_ODD = ("AML.T0011.000", "AML.T0074")

DANGEROUS = Rule(
    id="SW-PKL-001",
    effect="fail",
    severity="critical",
    title="Loading reaches a function that runs commands, code or files",
    why=(
        "Unpickling looks up names and calls what they stand for. A stream that names a function"
        " such as os.system does so to run it while the model loads, before any check of the model."
    ),
    example="cos\nsystem\n(S'echo hello'\ntR.",
    remediation=_LOAD,
    atlas=(*_CODE, "AML.T0010.003"),
    cwe=(502,),
)
CALLED = Rule(
    id="SW-PKL-002",
    effect="fail",
    severity="high",
    title="Loading calls a function that no policy pack allows",
    why=(
        "Nobody has reviewed what this function does with arguments that a file chooses. Attackers"
        " pick functions of installed libraries that no list of dangerous names has."
    ),
    example="cmypackage.loading\nrebuild\n(I1\ntR.",
    remediation=(
        "if the function is yours, review it and add it with a pack (see how-to: add a pack);"
        " otherwise do not load the file"
    ),
    atlas=_CODE,
    cwe=(502,),
)
UNKNOWN = Rule(
    id="SW-PKL-003",
    effect="review",
    severity="high",
    title="Loading imports a name, or builds an object of a class, that no policy pack has",
    why=(
        "Looking a name up imports its module, and building an object can run the class's __new__,"
        " __setstate__ and __del__. A person has to read them before anything loads the file."
    ),
    example="c__main__\nThing\n)\x81}b.",
    remediation="review the class and add it with a pack, or save the model without it",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)
COMPUTED = Rule(
    id="SW-PKL-004",
    effect="fail",
    severity="critical",
    title="The name that loading looks up is computed by the stream",
    why="No pickler writes this. It hides from scanners which function is called.",
    example="STACK_GLOBAL on two strings that a call made",
    remediation=_LOAD,
    atlas=_ODD,
    cwe=(502,),
)
EXTENSION = Rule(
    id="SW-PKL-005",
    effect="fail",
    severity="high",
    title="A name is given by a number of the extension registry",
    why=(
        "What EXT1, EXT2 and EXT4 stand for depends on the process that loads the file"
        " (copyreg.add_extension), so it cannot be known from the file."
    ),
    example="EXT1 7",
    remediation=_LOAD,
    atlas=_ODD,
    cwe=(502,),
)
ARGUMENTS = Rule(
    id="SW-PKL-006",
    effect="fail",
    severity="high",
    title="An allowed function or class is called with arguments that ordinary pickles never have",
    why=(
        "A function that is harmless with the arguments its library writes may import, execute or"
        " overrun memory with others."
    ),
    example="numpy.core._ufunc_reconstruct('os', 'system')",
    remediation=_LOAD,
    atlas=_CODE,
    cwe=(502, 88),
)
INDIRECT = Rule(
    id="SW-PKL-007",
    effect="fail",
    severity="critical",
    title="What loading calls is not a name but a value that the stream made",
    why="No pickler writes a call of a computed value. It hides what is called.",
    example="getattr(module, 'system')('echo hello')",
    remediation=_LOAD,
    atlas=_ODD,
    cwe=(502,),
)
ROLE = Rule(
    id="SW-PKL-008",
    effect="fail",
    severity="high",
    title="A name that may only stand as a value is called",
    why="Packs allow some functions as data that a model keeps; a stream never has to call them.",
    example="cnumpy\nmean\n(I1\ntR.",
    remediation=_LOAD,
    atlas=_CODE,
    cwe=(502,),
)
STATE = Rule(
    id="SW-PKL-009",
    effect="fail",
    severity="high",
    title="A state is set that the class does not take from ordinary pickles",
    why=(
        "BUILD hands a value to __setstate__ or writes attributes. Attributes such as __class__ or"
        " __setstate__ change what the next opcode runs, and some classes execute text of their"
        " state."
    ),
    example="BUILD {'__setstate__': …}, then BUILD again",
    remediation=_LOAD,
    atlas=_CODE,
    cwe=(502, 915),
)
PATCH = Rule(
    id="SW-PKL-010",
    effect="fail",
    severity="critical",
    title="Loading changes a class, a function or a module",
    why=(
        "BUILD, SETITEM or APPEND on a name that was looked up changes it for the whole process:"
        " code that runs later then does what the file says."
    ),
    example="cnumpy\nndarray\n}S'sum'\ncos\nsystem\nsb.",
    remediation=_LOAD,
    atlas=_CODE,
    cwe=(502, 915),
)
CHANGE = Rule(
    id="SW-PKL-011",
    effect="fail",
    severity="high",
    title="Items are put into an object that does not take them from ordinary pickles",
    why=(
        "APPEND, SETITEM and ADDITEMS call methods of the object: append, extend, __setitem__, add."
    ),
    example="SETITEM on an object of a class that is no dict",
    remediation=_LOAD,
    atlas=_CODE,
    cwe=(502,),
)
PERSISTENT = Rule(
    id="SW-PKL-012",
    effect="review",
    severity="medium",
    title="A persistent id, outside a format that defines what it means",
    why="What a persistent id gives is up to the program that loads the file.",
    example="BINPERSID on 'weights'",
    remediation="find out which program writes such files, and scan its whole container",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)
BROKEN = Rule(
    id="SW-PKL-013",
    effect="fail",
    severity="high",
    title="The stream breaks before its end",
    why=(
        "Everything before the break has run by the time the unpickler raises its error, so a"
        " broken"
        " stream can still attack; it is also how scanners that give up are evaded."
    ),
    example="cos\nsystem\n(S'echo hello'\ntRX",
    remediation="do not load it; get the file again from its source",
    atlas=("AML.T0076", "AML.T0011.000"),
    cwe=(502,),
)
ODD = Rule(
    id="SW-PKL-014",
    effect="warn",
    severity="low",
    confidence="medium",
    title="A form that no pickler writes and the unpickler takes",
    why="Files made by hand look like this. By itself it does no harm.",
    example="PROTO in the middle of the stream",
    remediation="ask how the file was made",
    atlas=_ODD,
)
CODE_KEPT = Rule(
    id="SW-PKL-015",
    effect="review",
    severity="high",
    title="The stream names a function that makes code from the bytes of a file",
    why=(
        "cloudpickle, dill and marshal store functions as code. Whoever wrote the file wrote the"
        " code."
    ),
    example="ccloudpickle.cloudpickle\n_make_function\n.",
    remediation="save the model without functions of your own, or import them from a package",
    atlas=_CODE,
    cwe=(502, 94),
)
CODE_CALLED = Rule(
    id="SW-PKL-016",
    effect="fail",
    severity="critical",
    title="Loading makes code from the bytes of the file",
    why=(
        "The stream holds a function by value (cloudpickle, dill, marshal). Its code is the"
        " author's,"
        " is not reviewed by any pack, and runs when the function is called, or before."
    ),
    example="joblib.dump(FunctionTransformer(lambda x: x)) through cloudpickle",
    remediation="save the model without functions of your own, or import them from a package",
    atlas=_CODE,
    cwe=(502, 94),
)
KEPT = Rule(
    id="SW-PKL-017",
    effect="fail",
    severity="high",
    title="A function that only rebuilds objects is kept as a value",
    why=(
        "It is allowed with the arguments that were reviewed. As a value it can be called later, by"
        " other code, with any."
    ),
    example="functools.partial(numpy.core.multiarray._reconstruct, …)",
    remediation=_LOAD,
    atlas=_CODE,
    cwe=(502,),
)
KEY = Rule(
    id="SW-PKL-018",
    effect="review",
    severity="medium",
    title="An object with a hash or comparison of its own is a key of a dict or set",
    why="Putting it there runs __hash__ and __eq__ of its class with the state that the file gave.",
    example="{Thing(): 1}",
    remediation="review the class's __hash__ and __eq__, and say in its pack that it is hashable",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)
BUFFER = Rule(
    id="SW-PKL-019",
    effect="review",
    severity="medium",
    title="The stream takes buffers that are not in the file",
    why="NEXT_BUFFER gets bytes from the program that loads; alone, the file cannot be loaded.",
    example="NEXT_BUFFER",
    remediation="save the object without out-of-band buffers",
    atlas=("AML.T0076",),
)
STANDARD = Rule(
    id="SW-PKL-020",
    effect="fail",
    severity="high",
    title="Loading imports a name of Python's standard library that no policy pack has",
    why=(
        "The data types of the standard library are all reviewed. What is left are functions and"
        " classes that no model needs, and that attackers use."
    ),
    example="cpty\nspawn\n.",
    remediation=_LOAD,
    atlas=_CODE,
    cwe=(502,),
)
COSTLY = Rule(
    id="SW-PKL-021",
    effect="fail",
    severity="medium",
    title="A few bytes make the loader compute for very long, or take very much memory",
    why=(
        "The hash of a tuple goes through every part of it as often as it is reached, so that a"
        " tuple of two times a tuple of two times … takes exponential time when it becomes a key."
        " And the memo of Python's own loader is an array as long as twice the highest number that"
        " the stream gives: no pickler gives one that is higher than the bytes before it."
    ),
    example="a = (); a = (a, a) forty times; {a: 1}",
    remediation="do not load it",
    atlas=("AML.T0029",),
    cwe=(407, 400),
)
ENDLESS = Rule(
    id="SW-PKL-022",
    effect="review",
    severity="medium",
    title="A few bytes stand for a value without end",
    why=(
        "A list of ten times a list of ten times … takes no room while it loads, since its parts"
        " are shared. A program that prints, copies, compares or flattens it never comes back."
    ),
    example="a = []; a = [a, a, a, a, a, a, a, a, a, a] thirty times",
    remediation="do not use it, unless you know what its author needs such a value for",
    atlas=("AML.T0029",),
    cwe=(776, 400),
)
RULES: tuple[Rule, ...] = (
    DANGEROUS,
    CALLED,
    UNKNOWN,
    COMPUTED,
    EXTENSION,
    ARGUMENTS,
    INDIRECT,
    ROLE,
    STATE,
    PATCH,
    CHANGE,
    PERSISTENT,
    BROKEN,
    ODD,
    CODE_KEPT,
    CODE_CALLED,
    KEPT,
    KEY,
    BUFFER,
    STANDARD,
    COSTLY,
    ENDLESS,
)
"""Every rule of the judge."""
