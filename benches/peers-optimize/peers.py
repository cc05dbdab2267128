"""Solves the programs of a folder with every solver that is installed, to a gap of 0.1 % on one
thread within 60 seconds, and prints them beside our answers. Times are processor time, which other
work on the machine hardly changes.

Every answer is checked: no solver's objective may be above another one's bound.
"""

import json
import os
import pathlib
import re
import resource
import subprocess
import sys

GAP = 1e-3
SECONDS = float(os.environ.get("IMATRIX_SECONDS", "60"))


def processor(of=resource.RUSAGE_SELF):
    """Processor time so far, in seconds."""
    used = resource.getrusage(of)
    return used.ru_utime + used.ru_stime


def by_highs(path):
    import highspy

    h = highspy.Highs()
    h.silent()
    h.setOptionValue("threads", 1)
    h.setOptionValue("mip_rel_gap", GAP)
    h.setOptionValue("time_limit", SECONDS)
    h.readModel(str(path))
    started = processor()
    h.run()
    seconds = processor() - started
    info = h.getInfo()
    found = info.primal_solution_status == 2
    return -info.objective_function_value if found else None, -info.mip_dual_bound, seconds


def by_scip(path):
    import pyscipopt

    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(str(path))
    model.setParam("limits/gap", GAP)
    model.setParam("limits/time", SECONDS)
    started = processor()
    model.optimize()
    seconds = processor() - started
    found = -model.getObjVal() if model.getNSols() else None
    return found, -model.getDualbound(), seconds


def by_cbc(path):
    import pulp

    solver = pulp.PULP_CBC_CMD().path
    command = [solver, str(path), "-ratio", str(GAP), "-sec", str(SECONDS), "-threads", "1"]
    command += ["-solve"]
    started = processor(resource.RUSAGE_CHILDREN)
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds = processor(resource.RUSAGE_CHILDREN) - started
    objective = re.search(r"^Objective value:\s+(\S+)", text, re.M)
    bound = re.search(r"^(?:Lower bound|Gap):\s+(\S+)", text, re.M)
    objective = float(objective.group(1)) if objective else None
    if bound and text[bound.start()] == "L":
        bound = float(bound.group(1))
    elif objective is not None and "Optimal solution found" in text:
        # It says no bound where its own gap is closed.
        bound = objective - GAP * abs(objective)  # it minimizes
    else:
        bound = None
    return None if objective is None else -objective, None if bound is None else -bound, seconds


SOLVERS = {"HiGHS": ("highspy", by_highs), "SCIP": ("pyscipopt", by_scip), "CBC": ("pulp", by_cbc)}


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def main(folder):
    installed = {}
    for name, (package, solve) in SOLVERS.items():
        try:
            __import__(package)
            installed[name] = solve
        except ImportError:
            print(f"without {name}: {package} is not installed", file=sys.stderr)
    wrong = False
    print(f"{'program':18} {'solver':8} {'objective':>12} {'bound':>12} {'gap':>8} {'seconds':>8}")
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        ours = json.loads(path.read_text())
        rows = {"ours": (ours["objective"], ours["bound"], ours["seconds"])}
        for name, solve in installed.items():
            rows[name] = solve(path.with_suffix(".mps"))
        for name, (objective, bound, seconds) in rows.items():
            gap = "-"
            if objective is not None and bound is not None:
                gap = f"{abs(bound - objective) / abs(objective):.3%}"
            line = f"{path.stem:18} {name:8} {number(objective):>12} {number(bound):>12} {gap:>8} {seconds:8.3f}"
            print(line, flush=True)
        for name, (_, bound, _) in rows.items():
            for other, (objective, _, _) in rows.items():
                # Others keep rows to within 1e-6 of their size.
                if None not in (bound, objective) and objective > bound + 1e-4 * abs(bound):
                    print(f"{path.stem}: {other} finds {objective}, above {name}'s bound {bound}")
                    wrong = True
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
