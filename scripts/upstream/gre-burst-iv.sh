#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shows that the kernel's own ESP uses IVs twice when it has segmented a burst of a tunnel device
# and the packets wait in a qdisc: two namespaces, a veth pair, GRE in an ESP tunnel, AES-GCM in
# software, a shaper, a TCP stream; neither ov2 nor a NIC.
# scripts/vm.sh --modules none -- scripts/upstream/gre-burst-iv.sh; see lib.sh.
#
# xfrm_output() adds the xfrm_offload before xfrm_output_gso() segments such a burst, so that all
# segments share it, and it has the number of the last. esp_xmit() makes the IV of that number when
# the qdisc lets a packet go. With AES-GCM this gives away the XOR of plaintexts, and the key of the
# authentication.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

setup()
{
	software_pair || return
	[[ -d /sys/module/ip_gre ]] || modprobe ip_gre || fail "there is no ip_gre" || return
	check "a tunnel" gre a 1 2 && check "a tunnel" gre b 2 1
	check "a shaper" tc -n a qdisc add dev "$dev_a" root tbf rate 8mbit burst 4k limit 4m
	check "a server" serve
}

# gre END ME PEER
gre()
{
	ip -n "$1" -batch - <<-EOT
		link add gre1 type gre local 10.2.0.$2 remote 10.2.0.$3 ttl 64
		addr add 10.9.0.$2/24 dev gre1
		link set gre1 up mtu 1300
	EOT
}

# stream: sets $packets and $ivs.
stream()
{
	conn 1 mode=tunnel proto=any off=
	commit
	capture b iv -s 128 "ip proto 50"
	check "a stream" a python3 "$selftest/traffic.py" tcp 10.9.0.1 20001 10.9.0.2 7 up 300000
	capture_end
	read -r packets ivs <<<"$(python3 "$selftest/pcap.py" ivs "$tmp/iv.pcap" 8)"
	diag "$packets packets, $ivs IVs"
	check_ge "packets" "$packets" 100
}

repeats()
{
	stream
	verdict "IVs come twice" $((packets != ivs)) 1 0
}

# The remedy that README.md has for a kernel with the fault.
without_bursts()
{
	ip -n a link set gre1 gso_max_segs 1
	stream
	check_eq "different IVs" "$ivs" "$packets"
}

T "GRE in a tunnel, a shaper: IVs come twice" repeats
T "GRE in a tunnel without bursts: no IV twice" without_bursts
run_tests
