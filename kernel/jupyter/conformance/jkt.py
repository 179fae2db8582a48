"""Jupyter's conformance suite against this kernel."""
import unittest

import jupyter_kernel_test as jkt

jkt.TIMEOUT = 180  # seconds: a failure, never a measurement
DISPLAY = 'import "github.com/spindle-lab/spindle/lib/display"\n'


class SpindleTests(jkt.KernelTests):
    kernel_name = "spindle"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'import "fmt"\nfmt.Println("hello, world")'
    code_stderr = 'import ("fmt"; "os")\nfmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [
        {"text": "fmt.Fprintl", "matches": {"Fprintln"}},
        {"text": "strings.HasP", "matches": {"HasPrefix"}},
        {"text": "cont", "matches": {"continue"}},
    ]
    complete_code_samples = ["1", "x := 3", "func f() int {\n\treturn 1\n}", 'import "fmt"\nfmt.Println(1)']
    incomplete_code_samples = ["func f() int {", "fmt.Println(", "x := `abc", "for i := range 3 {\n", "1 +"]
    invalid_code_samples = ["x = = 1", "func 7q(", "}", "if if"]
    code_page_something = "?fmt.Println"
    code_generate_error = 'panic("no")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "x := 3; x + 1", "result": "4"},
    ]
    code_display_data = [
        {"code": DISPLAY + 'display.Show(display.HTML("<b>x</b>"))', "mime": "text/html"},
        {"code": DISPLAY + 'display.Show(display.Math("$x^2$"))', "mime": "text/latex"},
    ]
    code_history_pattern = "6 ? 7*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "fmt.Println"
    code_clear_output = DISPLAY + "display.Clear(false)"

    def execute_helper(self, code, timeout=jkt.TIMEOUT, **options):
        return super().execute_helper(code, timeout=timeout, **options)

    def setUp(self):
        super().setUp()
        self.execute_helper('import ("fmt"; "strings")')
        self.flush_channels()


if __name__ == "__main__":
    unittest.main()
