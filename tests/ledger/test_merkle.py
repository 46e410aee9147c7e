"""The tree against a literal reading of RFC 6962 and against pymerkle."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import TamperError, UsageError
from sealwright.ledger import merkle

SIZES = [1, 2, 3, 7, 8, 255, 256, 257, 600]


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % n) for n in range(count)]


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = _split(len(hashes))
    return sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_inclusion(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(hashes) <= 1:
        return []
    k = _split(len(hashes))
    if m < k:
        return [*naive_inclusion(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_inclusion(m - k, hashes[k:]), naive_root(hashes[:k])]


def naive_consistency(m: int, hashes: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if m == len(hashes):
        return [] if whole else [naive_root(hashes)]
    k = _split(len(hashes))
    if m <= k:
        return [*naive_consistency(m, hashes[:k], whole=whole), naive_root(hashes[k:])]
    return [*naive_consistency(m - k, hashes[k:], whole=False), naive_root(hashes[:k])]


def _split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def reader(hashes: Sequence[bytes]) -> merkle.ReadHash:
    @cache
    def read(level: int, index: int) -> bytes:
        part = hashes[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "only complete subtrees are stored"
        return naive_root(part)

    return read


@pytest.mark.parametrize("size", [0, *SIZES])
def test_root_is_that_of_the_rfc(size: int) -> None:
    hashes = leaves(size)
    assert merkle.tree_hash(hashes) == naive_root(hashes)
    assert merkle.root_at(size, reader(hashes)) == naive_root(hashes)


@given(st.integers(0, 300), st.lists(st.integers(0, 80), max_size=6))
def test_extending_in_steps_is_extending_at_once(start: int, steps: list[int]) -> None:
    hashes = leaves(start + sum(steps))
    frontier, at = merkle.extend(merkle.EMPTY, hashes[:start])[0], start
    for step in steps:
        frontier, _ = merkle.extend(frontier, hashes[at : at + step])
        at += step
    assert frontier == merkle.extend(merkle.EMPTY, hashes)[0]
    assert frontier == merkle.frontier_at(at, reader(hashes))


@given(st.data())
@settings(max_examples=150)
def test_proofs_are_those_of_the_rfc_and_check(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 700))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    hashes = leaves(size)
    read, root = reader(hashes), naive_root(hashes)
    inclusion = merkle.prove_inclusion(index, size, read)
    assert list(inclusion) == naive_inclusion(index, hashes)
    merkle.check_inclusion(hashes[index], index=index, size=size, proof=inclusion, root=root)
    consistency = merkle.prove_consistency(old, size, read)
    assert list(consistency) == naive_consistency(old, hashes)
    merkle.check_consistency(
        old=old, new=size, old_root=naive_root(hashes[:old]), new_root=root, proof=consistency
    )


@given(st.data())
@settings(max_examples=150)
def test_no_other_proof_checks(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root = naive_root(hashes)
    proof = list(merkle.prove_inclusion(index, size, reader(hashes)))
    wrong_index, wrong_size, wrong_leaf = index, size, hashes[index]
    match data.draw(st.sampled_from(["flip", "drop", "add", "index", "leaf", "root"])):
        case "flip":
            at = data.draw(st.integers(0, len(proof) - 1))
            proof[at] = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        case "drop":
            proof.pop(data.draw(st.integers(0, len(proof) - 1)))
        case "add":
            proof.insert(data.draw(st.integers(0, len(proof))), root)
        case "index":
            wrong_index = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        case "leaf":
            wrong_leaf = sha256(wrong_leaf).digest()
        case _:
            root = sha256(root).digest()
    with pytest.raises(TamperError):
        merkle.check_inclusion(
            wrong_leaf, index=wrong_index, size=wrong_size, proof=proof, root=root
        )


@given(st.data())
@settings(max_examples=150)
def test_another_history_has_no_consistency_proof(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, new - 1))
    hashes = leaves(new)
    changed = data.draw(st.integers(0, old - 1))
    forged = [*hashes[:changed], b"\x00" * 32, *hashes[changed + 1 :]]
    proof = merkle.prove_consistency(old, new, reader(forged))
    with pytest.raises(TamperError):
        merkle.check_consistency(
            old=old,
            new=new,
            old_root=naive_root(hashes[:old]),
            new_root=naive_root(forged),
            proof=proof,
        )


def test_edges_of_consistency() -> None:
    hashes = leaves(5)
    root = naive_root(hashes)
    merkle.check_consistency(old=0, new=5, old_root=merkle.EMPTY_ROOT, new_root=root, proof=())
    merkle.check_consistency(old=5, new=5, old_root=root, new_root=root, proof=())
    with pytest.raises(TamperError):
        merkle.check_consistency(old=0, new=5, old_root=root, new_root=root, proof=())
    with pytest.raises(TamperError):
        merkle.check_consistency(old=5, new=5, old_root=root, new_root=hashes[0], proof=())
    with pytest.raises(TamperError):
        merkle.check_consistency(old=6, new=5, old_root=root, new_root=root, proof=())
    with pytest.raises(TamperError):
        merkle.check_inclusion(hashes[0], index=0, size=0, proof=(), root=merkle.EMPTY_ROOT)
    with pytest.raises(UsageError):
        merkle.prove_inclusion(5, 5, reader(hashes))
    with pytest.raises(UsageError):
        merkle.prove_consistency(6, 5, reader(hashes))


@pytest.mark.parametrize("size", SIZES)
def test_pymerkle_agrees(size: int) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for n in range(size):
        tree.append_entry(b"%d" % n)
    hashes = leaves(size)
    root = merkle.tree_hash(hashes)
    assert tree.get_root() == root
    for index in {0, size // 2, size - 1}:
        proof = merkle.prove_inclusion(index, size, reader(hashes))
        theirs = tree.prove_inclusion(index + 1)
        assert list(proof) == list(theirs.path[1:])
        merkle.check_inclusion(
            theirs.path[0], index=index, size=size, proof=theirs.path[1:], root=root
        )


def test_seventy_thousand() -> None:
    hashes = [n.to_bytes(32, "big") for n in range(70_000)]
    levels = [hashes]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([merkle.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])
    frontier, completed = merkle.extend(merkle.EMPTY, hashes)
    root = merkle.root(frontier)
    assert [value for level, value in completed if level == 1] == levels[8]
    assert [value for level, value in completed if level == 2] == levels[16]

    def read(level: int, index: int) -> bytes:
        return levels[level][index]

    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        proof = merkle.prove_inclusion(index, 70_000, read)
        merkle.check_inclusion(hashes[index], index=index, size=70_000, proof=proof, root=root)
    for old in (1, 256, 65_536, 65_537, 69_999):
        merkle.check_consistency(
            old=old,
            new=70_000,
            old_root=merkle.root_at(old, read),
            new_root=root,
            proof=merkle.prove_consistency(old, 70_000, read),
        )
