package main

import (
	"flag"
	"io"
	"slices"
	"testing"
)

func TestInterpreterFlag(t *testing.T) {
	t.Setenv(envInterpreter, "")
	parse := func(args ...string) error {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		interpreterFlag(fs)
		return fs.Parse(args)
	}
	if err := parse("-interpreter", "gomacro"); err == nil {
		t.Error("an unknown interpreter is taken")
	}
	if got := kernelArgs(); slices.Contains(got, "-interpreter") {
		t.Errorf("the default is written out: %q", got)
	}
	if err := parse("-interpreter", "yaegi"); err != nil {
		t.Fatal(err)
	}
	if got := kernelArgs(); !slices.Equal(got, []string{"kernel", "{connection_file}", "-interpreter", "yaegi"}) {
		t.Errorf("arguments %q", got)
	}
}
