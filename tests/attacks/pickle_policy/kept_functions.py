"""Models that keep functions of ordinary libraries, in a row that ends in a call of any function.

A step turns its data into a frame, a module, a function, a partial of it, and a dict that calls it.
Each case is one link of such a chain; without it the rest does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.vetting.pickle.assemble import (
    EMPTY,
    NONE,
    build,
    call,
    listed,
    mapped,
    name,
    new,
    number,
    put,
    several,
    text,
    true,
)

TRANSFORMER = name("sklearn.preprocessing._function_transformer.FunctionTransformer")
PARTIAL = name("functools.partial")
DEFAULTDICT = name("collections.defaultdict")
ATTRGETTER = name("operator.attrgetter")
ITEMGETTER = name("operator.itemgetter")
INT = name("builtins.int")
LIST = name("builtins.list")
ZEROS = name("numpy.zeros")
BYTEARRAY = name("builtins.bytearray")
LARGE = number(10**12)
SENTENCES = name("sentence_transformers.SentenceTransformer.SentenceTransformer")
STAN = name("cmdstanpy.model.CmdStanModel")
VIEW = name("networkx.classes.coreviews.FilterAtlas")
NORM = name("torch.nn.modules.normalization.LayerNorm")
FOREST = name("sklearn.ensemble._forest.RandomForestClassifier")
LOOKUP = name("spacy.util._get_attr_unless_lookup")


def attributes(**values: bytes) -> bytes:
    return mapped(*(part for key, value in values.items() for part in (text(key), value)))


def partial(function: bytes, *args: bytes, **keywords: bytes) -> bytes:
    state = several(function, several(*args), attributes(**keywords), NONE)
    return build(call(PARTIAL, function), state)


def transformer(function: bytes, **keywords: bytes) -> bytes:
    given = attributes(**keywords) if keywords else NONE
    return build(new(TRANSFORMER), attributes(func=function, kw_args=given))


def pipeline(*functions: bytes) -> bytes:
    steps = (
        several(text(str(place)), transformer(function)) for place, function in enumerate(functions)
    )
    return build(new(name("sklearn.pipeline.Pipeline")), attributes(steps=listed(*steps)))


def identity(**values: bytes) -> bytes:
    return build(new(name("torch.nn.modules.linear.Identity")), attributes(**values))


def sequential(modules: bytes) -> bytes:
    return build(new(name("torch.nn.modules.container.Sequential")), attributes(_modules=modules))


def ordered(*items: bytes) -> bytes:
    return put(call(name("collections.OrderedDict")), *items)


def estimator(**values: bytes) -> bytes:
    return build(new(name("sklearn.linear_model._base.LinearRegression")), attributes(**values))


def chain() -> bytes:
    """All of it: the frame of a generator, its globals, `os`, `system`, and the call."""
    return pipeline(
        name("sklearn.metrics.pairwise.pairwise_distances_chunked"),
        call(ATTRGETTER, text("gi_frame.f_globals")),
        call(ITEMGETTER, text("warnings")),
        call(ATTRGETTER, text("sys.modules")),
        call(ITEMGETTER, text("os")),
        call(ATTRGETTER, text("system")),
        PARTIAL,
        DEFAULTDICT,
        call(ITEMGETTER, text("k")),
    )


def module_chain() -> bytes:
    """The last links of it, as methods of modules."""
    links = (PARTIAL, DEFAULTDICT, call(ITEMGETTER, text("k")))
    layers = (
        part
        for place, link in enumerate(links)
        for part in (text(str(place)), identity(forward=link))
    )
    return sequential(mapped(*layers))


def nested(depth: int) -> bytes:
    """Partials of partials, each written once."""
    made = partial(DEFAULTDICT, INT)
    for place in range(depth):
        memo = bytes([place])
        state = several(b"h" + memo, several(), mapped(), NONE)
        made = build(call(PARTIAL, made + b"q" + memo), state)
    return made


_MADE: dict[str, Callable[[], bytes]] = {
    "a chain of transformers": chain,
    "a chain of modules": module_chain,
    "partial as a step": lambda: pipeline(PARTIAL),
    "partial of partial": lambda: partial(PARTIAL, command=text("x")),
    "partial of nothing but defaultdict": lambda: transformer(call(PARTIAL, DEFAULTDICT)),
    "partial of defaultdict by its state": lambda: partial(DEFAULTDICT),
    "defaultdict as a step": lambda: pipeline(DEFAULTDICT),
    "defaultdict in a list of functions": lambda: build(
        new(name("torchvision.transforms.transforms.Compose")),
        attributes(transforms=listed(DEFAULTDICT)),
    ),
    "defaultdict in a tuple of functions": lambda: build(
        new(name("torchvision.transforms.transforms.Compose")),
        attributes(transforms=call(name("builtins.tuple"), listed(DEFAULTDICT))),
    ),
    "type by its name": lambda: pipeline(call(name("dill._dill._load_type"), text("type"))),
    "attrgetter as a step": lambda: pipeline(ATTRGETTER),
    "itemgetter as a step": lambda: pipeline(ITEMGETTER),
    "type as a step": lambda: pipeline(name("builtins.type")),
    "vectorize as a step": lambda: pipeline(name("numpy.vectorize")),
    "a lookup that calls its first argument": lambda: transformer(
        LOOKUP, lookups=listed(), string=text("x")
    ),
    "the same in a partial": lambda: partial(LOOKUP, lookups=listed(), string=text("x")),
    "a getter with what it gets from": lambda: partial(
        call(ATTRGETTER, text("name")), call(name("pathlib.PosixPath"), text("x"))
    ),
    "a factory that calls": lambda: call(DEFAULTDICT, PARTIAL),
    "a factory that makes a view": lambda: call(DEFAULTDICT, partial(VIEW, EMPTY)),
    "a hook in an ordered dict": lambda: identity(_forward_hooks=ordered(number(0), PARTIAL)),
    "a module of functions": lambda: sequential(mapped(text("0"), name("builtins.len"))),
    "an old module of functions": lambda: sequential(
        ordered(text("0"), call(ITEMGETTER, text("k")))
    ),
    "forward is a function": lambda: identity(forward=name("builtins.len")),
    "forward is a partial": lambda: identity(forward=partial(name("numpy.clip"))),
    "forward is another module": lambda: identity(forward=identity(x=number(1))),
    "a module compiled by the stream": lambda: identity(_compiled_call_impl=name("builtins.len")),
    "a convolution of the stream": lambda: build(
        new(name("torch.nn.modules.conv.Conv2d")),
        attributes(_conv_forward=name("builtins.len")),
    ),
    "predict is a function": lambda: estimator(predict=name("builtins.len")),
    "score is a partial": lambda: estimator(score=partial(name("numpy.clip"))),
    "a class that reads files as a step": lambda: pipeline(SENTENCES),
    "a class that reads files": lambda: partial(SENTENCES, text("x")),
    "code of a stranger": lambda: partial(SENTENCES, text("x"), trust_remote_code=true()),
    "a program": lambda: partial(STAN, exe_file=text("x")),
    "a program in a partial of a partial": lambda: partial(partial(STAN), exe_file=text("x")),
    "keywords that load code": lambda: transformer(name("numpy.clip"), allow_pickle=true()),
    "a large bytearray": lambda: partial(BYTEARRAY, LARGE),
    "a large bytearray by two partials": lambda: partial(partial(BYTEARRAY), LARGE),
    "large zeros": lambda: partial(ZEROS, LARGE),
    "large zeros by their shape": lambda: partial(ZEROS, several(number(10**6), number(10**6))),
    "large zeros by a keyword": lambda: partial(ZEROS, shape=LARGE),
    "large zeros of a transformer": lambda: transformer(ZEROS, shape=LARGE),
    "a large power": lambda: partial(name("builtins.pow"), number(7), number(10**9)),
    "a text many times": lambda: partial(name("operator.mul"), text("x"), LARGE),
    "a list of a long range": lambda: partial(
        name("builtins.sorted"), call(name("builtins.range"), LARGE)
    ),
    "a large layer": lambda: partial(name("torch.nn.modules.linear.Linear"), LARGE, LARGE),
    "a function by its name": lambda: build(
        new(name("numpy.ma.core._frommethod")), attributes(__name__=text("load"))
    ),
}
CASES = dict(_MADE)
"""Title → opcodes, without PROTO and STOP."""

ORDINARY: dict[str, Callable[[], bytes]] = {
    "a dict of dicts of numbers": lambda: call(DEFAULTDICT, partial(DEFAULTDICT, INT)),
    "a dict of dicts of dicts": lambda: call(
        DEFAULTDICT, partial(DEFAULTDICT, partial(DEFAULTDICT, LIST))
    ),
    "a dict of dicts": lambda: call(DEFAULTDICT, DEFAULTDICT),
    "a dict of vectors": lambda: call(DEFAULTDICT, partial(ZEROS, number(300))),
    "a dict of queues": lambda: call(
        DEFAULTDICT, partial(name("collections.deque"), maxlen=number(100))
    ),
    "a dict of a constant": lambda: call(DEFAULTDICT, partial(INT, number(5))),
    "partials within one another": lambda: call(DEFAULTDICT, nested(5)),
    "numbers of another base": lambda: partial(INT, base=number(16)),
    "a date": lambda: partial(name("datetime.date"), number(2020)),
    "an order": lambda: partial(
        name("builtins.sorted"), key=call(ITEMGETTER, number(1)), reverse=true()
    ),
    "attributes": lambda: call(ATTRGETTER, text("a.b"), text("dt.dayofweek"), text("name")),
    "columns": lambda: pipeline(call(ITEMGETTER, listed(text("os"), text("system")))),
    "values of a frame": lambda: pipeline(call(ATTRGETTER, text("values"))),
    "a logarithm": lambda: pipeline(name("numpy.log1p")),
    "a clip": lambda: transformer(name("numpy.clip"), a_min=number(0), a_max=number(10**9)),
    "a sparse matrix": lambda: pipeline(name("scipy.sparse._csr.csr_matrix")),
    "a frame": lambda: transformer(name("pandas.core.frame.DataFrame"), columns=listed(text("a"))),
    "a factor": lambda: pipeline(partial(name("operator.mul"), number(10**9))),
    "points in between": lambda: partial(
        name("numpy.linspace"), number(0), number(10**8), number(100)
    ),
    "layers to come": lambda: identity(
        norm_layer=partial(NORM, eps=number(1)),
        _norm_layer=name("torch.nn.modules.batchnorm.BatchNorm2d"),
        act=name("torch.nn.functional.silu"),
        training=number(1),
    ),
    "a module that was not compiled": lambda: identity(
        _compiled_call_impl=NONE, forward=NONE, _modules=mapped(text("0"), NONE)
    ),
    "an old module": lambda: sequential(ordered(text("0"), identity(x=number(1)))),
    "models to come": lambda: partial(FOREST, n_estimators=number(10), random_state=number(2**32)),
    "an optimizer to come": lambda: partial(name("torch.optim.adam.Adam"), lr=number(1)),
    "no code of a stranger": lambda: transformer(name("numpy.clip"), trust_remote_code=b"\x89"),
    "functions of spacy": lambda: partial(
        LOOKUP, name("spacy.lang.lex_attrs.lower"), mapped(text("a"), text("b"))
    ),
    "a type in a generic one": lambda: call(
        name("types.GenericAlias"), DEFAULTDICT, several(INT, INT)
    ),
}
"""Title → opcodes of what ordinary models keep."""
