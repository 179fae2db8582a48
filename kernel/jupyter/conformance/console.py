"""A session in jupyter console, at a terminal of its own.

Values, a cell over several lines, input, completion with Tab, an interrupt
that keeps the variables, an error, and history. Waits are long, and what a
busy machine may swallow is typed again: time decides nothing.
"""
import os
import re
import sys

import pexpect

PATIENCE = 180  # seconds: a failure, never a measurement

ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])")


class Console:
    def __init__(self):
        self.p = pexpect.spawn(sys.executable, ["-m", "jupyter_console", "--kernel", "spindle",
                               # Else a late answer is taken for a kernel that has none, for good.
                               f"--ZMQTerminalInteractiveShell.kernel_is_complete_timeout={PATIENCE}",
                               f"--ZMQTerminalInteractiveShell.kernel_timeout={PATIENCE}", f"--ZMQCompleter.timeout={PATIENCE}"], encoding="utf-8",
                               timeout=PATIENCE, dimensions=(40, 120), env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1"})
        self.n = 0  # of the last prompt

    def expect(self, pattern, what):
        """Waits for a text; escape sequences may stand anywhere before it."""
        try:
            self.p.expect(pattern)
        except (pexpect.TIMEOUT, pexpect.EOF):
            sys.exit(f"{what}: no {pattern!r} in\n{ESCAPES.sub('', self.p.before)[-3000:]}")
        print("ok", what, flush=True)

    def again(self, keys, pattern, what):
        """Sends keys until a text comes."""
        for _ in range(PATIENCE // 10):
            self.p.send(keys)
            if self.p.expect([pattern, pexpect.TIMEOUT], timeout=10) == 0:
                print("ok", what, flush=True)
                return
        sys.exit(f"{what}: no {pattern!r} in\n{ESCAPES.sub('', self.p.before)[-3000:]}")

    def prompt(self):
        e = ESCAPES.pattern.replace("(", "(?:")
        # The next, or the one after it where an answer was typed twice.
        self.expect(rf"In \[(?:{e})*({self.n + 1}|{self.n + 2})(?:{e})*\]", f"prompt {self.n + 1}")
        self.n = int(self.p.match.group(1))

    def type(self, line):
        self.p.expect(pexpect.TIMEOUT, timeout=0.4)  # as nobody types at once
        self.p.send(line)
        self.p.expect(pexpect.TIMEOUT, timeout=0.2)
        self.p.send("\r")


def main():
    c = Console()
    c.expect("spindle", "banner")
    c.prompt()
    c.type("kept := 6 * 7")
    c.prompt()
    c.type("kept + 1")
    c.expect(r"Out\[.*43", "value")
    c.prompt()
    for line in ("func twice(x int) int {", "return 2 * x", "}"):
        c.type(line)
        c.expect(r"\.\.\.: ", "more lines")
    c.type("")
    c.prompt()
    c.type("twice(kept)")
    c.expect(r"Out\[.*84", "cell over several lines")
    c.prompt()
    c.type('import "fmt"')
    c.prompt()
    c.type('var name string; fmt.Print("na", "me? "); fmt.Scan(&name); fmt.Println("hello", name)')
    c.expect(r"name\? ", "question")
    c.p.expect(pexpect.TIMEOUT, timeout=2)
    c.again("Ada\r", "hello Ada", "input")
    c.prompt()
    for pause in (2, 10, 60):  # what is typed before the answer cancels it
        c.p.send("fmt.Sprintl\t")
        c.p.expect(pexpect.TIMEOUT, timeout=pause)
        c.type("(kept)")
        if c.p.expect([r"Out\[.*42", "undefined: fmt.Sprintl"]) == 0:
            print("ok completion", flush=True)
            break
        c.prompt()
    else:
        sys.exit("completion: Tab does not complete fmt.Sprintl")
    c.prompt()
    c.type('fmt.Println("round"); for {}')
    c.expect(r"round\r?\n", "loop")
    c.p.sendintr()
    c.expect("(?i)interrupt", "interrupt")
    c.prompt()
    c.type("kept")
    c.expect(r"Out\[.*42", "variables after an interrupt")
    c.prompt()
    c.type("nothing")
    c.expect("undefined: nothing", "error")
    c.prompt()
    c.p.send("\x1b[A\x1b[A")  # up, up: the history
    c.p.send("\r")
    c.expect(r"Out\[.*42", "history")
    c.prompt()
    c.p.send("\x04")
    c.p.expect([pexpect.EOF, r"(?i)exit"])
    if c.p.isalive():
        c.type("y")
    c.p.expect(pexpect.EOF)
    print("ok exit")


main()
