#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Where the instructions of two benchmarks are, by function: see usage below.

# shellcheck source=../rig/lib.sh
. "$(dirname "$0")/../rig/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/bench/profile.sh [SAS|packets] [LINES]

	Runs scripts/bench/core.sh with SAS SAs (10000), or scripts/bench/packets.sh for ov2sim,
	and prints, for each step, the LINES functions (25) that have run the most instructions
	for each SA, look-up or packet. They are counted, not sampled, by a plugin of QEMU's. A
	function includes what the compiler has put into it, and not what it calls.
	EOF
}

bench=$OV2_SCRIPTS/bench
kernel=debian-6.12
[[ ${1:-} != -* ]] || { usage; exit 0; }
OV2_BENCH=$("$bench/build.sh" "$kernel")
export OV2_BENCH
out=$OV2_BENCH/profile
rm -rf "$out"
mkdir -p "$out"
run=("$bench/core.sh" "${1:-10000}")
[[ ${1:-} != packets ]] || run=("$bench/packets.sh" profile)
"$OV2_SCRIPTS/vm.sh" --kernel "$kernel" --accel icount --mem 5G --timeout 900 \
	--append thread_backlog_napi --plugin "$OV2_BENCH/profile.so,out=$out/blocks" \
	--out "$out" -- "${run[@]}" >"$out/results"
"$bench/profile.py" "$out" "${2:-25}"
