"""Medians of a results file, and ratios within each round.

ratios.py RESULTS UNIT [RATIO ...]: UNIT is calls, bytes or time. A RATIO is "A / B >= BOUND" or "A / B <= BOUND" with
the labels of two candidates; it compares their rates (calls, bytes) or times of the same round, and prints the median
with the bound's verdict. "cpu(A) <= BOUND" is CPU time a call in microseconds, "rss(A) <= BOUND" peak memory in MiB.
"""
import json
import re
import statistics as st
import sys

path, unit, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
rows = {}
for line in open(path):
    r = json.loads(line)
    if r["status"] == 0:
        rows.setdefault(r["label"], []).append(r)


def show(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def spread(values):
    values = list(values)
    return f"{show(st.median(values))} ({show(min(values))}-{show(max(values))})"


head = {
    "calls": ["calls/s", "CPU us/call", "server CPU us/call"],
    "bytes": ["s", "MB/s", "CPU s"],
    "time": ["ms", "CPU ms"],
}[unit]
print("| candidate | runs | " + " | ".join(head) + " | peak MiB |")
print("|---" * (len(head) + 3) + "|")
for label, runs in rows.items():
    if unit == "calls":
        cells = [
            spread(r["count"] / r["wall"] for r in runs),
            spread((r["user"] + r["sys"]) / r["count"] * 1e6 for r in runs),
            show(st.median(r["server"] / r["count"] * 1e6 for r in runs)),
        ]
    elif unit == "bytes":
        cells = [
            spread(r["wall"] for r in runs),
            show(st.median(r["count"] / r["wall"] / 1e6 for r in runs)),
            show(st.median(r["user"] + r["sys"] for r in runs)),
        ]
    else:
        cells = [spread(r["wall"] * 1e3 for r in runs), show(st.median(r["user"] + r["sys"] for r in runs) * 1e3)]
    print("|", " | ".join([label, str(len(runs)), *cells, f"{st.median(r['peak'] for r in runs):.1f}"]), "|")

print()
for text in wanted:
    what, sign, bound = re.fullmatch(r"(.*) (>=|<=) (\S+)", text).groups()
    single = re.fullmatch(r"(cpu|rss)\((.*)\)", what)
    if single:
        runs = rows.get(single[2], [])
        values = [(r["user"] + r["sys"]) / r["count"] * 1e6 if single[1] == "cpu" else r["peak"] for r in runs]
    else:
        a, b = what.split(" / ")
        pairs = list(zip(rows.get(a, []), rows.get(b, [])))
        if unit == "time":
            values = [x["wall"] / y["wall"] for x, y in pairs]
        else:
            values = [x["count"] / x["wall"] / (y["count"] / y["wall"]) for x, y in pairs]
    if not values:
        print(f"not measured: {what}")
        continue
    value = st.median(values)
    good = value >= float(bound) if sign == ">=" else value <= float(bound)
    print(f"{what} = {show(value)}, wanted {sign} {bound}: {'reached' if good else 'NOT reached'}")
