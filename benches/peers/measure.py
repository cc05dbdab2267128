"""Builds the contenders, checks that they agree, measures them in turn; started by ./run."""

import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
STATISTICS = ("mean", "p05", "p50", "p95")
# Standard errors by which two estimates may differ. Four contenders make 144 comparisons with each
# other and 24 with the exact means; a normal one exceeds 5 by luck with probability 5.7e-7, so a
# fresh set of seeds would fail about once in ten thousand. The seeds are fixed.
MOST = 5.0


def options():
    parser = argparse.ArgumentParser(
        prog="benches/peers/run",
        description="The reference work by the engine, numpy, numba, rand_distr and the limit loop.",
    )
    parser.add_argument("--quick", action="store_true", help="few trials, agreement only")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, each contender once (default 7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of one measurement (default 1)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--trials", type=int, help="of the agreement check (default 400000; --quick 100000)")
    parser.add_argument("--without", action="append", default=[], metavar="PEER", help="leave a peer out")
    parser.add_argument("--target", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


class Worker:
    """A process that answers commands; it sleeps while others are measured."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more
        )

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"no answer to {' '.join(map(str, words))}: exit code {self.process.wait()}")
        return json.loads(answer)


def build():
    """The executable of the contenders written in Rust."""
    command = ["cargo", "bench", "--locked", "--bench", "peers", "--no-run", "--message-format=json-render-diagnostics"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    messages = (json.loads(line) for line in done.stdout.splitlines())
    found = [m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "peers"]
    return found[-1]


def start(arguments):
    """Workers by contender, and the reference work's parameters."""
    rust = Worker([build()])
    parameters = rust.ask("parameters")
    folder = (arguments.target / "peers").absolute()
    file = folder / "parameters.json"
    file.write_text(json.dumps(parameters), encoding="utf-8")
    # Workers of their own: threads of one library do not wait inside another.
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "numba"), "OMP_NUM_THREADS": "1"}
    workers = {"engine": rust, "rand_distr": rust, "limit": rust}
    for peer in ("numpy", "numba"):
        if peer in arguments.without:
            continue
        if importlib.util.find_spec(peer) is None:
            print(f"{peer} is not installed: left out")
            continue
        workers[peer] = Worker([sys.executable, HERE / f"{peer}_peer.py", file], env=environment)
    for peer in arguments.without:
        workers.pop(peer, None)
    return workers, parameters


def estimates(path, trials, totals):
    """Mean and quantiles of every total, each with its standard error."""
    columns = np.fromfile(path, dtype="<f8").reshape(len(totals), trials)
    # Whole numbers are spread over the unit around them, so that their quantiles have densities.
    spread = np.random.default_rng(1).uniform(-0.5, 0.5, trials)
    found = {}
    for total, column in zip(totals, columns, strict=True):
        found[total, "mean"] = column.mean(), column.std(ddof=1) / np.sqrt(trials)
        values = column + spread if total == "conversions" else column
        for name in STATISTICS[1:]:
            p = int(name[1:]) / 100
            step = np.sqrt(p * (1 - p) / trials)
            low, value, high = np.quantile(values, [p - step, p, p + step])
            found[total, name] = value, (high - low) / 2
    return found


def agreement(workers, parameters, trials, folder):
    """Whether all contenders have the same means and quantiles; prints them."""
    names = [name for name in ("engine", "numpy", "numba", "rand_distr") if name in workers]
    totals = parameters["totals"]
    found = {}
    for name in names:
        path = folder / f"{name}.f64"
        workers[name].ask("write", name, trials, path)
        found[name] = estimates(path, trials, totals)
        path.unlink()
    print(f"\nAgreement over {trials:,} trials each; ± one standard error\n")
    print(f"{'':18}" + "".join(f"{name:>26}" for name in names) + f"{'exact mean':>18}")
    worst, compared, apart = 0.0, 0, []
    for total in totals:
        for statistic in STATISTICS:
            estimates_of = [(name, *found[name][total, statistic]) for name in names]
            line = f"{total:12} {statistic:4} "
            line += "".join(f"{value:>16,.5g} ± {error:<7.2g}" for _, value, error in estimates_of)
            if statistic == "mean":
                exact = parameters["expected"][total]
                line += f"{exact:>18,.6g}"
                estimates_of.append(("exact", exact, 0.0))
            print(line)
            for i, (one, a, error_a) in enumerate(estimates_of):
                for other, b, error_b in estimates_of[i + 1 :]:
                    z = abs(a - b) / np.hypot(error_a, error_b)
                    compared += 1
                    worst = max(worst, z)
                    if not z <= MOST:
                        apart.append(f"{total} {statistic}: {one} {a:,.6g}, {other} {b:,.6g}: {z:.1f} standard errors")
    print(f"\n{compared} comparisons, the largest difference {worst:.2f} standard errors of at most {MOST:g}")
    for line in apart:
        print(f"DISAGREEMENT {line}")
    return not apart


def trials_for(worker, name, threads, seconds):
    """Trials that take about so long: whole tasks of 8,192 for every thread."""
    step = 8192 * threads
    trials = step
    while True:
        taken = worker.ask("time", name, trials, threads)["seconds"]
        if taken >= seconds / 8:
            return max(1, round(trials * seconds / taken / step)) * step
        trials *= 4


def speed(workers, parameters, arguments):
    """Measures in interleaved rounds and prints trials per second and ratios."""
    threads = arguments.threads
    peers = [name for name in ("numpy", "numba", "rand_distr", "limit") if name in workers]
    runs = [("engine", threads)] + [(name, threads) for name in peers]
    if threads > 1:
        runs += [("engine", 1), ("limit", 1)]
    runs = [run for run in runs if run[0] in workers]
    trials = {run: trials_for(workers[run[0]], *run, arguments.seconds) for run in runs}
    rates = {run: [] for run in runs}
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        for run in runs:
            name, n = run
            taken = workers[name].ask("time", name, trials[run], n)["seconds"]
            rates[run].append(trials[run] / taken)

    def ratios(one, other):
        """Of the same rounds: what loads the machine for a while loads both."""
        return sorted(a / b for a, b in zip(rates[one], rates[other], strict=True))

    draws = parameters["draws_per_trial"]
    print(f"\nSpeed, median of {arguments.rounds} interleaved rounds; the engine takes {draws} uniforms a trial\n")
    print(f"{'':12} {'threads':>7} {'trials/s':>12} {'engine ÷ it':>12}   {'least to most':>18}")
    for run in runs:
        name, n = run
        ratio = ratios(("engine", n), run)
        line = f"{name:12} {n:>7} {statistics.median(rates[run]):>12,.0f} {statistics.median(ratio):>12.2f}"
        print(line + ("" if name == "engine" else f"   {ratio[0]:>8.2f} … {ratio[-1]:<8.2f}"))
    if threads > 1:
        gain = ratios(("engine", threads), ("engine", 1))
        print(f"\nengine, {threads} threads ÷ 1: {statistics.median(gain):.2f} ({gain[0]:.2f} … {gain[-1]:.2f})")
    uniforms = draws * statistics.median(rates["engine", threads]) / 1e9
    print(f"engine: {uniforms:.2f} billion uniforms a second on {threads} threads")


def main():
    arguments = options()
    workers, parameters = start(arguments)
    trials = arguments.trials or (100_000 if arguments.quick else 400_000)
    agreed = agreement(workers, parameters, trials, arguments.target.absolute() / "peers")
    if not arguments.quick:
        speed(workers, parameters, arguments)
    sys.exit(0 if agreed else 1)


if __name__ == "__main__":
    main()
