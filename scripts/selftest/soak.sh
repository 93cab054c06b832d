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
#
#   c: ov2sim3 ---- ov2sim7 m ov2sim8 ---- d: ov2sim4
#   come and go     bridge, tcpdump        come and go
setup()
{
	check "namespaces and NICs" make_all && check "the wire" wire_all
}

make_all()
{
	local i

	netns_add a && netns_add b && netns_add m && sim_new 1 && sim_new 2 || return
	for i in 5 6 7 8; do
		sim_new "$i" || return
	done
	ip -batch - <<-EOF
		link set $dev_a netns a
		link set $dev_b netns b
		link set ov2sim5 netns m
		link set ov2sim6 netns m
		link set ov2sim7 netns m
		link set ov2sim8 netns m
	EOF
}

wire_all()
{
	local i

	ip -n m -batch - <<-EOF || return
		link add name bridge1 type bridge mcast_snooping 0
		link add name bridge2 type bridge mcast_snooping 0
		link set bridge1 up
		link set bridge2 up
		link set ov2sim5 master bridge1 up
		link set ov2sim6 master bridge1 up
		link set ov2sim7 master bridge2 up
		link set ov2sim8 master bridge2 up
	EOF
	for i in 5 6 7 8; do
		nsenter --net=/run/netns/m ethtool -K "ov2sim$i" gro off || return
	done
	# Over IPv6 software's own GSO repeats IVs. TCP uses it whatever ethtool says.
	ip -n b link set "$dev_b" gso_max_segs 1 && link a "$dev_a" m ov2sim5 &&
		link m ov2sim6 b "$dev_b" && configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")" &&
		configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")" &&
		wait_for 5 carrier a "$dev_a" && wait_for 5 carrier b "$dev_b"
}

# soak_python MODULE ARG...: of the package soak.
soak_python()
{
	PYTHONPATH=$selftest python3 -m "$@"
}

# capture_wire NAME DEV: a wire, into $tmp/NAME.pcap, until capture_end. Of a packet
# so much that what is in a tunnel over IPv6 shows the marker if it is in clear.
capture_wire()
{
	spawn m tcpdump -Z root -i "$2" -s 256 -U -B 16384 \
		--immediate-mode -w "$tmp/$1.pcap" 2>"$tmp/$1.log"
	capture=$child
	wait_for 10 file_says "$tmp/$1.log" "listening on" || fail "tcpdump: $(<"$tmp/$1.log")"
}

# The proof finds what it looks for: packets in clear of a kind that has no place
# on the wire, the marker inside what passes for ESP, an IV that came twice, IVs of
# both kinds and of neither, and a capture that lacks packets.
self_check()
{
	local out spi=$((0x6f76322d))

	echo "{\"spis\": {\"$spi\": [8, false, 0], \"$((spi - 2))\": [8, false, 0]}," \
		'"lives": {}, "sent": [1000], "both": 1}' >"$tmp/run"
	capture_wire clear ov2sim5
	# SPI, number and IV, in a datagram each; of the first two the IVs differ in the NIC's bit.
	printf '%s\nov2-soak-CLEAR!\n' $'ov2+soak-CLEAR!' $'ov2+soak\xadCLEAR!' \
		'ov2-soak-CLEAR!' 'ov2-soap-CLEAR!' >"$tmp/marked"
	a socat -u -b 32 "OPEN:$tmp/marked" UDP4-DATAGRAM:10.1.0.2:7
	a socat -u -b 32 "OPEN:$tmp/marked" UDP4-DATAGRAM:10.1.0.2:4500,bind=:4500
	wait_for 10 captured clear "$spi" 2 || fail "nothing was captured"
	capture_end
	out=$(soak_python soak.proof "$tmp/run" "$tmp/clear.pcap") &&
		fail "all is well with packets in clear"
	[[ ${out##*$'\n'} == *"; 4 ESP packets, 1 IVs twice" &&
		$out == *"SPI 0x6f76322d: IVs made with 0x"*", 0x"* &&
		$out != *"SPI 0x6f76322b: IVs made"* &&
		$out == *": 4 frames of ESP, of 1000 "*"that is too little"* &&
		$out == *$'\n'"1 SPIs used by NIC and software, at least 1 expected"* ]] || fail "$out"
	sed "s/{}/{\"$spi\": 1}/" "$tmp/run" >"$tmp/added_twice"
	! soak_python soak.proof "$tmp/added_twice" "$tmp/clear.pcap" |
		grep "IVs made with" || fail "an SA that was added twice has two salts"
	out=${out##*$'\n'}
	out=${out#* frames, }
	# Answers by ICMP are no better.
	check_ge "packets in clear" "${out%% *}" 8
	rm "$tmp/clear.pcap"
}

# captured NAME SPI N: the packets of self_check that pass for ESP.
captured()
{
	[[ $(python3 "$selftest/pcap.py" esp "$tmp/$1.pcap" "$2") == "$3" ]]
}

soak()
{
	local out captures=() name

	diag "seed $seed"
	for name in "main ov2sim5" "other ov2sim7"; do
		# shellcheck disable=SC2086
		capture_wire $name
		captures+=("$capture")
	done
	out=$(soak_python soak "$seed" "$seconds" "$tmp" 2>&1) || fail "the soak failed"
	for capture in "${captures[@]}"; do
		capture_end
	done
	diag "$out"
	for name in main other; do
		grep -q '^0 packets dropped by kernel' "$tmp/$name.log" ||
			fail "tcpdump: $(<"$tmp/$name.log")"
	done
	out=$(soak_python soak.proof "$tmp/run" "$tmp/main.pcap" "$tmp/other.pcap" 2>&1) ||
		fail "the captures are no proof"
	diag "$out"
}

T "the proof finds what it looks for" self_check
T "seed $seed" soak
run_tests
