#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# In the VM, while scripts/bench/sa.c has added $1 SAs: resets the NIC, and prints a line of JSON with
# the nanoseconds until the NIC has them again.

set -eu

tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
# shellcheck source=../selftest/lib/wait.sh
. "$(dirname "$0")/../selftest/lib/wait.sh"

# Sets $added, to how many SAs the NIC has taken, without a process.
look()
{
	local name value

	while read -r name value; do
		[[ $name != ipsec_add_sa_success ]] || added=$value
	done </sys/kernel/debug/ov2/ov2sim1/counters
}

all_restored()
{
	look
	((added >= goal))
}

added=0
look
goal=$((added + $1))
begin=$(date +%s%N)
ip netns exec b0 ethtool --reset ov2sim1p0 all >&2
wait_for 600 all_restored
echo "{\"bench\": \"restore\", \"sas\": $1, \"ns\": $(($(date +%s%N) - begin))}"
