#!/usr/bin/env python3
"""Training steps of this library beside PyTorch's, in one run on one machine.

    python3 lib/net/testdata/beside.py [--threads 2] [--steps 10] [--rounds 2] [--only PART]

makes steps (forward, backward, Adam; float32, batch 64, input 39 x 400 x 2) of
the networks of BenchmarkStep, with the library and with PyTorch by turns, and
prints a row for each: ms per step, the library's GFLOP/s, its share of the
library's own sgemm at 1024^3, and PyTorch's time as a multiple of ours, which
is above 1 where the library is faster. PyTorch runs in both memory layouts, and
the faster one counts; a time is the best round's. Go must be on the PATH.
Without PyTorch in this Python only the library's figures are printed. Another
load on the machine spoils the figures; the medians of PyTorch are over steps,
the library's times are means.
"""
import argparse, os, pathlib, re, statistics, subprocess, sys, tempfile, time

BATCH, MUSCLES, SAMPLES, CHANNELS, CLASSES = 64, 39, 400, 2, 20
# The name of an lstm network leaves out its kernel and stride; BenchmarkStep has these.
LSTM_KERNEL, LSTM_STRIDE = 5, 1

root = pathlib.Path(__file__).resolve().parents[3]


def layers(name):
    """The convolutions (kernel over muscles and time, strides, channels) and the LSTM units, 0 if none."""
    family = re.match("[a-z_]*[a-z]", name).group()
    parts = name[len(family) + 1:].split("_")
    lists = [[int(c) for c in p.split("-")] for p in parts[1:-1]]
    if family == "lstm":
        return [(LSTM_KERNEL, 1, LSTM_STRIDE, 1, c) for c in lists[0]], int(parts[-1])
    ks, ss, kt, st = map(int, parts[-1])
    if family == "spatiotemporal":
        return [(ks, ks, ss, ss, c) for c in lists[0]], 0
    spatial = lambda chans: [(ks, 1, ss, 1, c) for c in chans]
    temporal = lambda chans: [(1, kt, 1, st, c) for c in chans]
    first, second = (spatial, temporal) if family == "spatial_temporal" else (temporal, spatial)
    return first(lists[0]) + second(lists[1]), 0


def same(n, k, s):
    """Output size and zeros before and after, as TensorFlow's SAME has them."""
    out = -(-n // s)
    total = max((out - 1) * s + k - n, 0)
    return out, total // 2, total - total // 2


def torch_ms(torch, name, layout, steps):
    """The median of the times of some steps in ms."""
    nn, fn = torch.nn, torch.nn.functional

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            h, w, c = MUSCLES, SAMPLES, CHANNELS
            blocks = []
            convs, units = layers(name)
            for kh, kw, sh, sw, out in convs:
                h, top, bottom = same(h, kh, sh)
                w, left, right = same(w, kw, sw)
                even = top == bottom and left == right
                if not even:
                    blocks.append(nn.ZeroPad2d((left, right, top, bottom)))
                blocks += [nn.Conv2d(c, out, (kh, kw), (sh, sw), (top, left) if even else 0, bias=False),
                           nn.GroupNorm(1, out, eps=1e-12), nn.ReLU()]
                c = out
            self.trunk = nn.Sequential(*blocks)
            self.lstm = nn.LSTM(h * c, units, batch_first=True) if units else None
            self.head = nn.Linear(w * units if units else h * w * c, CLASSES)

        def forward(self, x):
            x = self.trunk(x)
            if self.lstm is not None:
                x = self.lstm(x.permute(0, 3, 2, 1).flatten(2))[0]
            return self.head(x.flatten(1))

    torch.manual_seed(0)
    net = Net().to(memory_format=layout)
    x = torch.randn(BATCH, CHANNELS, MUSCLES, SAMPLES).to(memory_format=layout)
    y = torch.randint(CLASSES, (BATCH,))
    adam = torch.optim.Adam(net.parameters(), 5e-4, eps=1e-8)
    times = []
    for i in range(steps + 2):
        t = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        fn.cross_entropy(net(x), y).backward()
        adam.step()
        if i >= 2:
            times.append((time.perf_counter() - t) * 1e3)
    return statistics.median(times)


def our_figures(binary, name, steps, threads):
    """What BenchmarkStep reports, by its units."""
    out = subprocess.run([binary, "-test.run", "^$", "-test.bench", f"^BenchmarkStep$/^{name}$", "-test.benchtime", f"{steps}x"],
                         env=dict(os.environ, GOMAXPROCS=str(threads)), cwd=root / "lib" / "net", check=True, capture_output=True, text=True).stdout
    return {unit: float(v) for v, unit in re.findall(r"([\d.]+) (ms/step|GFLOP/s|%ofsgemm)", out)}


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--only", default="", help="networks whose names hold this")
    a = p.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(a.threads)
    try:
        import torch
        torch.set_num_threads(a.threads)
    except ImportError:
        torch = None
    with tempfile.TemporaryDirectory() as tmp:
        binary = os.path.join(tmp, "net.test")
        subprocess.run(["go", "test", "-c", "-o", binary, "./lib/net"], cwd=root, check=True)
        listed = subprocess.run([binary, "-test.run", "^TestBenchmarkNames$", "-test.v"], cwd=root / "lib" / "net", check=True, capture_output=True, text=True).stdout
        names = [n for n in re.findall(r"benchmark network (\S+)", listed) if a.only in n]
        print(f"threads {a.threads}, batch {BATCH}, best of {a.rounds} rounds of {a.steps} steps, PyTorch {torch.__version__ if torch else 'not found'}")
        print(f"{'network':52} {'ms':>7} {'GFLOP/s':>8} {'of sgemm':>9} {'PyTorch ms':>11} {'ratio':>6}")
        for name in names:
            ours, theirs = None, None
            for _ in range(a.rounds):
                if torch:
                    ms = min(torch_ms(torch, name, f, a.steps) for f in (torch.contiguous_format, torch.channels_last))
                    theirs = min(theirs or ms, ms)
                got = our_figures(binary, name, a.steps, a.threads)
                if ours is None or got["ms/step"] < ours["ms/step"]:
                    ours = got
            row = f"{name:52} {ours['ms/step']:7.1f} {ours['GFLOP/s']:8.1f} {ours['%ofsgemm']:7.0f} %"
            print(row + (f" {theirs:11.1f} {theirs / ours['ms/step']:6.2f}" if theirs else ""), flush=True)


if __name__ == "__main__":
    sys.exit(main())
