package matfile_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/matfile"
)

// A recording's counts, stored as bytes: one unit, three bins.
const element = "" +
	"0e00000038000000" + // matrix, 56 bytes
	"0600000008000000" + "0900000000000000" + // flags: class uint8
	"0500000008000000" + "0300000001000000" + // dimensions 3 × 1
	"0100000006000000" + "7370696b65730000" + // name: spikes
	"02000300" + "00020100" // values 0 2 1

func ExampleDecode() {
	head := fmt.Sprintf("%-124s\x00\x01IM", "MATLAB 5.0 MAT-file")
	body, err := hex.DecodeString(element)
	if err != nil {
		log.Fatal(err)
	}
	f, err := matfile.Decode(bytes.NewReader(append([]byte(head), body...)), 128+int64(len(body)), "counts.mat")
	if err != nil {
		log.Fatal(err)
	}
	spikes := f.Vars["spikes"]
	fmt.Println(strings.Join(f.Names, " "), spikes, spikes.Column(0))
	// Output: spikes 3x1 uint8 [0 2 1]
}
