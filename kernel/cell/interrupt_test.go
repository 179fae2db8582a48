package cell_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell"
)

// An interrupted cell says where it was, with the calls that led there.
func TestInterruptPlace(t *testing.T) {
	for _, c := range []struct{ code, place, source, calls string }{
		{"x := 0\nfor {\n\tx++\n}", "In[2]:3:2", "\tx++", ""},
		{"for {}", "In[2]:1:1", "for {}", ""},
		{"func f() {\n\tfor i := range 1 << 60 { _ = i }\n}\nf()", "In[2]:2:27", "\tfor i := range 1 << 60 { _ = i }", "In[2]:4:1"},
		{"import \"time\"\ntime.Sleep(time.Hour)", "In[2]:2:1", "time.Sleep(time.Hour)", ""},
		{"c := make(chan int)\n<-c", "In[2]:2:1", "<-c", ""},
		{"c := make(chan int)\n_, ok := <-c\n_ = ok", "In[2]:2:1", "_, ok := <-c", ""},
		{"select {}", "In[2]:1:1", "select {}", ""},
		{"func g() {\n\tdefer func() { recover() }()\n\tfor {\n\t}\n}\ng()", "In[2]:3:2", "\tfor {", "In[2]:6:1"},
	} {
		nb := newNotebook(t)
		if _, err := nb.run("kept := 1"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
		err := nb.k.Eval(ctx, 2, c.code)
		cancel()
		var e *cell.Error
		if !errors.As(err, &e) || e.Name != "Interrupt" {
			t.Errorf("%s: %v", c.code, err)
			continue
		}
		if e.Error() != c.place+": interrupted" || e.Source != c.source || strings.Join(e.Calls, " ") != c.calls {
			t.Errorf("%s: %q at %q, called from %q; want %s at %q, called from %q", c.code, e, e.Source, e.Calls, c.place, c.source, c.calls)
		}
	}
}

// So does one that calls os.Exit.
func TestExitPlace(t *testing.T) {
	nb := newNotebook(t)
	_, err := nb.run("import \"os\"\nfunc f() {\n\tos.Exit(3)\n}\nf()")
	var e *cell.Error
	if !errors.As(err, &e) || e.Name != "Exit" || !strings.HasPrefix(e.Error(), "In[1]:3:2: os.Exit(3)") || strings.Join(e.Calls, " ") != "In[1]:5:1" {
		t.Errorf("%v", err)
	}
}
