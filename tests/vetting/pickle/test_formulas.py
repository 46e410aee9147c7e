"""Formulas of patsy and formulaic: ordinary ones pass, others are refused."""

from __future__ import annotations

import time

import pytest

from sealwright.vetting.pickle.formulas import formula_reason

ORDINARY = (
    "y ~ x",
    "y ~ x1 + x2",
    "y ~ x1 + x2 - 1",
    "y ~ 0 + x1",
    "y ~ 1",
    "~ x",
    "y ~ x - 1",
    "y ~ -1 + x",
    "y ~ x1 * x2",
    "y ~ x1:x2",
    "y ~ x1 + x2 + x1:x2",
    "y ~ (a + b + c)**2",
    "y ~ (a + b)**2 - a:b",
    "y ~ a / b",
    "y ~ 0 + x / (a + b)",
    "y ~ a*b*c",
    "y ~ a*(b + c:d)",
    "y ~ C(group)",
    "y ~ C(group, Treatment)",
    "y ~ C(group, Treatment(reference='a'))",
    "y ~ C(group, Treatment('b')) * np.log(x2)",
    "y ~ C(group, Sum) + C(other, Helmert)",
    "y ~ C(g, Diff) + C(h, Poly)",
    "y ~ C(g, levels=['a', 'b'])",
    "y ~ C(g, Treatment(reference=1)):C(h, Sum(omit='x'))",
    "y ~ C(x > 1.5e3) + scale(z)",
    "y ~ C(a == 'x')",
    "y ~ np.log(x)",
    "np.log1p(y) ~ I(x ** 2) + x:z - 1",
    "np.log(y + 1) ~ np.sqrt(x) + np.power(x, 2)",
    "np.log(Lottery) ~ Literacy + np.log(Pop1831)",
    "Lottery ~ Literacy + Wealth + C(Region) - 1",
    "y ~ I(x**2) + I(x**3)",
    "y ~ I(x1*x2) + I(x1/x2) + I((x1 - x2)**2)",
    "y ~ I(x ** 0.5) + I(x ** -1)",
    "y ~ I((x > 0) & (z < 1))",
    "y ~ I(x % 2) + I(x // 10)",
    "y ~ Q('a column') + bs(x, df=4)",
    'y ~ Q("weight.in.kg") + Q("Age (years)")',
    "y ~ bs(x, knots=[1, 2], degree=3) + C(g, levels=['a', 'b'])",
    "y ~ bs(x, 4) + cr(z, df=3, constraints='center') + cc(w, 5)",
    "y ~ te(cr(x1, df=5), cr(x2, df=6), constraints='center')",
    "y ~ center(x) + standardize(z) + scale(w, center=True)",
    "y ~ poly(x, 3) + poly(z, degree=2, raw=True)",
    "y ~ lag(x, 1) + lag(z, k=2)",
    "y ~ hashed(city, levels=20)",
    'y ~ C(g, contr.treatment("a")) + C(h, contr.sum)',
    "y ~ C(g, contr.helmert())",
    "y ~ `a column` + `other (kg)`",
    "y ~ Sepal.Length + Petal.Width",
    "y ~ .",
    "y ~ . - x",
    "y ~ a | b",
    "y ~ (a + b)^2",
    "y ~ a %in% b",
    "y ~ log(x) + exp(z)",
    "y1 + y2 ~ x",
    "y ~ x +  z * C(w)",
    "affairs ~ occupation + educ + occupation_husb + rate_marriage + age + children + religious",
    "mpg ~ hp + wt + I(hp*wt) + C(cyl) + am:gear",
    "survived ~ age + C(pclass) + C(sex) + open + type + id + input",
    "duration ~ age + fin + race:prio + (wexp + mar)**2",
    "y ~ np.where(x > 0, x, 0) + np.maximum(x, 0)",
    "y ~ C(np.where(x > 5, 'high', 'low'))",
    "y ~ date.dt.month + C(date.dt.dayofweek)",
    "y ~ größe + 年龄",
    "y ~ np.clip(x, 0, 10) + np.abs(x - 3) + np.sin(2*3.14*t/12)",
    "y ~ x + (x > 10) : x",
    "count ~ C(day, Treatment(0)) + offset",
    "y ~ _cons + x_1",
    "y ~ np.arcsinh(income) + I(1000000 * x)",
    "y ~ C(year)*C(state) + C(state):trend",
    "y ~ x1 +\n    x2 * C(w)\n",
    "",
)
REFUSED = (
    "y ~ f'{__import__(\"os\")}'",
    "y ~ np.abs(len(f'{1}'))",
    "y ~ I(x*(f'{eval(1)}'==x))",
    "y ~ np.abs(x+np.abs([log:=eval,log('1')]==x))",
    "y ~ (log:=eval)",
    "y ~ I(log:=eval)",
    "y ~ I(x*(9**9**9**9))",
    "y ~ I((9**9)**9)",
    "y ~ I(9**10000)",
    "y ~ np.power(9, 10**9)",
    "y ~ np.power(np.power(9, 9), 9)",
    "y ~ np.square(np.square(x))",
    "y ~ I(np.power(9,9)**9)",
    "y ~ 9**9**9",
    "y ~ a | ((9**9)**9)",
    "y ~ a | ('a'*10**10)",
    "y ~ a | ((1,2)*10**10)",
    "y ~ I(x*('a'*10**11=='b'))",
    "y ~ I([1]*10**11)",
    "y ~ I(I('a')*10**10)",
    "y ~ I(I([1])*10**10)",
    "y ~ I((1 and 'a')*10**10)",
    "y ~ I('%9999999999d' % 1)",
    "y ~ I(np.max('a')*10**10)",
    "y ~ hashed(x, levels=3, hash_func=eval)",
    "y ~ hashed(x, levels=3, hash_func=print)",
    "y ~ hashed(x, 3, print)",
    "y ~ C(x, print)",
    "y ~ C(x, contrast=input)",
    "y ~ C(x, Q('print'))",
    "y ~ C(x, I(print))",
    "y ~ bs(x, df=10**9)",
    "y ~ bs(x, df=1000000000)",
    "y ~ bs(x, 1e9)",
    "y ~ te(cr(x, df=1000), cr(z, df=1000))",
    "y ~ a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r*s*t*u*v*w*x",
    "y ~ (a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t)**10",
    "y ~ round(5, -1000000000)",
    "y ~ [x for x in y]",
    "y ~ I([z for z in y])",
    "y ~ I({1:2})",
    "y ~ {x}",
    "y ~ I(x if eval else y)",
    "y ~ I(lambda: 1)",
    "y ~ lambda: 1",
    "y ~ x[0]",
    "y ~ I(x[0:9])",
    'y ~ Q(") + eval(1) + (")',
    'y ~ a % "x % eval(1) "',
    "y ~ x.__class__",
    "y ~ x._y",
    "y ~ a.b(1)",
    "y ~ C(*x)",
    "y ~ C(**x)",
    "y ~ I(await x)",
    "y ~ rb'a'",
    "y ~ 1 .real",
    "y ~ a; b",
    "y ~ a # b",
    "y ~ a \\ b",
    "y ~ I(1 << 99)",
    "y ~ 0x10(1)",
    "y ~ eval",
    "y ~ I(eval)",
    "y ~ __import__",
    "y ~ a ~ b",
    "y ~ b ~ c ~ d",
    "y ~ I(~x)",
    "y ~ (x",
    "y ~ x) + (y",
    "y ~ np.load('x')",
    "y ~ `a` + ``b`(1)",
    "y ~ np.linspace(0,1,10**9)",
    "y ~ I('a')",
    "y ~ I(99999999999999999999)",
)


@pytest.mark.parametrize("formula", ORDINARY)
def test_ordinary_formulas(formula: str) -> None:
    assert formula_reason(formula) == ""


@pytest.mark.parametrize("formula", REFUSED)
def test_what_does_more_than_compute_from_columns(formula: str) -> None:
    assert formula_reason(formula) != ""


@pytest.mark.parametrize(
    "formula",
    [
        *("-" * 19_000 + "x", "a*" * 9_000 + "a", "not " * 4_000 + "x", "a|" * 9_000 + "a"),
        *("(" * 9_000 + "x" + ")" * 9_000, "I(a" + "+a" * 9_000 + ")", "[" * 9_000, "`" * 9_000),
    ],
)
def test_long_formulas_are_refused_in_time(formula: str) -> None:
    begun = time.perf_counter()
    assert formula_reason(formula) != ""
    assert time.perf_counter() - begun < 5


def test_many_terms_are_ordinary() -> None:
    assert formula_reason("y ~ " + " + ".join(f"x{number}" for number in range(2_500))) == ""


@pytest.mark.filterwarnings("error")
def test_python_says_nothing_about_what_it_is_shown() -> None:
    assert formula_reason("y ~ I(1or x)")
    assert formula_reason("y ~ I(x is 1)") == ""
