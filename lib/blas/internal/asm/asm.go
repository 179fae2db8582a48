// Package asm generates, with avo, the assembly of lib/blas/internal/kernel.
// Run `go generate ./lib/blas/...` after a change; the test of this package
// fails while the files in the tree differ from what it would write.
package asm

import (
	"bytes"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

//go:generate go run -tags purego ./gen ../kernel

// Files returns the text of every generated file by its name.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, emit := range map[string]func(c *build.Context){
		"gemm_avx512_f32_amd64.s": func(c *build.Context) { gemm(c, arch{evex: true, size: 4}) },
		"gemm_avx512_f64_amd64.s": func(c *build.Context) { gemm(c, arch{evex: true, size: 8}) },
		"gemm_avx2_f32_amd64.s":   func(c *build.Context) { gemm(c, arch{size: 4}) },
		"gemm_avx2_f64_amd64.s":   func(c *build.Context) { gemm(c, arch{size: 8}) },
		"rows_f32_amd64.s":        func(c *build.Context) { rows(c, arch{size: 4}) },
		"rows_f64_amd64.s":        func(c *build.Context) { rows(c, arch{size: 8}) },
		"transpose_amd64.s": func(c *build.Context) {
			transpose(c, arch{size: 4})
			transpose(c, arch{size: 8})
		},
	} {
		text, err := file(emit)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = text
	}
	return files, nil
}

func file(emit func(c *build.Context)) ([]byte, error) {
	c := build.NewContext()
	c.Constraint(buildtags.Term("amd64").ToConstraint())
	c.Constraint(buildtags.Not("purego").ToConstraint())
	emit(c)
	f, err := c.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(f); err != nil {
		return nil, err
	}
	text, err := printer.NewGoAsm(printer.Config{Name: "lib/blas/internal/asm", Pkg: "kernel"}).Print(f)
	if err != nil {
		return nil, err
	}
	return append(bytes.TrimRight(text, "\n"), '\n'), nil
}

// begin starts a function that takes one pointer.
func begin(c *build.Context, name, signature string) {
	c.Function(name)
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr(signature)
}

func imm(n int) operand.Constant { return operand.Imm(uint64(n)) }
