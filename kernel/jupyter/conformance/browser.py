"""A session in a real front end: JupyterLab or Notebook in headless Chromium.

usage: browser.py lab|notebook FOLDER

Opens a notebook, runs all of it, sees a figure and a progress bar, interrupts
an endless cell, completes with Tab, asks with Shift-Tab, opens the pager, and
restarts. Screenshots of each step are left in FOLDER. Any step that does not
happen ends the script with an error that names it; what a front end gives up
after a second on a busy machine is asked again, so time decides nothing.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import expect, sync_playwright

PATIENCE = 180  # seconds: a failure, never a measurement
expect.set_options(timeout=PATIENCE * 1000)

CELLS = [
    'import (\n\t"fmt"\n\t"math"\n\n\t"github.com/spindle-lab/spindle/lib/display"\n\t"gonum.org/v1/plot"\n\t"gonum.org/v1/plot/plotter"\n)',
    'pts := make(plotter.XYs, 200)\nfor i := range pts {\n\tpts[i].X = float64(i) / 20\n\tpts[i].Y = math.Sin(pts[i].X)\n}\n'
    'line, _ := plotter.NewLine(pts)\np := plot.New()\np.Title.Text = "sine"\np.Add(line)\np',
    'step := display.Progress("task")\nfor i := range 31 {\n\tstep(i, 30, fmt.Sprintf("loss %.3f", 1/float64(i+1)))\n}',
    'kept := 41\nfmt.Println("before the loop")\nkept + 1',
    'fmt.Println("round and round")\nfor {\n}',
]


def notebook(path):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": src, "outputs": [], "execution_count": None}
        for i, src in enumerate(CELLS)
    ]
    meta = {"kernelspec": {"name": "spindle", "display_name": "Go (spindle)", "language": "go"}}
    path.write_text(json.dumps({"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}))


class Session:
    def __init__(self, page, shots, name):
        self.page, self.shots, self.name, self.n = page, shots, name, 0

    def step(self, what):
        self.n += 1
        file = f"{self.name}-{self.n}-{what.replace(' ', '-')}.png"
        self.page.screenshot(path=str(self.shots / file))
        print("ok", what, flush=True)

    def menu(self, menu, item):
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}")).first.click()

    def cell(self, i):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(i)

    def output(self, i):
        return self.cell(i).locator(".jp-OutputArea-output")

    def write(self, i, text):
        """Replaces the text of a cell and leaves the cursor at its end."""
        editor = self.cell(i).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text, delay=15)

    def until(self, where, text, act):
        """Does something until a text is there."""
        for left in reversed(range(PATIENCE // 10)):
            act()
            try:
                expect(where).to_contain_text(text, timeout=10000)
                return
            except AssertionError:
                if left == 0:
                    raise

    def press(self, i, text, key):
        """Returns what writes a text into a cell and presses a key."""
        def act():
            self.page.keyboard.press("Escape")
            self.write(i, text)
            self.page.keyboard.press(key)
        return act

    def run(self):
        page = self.page
        expect(self.cell(4)).to_be_visible()
        page.wait_for_function("document.querySelector('.jp-Notebook-ExecutionIndicator, .jp-KernelStatus') !== null")
        news = page.locator(".jp-toast-button, .Toastify__toast button", has_text=re.compile("^No$"))
        if news.count():
            news.first.click()
        self.step("open")

        self.menu("Run", "Run All Cells")
        expect(self.output(4)).to_contain_text("round and round")
        image = self.cell(1).locator(".jp-OutputArea-output img, .jp-OutputArea-output svg")
        expect(image).to_be_visible()
        assert image.evaluate("e => e.tagName != 'IMG' || e.naturalWidth > 100"), "the figure is empty"
        expect(self.output(2)).to_contain_text("30")
        expect(self.output(3).last).to_have_text(re.compile("42"))
        self.cell(1).scroll_into_view_if_needed()
        self.step("run all")
        self.cell(4).scroll_into_view_if_needed()
        expect(self.cell(4)).to_contain_text("[*]")
        self.step("running")

        self.menu("Kernel", "Interrupt Kernel")
        expect(self.output(4).last).to_contain_text(re.compile("interrupt", re.I))
        expect(self.cell(4)).not_to_contain_text("[*]")
        self.step("interrupted")

        # A variable from before the interrupt is there; Tab completes its name.
        completer = page.locator(".jp-Completer:visible")
        self.until(completer, "kept", self.press(4, "kep", "Tab"))
        page.keyboard.press("Enter")
        expect(self.cell(4).locator(".cm-content")).to_have_text("kept")
        self.until(completer, "Copysign", self.press(4, "math.Co", "Tab"))
        page.wait_for_timeout(700)
        self.step("complete")
        page.keyboard.press("Escape")

        self.until(page.locator(".jp-Tooltip"), "func math.Hypot", self.press(4, "math.Hypot", "Shift+Tab"))
        page.wait_for_timeout(300)
        self.step("hover")
        page.keyboard.press("Escape")

        self.write(4, "?math.Hypot")
        page.keyboard.press("Control+Enter")
        expect(self.output(4)).to_contain_text("func math.Hypot")
        self.step("pager")

        self.write(4, "fmt.Println(kept, nokept)")
        page.keyboard.press("Control+Enter")
        expect(self.output(4)).to_contain_text("undefined: nokept")
        self.step("error")

        self.menu("Kernel", "Restart Kernel…|Restart Kernel\\.\\.\\.")
        page.locator(".jp-Dialog button.jp-mod-accept, .jp-Dialog button.jp-mod-warn").last.click()
        self.until(self.output(4), "undefined: kept", self.press(4, "kept", "Control+Enter"))
        self.step("restarted")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def main():
    front, shots = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    shots.mkdir(parents=True, exist_ok=True)
    work = shots / f"{front}-work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    notebook(work / "session.ipynb")
    port = free_port()
    log = open(shots / f"{front}.log", "w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab" if front == "lab" else "notebook", "--no-browser", "--allow-root", f"--port={port}",
         "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={work}"],
        stdout=log, stderr=log, cwd=work)
    base = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(base + "api", timeout=PATIENCE).read()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > end:
                    sys.exit(f"{front} does not start; see {log.name}")
                time.sleep(0.2)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM", shutil.which("chromium")), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1100, "height": 850})
            page.set_default_timeout(PATIENCE * 1000)
            page.goto(base + ("lab/tree/session.ipynb" if front == "lab" else "notebooks/session.ipynb"))
            session = Session(page, shots, front)
            try:
                session.run()
            except Exception:
                page.screenshot(path=str(shots / f"{front}-failed.png"))
                raise
            browser.close()
    finally:
        server.terminate()
        server.wait(PATIENCE)


main()
