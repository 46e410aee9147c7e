"""Names that formulas of patsy and formulaic may call, and what these may be given."""

from __future__ import annotations

_CONTRASTS = "Treatment Sum Poly Helmert Diff Simple ContrastMatrix"
_CONTR = "treatment SAS sum helmert diff poly"
CONTRASTS = frozenset(_CONTRASTS.split()) | {f"contr.{name}" for name in _CONTR.split()}
"""Codings of categories: patsy/contrasts.py, formulaic/transforms/contrasts.py."""
_TRANSFORMS = """
    C I Q bs cr cc cs te center scale standardize poly lag hashed
    log log2 log10 log1p exp expm1 exp10 exp2 sqrt abs
"""
_NUMPY = """
    log log2 log10 log1p exp exp2 expm1 sqrt cbrt abs absolute fabs power square reciprocal sign
    sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh arctan2 hypot
    deg2rad rad2deg where minimum maximum fmin fmax clip round around floor ceil trunc rint
    mod isnan isfinite logical_and logical_or logical_not mean median std var
"""
CALLS = (
    frozenset(_TRANSFORMS.split()) | CONTRASTS | frozenset(f"np.{name}" for name in _NUMPY.split())
)
"""Transforms, and functions of numpy that give no more numbers than they get. `np.max` could give
a text that is then repeated; `round` takes powers of ten."""
POWERS = frozenset({"np.power", "np.square"})
"""Those that make numbers longer."""
SIZES = frozenset({"bs", "cr", "cc", "cs", "poly", "hashed"})
"""Those that make as many columns as they are asked for."""
TEXTS = frozenset({"C", "Q", "hashed", "np.where", "te", *SIZES, *CONTRASTS})
"""Those that may be given texts and lists: they give neither back."""
_KEYWORDS = """
    contrast contrasts levels reference base omit scores reverse scale backward drop
    df knots degree include_intercept lower_bound upper_bound constraints extrapolation cyclic
    center rescale ddof raw k a_min a_max decimals spans_intercept
"""
KEYWORDS = frozenset(_KEYWORDS.split())
"""Arguments by keyword; `hash_func` and `out` are left out on purpose."""
DANGEROUS = frozenset({"eval", "exec", "getattr", "setattr", "delattr", "globals", "locals"})
"""Functions of Python that a formula reaches by name, and that no column is called. `open` is a
price."""
