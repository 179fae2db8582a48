"""A session in jupyter console, at a terminal of its own.

Values, a cell over several lines, input, completion with Tab, an interrupt
that keeps the variables, an error, and history.
"""
import os
import re
import sys

import pexpect

ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])")


class Console:
    def __init__(self):
        self.p = pexpect.spawn(sys.executable, ["-m", "jupyter_console", "--kernel", "spindle"], encoding="utf-8",
                               timeout=60, dimensions=(40, 120), env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1"})

    def expect(self, pattern, what):
        """Waits for a text; escape sequences may stand anywhere before it."""
        try:
            self.p.expect(pattern)
        except (pexpect.TIMEOUT, pexpect.EOF):
            sys.exit(f"{what}: no {pattern!r} in\n{ESCAPES.sub('', self.p.before)[-3000:]}")
        print("ok", what, flush=True)

    def prompt(self, n):
        e = ESCAPES.pattern.replace("(", "(?:")
        self.expect(rf"In \[(?:{e})*{n}(?:{e})*\]", f"prompt {n}")

    def type(self, line):
        self.p.expect(pexpect.TIMEOUT, timeout=0.4)  # as nobody types at once
        self.p.send(line)
        self.p.expect(pexpect.TIMEOUT, timeout=0.2)
        self.p.send("\r")


def main():
    c = Console()
    c.expect("spindle", "banner")
    c.prompt(1)
    c.type("kept := 6 * 7")
    c.prompt(2)
    c.type("kept + 1")
    c.expect(r"Out\[.*43", "value")
    c.prompt(3)
    for line in ("func twice(x int) int {", "return 2 * x", "}"):
        c.type(line)
        c.expect(r"\.\.\.: ", "more lines")
    c.type("")
    c.prompt(4)
    c.type("twice(kept)")
    c.expect(r"Out\[.*84", "cell over several lines")
    c.prompt(5)
    c.type('import "fmt"')
    c.prompt(6)
    c.type('var name string; fmt.Print("na", "me? "); fmt.Scan(&name); fmt.Println("hello", name)')
    c.expect(r"name\? ", "question")
    c.p.expect(pexpect.TIMEOUT, timeout=2)
    c.type("Ada")
    c.expect("hello Ada", "input")
    c.prompt(7)
    c.p.send("fmt.Sprintl\t")
    c.p.expect(pexpect.TIMEOUT, timeout=2)
    c.type("(kept)")
    c.expect("42", "completion")
    c.prompt(8)
    c.type('fmt.Println("round"); for {}')
    c.expect(r"round\r?\n", "loop")
    c.p.sendintr()
    c.expect("(?i)interrupt", "interrupt")
    c.prompt(9)
    c.type("kept")
    c.expect(r"Out\[.*42", "variables after an interrupt")
    c.prompt(10)
    c.type("nothing")
    c.expect("undefined: nothing", "error")
    c.prompt(11)
    c.p.send("\x1b[A\x1b[A")  # up, up: the history
    c.p.send("\r")
    c.expect(r"Out\[.*42", "history")
    c.prompt(12)
    c.p.send("\x04")
    c.p.expect([pexpect.EOF, r"(?i)exit"], timeout=20)
    if c.p.isalive():
        c.type("y")
    c.p.expect(pexpect.EOF, timeout=20)
    print("ok exit")


main()
