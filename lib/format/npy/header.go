package npy

import (
	"fmt"
	"strconv"
	"strings"
)

// A header is a Python dictionary as repr writes it:
//
//	{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
//
// A parser takes it apart without evaluating anything.
type parser struct {
	s  string
	at int
}

// parseHeader returns an array without data, and whether it is in Fortran order.
func parseHeader(s string) (a *Array, fortran bool, err error) {
	p := &parser{s: s}
	a = &Array{}
	seen := map[string]bool{}
	if err := p.expect('{'); err != nil {
		return nil, false, err
	}
	for p.peek() != '}' {
		key, err := p.str()
		if err == nil {
			err = p.expect(':')
		}
		if err != nil {
			return nil, false, err
		}
		if seen[key] {
			return nil, false, fmt.Errorf("%q stands twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			if p.peek() == '[' {
				return nil, false, fmt.Errorf("structured types are not read")
			}
			var d string
			if d, err = p.str(); err == nil {
				err = a.parseDtype(d)
			}
		case "fortran_order":
			fortran, err = p.boolean()
		case "shape":
			a.Shape, err = p.tuple()
		default:
			err = fmt.Errorf("key %q, expected descr, fortran_order and shape", key)
		}
		if err != nil {
			return nil, false, err
		}
		if p.peek() != ',' {
			break
		}
		p.at++
	}
	if err := p.expect('}'); err != nil {
		return nil, false, err
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return nil, false, fmt.Errorf("no %q", key)
		}
	}
	if rest := strings.Trim(p.s[p.at:], " \t\r\n\x00"); rest != "" {
		return nil, false, fmt.Errorf("%q follows the dictionary", rest)
	}
	return a, fortran, nil
}

// peek returns the next byte that is no blank, 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.at]) >= 0 {
		p.at++
	}
	if p.at == len(p.s) {
		return 0
	}
	return p.s[p.at]
}

func (p *parser) expect(c byte) error {
	if got := p.peek(); got != c {
		return fmt.Errorf("character %d is %q, expected %q", p.at, got, c)
	}
	p.at++
	return nil
}

// str takes a string in quotes of either kind.
func (p *parser) str() (string, error) {
	q := p.peek()
	if q != '\'' && q != '"' {
		return "", fmt.Errorf("character %d is %q, expected a string", p.at, q)
	}
	n := strings.IndexByte(p.s[p.at+1:], q)
	if n < 0 {
		return "", fmt.Errorf("character %d begins a string without an end", p.at)
	}
	v := p.s[p.at+1 : p.at+1+n]
	p.at += n + 2
	return v, nil
}

func (p *parser) boolean() (bool, error) {
	p.peek()
	for word, v := range map[string]bool{"True": true, "False": false} {
		if strings.HasPrefix(p.s[p.at:], word) {
			p.at += len(word)
			return v, nil
		}
	}
	return false, fmt.Errorf("character %d: expected True or False", p.at)
}

// tuple takes the dimensions.
func (p *parser) tuple() ([]int, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	var v []int
	for p.peek() != ')' {
		from := p.at
		for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
			p.at++
		}
		n, err := strconv.ParseInt(p.s[from:p.at], 10, 62)
		if err != nil || len(v) == maxRank {
			return nil, fmt.Errorf("character %d: expected at most %d dimensions, not negative", from, maxRank)
		}
		v = append(v, int(n))
		if p.peek() == 'L' { // of Python 2
			p.at++
		}
		if p.peek() != ',' {
			break
		}
		p.at++
	}
	return v, p.expect(')')
}
