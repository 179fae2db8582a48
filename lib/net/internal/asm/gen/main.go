// Command gen writes the generated assembly into the folder that it is given.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/net/internal/asm"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen folder")
		os.Exit(2)
	}
	files, err := asm.Files()
	if err == nil {
		for name, text := range files {
			if err = os.WriteFile(filepath.Join(os.Args[1], name), text, 0o644); err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
