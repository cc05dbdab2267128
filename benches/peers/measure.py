"""Builds the contenders, checks that they agree, measures them in turn; started by ./run."""

import argparse
import hashlib
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
    parser.add_argument("--path", default="all", help="baseline, avx2, avx512 (default: all of the machine)")
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
    program = build()
    best = Worker([program, "best"])
    parameters = best.ask("parameters")
    folder = (arguments.target / "peers").absolute()
    file = folder / "parameters.json"
    file.write_text(json.dumps(parameters), encoding="utf-8")
    workers = {}
    for path in best.ask("paths"):
        if arguments.path in (path, "all"):
            worker = Worker([program, path])
            workers[f"engine {path}"] = workers[f"limit {path}"] = worker
    if not workers:
        sys.exit(f"this machine has no path {arguments.path}")
    workers["rand_distr"] = best
    # Threads of one library do not wait inside another.
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "numba"), "OMP_NUM_THREADS": "1"}
    for peer in ("numba", "numpy"):
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
    totals = parameters["totals"]
    found, engines = {}, {}
    for name, worker in workers.items():
        contender = name.split()[0]
        if contender == "limit":
            continue
        path = folder / f"{contender}.f64"
        worker.ask("write", contender, trials, path)
        if contender == "engine":
            engines[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        found[contender] = estimates(path, trials, totals)
        path.unlink()
    names = list(found)
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
    if len(set(engines.values())) > 1:
        apart.append("the engine's paths have different bits: " + ", ".join(engines))
    elif len(engines) > 1:
        print("the engine has the same bits on every path")
    for line in apart:
        print(f"DISAGREEMENT {line}")
    return not apart


def trials_for(worker, run, seconds):
    """Trials that take about so long: whole tasks of 8,192 for every thread."""
    name, threads = run
    trials = step = 8192 * threads
    while True:
        taken = worker.ask("time", name.split()[0], trials, threads)["seconds"]
        if taken >= seconds / 8:
            return max(1, round(trials * seconds / taken / step)) * step
        trials *= 4


def speed(workers, parameters, arguments):
    """Measures in interleaved rounds and prints trials per second and ratios."""
    threads = arguments.threads
    runs = [(name, threads) for name in workers]
    if threads > 1:
        runs += [(name, 1) for name in workers if " " in name]
    trials = {run: trials_for(workers[run[0]], run, arguments.seconds) for run in runs}
    rates = {run: [] for run in runs}
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        for run in runs:
            name, n = run
            taken = workers[name].ask("time", name.split()[0], trials[run], n)["seconds"]
            rates[run].append(trials[run] / taken)

    def ratio(one, other):
        """Median and range over rounds: what loads the machine for a while loads both."""
        if one not in rates or other not in rates:
            return "–"
        all_rounds = sorted(a / b for a, b in zip(rates[one], rates[other], strict=True))
        middle = statistics.median(all_rounds)
        return f"{middle:.3g} ({all_rounds[0]:.3g}–{all_rounds[-1]:.3g})"

    draws = parameters["draws_per_trial"]
    print(f"\nSpeed: {arguments.rounds} interleaved rounds; the engine takes {draws} uniforms a trial\n")
    print(f"{'':18}{'threads':>8}{'trials/s':>14}{'uniforms/s':>12}")
    for (name, n), found in rates.items():
        rate = statistics.median(found)
        print(f"{name:18}{n:>8}{rate:>14,.0f}{rate * draws / 1e9:>10.2f}e9")
    columns = ["numpy", "numba", "rand_distr", "limit", f"1 thread, on {threads}"]
    print("\nEngine ÷ each on the same threads, median (least–most) of the rounds\n")
    print(f"{'':18}" + "".join(f"{column:>22}" for column in columns))
    for name in workers:
        if name.startswith("engine"):
            engine = name, threads
            others = [(peer, threads) for peer in columns[:3]] + [(name.replace("engine", "limit"), threads)]
            cells = [ratio(engine, other) for other in others]
            cells.append(ratio(engine, (name, 1)) if threads > 1 else "–")
            print(f"{name:18}" + "".join(f"{cell:>22}" for cell in cells))


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
