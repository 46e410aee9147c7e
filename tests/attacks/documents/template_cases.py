"""Templates that reach for more than messages, in the places where templates are kept."""

from __future__ import annotations

from tests.attacks.documents.case import Case, text

_INTERNALS = {
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals-of-a-function": "{{ raise_exception.__globals__ }}",
    "builtins-by-namespace": "{{ namespace.__init__.__globals__.__builtins__ }}",
    "subscript": "{{ ''['__class__'] }}",
    "escaped": r"{{ ''['\x5f\x5fclass\x5f\x5f'] }}",
    "concatenated": "{{ ''['__cla' ~ 'ss__'] }}",
    "added": "{{ ''['_' + '_' + 'class' + '_' + '_'] }}",
    "repeated": "{% set u = '_' * 2 %}{{ ()[u ~ 'class' ~ u] }}",
    "joined": "{{ ()[['__', 'class', '__'] | join] }}",
    "reversed": "{{ ()['__ssalc__'[::-1]] }}",
    "reversed-by-filter": "{{ ()['__ssalc__' | reverse] }}",
    "lower": "{{ ()['__CLASS__' | lower] }}",
    "replaced": "{{ ()['..class..' | replace('.', '_')] }}",
    "formatted": "{{ '%s%s' | format('__cla', 'ss__') }}",
    "characters": "{{ ()['%c%cclass%c%c' | format(95, 95, 95, 95)] }}",
    "attr": "{{ '' | attr('__class__') }}",
    "attr-from-a-request": "{{ '' | attr('__cla' ~ 'ss__') }}",
    "map-attribute": "{{ [messages] | map(attribute='__class__') | list }}",
    "keyword": "{{ dict(__class__=1) | first }}",
    "format-method": "{{ '{0.__class__.__init__}'.format(messages) }}",
    "frame": "{% macro a() %}{{ caller.gi_frame }}{% endmacro %}",
    "context": "{{ self._TemplateReference__context }}",
    "in-a-test": "{% if ''.__class__ is defined %}a{% endif %}",
    "in-a-default": "{% macro a(b=''.__class__) %}{% endmacro %}",
    "in-a-loop": "{% for c in ().__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}",
    "in-a-filter-block": "{% filter replace('a', ''.__class__|string) %}a{% endfilter %}",
    "in-a-call-block": "{% call(x) messages.a(''.__class__) %}{% endcall %}",
    "in-generation": "{% generation %}{{ ''.__class__ }}{% endgeneration %}",
    "block-of-text": "{% set a %}__class__{% endset %}{{ ()[a] }}",
    "macro-of-text": "{% macro a() %}__class__{% endmacro %}{{ ()[a()] }}",
    "blocks-of-pieces": "{% set a %}__{% endset %}{% set b %}class{% endset %}{{ ()[a ~ b ~ a] }}",
    "namespace-of-pieces": "{% set n = namespace(a='__', b='class') %}{{ ()[n.a ~ n.b ~ n.a] }}",
    "attribute-of-a-namespace": (
        "{% set n = namespace() %}{% set n.a = '_' * 2 %}{{ ()[n.a ~ 'class' ~ n.a] }}"
    ),
    "broken-after": "{{ ''.__class__ }}{% if",
}
_OTHERS = {
    "lipsum": ("{{ lipsum | string }}", "SW-JINJA-002", "fail"),
    "url-for": ("{{ url_for.a }}", "SW-JINJA-002", "fail"),
    "popen": ("{{ messages.os.popen('echo').read() }}", "SW-JINJA-002", "fail"),
    "attr-made-up": ("{{ messages | attr(kind) }}", "SW-JINJA-003", "review"),
    "map-attr": ("{{ messages | map('attr', kind) | list }}", "SW-JINJA-003", "review"),
    "pieces": (
        "{% set a = '_' %}{% set a = a ~ a %}{% set b = a ~ 'class' ~ a %}{{ ()[b] }}",
        "SW-JINJA-003",
        "review",
    ),
    "namespaced-pieces": (
        "{% set n = namespace(a='__cla') %}{{ ()[n.a ~ kind] }}",
        "SW-JINJA-003",
        "review",
    ),
    "picked-characters": (
        "{{ ()[(messages | string)[1] ~ (messages | string)[2]] }}",
        "SW-JINJA-003",
        "review",
    ),
    "unknown-pieces": (
        "{% for u in ['_'] %}{% for w in ['class'] %}{{ ()[u ~ u ~ w ~ u ~ u] }}"
        "{% endfor %}{% endfor %}",
        "SW-JINJA-003",
        "review",
    ),
    "stored-format": ("{% set f = kind.format %}{{ f(messages) }}", "SW-JINJA-003", "review"),
    "include": ("{% include '/etc/passwd' %}", "SW-JINJA-004", "review"),
    "import": ("{% import name as a %}", "SW-JINJA-004", "review"),
    "extends": ("{% extends 'base' %}", "SW-JINJA-004", "review"),
    "range": ("{% for i in range(9999999999) %}a{% endfor %}", "SW-JINJA-005", "review"),
    "nested-ranges": (
        "{% for i in range(99999) %}{% for j in range(99999) %}a{% endfor %}{% endfor %}",
        "SW-JINJA-005",
        "review",
    ),
    "repeat": ("{{ 'a' * 999999999 }}", "SW-JINJA-005", "review"),
    "power": ("{{ 9 ** 9 ** 9 }}", "SW-JINJA-005", "review"),
    "padding": ("{{ 'a'.center(999999999) }}", "SW-JINJA-005", "review"),
    "cycler": ("{{ cycler('a').next }}", "SW-JINJA-007", "review"),
    "request": ("{{ request.application }}", "SW-JINJA-007", "review"),
    "unfinished": ("{% for m in messages %}{{ m.content", "SW-JINJA-006", "inconclusive"),
    "nested": ("{{ " + "(" * 3000, "SW-JINJA-006", "inconclusive"),
}

EVIL = _INTERNALS["class"]

CASES = (
    *(
        Case(name=name, data=template.encode(), path="chat_template.jinja", rule="SW-JINJA-001")
        for name, template in _INTERNALS.items()
    ),
    *(
        Case(name=name, data=data.encode(), path="chat_template.jinja", rule=rule, ends=ends)
        for name, (data, rule, ends) in _OTHERS.items()
    ),
    Case(
        name="in-a-tokenizer-config",
        data=text({"chat_template": EVIL, "tokenizer_class": "LlamaTokenizer"}),
        path="tokenizer_config.json",
        rule="SW-JINJA-001",
    ),
    Case(
        name="in-a-list-of-templates",
        data=text(
            {"chat_template": [{"name": "a", "template": "b"}, {"name": "c", "template": EVIL}]}
        ),
        path="tokenizer_config.json",
        rule="SW-JINJA-001",
    ),
    Case(
        name="in-an-object-of-templates",
        data=text({"chat_template": {"default": "a", "tool_use": EVIL}}),
        path="processor_config.json",
        rule="SW-JINJA-001",
    ),
    Case(
        name="under-another-name",
        data=text({"a": [{"b": {"chat_template": EVIL}}]}),
        path="notes.txt",
        rule="SW-JINJA-001",
    ),
    Case(name="without-an-extension", data=EVIL.encode(), path="template", rule="SW-JINJA-001"),
)
