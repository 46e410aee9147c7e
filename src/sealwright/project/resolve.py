"""From what a person types to an artifact: `model`, a data set's name, a path, a digest."""

from __future__ import annotations

from pathlib import Path

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.manifest import manifest_digest
from sealwright.evidence.predicates.model import ModelImport
from sealwright.evidence.tree import identify
from sealwright.project.core import Project
from sealwright.project.named import Named

MODEL = "model"
SYSTEM = "system"
_SHORTEST_PREFIX, _DIGITS = 8, 64


def resolve(project: Project, reference: str) -> Named:
    """The artifact that `reference` means: the word `model` (training's output) or `system`, a data
    set's or imported model's name, a path, or the first 8 or more hex digits of a digest in the
    ledger."""
    lifecycle = project.lifecycle
    if reference in (SYSTEM, lifecycle.system.name):
        return Named(name=lifecycle.system.name, digest=project.system)
    if reference == MODEL:
        return model(project)
    if reference in lifecycle.data:
        return data_set(project, reference)
    if (brought := imported(project, reference)) is not None:
        return brought
    place = Path(reference)
    if reference and _exists(place):
        return _at(project, place)
    return _on_record(project, reference)


def imported(project: Project, name: str) -> Named | None:
    """The model that was last brought in under this name, as it is on record; None if none was."""
    for item in reversed(project.evidence()):
        said = item.predicate
        if isinstance(said, ModelImport) and said.name == name:
            (about,) = item.statement.subjects
            return Named(name=name, digest=about.sha256, kind="model")
    return None


def model(project: Project) -> Named:
    """The model that training wrote, as it lies on disk now."""
    folder = project.layout.root / project.lifecycle.training.output
    if not folder.exists():
        raise InputMissing(
            f"{folder}: there is no model yet", advice="run `sealwright train`, or `sealwright run`"
        )
    found = identify(folder)
    return Named(name=project.lifecycle.training.output, digest=found.digest, artifact=found)


def data_set(project: Project, name: str) -> Named:
    """A declared data set, as it lies on disk now."""
    declared = project.lifecycle.data.get(name)
    if declared is None:
        known = ", ".join(project.lifecycle.data)
        raise UsageError(f"there is no data set {name!r:.80}", advice=f"declared are: {known}")
    found = identify(project.layout.root / declared.path)
    return Named(name=name, digest=found.digest, artifact=found)


def training_inputs(project: Project) -> tuple[Named, ...]:
    """The data sets, and the models from outside, that the training run is declared to use."""
    training = project.lifecycle.training
    data = [data_set(project, name) for name in training.inputs]
    return (*data, *(base_model(project, name) for name in training.models))


def base_model(project: Project, name: str) -> Named:
    """A model that training starts from, as it lies on disk now; while it is not in its place, the
    one that was brought in under its name, or none that anything is known of."""
    folder = project.layout.root / project.lifecycle.training.models[name]
    if folder.exists():
        found = identify(folder)
        return Named(name=name, digest=found.digest, artifact=found, kind="model")
    return imported(project, name) or Named(name=name, digest=manifest_digest(()), kind="model")


def inputs_of(project: Project, artifact: Named) -> tuple[Named, ...]:
    """What a question about `artifact` is also about: for the system, the declared training data;
    what a model was made from is on record."""
    return training_inputs(project) if artifact.digest == project.system else ()


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:  # too long a name, or a folder that may not be read
        return False


def _at(project: Project, place: Path) -> Named:
    """A path: under its declared name where it is declared."""
    where = place.resolve()
    lifecycle, root = project.lifecycle, project.layout.root
    if where == (root / lifecycle.training.output).resolve():
        return model(project)
    for name, declared in lifecycle.data.items():
        if where == (root / declared.path).resolve():
            return data_set(project, name)
    found = identify(place)
    return Named(name=place.name, digest=found.digest, artifact=found)


def _on_record(project: Project, reference: str) -> Named:
    wanted = reference.lower()
    hexadecimal = all(char in "0123456789abcdef" for char in wanted)
    if not (hexadecimal and _SHORTEST_PREFIX <= len(wanted) <= _DIGITS):
        raise UsageError(
            f"{reference!r:.80} is no artifact known here",
            advice=f"use `{MODEL}`, `{SYSTEM}`, a data set's name, a path, or "
            f"{_SHORTEST_PREFIX} or more digits of a digest",
        )
    names = {
        item.sha256: item.name
        for verified in project.evidence()
        for item in verified.statement.subjects
        if item.sha256.startswith(wanted)
    }
    if len(names) != 1:
        found = "no artifact" if not names else f"{len(names)} artifacts"
        raise UsageError(
            f"{found} in the ledger with a digest that begins with {wanted}",
            advice="see `sealwright ledger show`" if not names else "give more digits",
        )
    ((digest, name),) = names.items()
    return Named(name=name, digest=digest)
