// Command go reads a folder that holds a log in C2SP tlog-tiles form and believes none of it: notes, tiles and proofs are judged by the
// packages of Go's own checksum database (golang.org/x/mod/sumdb). Nothing here is ours but the paths, the entry bundles and the time of
// a cosignature. It prints a report in JSON; the first thing that does not hold ends it, in a sentence, with exit code 1.
//
//	go -folder DIR -vkey VKEY [-witness VKEY]... [-every N]
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type report struct {
	Reader       string `json:"reader"`
	Origin       string `json:"origin"`
	Size         int64  `json:"size"`
	Root         string `json:"root"`
	Checkpoints  int    `json:"checkpoints"`
	Cosignatures int    `json:"cosignatures"`
	Entries      int64  `json:"entriesReadFromBundles"`
	Inclusion    int    `json:"inclusionProofsMadeFromTiles"`
	Consistency  int    `json:"consistencyProofsMadeFromTiles"`
	Receipts     int    `json:"receiptsOfOursChecked"`
}

type texts []string

func (t *texts) String() string     { return strings.Join(*t, " ") }
func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

func main() {
	folder := flag.String("folder", "", "the log")
	vkey := flag.String("vkey", "", "the log's verifier key")
	every := flag.Int64("every", 1, "prove every n-th entry and size")
	var witnesses texts
	flag.Var(&witnesses, "witness", "a witness's verifier key; each must have cosigned the checkpoint")
	flag.Parse()
	r, err := read(*folder, *vkey, witnesses, *every)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out, _ := json.MarshalIndent(r, "", "  ")
	fmt.Println(string(out))
}

func read(folder, vkey string, witnesses []string, every int64) (*report, error) {
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("the log's key: %w", err)
	}
	known := []note.Verifier{log}
	for _, text := range witnesses {
		w, err := newWitness(text)
		if err != nil {
			return nil, err
		}
		known = append(known, w)
	}
	tree, signed, err := checkpoint(filepath.Join(folder, "checkpoint"), log.Name(), known)
	if err != nil {
		return nil, err
	}
	if signed != len(known) {
		return nil, fmt.Errorf("checkpoint: %d of the %d known keys signed it", signed, len(known))
	}
	r := &report{
		Reader: "golang.org/x/mod/sumdb with " + runtime.Version(), Origin: log.Name(),
		Size: tree.N, Root: tree.Hash.String(), Checkpoints: 1, Cosignatures: signed - 1,
	}
	hashes := tlog.TileHashReader(tree, tiles{folder})
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, errors.New("the tiles do not lead to the checkpoint's root")
	}
	for _, check := range []func() error{
		func() error { return r.entries(folder, tree, hashes, every) },
		func() error { return r.growth(tree, hashes, every) },
		func() error { return r.olderCheckpoints(folder, log, tree, hashes) },
		func() error { return r.receipts(folder, log, tree) },
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// entries hashes every entry of every bundle, grows a tree of its own from them, and proves every n-th to be in the tree of the tiles.
func (r *report) entries(folder string, tree tlog.Tree, hashes tlog.HashReader, every int64) error {
	var grown []tlog.Hash
	ours := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var list []tlog.Hash
		for _, index := range indexes {
			list = append(list, grown[index])
		}
		return list, nil
	})
	for first := int64(0); first < tree.N; first += 256 {
		width := tree.N - first
		if width > 256 {
			width = 256
		}
		name := path("entries", first/256, int(width))
		bundle, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		for n := first; n < first+width; n++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("%s ends within entry %d", name, n)
			}
			entry := bundle[2 : 2+int(binary.BigEndian.Uint16(bundle))]
			bundle = bundle[2+len(entry):]
			leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
			if err != nil {
				return err
			}
			if leaf[0] != tlog.RecordHash(entry) {
				return fmt.Errorf("%s: entry %d is not the one in the tree", name, n)
			}
			// The tile reader of old versions lets some tiles through unchecked: the tree from the entries decides.
			added, err := tlog.StoredHashes(n, entry, ours)
			if err != nil {
				return err
			}
			grown = append(grown, added...)
			r.Entries++
			if n%every != 0 && n != tree.N-1 {
				continue
			}
			proof, err := tlog.ProveRecord(tree.N, n, hashes)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(entry)); err != nil {
				return fmt.Errorf("entry %d: %w", n, err)
			}
			r.Inclusion++
		}
		if len(bundle) > 0 {
			return fmt.Errorf("%s goes on after entry %d", name, first+width-1)
		}
	}
	root, err := tlog.TreeHash(tree.N, ours)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the entries do not lead to the checkpoint's root")
	}
	return nil
}

// growth proves every n-th older tree to be a prefix.
func (r *report) growth(tree tlog.Tree, hashes tlog.HashReader, every int64) error {
	for old := int64(1); old <= tree.N; old += every {
		if err := r.prefix(tree, old, nil, hashes); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) prefix(tree tlog.Tree, old int64, oldRoot *tlog.Hash, hashes tlog.HashReader) error {
	if oldRoot == nil {
		root, err := tlog.TreeHash(old, hashes)
		if err != nil {
			return err
		}
		oldRoot = &root
	}
	proof, err := tlog.ProveTree(tree.N, old, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, *oldRoot); err != nil {
		return fmt.Errorf("the tree of %d: %w", old, err)
	}
	r.Consistency++
	return nil
}

// olderCheckpoints opens each file checkpoint.<size> and proves its tree to be a prefix.
func (r *report) olderCheckpoints(folder string, log note.Verifier, tree tlog.Tree, hashes tlog.HashReader) error {
	names, err := filepath.Glob(filepath.Join(folder, "checkpoint.*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		older, _, err := checkpoint(name, log.Name(), []note.Verifier{log})
		if err != nil {
			return err
		}
		if older.N > 0 {
			if err := r.prefix(tree, older.N, &older.Hash, hashes); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(name), err)
			}
		}
		r.Checkpoints++
	}
	return nil
}

// receipts checks each file receipts/<n>.tlog-proof (C2SP tlog-proof, without extra data) against the entry beside it, <n>.entry.
func (r *report) receipts(folder string, log note.Verifier, tree tlog.Tree) error {
	names, err := filepath.Glob(filepath.Join(folder, "receipts", "*.tlog-proof"))
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		entry, err := os.ReadFile(strings.TrimSuffix(name, ".tlog-proof") + ".entry")
		if err != nil {
			return err
		}
		head, signed, _ := bytes.Cut(text, []byte("\n\n"))
		lines := strings.Split(string(head), "\n")
		if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
			return fmt.Errorf("%s is no proof", filepath.Base(name))
		}
		n, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		if err != nil {
			return err
		}
		var proof tlog.RecordProof
		for _, line := range lines[2:] {
			hash, err := tlog.ParseHash(line)
			if err != nil {
				return err
			}
			proof = append(proof, hash)
		}
		at, err := parseCheckpoint(signed, log.Name(), []note.Verifier{log})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, at.tree.N, at.tree.Hash, n, tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		r.Receipts++
	}
	return nil
}

type opened struct {
	tree   tlog.Tree
	signed int
}

func checkpoint(name, origin string, known []note.Verifier) (tlog.Tree, int, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return tlog.Tree{}, 0, err
	}
	o, err := parseCheckpoint(text, origin, known)
	if err != nil {
		return tlog.Tree{}, 0, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return o.tree, o.signed, nil
}

func parseCheckpoint(text []byte, origin string, known []note.Verifier) (opened, error) {
	n, err := note.Open(text, note.VerifierList(known...))
	if err != nil {
		return opened{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return opened{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return opened{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return opened{}, err
	}
	return opened{tlog.Tree{N: size, Hash: root}, len(n.Sigs)}, nil
}

// tiles reads tiles of height 8 by their path in tlog-tiles.
type tiles struct{ folder string }

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var got [][]byte
	for _, tile := range want {
		data, err := os.ReadFile(filepath.Join(t.folder, path(strconv.Itoa(tile.L), tile.N, tile.W)))
		if err != nil {
			return nil, err
		}
		got = append(got, data)
	}
	return got, nil
}

func path(level string, n int64, width int) string {
	number := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		number = fmt.Sprintf("x%03d/%s", n%1000, number)
	}
	if width < 256 {
		number += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + level + "/" + number
}

// witness verifies cosignature/v1 (C2SP tlog-cosignature), which the package note does not know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a witness's key has three parts")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("the key of %s is not of type 0x04", parts[0])
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if fmt.Sprintf("%x", sum[:4]) != parts[1] {
		return nil, fmt.Errorf("the id of %s is not its own", parts[0])
	}
	return &witness{parts[0], binary.BigEndian.Uint32(sum[:4]), key[1:]}, nil
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), text)
	return ed25519.Verify(w.key, []byte(message), sig[8:])
}
