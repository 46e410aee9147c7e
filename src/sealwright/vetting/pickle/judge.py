"""Judges what one pickle would do, by the policy's packs: each event meets a rule or is allowed.

Every value is looked at once, whoever shares it, and nothing recurses.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sealwright.vetting.interface import Examining, quoted
from sealwright.vetting.pickle import rules
from sealwright.vetting.pickle.facts import BY_CLASS, Call, Facts, Setting
from sealwright.vetting.pickle.policy import Entry, Label
from sealwright.vetting.pickle.predicates import attribute_reason, call_reason, state_reason
from sealwright.vetting.pickle.signatures import constant
from sealwright.vetting.pickle.standard_library import STANDARD_LIBRARY
from sealwright.vetting.pickle.states import OF_TARGET
from sealwright.vetting.pickle.trace import Asked, Called, Changed, Reached, Trace
from sealwright.vetting.pickle.values import (
    Computed,
    Dict,
    Global,
    List,
    Made,
    Set,
    Tuple,
    Value,
)
from sealwright.vetting.pickle.walk import Judging, PersistentCheck, walk, walk_keys

__all__ = ["PersistentCheck", "judge"]

BY_NEW = frozenset({"NEWOBJ", "NEWOBJ_EX"})
MAX_ODDITIES = 20


def judge(
    trace: Trace,
    examining: Examining,
    *,
    persistent: PersistentCheck | None = None,
) -> None:
    """Observes every rule that the stream meets, and those of the pickles inside it.

    `persistent`: for a format that defines what persistent ids mean. May raise `Spent`.
    """
    waiting = [trace]
    while waiting:
        one = waiting.pop()
        waiting.extend(one.inner)
        _stream(one, Judging(examining, Facts(examining.session.policy), persistent))


def _stream(trace: Trace, work: Judging) -> None:
    uses = _uses(trace)
    for event in trace.events:
        work.examining.session.spend()
        if type(event) is Reached:
            _reached(event, uses, work)
        elif type(event) is Called:
            _called(event, work)
        elif type(event) is Changed:
            _changed(event, work)
        elif type(event) is Asked:
            _asked(event, work)
    if trace.result is not None:
        walk((trace.result,), trace.start, work)
    if trace.sparse >= 0:
        work.say(rules.COSTLY, "memo", "the memo is made far longer than the file", trace.sparse)
    for offset, what in trace.oddities[:MAX_ODDITIES]:
        work.say(rules.ODD, what, what, offset)
    if trace.broken:
        before = "; what stands before it has run by then" if trace.events else ""
        work.say(
            rules.BROKEN, "broken", f"the stream breaks: {quoted(trace.broken)}{before}", trace.end
        )


# -- names ---------------------------------------------------------------------------


def _uses(trace: Trace) -> dict[tuple[str, str], str]:
    """How the stream uses each name at most: `built` by its __new__ alone, or `called`."""
    uses: dict[tuple[str, str], str] = {}
    for event in trace.events:
        if type(event) is not Called:
            continue
        made = event.made
        target = made.function
        how = "built" if _by_new(made) else "called"
        if type(target) is Global and target.dotted in BY_CLASS:
            first = made.args.items[0] if type(made.args) is Tuple and made.args.items else None
            target, how = (first, "built") if type(first) is Global else (target, how)
        if type(target) is Global and uses.get((target.module, target.name)) != "called":
            uses[target.module, target.name] = how
    return uses


def _by_new(made: Made) -> bool:
    """NEWOBJ; and INST and OBJ without arguments, which make an empty object without a call."""
    if made.by in BY_NEW:
        return True
    return made.by in {"INST", "OBJ"} and type(made.args) is Tuple and not made.args.items


def _reached(event: Reached, uses: dict[tuple[str, str], str], work: Judging) -> None:
    target = event.target
    if type(target) is Computed:
        rule = rules.EXTENSION if "extension" in target.what.lower() else rules.COMPUTED
        work.say(rule, target.what, f"what is looked up: {quoted(target.what)}", event.offset)
        return
    assert type(target) is Global
    work.examining.fact("global", target.dotted)
    if work.policy.entry(target.module, target.name) is not None:
        return
    use = uses.get((target.module, target.name), "reached")
    label = work.policy.label(target.module, target.name)
    name = quoted(target.dotted)
    if label is not None:
        _labelled(label, name, use, event.offset, work)
    elif use == "called":
        work.say(rules.CALLED, name, f"{name} is called{_left_out(target, work)}", event.offset)
    else:
        standard = target.module.partition(".")[0] in STANDARD_LIBRARY
        did = "an object of {} is built" if use == "built" else "{} is imported"
        work.say(
            rules.STANDARD if standard else rules.UNKNOWN,
            name,
            did.format(name) + _left_out(target, work),
            event.offset,
        )


def _labelled(label: Label, name: str, use: str, offset: int, work: Judging) -> None:
    done = {"reached": "is looked up", "built": "is built", "called": "is called"}[use]
    message = f"{name} {done}: {label.what}"
    if label.cwe:
        message += " (" + ", ".join(f"CWE-{number}" for number in label.cwe) + ")"
    if not label.code:
        rule = rules.DANGEROUS
    else:
        rule = rules.CODE_CALLED if use == "called" else rules.CODE_KEPT
    work.say(rule, name, message, offset)


def _left_out(target: Global, work: Judging) -> str:
    pack = work.policy.covers.get(target.module.partition(".")[0])
    return f"; the pack {pack} does not have it" if pack else ""


# -- calls ---------------------------------------------------------------------------


def _called(event: Called, work: Judging) -> None:
    made = event.made
    target = made.function
    within = target.dotted if type(target) is Global else ""
    given = (made.args,) if made.kwargs is None else (made.args, made.kwargs)
    walk(given, event.offset, work, within=within)
    if within in HASHING:
        walk_keys(_hashed(made.args, work), event.offset, work)
    if type(target) is Computed:
        return  # said when it was reached
    entry = work.facts.entry(target)
    if type(target) is not Global and entry is None:
        what = work.facts.made_by(target) or type(target).__name__.lower()
        work.say(
            rules.INDIRECT, what, f"a value that the stream made is called ({what})", event.offset
        )
        return
    if entry is None:
        return  # said when it was reached
    if entry.role == "constant":
        name = quoted(entry.name)
        work.say(rules.ROLE, name, f"{name} is called and may only be kept", event.offset)
    elif reason := _refused(entry, made, work):
        name = quoted(entry.name)
        work.say(rules.ARGUMENTS, f"{name} {reason}", f"{name}: {reason}", event.offset)


HASHING = frozenset(
    [
        "builtins.set",
        "builtins.frozenset",
        "builtins.dict",
        "collections.OrderedDict",
        "collections.Counter",
    ]
)
"""What makes a set or dict of a list that it is given."""


def _hashed(args: Value, work: Judging) -> Iterable[Value]:
    """The values in the first argument that become keys: its items, or the first of each pair.

    What one container holds is looked at once, however many calls it is given to.
    """
    first = args.items[0] if type(args) is Tuple and args.items else None
    if not isinstance(first, Tuple | List | Set):
        return
    known = work.hashed.get(id(first), 0)
    items = list(islice(first.items, known, None))
    work.hashed[id(first)] = known + len(items)
    work.examining.session.spend(len(items))
    for item in items:
        yield item
        if isinstance(item, List) and item.items:
            yield item.items[0]


def _size(value: Value) -> int:
    """Values that a predicate may look at: those in a container, and in the containers in it."""
    parts = value.items if isinstance(value, Tuple | List | Dict) else ()
    return len(parts) + sum(
        len(part.items) for part in parts if isinstance(part, Tuple | List | Dict | Set)
    )


def _refused(entry: Entry, made: Made, work: Judging) -> str:
    if type(made.args) is not Tuple:
        return "takes a plain tuple of arguments"
    keywords: tuple[tuple[Value, Value], ...] = ()
    if made.kwargs is not None:
        if type(made.kwargs) is not Dict:
            return "takes a plain dict of keyword arguments"
        keywords = tuple(made.kwargs.items)
    work.examining.session.spend(_size(made.args))
    call = Call(
        entry=entry,
        subject=made.function,
        args=made.args.items,
        keywords=keywords,
        by_new=_by_new(made),
    )
    return call_reason(call, work.facts)


# -- changes -------------------------------------------------------------------------


def _changed(event: Changed, work: Judging) -> None:
    walk(event.items, event.offset, work, within=work.facts.made_by(event.target))
    if event.how == "setitem":
        walk_keys(event.items[::2], event.offset, work)
    elif event.how == "add":
        walk_keys(event.items, event.offset, work)
    target = event.target
    if event.how == "setitem" and type(target) is Made:
        _walk_names(event, work)
    if isinstance(target, Global | Computed):
        name = quoted(target.dotted) if type(target) is Global else "what was looked up"
        work.say(rules.PATCH, name, f"{name} itself is changed ({event.how})", event.offset)
        return
    name, entry = _made(target, work.facts)
    if type(target) is Made and entry is None and name:
        return  # its class is in no pack, which was said
    if event.how == "build":
        if type(target) is not Made or entry is None:
            reason = "takes no state"
        else:
            reason = _state_refused(event.items[0], target, entry, work)
        if reason:
            work.say(rules.STATE, f"{name} {reason}", f"{name or 'value'}: {reason}", event.offset)
    elif entry is None or event.how not in entry.changes:
        what = name or type(target).__name__.lower()
        work.say(
            rules.CHANGE, f"{what} {event.how}", f"{what} does not take {event.how}", event.offset
        )


def _state_refused(state: Value, target: Made, entry: Entry, work: Judging) -> str:
    if (id(state), entry.name) not in work.facts.states or entry.state == OF_TARGET:
        work.examining.session.spend(_size(state))
    return state_reason(Setting(entry=entry, target=target, state=state), work.facts)


def _walk_names(event: Changed, work: Judging) -> None:
    """Items of an object: a class may give them as attributes, which the next opcode would call."""
    maker = work.facts.maker(event.target)
    plain = maker is None or maker.module in {"builtins", "collections"}
    for key in event.items[::2]:
        text = constant(key)
        reason = attribute_reason(text) if type(text) is str else ""
        if not plain and type(key) is Made and not _no_text(key, work.facts):
            reason = "is named by what a call made"
        if reason:
            work.say(rules.CHANGE, reason, f"an item of an object {reason}", event.offset)


def _no_text(key: Made, facts: Facts) -> bool:
    """Whether what a call made is certainly no text, and equals none."""
    maker = facts.maker(key)
    if maker is None:
        return False
    return maker.module.partition(".")[0] in _NO_TEXT or maker.dotted in _NUMBERS


_NO_TEXT = frozenset({"datetime", "uuid", "decimal", "fractions", "pandas", "nltk", "pathlib"})
_NUMBERS = frozenset(
    ["builtins.tuple", "builtins.frozenset", "builtins.bytes", "builtins.int", "builtins.float"]
)


def _made(target: Value, facts: Facts) -> tuple[str, Entry | None]:
    """The name of what made a value, and its entry."""
    maker = facts.maker(target)
    if maker is None:
        return "", None
    return quoted(maker.dotted), facts.entry(maker)


def _asked(event: Asked, work: Judging) -> None:
    walk((event.persistent.id,), event.offset, work)
    if work.persistent is None:
        work.say(rules.PERSISTENT, "asked", "a persistent id is asked for", event.offset)
        return
    reason = work.persistent(event.persistent, work.facts)
    if reason:
        work.say(rules.PERSISTENT, reason, reason, event.offset)
