#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shows that the kernel's own ESP over IPv6 uses IVs twice when it segments: two
# namespaces, a veth pair, AES-GCM in software, a TCP stream; neither ov2 nor a NIC.
# Succeeds if it could be shown. scripts/vm.sh --modules none -- scripts/esp6-gso-iv.sh
#
# esp6_xmit() makes the IV of a segment from xo->seq.low after it has counted the
# segment, esp_xmit() of IPv4 from the number before: the last segment of a burst has
# the IV of the single packet that comes next. With AES-GCM that gives away the XOR of
# two plaintexts, and the key of the authentication.

# shellcheck source=selftest/lib.sh
. "$(dirname "$0")/selftest/lib.sh"

dev_a=veth_a
dev_b=veth_b

setup()
{
	check "namespaces" netns_add a && check "namespaces" netns_add b || return
	check "a veth pair" ip link add "$dev_a" netns a type veth peer name "$dev_b" netns b
	configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")"
	configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")"
	wait_for 5 carrier a "$dev_a" && wait_for 5 carrier b "$dev_b"
	# With GRO the tap would see packets only after decryption.
	features b gro off
	check "a server" serve
}

# sent FAMILY PROTO COMMAND...: sets $packets and $ivs.
sent()
{
	conn 1 proto="$2" fam="$1" off=
	commit
	capture b iv "ip proto 50 or ip6 proto 50"
	"${@:3}"
	capture_end
	read -r packets ivs <<<"$(python3 "$selftest/pcap.py" ivs "$tmp/iv.pcap" 8)"
	echo "# $packets packets, $ivs IVs"
	flush a && flush b
}

apart()
{
	sent "$@"
	check_ge "packets" "$packets" 1000
	check_eq "different IVs" "$ivs" "$packets"
}

repeats()
{
	sent 6 tcp tcp 1 6 wire up 3000000
	check_ge "IVs that came twice" $((packets - ivs)) 1
}

after_each()
{
	:
}

T "IPv4 stream: no IV twice" apart 4 tcp tcp 1 4 wire up 3000000
T "IPv6 datagrams: no IV twice" apart 6 udp udp 1 6 wire 1-1000
T "IPv6 stream: IVs come twice" repeats
run_tests
