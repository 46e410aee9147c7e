// Verifies an exported ledger with Go's own checksum-database packages: the signed note, the
// tiles, inclusion and consistency. None of Sealwright's code is involved.
//
//	oracle VKEY FOLDER PROOFS
//
// PROOFS holds what our side claims about the folder: `inclusion-<index>` (.tlog-proof files) and,
// for each older checkpoint, `checkpoint-<size>` and `consistency-<size>` (base64 lines).
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"oracle/note"
	"oracle/tlog"
)

const height = 8

type folder string

func (f folder) Height() int { return height }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

// Go writes the tile height into the path and tlog-tiles does not; otherwise they are the same.
func (f folder) path(t tlog.Tile) string {
	name := strings.Replace(t.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
	return filepath.Join(string(f), strings.Replace(name, "tile/data/", "tile/entries/", 1))
}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(f.path(t))
		if err != nil {
			return nil, err
		}
		if len(data) != t.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes", f.path(t), len(data))
		}
		all = append(all, data)
	}
	return all, nil
}

func main() {
	if err := run(os.Args[1], folder(os.Args[2]), os.Args[3]); err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func run(vkey string, f folder, proofs string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(filepath.Join(string(f), "checkpoint"), verifier)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, f)
	if root, err := tlog.TreeHash(tree.N, reader); err != nil || root != tree.Hash {
		return fmt.Errorf("root %v, checkpoint %v: %v", root, tree.Hash, err)
	}
	records, err := checkRecords(f, tree, reader)
	if err != nil {
		return err
	}
	inclusions, err := checkInclusions(proofs, tree, records)
	if err != nil {
		return err
	}
	consistencies, err := checkConsistencies(proofs, tree, reader, verifier)
	if err != nil {
		return err
	}
	fmt.Printf("size %d, records %d, inclusion proofs %d, consistency proofs %d\n",
		tree.N, len(records), inclusions, consistencies)
	return nil
}

func openCheckpoint(path string, verifier note.Verifier) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return readCheckpoint(data, verifier)
}

func readCheckpoint(data []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, rest, _ := strings.Cut(opened.Text, "\n")
	if origin != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("origin %q, key %q", origin, verifier.Name())
	}
	// tlog.ParseTree wants the checksum database's own first line; the rest is one format.
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

// Every record of every entry bundle is in the tree, by Go's own proof and check.
func checkRecords(f folder, tree tlog.Tree, reader tlog.HashReader) ([][]byte, error) {
	var records [][]byte
	for n := int64(0); n*256 < tree.N; n++ {
		width := int(min(256, tree.N-n*256))
		data, err := os.ReadFile(f.path(tlog.Tile{H: height, L: -1, N: n, W: width}))
		if err != nil {
			return nil, err
		}
		for range width {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("bundle %d is short", n)
			}
			size := 2 + int(binary.BigEndian.Uint16(data))
			records = append(records, data[2:size])
			data = data[size:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("bundle %d is long", n)
		}
	}
	for i, record := range records {
		proof, err := tlog.ProveRecord(tree.N, int64(i), reader)
		if err != nil {
			return nil, err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), tlog.RecordHash(record)); err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
	}
	return records, nil
}

// Our inclusion proofs, by Go's check.
func checkInclusions(proofs string, tree tlog.Tree, records [][]byte) (int, error) {
	names, err := filepath.Glob(filepath.Join(proofs, "inclusion-*"))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		head, _, _ := strings.Cut(string(data), "\n\n")
		lines := strings.Split(head, "\n")
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		if err != nil {
			return 0, err
		}
		hashes, err := decodeHashes(lines[2:])
		if err != nil {
			return 0, err
		}
		hash := tlog.RecordHash(records[index])
		if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, index, hash); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	return len(names), nil
}

// Our consistency proofs, and Go's own, by Go's check.
func checkConsistencies(
	proofs string, tree tlog.Tree, reader tlog.HashReader, verifier note.Verifier,
) (int, error) {
	names, err := filepath.Glob(filepath.Join(proofs, "checkpoint-*"))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		old, err := openCheckpoint(name, verifier)
		if err != nil {
			return 0, err
		}
		data, err := os.ReadFile(strings.Replace(name, "checkpoint-", "consistency-", 1))
		if err != nil {
			return 0, err
		}
		ours, err := decodeHashes(strings.Fields(string(data)))
		if err != nil {
			return 0, err
		}
		theirs, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			return 0, err
		}
		for _, proof := range []tlog.TreeProof{ours, theirs} {
			if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return len(names), nil
}

func decodeHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, fmt.Errorf("not a hash: %q", line)
		}
		hashes = append(hashes, tlog.Hash(raw))
	}
	return hashes, nil
}
