#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Four times as many SAs as the NIC has slots, traffic by Zipf's law: the busy
# ones get the slots, and keep them. scripts/vm.sh -- scripts/bench/zipf.sh
#   OV2_ZIPF_SLOTS=N  slots (64)   OV2_ZIPF_RATE=N  packets per second (400)
#   OV2_ZIPF_SETTLE=S  seconds until it must be steady (45)

# shellcheck source=../selftest/lib/events.sh
. "$(dirname "$0")/../selftest/lib/events.sh"

bench=$(cd "$(dirname "$0")" && pwd)
slots=${OV2_ZIPF_SLOTS:-64}
rate=${OV2_ZIPF_RATE:-400}
settle=${OV2_ZIPF_SETTLE:-45}
measure=15
pairs=$((slots * 2))

setup()
{
	check "namespaces" netns_add a && check "namespaces" netns_add b &&
		check "a NIC" sim_new 1 && check "a NIC" sim_new 2
	check "a size" devlink resource set "ov2sim/$nic_a" path /ipsec_sa size "$slots"
	check "a reload" devlink dev reload "ov2sim/$nic_a"
	check "a wire" wire_up && check "a server" serve
}

add_all()
{
	local i

	for ((i = 1; i <= pairs; i++)); do
		conn "$i"
	done
	# That SAs wait is what is wanted.
	ip -n a -batch - <<<"$batch_a" >"$tmp/batch" 2>&1 || fail "$(tail -n 1 "$tmp/batch")"
	ip -n b -batch - <<<"$batch_b"
	batch_a='' batch_b=''
	wait_offloaded "$slots"
}

# Packets: those that the NIC processed, all, SAs that came into the NIC.
counts()
{
	# shellcheck disable=SC2154
	a ethtool -S "$dev_a" | awk '
		/ ipsec_[rt]x_pkts:/ { nic += $2 }
		/ [rt]x_wire_frames:/ { all += $2 }
		/ ipsec_add_sa_success:/ { came = $2 }
		END { print nic, all, came }'
}

# elapsed SECONDS: since $SECONDS was $begin.
elapsed()
{
	((SECONDS >= begin + $1))
}

# phase SHIFT: traffic until it is steady, and then the measurement.
phase()
{
	local nic_1 all_1 came_1 nic_2 all_2 came_2 best part begin sender

	best=$("$bench/zipf.py" best "$pairs" $((slots / 2)))
	spawn a "$bench/zipf.py" send "$pairs" "$rate" $((settle + measure + 60)) "$1"
	sender=$child
	begin=$SECONDS
	wait_for $((settle + 30)) elapsed "$settle"
	read -r nic_1 all_1 came_1 <<<"$(counts)"
	begin=$SECONDS
	wait_for $((measure + 30)) elapsed "$measure"
	read -r nic_2 all_2 came_2 <<<"$(counts)"
	reap "$sender"
	part=$(awk -v n=$((nic_2 - nic_1)) -v all=$((all_2 - all_1)) 'BEGIN { printf "%.4f", n / all }')
	diag "$((all_2 - all_1)) packets, $part of them by the NIC, the best choice would be $best;" \
		"$((came_2 - came_1)) SAs came in $measure s, slots $slots"
	check "at least 90 % of the best choice" awk -v p="$part" -v b="$best" \
		'BEGIN { exit !(p >= 0.9 * b) }'
	check_le "SAs that came per second, in tenths of the slots" \
		$(((came_2 - came_1) * 10)) $((slots * measure))
}

shifted()
{
	add_all
	phase 0
	phase $((pairs / 2))
}
T "the busy SAs are in the NIC, also after a shift" shifted

run_tests
