package net

import (
	"fmt"
	"strings"
)

// Table prints the network's layers on an input of h×t×c, a row per layer:
// kernel, sizes in and out, zeros before and after, weights, norm parameters,
// and MFLOP of a forward pass of one sample.
func (a Arch) Table(h, t, c int) (string, error) {
	shapes, err := a.Shapes(h, t, c)
	if err != nil {
		return "", err
	}
	rows := [][]string{{"layer", "kernel [kh,kw,in,out]", "in HxW", "out HxWxC", "pad before/after", "weights", "LN", "MFLOP/sample"}}
	for _, s := range shapes {
		kernel, pad := "-", "-"
		if s.Name != recurrentName {
			kernel = fmt.Sprintf("%d,%d,%d,%d", s.KernelH, s.KernelT, s.InC, s.OutC)
			pad = padText(s)
		}
		rows = append(rows, []string{s.Name, kernel, fmt.Sprintf("%dx%d", s.InH, s.InT),
			fmt.Sprintf("%dx%dx%d", s.OutH, s.OutT, s.OutC), pad,
			fmt.Sprint(s.Weights), fmt.Sprint(s.Norm), fmt.Sprintf("%.2f", float64(s.FLOPs)/1e6)})
	}
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, f := range r {
			width[i] = max(width[i], len(f))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		last := len(r) - 1
		for i, f := range r[:last] {
			fmt.Fprintf(&b, "%-*s | ", width[i], f)
		}
		b.WriteString(r[last] + "\n")
	}
	return b.String(), nil
}

// padText gives the padding of the axis that the kernel spans, or of both.
func padText(s LayerShape) string {
	h, t := fmt.Sprintf("%d/%d", s.PadH[0], s.PadH[1]), fmt.Sprintf("%d/%d", s.PadT[0], s.PadT[1])
	switch {
	case s.KernelT == 1:
		return h
	case s.KernelH == 1:
		return t
	}
	return h + " " + t
}
