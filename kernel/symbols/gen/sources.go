package main

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"os"
	"path/filepath"
)

// sourced lists the packages whose generic functions cells run from their
// text, with the files to take; all if there are none.
var sourced = map[string][]string{
	"slices": nil,
	"maps":   nil,
	"cmp":    nil,
}

// onceSource stands for functions whose own text needs all of package sync. A
// channel is the lock.
const onceSource = `package sync

func OnceValue[T any](f func() T) func() T {
	g := OnceValues(func() (T, struct{}) { return f(), struct{}{} })
	return func() T {
		v, _ := g()
		return v
	}
}

func OnceValues[T1, T2 any](f func() (T1, T2)) func() (T1, T2) {
	lock := make(chan struct{}, 1)
	var (
		done, ok bool
		failure  any
		r1       T1
		r2       T2
	)
	run := func() {
		lock <- struct{}{}
		defer func() { <-lock }()
		if done {
			return
		}
		defer func() {
			done = true
			if !ok {
				failure = recover()
			}
		}()
		r1, r2 = f()
		ok = true
	}
	return func() (T1, T2) {
		run()
		if !ok {
			panic(failure)
		}
		return r1, r2
	}
}
`

// pullSource stands for what the Go runtime implements with coroutines.
const pullSource = `package iter

type Seq[V any] func(yield func(V) bool)

type Seq2[K, V any] func(yield func(K, V) bool)

func Pull[V any](seq Seq[V]) (next func() (V, bool), stop func()) {
	next2, stop := Pull2(func(yield func(V, struct{}) bool) {
		seq(func(v V) bool { return yield(v, struct{}{}) })
	})
	return func() (V, bool) {
		v, _, ok := next2()
		return v, ok
	}, stop
}

func Pull2[K, V any](seq Seq2[K, V]) (next func() (K, V, bool), stop func()) {
	type item struct {
		k  K
		v  V
		ok bool
		p  any
	}
	var ask chan bool
	var give chan item
	done := false
	start := func() {
		ask, give = make(chan bool), make(chan item)
		go func() {
			defer func() { give <- item{p: recover()} }()
			if !<-ask {
				return
			}
			seq(func(k K, v V) bool {
				give <- item{k: k, v: v, ok: true}
				return <-ask
			})
		}()
	}
	step := func(more bool) item {
		if done {
			return item{}
		}
		if ask == nil {
			start()
		}
		ask <- more
		it := <-give
		if !it.ok {
			done = true
			if it.p != nil {
				panic(it.p)
			}
		}
		return it
	}
	next = func() (K, V, bool) {
		it := step(true)
		return it.k, it.v, it.ok
	}
	stop = func() {
		if !done {
			step(false)
			done = true
		}
	}
	return next, stop
}
`

// sources packs the texts: JSON {path: {file: text}}, compressed.
func sources(pkgs []*pkg) ([]byte, error) {
	out := map[string]map[string]string{"iter": {"pull.go": pullSource}, "sync": {"once.go": onceSource}}
	for _, p := range pkgs {
		files, ok := sourced[p.path]
		if !ok {
			continue
		}
		if files == nil {
			files = p.goFiles
		}
		out[p.path] = map[string]string{}
		for _, f := range files {
			text, err := os.ReadFile(filepath.Join(p.dir, f))
			if err != nil {
				return nil, err
			}
			out[p.path][f] = string(text)
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
