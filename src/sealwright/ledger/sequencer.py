"""One append, in the order that makes it safe.

Commit entries, tiles and size → sign the checkpoint → store it → publish the pin → only then
acknowledge. Nothing is signed that could still be lost, and before anything is written, our tree
is held against the one that was published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sealwright.errors import ForkError, TamperError
from sealwright.ledger import merkle
from sealwright.ledger.checkpoint import SignedCheckpoint, Signer
from sealwright.ledger.interface import NewEntry, Store, Transaction, TreeState
from sealwright.ledger.merkle import HASH_SIZE, Frontier
from sealwright.ledger.pin import Pin
from sealwright.ledger.tiles import WIDTH, hash_reader

_TILE_BYTES = WIDTH * HASH_SIZE


@dataclass(slots=True)
class _Edge:
    """The growing side of the tree: what must be known to add to it."""

    frontier: Frontier
    root: bytes
    tiles: list[bytes] = field(default_factory=list)
    """Per level the hashes of the last, unfilled tile."""


class Sequencer:
    """Appends batches to one store. Used by one thread; other processes may do the same."""

    def __init__(self, store: Store, *, signer: Signer, pin: Pin) -> None:
        self._store = store
        self._signer = signer
        self._pin = pin
        self._edge: _Edge | None = None
        self._refused: ForkError | None = None

    def append(self, batch: Sequence[NewEntry]) -> SignedCheckpoint:
        """Appends in order; the checkpoint returned covers the batch, as its last entries.
        Durable and published on return.

        ForkError if the ledger is not the one that was published, from then on every time.
        """
        if self._refused is not None:
            raise self._refused
        try:
            return self._publish(self._commit(batch))
        except ForkError as error:
            self._refused = error
            raise
        except BaseException:
            self._edge = None  # what was committed is not known: read it again
            self._pin.forget()
            raise

    def recover(self) -> SignedCheckpoint:
        """What an interrupted append left undone: signs, stores and publishes the committed tree.
        Also the check of a ledger that is opened for writing. Cheap: O(log size) reads."""
        state = self._store.state()
        if state.size == 0 and self._pin.read() is None:
            self._pin.create(self._signer.sign(0, state.root))
        return self.append(())

    def _commit(self, batch: Sequence[NewEntry]) -> TreeState:
        with self._store.transaction() as turn:
            edge = self._caught_up(turn)
            self._pin.check(TreeState(edge.frontier.size, edge.root), self._root_at)
            if batch:
                edge, tiles = _grow(edge, [entry.leaf_hash for entry in batch])
                state = TreeState(edge.frontier.size, edge.root)
                turn.write(batch, tiles=tiles, state=state)
        self._edge = edge
        return TreeState(edge.frontier.size, edge.root)

    def _publish(self, tree: TreeState) -> SignedCheckpoint:
        checkpoint = self._signer.sign(tree.size, tree.root)
        self._store.put_checkpoint(tree.size, checkpoint.note)
        self._pin.publish(checkpoint, state=self._store.state, root_at=self._root_at)
        return checkpoint

    def _caught_up(self, turn: Transaction) -> _Edge:
        """The edge as committed; another process may have moved it since our last turn."""
        state, edge = turn.state(), self._edge
        if edge is not None and (edge.frontier.size, edge.root) == (state.size, state.root):
            return edge
        read = hash_reader(turn.tile)
        loaded = _load(turn, state)
        if edge is not None and (
            state.size <= edge.frontier.size
            or merkle.root_at(edge.frontier.size, read) != edge.root
        ):
            raise ForkError(
                f"the ledger had {edge.frontier.size} entries a moment ago, and its {state.size} "
                "entries of now do not begin with them",
                advice="somebody changed the database under us: compare it with a backup",
            )
        return loaded

    def _root_at(self, size: int) -> bytes:
        return merkle.root_at(size, hash_reader(self._store.tile))


def _load(turn: Transaction, state: TreeState) -> _Edge:
    frontier = merkle.frontier_at(state.size, hash_reader(turn.tile))
    if merkle.root(frontier) != state.root:
        raise TamperError(
            f"the ledger's tiles do not lead to its root at size {state.size}",
            advice="run `sealwright ledger verify`: it names the entries that were changed",
        )
    tiles: list[bytes] = []
    rest = state.size
    while rest:
        number, width = divmod(rest, WIDTH)
        tiles.append(turn.tile(len(tiles), number)[: width * HASH_SIZE] if width else b"")
        rest = number
    return _Edge(frontier, state.root, tiles)


def _grow(edge: _Edge, hashes: Sequence[bytes]) -> tuple[_Edge, dict[tuple[int, int], bytes]]:
    """The edge after adding leaf hashes, and the tiles that changed."""
    frontier, completed = merkle.extend(edge.frontier, hashes)
    added: list[list[bytes]] = [list(hashes)]
    for level, value in completed:
        while len(added) <= level:
            added.append([])
        added[level].append(value)
    tiles = list(edge.tiles)
    changed: dict[tuple[int, int], bytes] = {}
    for level, new in enumerate(added):
        if level == len(tiles):
            tiles.append(b"")
        number = edge.frontier.size // WIDTH ** (level + 1)
        data = tiles[level] + b"".join(new)
        for at in range(0, len(data), _TILE_BYTES):
            changed[level, number + at // _TILE_BYTES] = data[at : at + _TILE_BYTES]
        tiles[level] = data[len(data) - len(data) % _TILE_BYTES :]
    return _Edge(frontier, merkle.root(frontier), tiles), changed
