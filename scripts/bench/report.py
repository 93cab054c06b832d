#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes figures of the lines of JSON that the benchmarks print.

report.py RESULTS LAST [PLOTS]
    Prints a table of the figures in RESULTS, with the change against those of the file LAST, and
    the targets. Writes RESULTS' figures to figures.json, and plots as SVG, to the folder PLOTS.
report.py --readme LAST
    Prints the table of README.md for the file LAST.

A figure is a number with a name such as "core.add@1000": what, and behind the @ with how many SAs.
"""
import json
import pathlib
import platform
import statistics
import subprocess
import sys


def sa_figures(line):
    """Adds or deletes by netlink: scripts/bench/sa.c."""
    mode = line["mode"]
    if mode == "packet":
        mode += "-wait" if line.get("wait") else "-nowait"
    name = f"sa.{mode}"
    if line.get("nic_us"):
        name += f".{line['nic_us']}us"
    if line["batch"] == 1:
        name += ".single"
    if line["namespaces"] > 1:
        name += f".{line['namespaces']}ns"
    name += f".{line['op']}"
    sas = line["sas"]
    if "cpus" in line:
        return {f"{name}.per_s.{line['cpus']}cpu@{sas}": line["rate"]}
    figures = {f"{name}.{part}@{sas}": line[part] for part in ("caller", "core", "nic", "other")}
    figures[f"{name}.per_s@{sas}"] = line["rate"]
    if line["lists"]:
        figures[f"{name}.list@{sas}"] = round(sas / line["lists"], 1)
    return figures


def core_figures(line):
    """The core alone: scripts/bench/core/ov2_bench.c."""
    name, sas = f"core.{line['step']}", line["sas"]
    if line["step"] in ("add", "delete"):
        return {f"{name}.caller@{sas}": line["caller"],
                f"{name}@{sas}": line["caller"] + line["rest"]}
    if line["step"] == "restore":
        return {f"{name}@{sas}": line["caller"] + line["rest"]}
    return {f"{name}@{sas}": line["caller"]}


def line_figures(line):
    match line["bench"]:
        case "core":
            return core_figures(line)
        case "sa":
            return sa_figures(line)
        case "memory":
            return {f"memory.{line['of']}@{line['sas']}": line["bytes"]}
        case "restore":
            return {f"sa.restore.per_s@{line['sas']}": round(line["sas"] * 1e9 / line["ns"])}
        case "packet":
            name = f"packet.{line['over']}.{line['mode']}.{line['kind']}{line['size']}"
            return {f"{name}.{part}@{line['sas']}": line[part]
                    for part in ("send", "receive", "nic", "other")}
        case "flow":
            name = f"flow.{line['over']}.{line['mode']}.{line['flows']}"
            if line["what"] == "udp":
                name += ".udp64"
            value = line["value"] if line["what"] == "udp" else round(line["value"] / 1000, 1)
            return {f"{name}@{line['sas']}": value,
                    f"{name}.nic_ms@{line['sas']}": line["nic"],
                    f"{name}.host_ms@{line['sas']}": line["host"]}
        case "limit":
            return {"flow.limit@0": round(line["mbits"], 1)}
        case "crypto":
            return {f"crypto.{line['what']}.{line['size']}@0": line["value"]}
    return {}


# Ratios of what was measured in turns: of the runs of one round each, so that what else the machine
# does matters less.
RATIOS = {
    "ratio.crypto@1": ("flow.ov2sim.crypto.1@1", "flow.veth.software.1@1"),
    "ratio.packet@1": ("flow.ov2sim.packet.1@1", "flow.veth.software.1@1"),
    "ratio.sas@1000": ("flow.ov2sim.crypto.spread.1@1000", "flow.ov2sim.crypto.spread.1@1"),
    "ratio.sas.packet@1000": ("flow.ov2sim.packet.spread.1@1000", "flow.ov2sim.packet.spread.1@1"),
    "ratio.limit@1": ("flow.ov2sim.packet.1@1", "flow.limit@0"),
    "ratio.add@0": ("sa.crypto.1000us.add.per_s.2cpu", "sa.none.add.per_s.2cpu"),
    "ratio.delete@0": ("sa.crypto.1000us.delete.per_s.2cpu", "sa.none.delete.per_s.2cpu"),
}


def ratios(runs):
    def values(name):
        return next((runs[key] for key in runs if key == name or key.split("@")[0] == name), [])

    for name, (above, below) in RATIOS.items():
        rounds = [round(a / b, 2) for a, b in zip(values(above), values(below))]
        if rounds:
            yield name, rounds


def figures_of(lines):
    """The median of each, and the least and the most of those that were measured several times."""
    runs = {}
    for line in lines:
        for name, value in line_figures(line).items():
            runs.setdefault(name, []).append(value)
    runs.update(list(ratios(runs)))
    figures = {}
    for name, values in runs.items():
        figures[name] = statistics.median(values)
        if len(values) > 1:
            what, sas = name.split("@")
            figures |= {f"{what}.min@{sas}": min(values), f"{what}.max@{sas}": max(values)}
    return figures


def per_packet(figures, name, sas):
    """What the host has run, at both ends; "other" is ksoftirqd."""
    return sum(figures[f"packet.{name}.{part}@{sas}"] for part in ("send", "receive", "other"))


def largest(figures, name):
    return max((int(key.split("@")[1]) for key in figures if key.startswith(f"{name}@")),
               default=0)


# What is to be reached: number, what, a function of the figures or the name of one, "<=" or ">=",
# and the limit. A function that misses a figure raises KeyError.
def targets():
    def core(f, sas):
        return f[f"core.add@{sas}"] + f[f"core.delete@{sas}"]

    def most(f):
        return largest(f, "core.add")

    def ratio(name):
        return lambda f: per_packet(f, f"ov2sim.packet.{name}", 1) / \
            per_packet(f, f"ov2sim.plain.{name}", 0)

    def crowd(mode):
        name = f"ov2sim.{mode}.udp1400"
        return lambda f: per_packet(f, name, 100000) / per_packet(f, name, 1)

    # What a CPU does that has nothing else to do.
    def throughput(mode):
        name = f"ov2sim.{mode}.spread.udp1400"
        return lambda f: (per_packet(f, name, 1) + f[f"packet.{name}.nic@1"]) / \
            (per_packet(f, name, 1000) + f[f"packet.{name}.nic@1000"])

    def first(f, *names):
        for name in names:
            for key in f:
                if key.startswith(f"{name}@"):
                    return f[key]
        raise KeyError(names)

    return [
        ("1", "core: instructions for one SA, added and deleted", lambda f: core(f, 1000), "<=",
         6000),
        ("1", "core: the same with the most SAs against 1,000",
         lambda f: core(f, most(f)) / core(f, 1000), "<=", 1.2),
        ("2", "adds: the sender's instructions without offload against those with, NIC at 1 ms",
         lambda f: first(f, "sa.none.add.caller") / first(f, "sa.crypto.1000us.add.caller"), ">=",
         0.85),
        ("2", "deletes: the same",
         lambda f: first(f, "sa.none.delete.caller") / first(f, "sa.crypto.1000us.delete.caller"),
         ">=", 0.85),
        ("2", "adds per second with offload, NIC at 1 ms, against those without, 2 CPUs, time",
         "ratio.add@0", ">=", 0.85),
        ("2", "deletes: the same", "ratio.delete@0", ">=", 0.85),
        ("3", "packet mode, NIC at 1 ms: adds per second without waiting against with",
         lambda f: first(f, "sa.packet-nowait.1000us.add.per_s") /
         first(f, "sa.packet-wait.1000us.add.per_s"), ">=", 10),
        ("4", "instructions of an add by netlink against those of a restore",
         lambda f: (first(f, "sa.crypto.add.caller") + first(f, "sa.crypto.add.core")) /
         f[f"core.restore@{largest(f, 'core.restore')}"], ">=", 10),
        ("4", "SAs that a reset restores in a second, with the NIC's work, against adds by netlink",
         lambda f: f["sa.restore.per_s@100000"] / f["sa.crypto.add.per_s@100000"], ">=", 10),
        ("5", "core: bytes per SA", lambda f: f[f"memory.core@{largest(f, 'memory.core')}"], "<=",
         512),
        ("6", "host's instructions, packet mode against plain: TCP", ratio("tcp65536"), "<=", 1.1),
        ("6", "the same, UDP of MTU size", ratio("udp1400"), "<=", 1.1),
        ("6", "the same, crypto mode against software over veth, UDP of MTU size",
         lambda f: per_packet(f, "ov2sim.crypto.udp1400", 1) /
         per_packet(f, "veth.software.udp1400", 1), "<=", 0.5),
        ("7", "1 TCP flow, crypto mode against software over veth, 2 CPUs, time",
         "ratio.crypto@1", ">=", 1.8),
        ("7", "1 TCP flow, packet mode against software over veth, 2 CPUs, time",
         "ratio.packet@1", ">=", 1.8),
        ("7", "1 TCP flow, packet mode against what one CPU encrypts, time",
         "ratio.limit@1", ">=", 0.7),
        ("8", "crypto mode, UDP of MTU size: instructions with 100,000 SAs against 1", crowd("crypto"),
         "<=", 1.05),
        ("8", "packet mode, the same", crowd("packet"), "<=", 1.05),
        ("8", "crypto mode, the same with all work: packets a second with 1,000 SAs against 1",
         throughput("crypto"), ">=", 0.95),
        ("8", "packet mode, the same", throughput("packet"), ">=", 0.95),
        ("8", "1 TCP flow, crypto mode, by one of 1,000 SAs against 1 SA, time", "ratio.sas@1000", ">=",
         0.95),
        ("8", "packet mode, the same", "ratio.sas.packet@1000", ">=", 0.95),
    ]


def judge(figures):
    for number, what, function, sign, limit in targets():
        spread = ""
        try:
            if isinstance(function, str):
                value = figures[function]
                name, sas = function.split("@")
                if f"{name}.min@{sas}" in figures:
                    spread = f" ({figures[f'{name}.min@{sas}']} to {figures[f'{name}.max@{sas}']})"
            else:
                value = function(figures)
        except KeyError:
            continue
        met = value <= limit if sign == "<=" else value >= limit
        yield number, what, f"{round(value, 2):,}{spread}", f"{sign} {limit:,}", met


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(": ")[1] for line in info.splitlines()
                  if line.startswith("model name")), platform.machine())
    return f"{model}, {info.count('processor	:')} CPUs"


def change(new, old):
    if old is None:
        return "new"
    if not old:
        return "" if not new else "was 0"
    percent = (new - old) * 100 / old
    return f"{percent:+.1f} %" if abs(percent) >= 0.5 else ""


def print_table(figures, last):
    for name in sorted(figures, key=lambda key: (key.split("@")[0], figures[key])):
        print(f"{name:58} {figures[name]:>12} {change(figures[name], last.get(name)):>12}")
    gone = sorted(set(last) - set(figures))
    if gone:
        print(f"not measured this time: {len(gone)} figures")
    print()
    for number, what, value, limit, met in judge(figures):
        print(f"{'met   ' if met else 'MISSED'} {number}: {what}: {value}, {limit}")


PLOTS = {
    "core": ("Instructions for one SA in the core, without xfrm", "SAs",
             ("core.add", "core.delete", "core.restore", "core.walk", "core.rx", "core.tx")),
    "memory": ("Bytes for one SA", "SAs", ("memory.core", "memory.ov2sim")),
}


def plot_lines(folder, name, figures):
    title, xlabel, series = PLOTS[name]
    script = [f"set terminal svg size 800,500; set output '{folder}/{name}.svg'",
              f"set title '{title}'; set xlabel '{xlabel}'; set logscale x; set yrange [0:*]",
              "set key outside; set grid"]
    blocks, curves = [], []
    for serie in series:
        points = sorted((int(key.split("@")[1]), value) for key, value in figures.items()
                        if key.split("@")[0] == serie)
        if not points:
            continue
        block = f"${serie.replace('.', '_')}"
        blocks.append("\n".join([f"{block} << E", *(f"{x} {y}" for x, y in points), "E"]))
        curves.append(f"{block} with linespoints title '{serie}'")
    if curves:
        gnuplot("\n".join([*script, *blocks, "plot " + ", ".join(curves)]))


def plot_stacks(folder, name, title, prefix, parts, figures):
    """Bars of figures that differ in their last part only."""
    rows = {}
    for key, value in figures.items():
        what, sas = key.split("@")
        stem, part = what.rsplit(".", 1)
        if stem.startswith(prefix) and part in parts:
            rows.setdefault(f"{stem[len(prefix):]} {sas}", {})[part] = value
    rows = {key: row for key, row in rows.items() if len(row) == len(parts)}
    if not rows:
        return
    data = [f'"{key}" ' + " ".join(str(row[part]) for part in parts)
            for key, row in sorted(rows.items())]
    bars = [f"{'$rows' if not i else ''} using {i + 2}"
            f"{':xtic(1)' if not i else ''} title '{part}'" for i, part in enumerate(parts)]
    bars = [bar if i == 0 else f"$rows{bar}" for i, bar in enumerate(bars)]
    gnuplot("\n".join([
        f"set terminal svg size {max(800, 40 * len(rows))},600; set output '{folder}/{name}.svg'",
        f"set title '{title}'; set style data histograms; set style histogram rowstacked",
        "set style fill solid; set boxwidth 0.7; set xtics rotate by -60 noenhanced; set grid y",
        "set key outside noenhanced; set yrange [0:*]",
        "$rows << E", *data, "E", "plot " + ", ".join(bars)]))


def gnuplot(script):
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    if sys.argv[1] == "--readme":
        last = json.loads(pathlib.Path(sys.argv[2]).read_text())
        print("| Target | Figure | Limit | |\n|---|---|---|---|")
        for number, what, value, limit, met in judge(last["figures"]):
            print(f"| {number}: {what} | {value} | {limit} | {'met' if met else 'missed'} |")
        return
    lines = [json.loads(line) for line in pathlib.Path(sys.argv[1]).read_text().splitlines()]
    figures = figures_of(lines)
    path = pathlib.Path(sys.argv[2])
    last = json.loads(path.read_text())["figures"] if path.exists() else {}
    print_table(figures, last)
    if len(sys.argv) > 3:
        folder = pathlib.Path(sys.argv[3])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "figures.json").write_text(json.dumps(
            {"machine": machine(), "figures": figures}, indent=1, sort_keys=True) + "\n")
        for name in PLOTS:
            plot_lines(folder, name, figures)
        plot_stacks(folder, "sa", "Instructions for one SA by netlink", "sa.",
                    ("caller", "core", "nic", "other"), figures)
        plot_stacks(folder, "packets", "Instructions for one packet", "packet.",
                    ("send", "receive", "nic"), figures)


main()
