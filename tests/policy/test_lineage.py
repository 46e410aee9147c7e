from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.data import Lineage
from sealwright.policy.lineage import Graph
from tests.policy import story
from tests.policy.factory import World, artifact, result
from tests.policy.story import CODE, ENVIRONMENT, MODEL, RAW, TEST, TRAIN


def test_the_graph_of_a_release() -> None:
    graph = Graph.build(story.told().verified())
    assert graph.ancestors(MODEL.sha256) == (
        TRAIN.sha256,
        CODE.sha256,
        ENVIRONMENT.sha256,
        RAW.sha256,
    )
    assert graph.descendants(RAW.sha256) == (TRAIN.sha256, MODEL.sha256)
    assert graph.nodes[TRAIN.sha256].kind == "dataset"
    assert graph.nodes[MODEL.sha256].kind == "model"
    assert graph.nodes[CODE.sha256].name == "train.py"
    assert graph.ancestors("ab" * 32) == ()


def test_test_data_is_linked_and_is_no_ancestor() -> None:
    graph = Graph.build(story.told().verified())
    assert graph.sources(MODEL.sha256, "tested-on", kind="dataset") == (TEST.sha256,)
    assert TEST.sha256 not in graph.ancestors(MODEL.sha256)
    (edge,) = graph.path(MODEL.sha256, TEST.sha256)
    assert edge.relation == "tested-on"
    assert [e.source for e in graph.path(MODEL.sha256, RAW.sha256)] == [TRAIN.sha256, RAW.sha256]
    assert graph.path(RAW.sha256, MODEL.sha256) == ()


def test_nobody_talks_a_data_set_out_of_its_requirements() -> None:
    """A training run that calls its data set a file still answers for it."""
    world = World()
    story.govern(world)
    story.version(world, TRAIN, story.TRAIN_FILES)
    story.custody(world)
    story.training_run(world, datasets=())
    assert result(world.ask(MODEL), "train-data-version").subject == MODEL.sha256
    resource = Resource(name="x", digest=dict(TRAIN.digest), annotations={"kind": "file"})
    world.say("mina", Lineage(step="fit", inputs=(resource,), at=world.at), MODEL)
    assert result(world.ask(MODEL), "train-data-version").subject == TRAIN.sha256


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_walks_end_on_any_graph_and_agree_both_ways(pairs: list[tuple[int, int]]) -> None:
    world = World()
    things = [artifact(f"thing-{n}")[0] for n in range(6)]
    for source, target in pairs:
        used = Resource(name="", digest=dict(things[source].digest))
        world.say("mina", Lineage(step="s", inputs=(used,), at=world.at), things[target])
    graph = Graph.build(world.verified())
    for a in things:
        above = graph.ancestors(a.sha256)
        assert a.sha256 not in above
        assert len(set(above)) == len(above)
        for b in above:
            assert a.sha256 in graph.descendants(b)
            path = graph.path(a.sha256, b)
            assert path[-1].source == b
            assert path[0].target == a.sha256
