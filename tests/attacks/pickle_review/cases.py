"""Objects of allowed classes that call functions of the stream while it loads.

Each was seen to run with the real libraries: what is loaded asks a value for its length, text,
items or attributes, and a filtered view of networkx (or a shadowed method) calls what it keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.vetting.pickle.assemble import (
    NONE,
    build,
    call,
    listed,
    mapped,
    name,
    new,
    number,
    put,
    raw,
    several,
    text,
)


@dataclass(frozen=True, slots=True)
class Attack:
    """One pickle."""

    name: str
    build: Callable[[], bytes]


def attributes(**values: bytes) -> bytes:
    return mapped(*(part for key, value in values.items() for part in (text(key), value)))


def made(dotted: str, **values: bytes) -> bytes:
    """An object built by NEWOBJ, with attributes."""
    return build(new(name(dotted)), attributes(**values))


def partial(function: bytes, *args: bytes) -> bytes:
    state = several(function, several(*args), mapped(), NONE)
    return build(call(name("functools.partial"), function), state)


def steps() -> bytes:
    """A module that is called. The one that was seen to run wrote into a file (`writing`); that is
    refused wherever it is kept, so that here one stands that may be kept and not be called."""
    layers = mapped(text("0"), made("torch.nn.modules.linear.Identity", training=number(1)))
    return made("torch.nn.modules.container.Sequential", _modules=layers)


def writing() -> bytes:
    """A module that is called: it makes a path of a text, and writes into the file."""
    filtered = partial(name("networkx.classes.coreviews.FilterAtlas"), mapped(text("x"), number(1)))
    methods = call(name("operator.attrgetter"), text("write_text"))
    functions = mapped(
        *(text("0"), name("pathlib.PosixPath"), text("1"), methods),
        *(text("2"), filtered, text("3"), name("builtins.len")),
    )
    return made("torch.nn.modules.container.Sequential", _modules=functions)


def view(key: bytes = text("marker")) -> bytes:
    """Counting it, or going through it, calls `steps` with the key."""
    return build(
        new(name("networkx.classes.coreviews.FilterAtlas")),
        attributes(_atlas=mapped(key, number(1)), NODE_OK=steps()),
    )


def quiet(key: bytes = text("marker")) -> bytes:
    """The same by a class of torch: its iteration calls what it keeps."""
    return made("torch.utils.data.dataloader.DataLoader", collate_fn=steps(), dataset=listed(key))


def thunk() -> bytes:
    """A function without arguments that calls it."""
    return partial(name("builtins.len"), quiet())


def array(code: str, shape: bytes, data: bytes) -> bytes:
    kind = build(
        call(name("numpy.dtype"), text(code), number(0), number(1)),
        several(
            *(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0)),
        ),
    )
    empty = call(
        name("numpy._core.multiarray._reconstruct"),
        *(name("numpy.ndarray"), several(number(0)), raw(b"b")),
    )
    return build(empty, several(number(1), shape, kind, number(0), data))


def _estimator(**values: bytes) -> bytes:
    return made("sklearn.linear_model._base.LinearRegression", **values)


def _optimizer(**values: bytes) -> bytes:
    parts = {"defaults": mapped(), "state": mapped(), "param_groups": listed()} | values
    return made("torch.optim.adam.Adam", **parts)


def _manager() -> bytes:
    old = attributes(axes=listed(quiet()), blocks=listed())
    empty = several()
    state = several(empty, empty, empty, mapped(text("0.14.1"), old))
    target = call(name("pandas.core.internals.managers.SingleBlockManager"), empty, listed())
    return build(target, state)


def _tree() -> bytes:
    one = array("i8", several(number(1)), raw(b"\1" + bytes(7)))
    nodes = _estimator(ndim=number(1), astype=thunk())
    state = attributes(max_depth=number(1), node_count=number(1), nodes=nodes, values=nodes)
    return build(call(name("sklearn.tree._tree.Tree"), number(1), one, number(1)), state)


def _masked() -> bytes:
    empty = call(
        name("numpy.ma.core._mareconstruct"),
        *(name("numpy.ma.core.MaskedArray"), name("numpy.ndarray")),
        *(several(number(0)), raw(b"b")),
    )
    kind = call(name("numpy.dtype"), text("f8"), number(0), number(1))
    one = several(number(1))
    return build(
        empty,
        several(number(1), one, kind, number(0), raw(bytes(8)), raw(b"\0"), quiet()),
    )


def _edges() -> bytes:
    graph = build(call(name("types.SimpleNamespace")), attributes(nbunch_iter=thunk()))
    viewer = build(call(name("types.SimpleNamespace")), attributes(_adjdict=mapped(), _graph=graph))
    return made(
        "networkx.classes.reportviews.EdgeDataView",
        viewer=viewer,
        nbunch=text("marker"),
        data=number(1),
        default=NONE,
    )


def _formula() -> bytes:
    frame = build(call(name("types.SimpleNamespace")), attributes(join=thunk()))
    return made(
        "statsmodels.base.data.ModelData",
        restore_model_spec=number(1),
        formula=text("y ~ x"),
        orig_endog=frame,
        orig_exog=text("marker"),
    )


def _formula_of(formula: str) -> bytes:
    return made(
        "statsmodels.base.data.PandasData",
        restore_model_spec=number(1),
        formula=text(formula),
        frame=mapped(text("x"), listed(number(1)), text("y"), listed(number(2))),
    )


def _distribution_by_another() -> bytes:
    """scipy's distribution made and filled by a function of sklearn's, with text to execute."""
    target = call(
        name("sklearn.metrics._dist_metrics.newObj"),
        name("scipy.stats._continuous_distns.norm_gen"),
    )
    pair = several(text("_parse_arg_template"), text("marker = 1"))
    return build(target, several(pair, several(text("x"), number(1))))


def _twice() -> bytes:
    first = build(new(name("torch.nn.modules.linear.Identity")), attributes(x=number(1)))
    return build(first, attributes(y=number(2)))


def _many() -> bytes:
    """More attributes than are kept of plain data, then text to execute."""
    many = b"}(" + b"".join(text(f"k{i}") + b"K\x01" for i in range(100_100)) + b"u"
    last = b"(" + text("_parse_arg_template") + text("marker = 1") + b"u"
    return build(new(name("scipy.stats._continuous_distns.norm_gen")), many + last)


def _named_by(key: bytes) -> bytes:
    """A result whose items are attributes, one named by what equals a text."""
    target = put(new(name("scipy.optimize._optimize.OptimizeResult")), key, steps())
    return build(target, attributes(x=number(1)))


def _vocabulary(getters: bytes) -> bytes:
    held = raw(b"\x80\x04" + getters + b".")
    strings = call(name("spacy.strings.StringStore"), listed())
    parts = (strings, NONE, NONE, NONE, held, NONE, NONE)
    return call(name("spacy.vocab.unpickle_vocab"), *parts)


_GETTERS = mapped(number(1), name("spacy.lang.lex_attrs.like_num"))


def _tokenizer(*, getters: bytes = _GETTERS, search: bytes = NONE) -> bytes:
    rules = mapped(text("a"), listed(mapped(number(65), text("a"))))
    parts = (_vocabulary(getters), rules, search, NONE, NONE, NONE, NONE)
    return call(name("spacy.tokenizer.Tokenizer"), *parts)


_HOOKS = several(mapped(), quiet(), mapped(), mapped())
_STREAMS: dict[str, Callable[[], bytes]] = {
    "a view with a filter of its own": view,
    "a module that writes into a file": writing,
    "the version of an estimator is put into a text": lambda: _estimator(_sklearn_version=quiet()),
    "an index is made of a view": lambda: call(
        name("pandas.core.indexes.base._new_Index"),
        name("pandas.core.indexes.base.Index"),
        attributes(data=quiet(), dtype=text("object")),
    ),
    "an optimizer counts the state of a parameter": lambda: _optimizer(
        state=mapped(number(1), quiet()),
        param_groups=listed(attributes(params=listed(number(1)))),
    ),
    "an optimizer asks a defaultdict": lambda: _optimizer(
        state=mapped(
            number(1),
            put(call(name("collections.defaultdict"), thunk()), number(1), number(1)),
        ),
        param_groups=listed(attributes(params=listed(number(1)))),
    ),
    "an optimizer calls a shadowed method": lambda: _optimizer(
        defaults=build(call(name("collections.OrderedDict")), attributes(setdefault=thunk())),
    ),
    "a version is made of an object": lambda: new(
        name("torch.torch_version.TorchVersion"), quiet()
    ),
    "an exception makes a tuple of its arguments": lambda: build(
        call(name("builtins.ValueError"), text("x")), attributes(args=quiet())
    ),
    "a dict is made of what is no pair": lambda: call(name("builtins.dict"), listed(quiet())),
    "a network is made of an object": lambda: call(
        name("ipaddress.IPv4Network"), several(quiet(), number(8))
    ),
    "a rotation is made of an object": lambda: call(
        name("scipy.spatial.transform._rotation.Rotation"), quiet()
    ),
    "a generator goes through its state": lambda: build(
        call(name("random.Random")), several(number(2), quiet(), NONE)
    ),
    "a distribution by another function": _distribution_by_another,
    "a distribution with a method of its own": lambda: made(
        "scipy.stats._continuous_distns.norm_gen", _attach_methods=thunk()
    ),
    "a regression with a method of its own": lambda: made(
        "sklearn.isotonic.IsotonicRegression",
        X_thresholds_=number(1),
        y_thresholds_=number(2),
        _build_f=thunk(),
    ),
    "a model with a method of its own": lambda: made(
        "statsmodels.discrete.discrete_model.NegativeBinomial", _initialize=thunk()
    ),
    "a view of edges asks its graph": _edges,
    "data of a formula are joined": _formula,
    "flags of a frame": lambda: made(
        "pandas.core.frame.DataFrame", _typ=text("dataframe"), _flags=quiet()
    ),
    "a block with places": lambda: call(
        name("pandas._libs.internals._unpickle_block"),
        *(array("f8", several(number(1)), raw(bytes(8))), quiet(), number(1)),
    ),
    "axes of old blocks": _manager,
    "categories of a dtype": lambda: call(
        name("pandas.core.dtypes.dtypes.CategoricalDtype"), quiet(), number(0)
    ),
    "a time zone asks for seconds": lambda: call(
        name("dateutil.tz.tz.tzoffset"), text("x"), _estimator(total_seconds=thunk())
    ),
    "nodes of a tree": _tree,
    "a fill value becomes an array": _masked,
    "a dtype compares its missing value": lambda: call(
        name("numpy._core._internal._convert_to_stringdtype_kwargs"), number(1), quiet()
    ),
    "bounds become an array": lambda: new(
        name("sklearn.gaussian_process.kernels.Hyperparameter"),
        *(text("n"), text("t"), quiet(), number(1), NONE),
    ),
    "a handle goes through more hooks": lambda: build(
        new(name("torch.utils.hooks.RemovableHandle")), several(NONE, number(1), quiet())
    ),
    "steps of a pipeline are asked for a method": lambda: call(
        name("builtins.getattr"),
        made("sklearn.pipeline.Pipeline", steps=quiet()),
        text("predict"),
    ),
    "a module looks names up": lambda: made(
        "torch.nn.modules.transformer.TransformerEncoderLayer", _parameters=quiet()
    ),
    "weights of a recurrent layer": lambda: made("torch.nn.modules.rnn.LSTM", _all_weights=quiet()),
    "two states": _twice,
    "text to execute among very many attributes": _many,
    "an item named by numpy's text": lambda: _named_by(
        call(name("numpy.str_"), text("__setstate__"))
    ),
    "an item named by a version": lambda: _named_by(
        new(name("torch.torch_version.TorchVersion"), text("__setstate__"))
    ),
    "an item named by a text of pillow": lambda: _named_by(
        new(name("PIL.PngImagePlugin.iTXt"), text("__setstate__"))
    ),
    "a tokenizer tries its rules": lambda: _tokenizer(search=steps()),
    "words of a vocabulary": lambda: _tokenizer(getters=mapped(number(1), steps())),
    "hooks of a document": lambda: call(
        name("spacy.tokens.doc.unpickle_doc"),
        *(_vocabulary(_GETTERS), raw(b"\x80\x04" + _HOOKS + b"."), raw(b"\x80")),
    ),
    "a formula calls what the dict of columns names": lambda: made(
        "statsmodels.base.data.ModelData",
        restore_model_spec=number(1),
        formula=text("y ~ log(x)"),
        frame=mapped(text("log"), name("pathlib.PosixPath"), text("x"), listed(text("marker"))),
    ),
    "a formula with text that is formatted": lambda: _formula_of("y ~ I(x*(f'{eval(x)}'==x))"),
    "a formula that renames a function": lambda: _formula_of("y ~ np.abs([log:=eval, log('1')])"),
    "a formula of powers": lambda: _formula_of("y ~ I(x*(9**9**9**9))"),
    "a formula that repeats a text": lambda: _formula_of("y ~ I(x*('a'*10**11=='b'))"),
    "a formula with a hash of its own": lambda: _formula_of(
        "y ~ hashed(x, levels=3, hash_func=eval)"
    ),
    "tags of words": lambda: call(
        name("spacy.morphology.unpickle_morphology"),
        call(name("spacy.strings.StringStore"), listed()),
        listed(quiet()),
    ),
}
CASES = tuple(Attack(title, make) for title, make in _STREAMS.items())

BENIGN: dict[str, Callable[[], bytes]] = {
    "a view with a filter of networkx": lambda: build(
        new(name("networkx.classes.coreviews.FilterAtlas")),
        attributes(
            _atlas=mapped(text("a"), number(1)),
            NODE_OK=name("networkx.classes.filters.no_filter"),
        ),
    ),
    "an estimator with its version": lambda: _estimator(_sklearn_version=text("1.5.2")),
    "an index of texts": lambda: call(
        name("pandas.core.indexes.base._new_Index"),
        name("pandas.core.indexes.base.Index"),
        attributes(data=listed(text("a"), text("b")), dtype=text("object"), name=NONE),
    ),
    "an optimizer": lambda: _optimizer(
        defaults=attributes(lr=number(1)),
        state=put(
            call(name("collections.defaultdict"), name("builtins.dict")),
            *(number(1), attributes(step=number(3))),
        ),
        param_groups=listed(attributes(params=listed(number(1)), lr=number(1))),
    ),
    "a dict of pairs": lambda: call(
        name("collections.OrderedDict"), listed(listed(text("a"), quiet()))
    ),
    "an exception": lambda: build(
        call(name("builtins.ValueError"), text("x")), attributes(code=number(1))
    ),
    "a generator": lambda: build(
        call(name("random.Random")), several(number(3), several(number(1)), NONE)
    ),
    "a pipeline": lambda: made(
        "sklearn.pipeline.Pipeline", steps=listed(several(text("a"), _estimator(x=number(1))))
    ),
    "data of a formula": lambda: _formula_of("np.log(y) ~ C(x, Treatment(reference=1)) + I(x**2)"),
    "a module": lambda: made(
        "torch.nn.modules.transformer.TransformerEncoderLayer",
        _parameters=call(name("collections.OrderedDict")),
        _modules=mapped(),
        _buffers=mapped(),
    ),
    "a tokenizer": lambda: _tokenizer(
        search=call(
            name("builtins.getattr"),
            call(name("re._compile"), text("a"), number(0)),
            text("search"),
        )
    ),
}
"""Ordinary objects of the same classes."""
