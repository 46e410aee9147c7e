"""What the judge knows of a value without running anything: its entry, and what made it."""

from __future__ import annotations

import msgspec

from sealwright.vetting.pickle.policy import Entry, Policy, Role
from sealwright.vetting.pickle.values import Const, Global, Made, Tuple, Value

BY_CLASS = frozenset({"copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__"})
"""Functions that build an object of the class that is their first argument."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an allowed name."""

    entry: Entry
    subject: Value
    """What is called: the class, also where a helper of `copyreg` builds its object."""
    args: tuple[Value, ...]
    keywords: tuple[tuple[Value, Value], ...] = ()
    by_new: bool = False
    """It only runs `__new__`."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One state that BUILD sets on an object."""

    entry: Entry
    """Of what made the object."""
    target: Made
    state: Value


class Facts(msgspec.Struct, frozen=True):
    """What a policy says of values."""

    policy: Policy
    known: dict[int, object] = msgspec.field(default_factory=dict)
    """What a predicate found out of a value, by the value's id, so that shared ones are looked at
    once."""
    states: dict[tuple[int, str], str] = msgspec.field(default_factory=dict)
    """(id of a state, class or use) → why it may not be set: one state may be set on many
    objects."""
    inert: dict[tuple[int, bool], int] = msgspec.field(default_factory=dict)
    """(id of a value, whether it is an attribute) → whether it is inert (`inert.py`)."""

    def entry(self, value: Value | None) -> Entry | None:
        """The entry of a name that was looked up, or of an attribute that `getattr` got of an
        allowed class (protocols before 4 cannot name `Class.method`); None for any other value."""
        if type(value) is Global:
            return self.policy.entry(value.module, value.name)
        if type(value) is not Made or type(value.function) is not Global:
            return None
        args = value.args.items if type(value.args) is Tuple else ()
        if value.function.dotted == "dill._dill._load_type" and len(args) == 1:
            name = args[0].value if type(args[0]) is Const else None
            return self.builtin(name) if isinstance(name, str) else None
        if value.function.dotted != "builtins.getattr" or len(args) != 2:
            return None
        name = args[1].value if type(args[1]) is Const else None
        return self.attribute(args[0], name) if isinstance(name, str) else None

    def builtin(self, name: str) -> Entry | None:
        """The entry of a built-in class by the name that dill gives it."""
        if name in {"NoneType", "EllipsisType", "NotImplementedType"}:
            return self.policy.entry("types", name)
        entry = self.policy.entry("builtins", name)
        return entry if entry is not None and entry.role == "class" else None

    def attribute(self, target: Value, name: str) -> Entry | None:
        """The entry of `Class.name`, where the class has one, too."""
        if self.role(target) != "class" or type(target) is not Global:
            return None
        return self.policy.entry(target.module, f"{target.name}.{name}")

    def role(self, value: Value | None) -> Role | None:
        """The role of a name that was looked up."""
        entry = self.entry(value)
        return entry.role if entry is not None else None

    def maker(self, value: Value) -> Global | None:
        """The class or function that made an object, looking through `copyreg`'s helpers."""
        if type(value) is not Made or type(value.function) is not Global:
            return None
        made_by = value.function
        if made_by.dotted in BY_CLASS and type(value.args) is Tuple and value.args.items:
            first = value.args.items[0]
            return first if type(first) is Global else None
        return made_by

    def made_by(self, value: Value) -> str:
        """The dotted name of `maker`; empty if there is none."""
        maker = self.maker(value)
        return maker.dotted if maker is not None else ""
