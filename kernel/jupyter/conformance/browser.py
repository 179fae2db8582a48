"""A session in a real front end: JupyterLab or Notebook in headless Chromium.

usage: browser.py lab|notebook FOLDER

Opens a notebook, runs all of it, sees a figure and a progress bar, interrupts
an endless cell, completes with Tab, asks with Shift-Tab, opens the pager, and
restarts. Screenshots of each step are left in FOLDER. Any step that does not
happen ends the script with an error that names it.
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

    def run(self):
        page = self.page
        expect(self.cell(4)).to_be_visible(timeout=60000)
        page.wait_for_function("document.querySelector('.jp-Notebook-ExecutionIndicator, .jp-KernelStatus') !== null", timeout=60000)
        news = page.locator(".jp-toast-button, .Toastify__toast button", has_text=re.compile("^No$"))
        if news.count():
            news.first.click()
        self.step("open")

        self.menu("Run", "Run All Cells")
        expect(self.output(4)).to_contain_text("round and round", timeout=90000)
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
        expect(self.output(4).last).to_contain_text(re.compile("interrupt", re.I), timeout=20000)
        expect(self.cell(4)).not_to_contain_text("[*]")
        self.step("interrupted")

        # A variable from before the interrupt is there; Tab completes its name.
        completer = page.locator(".jp-Completer:visible")
        self.write(4, "kep")
        page.keyboard.press("Tab")
        expect(completer).to_contain_text("kept", timeout=10000)
        page.keyboard.press("Enter")
        expect(self.cell(4).locator(".cm-content")).to_have_text("kept")
        self.write(4, "math.Co")
        page.keyboard.press("Tab")
        expect(completer).to_contain_text("Copysign", timeout=10000)
        page.wait_for_timeout(700)
        self.step("complete")
        page.keyboard.press("Escape")

        self.write(4, "math.Hypot")
        page.keyboard.press("Shift+Tab")
        expect(page.locator(".jp-Tooltip")).to_contain_text("func math.Hypot", timeout=10000)
        page.wait_for_timeout(300)
        self.step("hover")
        page.keyboard.press("Escape")

        self.write(4, "?math.Hypot")
        page.keyboard.press("Control+Enter")
        expect(self.output(4)).to_contain_text("func math.Hypot", timeout=10000)
        self.step("pager")

        self.write(4, "fmt.Println(kept, nokept)")
        page.keyboard.press("Control+Enter")
        expect(self.output(4)).to_contain_text("undefined: nokept", timeout=10000)
        self.step("error")

        self.menu("Kernel", "Restart Kernel…|Restart Kernel\\.\\.\\.")
        page.locator(".jp-Dialog button.jp-mod-accept, .jp-Dialog button.jp-mod-warn").last.click()
        page.wait_for_timeout(500)
        self.write(4, "kept")
        page.keyboard.press("Control+Enter")
        expect(self.output(4)).to_contain_text("undefined: kept", timeout=30000)
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
        for _ in range(300):
            try:
                urllib.request.urlopen(base + "api", timeout=5).read()
                break
            except OSError:
                if server.poll() is not None:
                    sys.exit(f"{front} does not start; see {log.name}")
                time.sleep(0.2)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM", shutil.which("chromium")), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1100, "height": 850})
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
        server.wait(20)


main()
