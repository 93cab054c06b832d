#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# No IV is used twice under one key while the NIC and software send on one SA
# by turns: a nonce that repeats would give GCM's keys away.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# turns FAMILY IVLEN CONN...: a stream while ESP offload is switched off and on.
turns()
{
	local family=$1 ivlen=$2 up tx frames count seen segs=65535
	shift 2

	# Bursts of these kinds are software's.
	[[ $family == 4 && $* != *encap* ]] || segs=1
	ip -n a link set "$dev_a" gso_max_segs "$segs" || fail "gso_max_segs"

	conn 1 proto=tcp fam="$family" inner="$family" "$@"
	commit && wait_offloaded 2 || return
	# All frames from a, so that they can be counted.
	capture b iv -s 128 -Q in
	tx=$(stat a ipsec_tx_pkts) frames=$(stat a tx_wire_frames)
	addrs "$family" wire
	spawn a python3 "$selftest/traffic.py" tcp "$addr_a" 20001 "$addr_b" 7 up \
		1000000000 400000 2>/dev/null
	up=$child
	for _ in 1 2 3; do
		features a esp-hw-offload off
		check "software sends" wait_for 10 sent_more tx_wire_frames "$(stat a tx_wire_frames)"
		features a esp-hw-offload on
		# The SAs come back to the NIC.
		wait_offloaded 2
		check "the NIC sends" wait_for 10 sent_more ipsec_tx_pkts "$(stat a ipsec_tx_pkts)"
	done
	reap "$up" KILL
	tx=$(($(stat a ipsec_tx_pkts) - tx)) frames=$(($(stat a tx_wire_frames) - frames))
	check "the capture is complete" wait_for 10 captured "$frames"
	capture_end
	check "tcpdump has lost nothing" grep -q '^0 packets dropped by kernel' "$tmp/iv.log"
	seen=$(python3 "$selftest/pcap.py" ivs "$tmp/iv.pcap" "$ivlen") || fail "an IV came twice"
	check_eq "packets and different IVs" "${seen% *}" "${seen#* }"
	check_ge "packets read" "${seen% *}" $((frames * 9 / 10))
	check_ge "packets by the NIC" "$tx" 20
	check_ge "packets by software" $((frames - tx)) 20
}

# All frames are in the capture: tcpdump tells their number when it is asked.
captured()
{
	kill -USR1 "$capture"
	count=$(sed -n 's/^tcpdump: \([0-9]*\) packets captured.*/\1/p' "$tmp/iv.log" | tail -n 1)
	((count >= $1))
}

# The last capture with its first packet once more.
twice()
{
	local seen

	tcpdump -Z root -r "$tmp/iv.pcap" -c 1 -w "$tmp/one.pcap" esp 2>/dev/null
	{
		cat "$tmp/iv.pcap"
		tail -c +25 "$tmp/one.pcap"
	} >"$tmp/two.pcap"
	seen=$(python3 "$selftest/pcap.py" ivs "$tmp/two.pcap" 16) &&
		fail "an IV that came twice is not seen: $seen"
}

# sent_more NAME BEFORE: some packets more.
sent_more()
{
	(($(stat a "$1") > $2 + 20))
}

for family in 4 6; do
	for alg in gcm128-128 gmac128 chapoly; do
		T "IPv$family $alg by turns" turns "$family" 8 alg="$alg"
	done
done
T "IPv4 gcm128-128 in UDP by turns" turns 4 8 encap=udp
T "IPv4 cbc128-sha256 by turns" turns 4 16 alg=cbc128-sha256
T "an IV that comes twice is seen" twice

setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		check "a socket for UDP encapsulation" natt
	# With GRO the tap would see packets only after decryption.
	features b gro off
}

run_tests
