package display

import (
	"fmt"
	"html"
	"os"
	"strings"
)

func escape(s string) string { return html.EscapeString(s) }

// terminal prints the text form. Updates overwrite their line where standard
// output is a terminal, and are left out where it is a file.
type terminal struct{}

func (terminal) Display(b Bundle, id string, update bool) {
	s := fmt.Sprint(b.Data[MIMEText])
	if id == "" || !isTerminal() || strings.Contains(s, "\n") {
		if !update {
			fmt.Fprintln(os.Stdout, s)
		}
		return
	}
	fmt.Fprintf(os.Stdout, "\r\x1b[K%s", s)
}

func (terminal) Result(b Bundle) { fmt.Fprintln(os.Stdout, b.Data[MIMEText]) }
func (terminal) Clear(bool)      {}

func isTerminal() bool {
	st, err := os.Stdout.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
