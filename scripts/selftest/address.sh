#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# MAC addresses: which frames the NIC leaves alone.
#
#   namespace c        namespace a                     namespace b
#   +------+  veth  +--------------------+   wire   +---------+
#   |  vc  |--------| va  (br0)  ov2sim1 |----------| ov2sim2 |
#   +------+        +--------------------+          +---------+

# shellcheck source=frame_lib.sh
. "$(dirname "$0")/frame_lib.sh"

station=02:00:5e:00:53:01

# same_frame CAPTURE SPI MAC: what was captured is $tmp/frame, but for the station it is for.
same_frame()
{
	python3 "$selftest/pcap.py" save "$tmp/$1.pcap" "$2" 0 "$tmp/seen" ||
		fail "no frame with that SPI in $1" || return
	{
		# shellcheck disable=SC2059
		printf "\\x${3//:/\\x}"
		tail -c +7 "$tmp/frame"
	} >"$tmp/wanted"
	cmp "$tmp/wanted" "$tmp/seen" || fail "the frame is not what was on the wire"
}

captured()
{
	[[ $(tcpdump -Z root -nr "$tmp/$1.pcap" 2>/dev/null) ]]
}

# S47: what comes for another station is delivered as it was on the wire. Without GRO,
# which has xfrm look at ESP for anybody.
other_station()
{
	local rx

	conn 1 fam="$1" "${@:2}"
	commit && wait_offloaded 2 || return
	features a gro off
	frame 0x1003 1 "$1"
	rx=$(stat a ipsec_rx_pkts)
	# Makes the port promiscuous, too.
	capture a station "ether dst $station"
	inject "0:${station//:/}"
	check "the frame is delivered" wait_for 10 captured station
	capture_end
	same_frame station 0x1003 "$station"
	check_eq "packets that the NIC has decrypted" "$(stat a ipsec_rx_pkts)" "$rx"
	# The same frame with its own address is decrypted, whatever xfrm thinks of the number.
	inject
	check "a frame for the port is decrypted" wait_for 10 stat_is a ipsec_rx_pkts $((rx + 1))
	features a gro on
}

bridged()
{
	local vc

	conn 1 fam="$1"
	commit && wait_offloaded 2 || return
	features a gro off
	frame 0x1003 1 "$1"
	check "a third namespace" netns_add c
	ip link add va netns a type veth peer name vc netns c
	ip -n a -batch - <<-EOF || fail "no bridge"
		link add br0 type bridge mcast_snooping 0
		link set $dev_a master br0
		link set va master br0
		link set va up
		link set br0 up
	EOF
	ip -n c link set vc up
	check "the bridge forwards" wait_for 10 forwards
	vc=$(mac c vc)
	spawn c tcpdump -Z root -i vc -s 0 -U --immediate-mode -w "$tmp/bridge.pcap" \
		"ether dst $vc" 2>"$tmp/bridge.log"
	capture=$child
	check "tcpdump" wait_for 10 file_says "$tmp/bridge.log" "listening on"
	inject "0:${vc//:/}"
	check "the frame is passed on" wait_for 10 captured bridge
	capture_end
	same_frame bridge 0x1003 "$vc"
	ip -n a link del br0
	ip netns del c
	check "the veth pair is gone" wait_for 10 no_veth
	features a gro on
}

forwards()
{
	local out

	out=$(ip -n a -d link show master br0)
	out=${out//state forwarding/+}
	[[ ${out//[!+]/} == ++ ]]
}

no_veth()
{
	! ip -n a link show dev va >/dev/null 2>&1
}

# move_to MAC: the port's address, while it is up, and the far end's idea of it. The stack forgets
# the neighbours of an interface whose address changes.
move_to()
{
	ip -n a link set "$dev_a" address "$1" || fail "the address does not change" || return
	ip -n b neigh replace 10.1.0.1 lladdr "$1" dev "$dev_b" nud permanent
	ip -n b neigh replace fd01::1 lladdr "$1" dev "$dev_b" nud permanent
	ip -n a neigh replace 10.1.0.2 lladdr "$(mac b "$dev_b")" dev "$dev_a" nud permanent
	ip -n a neigh replace fd01::2 lladdr "$(mac b "$dev_b")" dev "$dev_a" nud permanent
}

# The address of a port that is up changes: its SAs stay in the NIC, and work there.
live_change()
{
	local old

	conn 1
	conn 2 fam=6 mode=tunnel
	commit && wait_offloaded 4 || return
	udp 1 4 wire 1-10
	udp 2 6 inner 1-10
	old=$(mac a "$dev_a")
	move_to "$station" || return
	check_eq "SAs in the NIC" "$(core_sas "$nic_a" offloaded)" 4
	udp 1 4 wire 1-10
	udp 2 6 inner 1-10
	sim_sa 0x1003 packets
	check_eq "packets decrypted over IPv4" "$field" 20
	sim_sa 0x1005 packets
	check_eq "packets decrypted over IPv6" "$field" 20
	sim_sa 0x1004 packets
	check_eq "packets encrypted over IPv6" "$field" 20
	move_to "$old"
	udp 1 4 wire 1-10
	sim_sa 0x1003 packets
	check_eq "packets decrypted with the old address" "$field" 30
	ip -n a link set "$dev_a" address 01:00:5e:00:00:01 2>/dev/null &&
		fail "a group address was taken"
	udp 1 4 wire 1-10
}

T "S47 a frame for another station, IPv4" other_station 4
T "S47 a frame for another station, IPv6" other_station 6
T "S47 S55 a frame for another station, in UDP" other_station 4 encap=udp
T "S47 a frame that a bridge passes on, IPv4" bridged 4
T "S47 a frame that a bridge passes on, IPv6" bridged 6
T "a port's address changes while it is up" live_change

setup()
{
	check "a pair of NICs" netns_add a && netns_add b &&
		sim_new 1 && sim_new 2 && check "a wire" wire_up &&
		check "a server" serve && check "a socket for UDP encapsulation" natt
}

run_tests
