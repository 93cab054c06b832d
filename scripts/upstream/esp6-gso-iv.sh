#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shows that the kernel's own ESP over IPv6 uses IVs twice when it segments: two
# namespaces, a veth pair, AES-GCM in software, a TCP stream; neither ov2 nor a NIC.
# scripts/vm.sh --modules none -- scripts/upstream/esp6-gso-iv.sh; see lib.sh.
#
# esp6_xmit() makes the IV of a segment from xo->seq.low after it has counted the
# segment, esp_xmit() of IPv4 from the number before: the last segment of a burst has
# the IV of the single packet that comes next. With AES-GCM that gives away the XOR of
# two plaintexts, and the key of the authentication.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

setup()
{
	software_pair && check "a server" serve
}

# sent FAMILY PROTO COMMAND...: sets $packets and $ivs.
sent()
{
	conn 1 proto="$2" fam="$1" off=
	commit
	# The whole of each packet would be more than the capture's buffer holds.
	capture b iv -s 128 "ip proto 50 or ip6 proto 50"
	"${@:3}"
	capture_end
	read -r packets ivs <<<"$(python3 "$selftest/pcap.py" ivs "$tmp/iv.pcap" 8)"
	diag "$packets packets, $ivs IVs"
}

apart()
{
	sent "$@"
	check_ge "packets" "$packets" 1000
	check_eq "different IVs" "$ivs" "$packets"
}

# The remedy that README.md has for a kernel without the patch.
without_bursts()
{
	ip -n a link set "$dev_a" gso_max_segs 1
	apart 6 tcp tcp 1 6 wire up 3000000
	ip -n a link set "$dev_a" gso_max_segs 65535
}

# Each of them begins with a burst and ends with single packets, however fast the machine is.
short_streams()
{
	local n

	for ((n = 0; n < 20; n++)); do
		tcp 1 6 wire up 30000
	done
}

repeats()
{
	sent 6 tcp short_streams
	check_ge "packets" "$packets" 300
	verdict "IVs come twice" $((packets != ivs)) 1 0
}

T "IPv4 stream: no IV twice" apart 4 tcp tcp 1 4 wire up 3000000
T "IPv6 datagrams: no IV twice" apart 6 udp udp 1 6 wire 1-1000
T "IPv6 stream: IVs come twice" repeats
T "IPv6 stream without bursts: no IV twice" without_bursts
run_tests
