package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/spindle-lab/spindle/kernel/cell"
)

// envInterpreter names the evaluator of cells; a worker inherits it.
const envInterpreter = "SPINDLE_INTERPRETER"

// interpreterFlag declares -interpreter, which stands above the environment.
func interpreterFlag(fs *flag.FlagSet) {
	usage := fmt.Sprintf("what runs cells: `%s|%s`: the machine that prints what compiled Go prints, or the interpreter yaegi, known to get some cells wrong (default %s, or $%s)", cell.VM, cell.Yaegi, cell.VM, envInterpreter)
	fs.Func("interpreter", usage, func(name string) error {
		if name != cell.VM && name != cell.Yaegi {
			return fmt.Errorf("want %s or %s", cell.VM, cell.Yaegi)
		}
		return os.Setenv(envInterpreter, name)
	})
}

// kernelArgs are the arguments of the kernel in Jupyter's menus: an interpreter
// that was chosen when it was installed is the kernel's for good.
func kernelArgs() []string {
	args := []string{"kernel", "{connection_file}"}
	if name := os.Getenv(envInterpreter); name != "" && name != cell.VM {
		args = append(args, "-interpreter", name)
	}
	return args
}
