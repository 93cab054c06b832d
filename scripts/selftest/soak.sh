#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The soak: everything at random, from a seed, and then the proof that every SA
# works, that nothing left in clear and that no IV was used twice. S1 S44 S63.
#   OV2_SOAK_SEED=N      what to do (at random)
#   OV2_SOAK_SECONDS=N   for how long, not counting setup and proof (120)

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

seed=${OV2_SOAK_SEED:-$SRANDOM}
seconds=${OV2_SOAK_SECONDS:-120}

# In between, so that the wire is seen as it is: an end with offload shows packets
# before encryption, any end shows those of tunnels after decryption as well.
#
#   a: ov2sim1 ---- ov2sim5 m ov2sim6 ---- b: ov2sim2
#   under test      bridge, tcpdump        software
setup()
{
	check "namespaces and NICs" make_all && check "the wire" wire_all
}

make_all()
{
	netns_add a && netns_add b && netns_add m && sim_new 1 && sim_new 2 && sim_new 5 &&
		sim_new 6 && ip link set "$dev_a" netns a && ip link set "$dev_b" netns b &&
		ip link set ov2sim5 netns m && ip link set ov2sim6 netns m
}

wire_all()
{
	ip -n m -batch - <<-EOF &&
		link add name bridge type bridge mcast_snooping 0
		link set bridge up
		link set ov2sim5 master bridge up
		link set ov2sim6 master bridge up
	EOF
		nsenter --net=/run/netns/m ethtool -K ov2sim5 gro off &&
		nsenter --net=/run/netns/m ethtool -K ov2sim6 gro off || return
	# Over IPv6 software's own GSO repeats IVs. TCP uses it whatever ethtool says.
	ip -n b link set "$dev_b" gso_max_segs 1 && link a "$dev_a" m ov2sim5 &&
		link m ov2sim6 b "$dev_b" && configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")" &&
		configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")" &&
		wait_for 5 carrier a "$dev_a" && wait_for 5 carrier b "$dev_b"
}

# The wire, into $tmp/NAME.pcap, until capture_end.
capture_wire()
{
	spawn m tcpdump -Z root -i ov2sim5 -s 160 -U -B 16384 \
		--immediate-mode -w "$tmp/$1.pcap" 2>"$tmp/$1.log"
	capture=$child
	wait_for 10 says "listening on" cat "$tmp/$1.log" || fail "tcpdump: $(<"$tmp/$1.log")"
}

# The proof finds what it looks for: packets in clear of a kind that has no place
# on the wire, the marker inside what passes for ESP, and an IV that came twice.
self_check()
{
	local out spi=$((0x6f76322d))

	echo "{\"$spi\": [8, false]}" >"$tmp/spis"
	capture_wire clear
	printf 'ov2-soak-CLEAR!\nov2-soak-CLEAR!\n' >"$tmp/marked"
	a socat -u "OPEN:$tmp/marked" UDP4-DATAGRAM:10.1.0.2:7
	a socat -u "OPEN:$tmp/marked" UDP4-DATAGRAM:10.1.0.2:4500,bind=:4500
	wait_for 10 captured clear "$spi" || fail "nothing was captured"
	capture_end
	out=$(python3 "$selftest/soak_proof.py" "$tmp/spis" "$tmp/clear.pcap" "$tmp/clear.pcap") &&
		fail "all is well with packets in clear"
	[[ ${out##*$'\n'} == *"; 2 ESP packets, 1 IVs twice" ]] || fail "$out"
	out=${out##*frames, }
	# Answers by ICMP are no better.
	check_ge "packets in clear" "${out%% *}" 4
	rm "$tmp/clear.pcap"
}

# captured NAME SPI: the packet of self_check that passes for ESP.
captured()
{
	[[ $(python3 "$selftest/pcap.py" esp "$tmp/$1.pcap" "$2") == 1 ]]
}

soak()
{
	local out

	diag "seed $seed"
	capture_wire soak
	out=$(python3 "$selftest/soak.py" "$seed" "$seconds" "$tmp" 2>&1) || fail "the soak failed"
	capture_end
	diag "$out"
	grep -q '^0 packets dropped by kernel' "$tmp/soak.log" || fail "tcpdump: $(<"$tmp/soak.log")"
	out=$(python3 "$selftest/soak_proof.py" "$tmp/spis" "$tmp"/*.pcap 2>&1) ||
		fail "the captures are no proof"
	diag "$out"
}

T "the proof finds what it looks for" self_check
T "seed $seed" soak
run_tests
