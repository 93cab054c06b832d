#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Measures what ov2 costs, on Debian's 6.12 in QEMU: see usage below.

# shellcheck source=../rig/lib.sh
. "$(dirname "$0")/../rig/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/bench/run.sh [--quick] [--save] [core|sa|packets|flows]...

	Prints a table of figures, with the change against scripts/bench/last.json, and the
	targets. Instructions are exact, because QEMU's icount makes them the clock; rates
	of two CPUs are those of this machine, which belongs beside them.

	--quick   fewer figures, in less than 5 minutes
	--save    makes the figures those of scripts/bench/last.json

	Plots (SVG), the figures and the raw results (lines of JSON) are left in the folder
	that is printed at the end.
	The results of parts that are not run stay as they were.
	EOF
}

bench=$OV2_SCRIPTS/bench
kernel=debian-6.12
plan=full save=no parts=()
while (($#)); do
	case $1 in
	--quick) plan=quick ;;
	--save) save=yes ;;
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) parts+=("$1") ;;
	esac
	shift
done
((${#parts[@]})) || parts=(core sa packets flows)

# vm LIMIT OPTIONS... -- COMMAND...: its lines of JSON are the results of $part.
vm()
{
	local limit=$1
	shift

	"$OV2_SCRIPTS/vm.sh" --kernel "$kernel" --timeout "$limit" "$@" | tee >(cat >&2) |
		grep '^{' >"$out/$part.new" && mv "$out/$part.new" "$out/$part.lines"
}

# What else the kernel does now and then weighs with few SAs, so those are measured several times.
part_core()
{
	local sas=(1000 1000 1000 10000 100000 1000000)

	[[ $plan == full ]] || sas=(1000 1000 1000 10000)
	vm 2400 --accel icount --mem 5G --append slab_nomerge -- "$bench/core.sh" "${sas[@]}"
}

part_sa()
{
	vm 2400 --accel icount --mem 3G --append slab_nomerge -- "$bench/sa.sh" "$plan"
}

part_packets()
{
	vm 2400 --accel icount --mem 3G --append thread_backlog_napi -- "$bench/packets.sh" "$plan"
}

part_flows()
{
	vm 2400 --cpus 2 -- "$bench/flows.sh" "$plan"
}

ov2_need gnuplot-nox python3
OV2_BENCH=$("$bench/build.sh" "$kernel")
export OV2_BENCH
out=$OV2_BENCH/$plan
mkdir -p "$out"
for part in "${parts[@]}"; do
	begin=$SECONDS
	"part_$part" || ov2_die "the part $part has failed"
	ov2_say "$part: $((SECONDS - begin)) s"
done
cat "$out"/*.lines >"$out/results"
"$bench/report.py" "$out/results" "$bench/last.json" "$out"
[[ $save == no ]] || cp "$out/figures.json" "$bench/last.json"
echo "$out"
