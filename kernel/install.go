package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/spindle-lab/spindle/lib/run"
)

var versionCommand = command{
	name: "version", short: "print the version",
	define: func(*flag.FlagSet) func(context.Context, []string) error {
		return func(context.Context, []string) error {
			fmt.Println("spindle", run.Version())
			return nil
		}
	},
}
