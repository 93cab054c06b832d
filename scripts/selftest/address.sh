#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# MAC addresses, VLAN tags and queues: which frames the NIC leaves alone, and where
# it looks for ESP.
#
#   namespace c        namespace a                     namespace b
#   +------+  veth  +--------------------+   wire   +---------+
#   |  vc  |--------| va  (br0)  ov2sim1 |----------| ov2sim2 |
#   +------+        +--------------------+          +---------+

# shellcheck source=lib/frame.sh
. "$(dirname "$0")/lib/frame.sh"

queues=4
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

# queue_packets: sets $got to how many packets each of the port's queues has had.
queue_packets()
{
	local line minor=0

	got=()
	tc -n a -s class show dev "$dev_a" >"$tmp/classes"
	while read -r -a line; do
		case ${line[0]:-} in
		class) minor=$((0x${line[2]#*:})) ;;
		Sent) ((minor < 1 || minor > queues)) || got[minor - 1]=${line[3]} ;;
		esac
	done <"$tmp/classes"
}

# used COMMAND...: sets $used to the queues that have had packets of it, in order. It sends at least two:
# a single packet is one that the stack sends at times, for multicast groups.
used()
{
	local before i

	queue_packets
	before=("${got[@]}")
	"$@"
	queue_packets
	used=
	for i in "${!got[@]}"; do
		((got[i] < before[i] + 2)) || used+="$i "
	done
}

# datagrams PRIORITY ID...: one each from the port of an SA, to a port that does not answer: an
# answer would come to a socket that is closed by then, and an ICMP error would go back.
datagrams()
{
	local id priority=$1
	shift

	for id in "$@"; do
		echo x | a socat -u - "UDP4:10.1.0.2:9,bind=:$((20000 + id)),so-priority=$priority"
	done
}

# sa_queues: sets $out to the queue that each SA's packets of each class have.
sa_queues()
{
	local id class used

	out=
	for id in 1 2 3; do
		for class in 0 1; do
			used datagrams "$class" "$id" "$id"
			[[ $used == $((2 * class))" " || $used == $((2 * class + 1))" " ]] ||
				fail "SA $id, class $class: queues '$used'"
			out+=$used
		done
	done
}

# An SA has one queue of its packets' traffic class, the same in the NIC and in software.
classes()
{
	local id out nic

	for id in 1 2 3; do
		conn "$id"
	done
	batch_a=${batch_a//dport 7/dport 9}
	batch_b=${batch_b//dport 7/dport 9}
	commit && wait_offloaded 6 || return
	tc -n a qdisc add dev "$dev_a" root handle 1: mqprio num_tc 2 \
		map 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 queues 2@0 2@2 hw 0 || fail "no mqprio" || return
	sa_queues
	nic=$out
	check "packets that the NIC has encrypted" wait_for 10 sa_packets_are 0x1002 4
	features a esp-hw-offload off
	sa_queues
	check_eq "queues in software" "$out" "$nic"
	features a esp-hw-offload on
	tc -n a qdisc del dev "$dev_a" root
}

# Also where the ESP header is behind tags in the frame: sockets of their own do not
# spread the packets of an SA over the queues.
tagged_queue()
{
	local used end dev

	for end in a b; do
		dev=$dev_a
		[[ $end == a ]] || dev=$dev_b
		ip -n "$end" -batch - <<-EOF || fail "no VLANs"
			link add link $dev name v5 type vlan id 5
			link add link v5 name v6 type vlan id 6
			addr add 10.7.0.$([[ $end == a ]] && echo 1 || echo 2)/24 dev v6
		EOF
		# Nothing but what the test sends.
		"$end" bash -c 'echo 1 | tee /proc/sys/net/ipv6/conf/v[56]/disable_ipv6' >/dev/null
		ip -n "$end" link set v5 up
		ip -n "$end" link set v6 up
	done
	ip -n a neigh add 10.7.0.2 lladdr "$(mac b "$dev_b")" dev v6 nud permanent
	new_key 20
	ip -n a -batch - <<-EOF || fail "no SA"
		xfrm state add src 10.7.0.1 dst 10.7.0.2 proto esp spi 0x701 reqid 7 mode transport aead rfc4106(gcm(aes)) $key 128
		xfrm policy add src 10.7.0.1/32 dst 10.7.0.2/32 proto 17 dir out tmpl src 10.7.0.1 dst 10.7.0.2 proto esp reqid 7 mode transport
	EOF
	tc -n a qdisc add dev "$dev_a" root handle 1: mq || fail "no mq"
	used sockets 10.7.0.2
	[[ $used == [0-9]" " ]] || fail "packets of one SA are on the queues '$used'"
	tc -n a qdisc del dev "$dev_a" root
	ip -n a link del v5
	ip -n b link del v5
}

sockets()
{
	local i

	for i in {1..12}; do
		echo x | a socat -u - "UDP4:$1:7"
	done
}

# S44: a tag that tc pushes in front of what was meant for the NIC: software encrypts it,
# it arrives, and nothing is in clear.
tag_pushed()
{
	local tx clear

	conn 1 fam="$1" proto=any
	commit && wait_offloaded 2 || return
	addrs "$1" wire
	ip -n b link add link "$dev_b" name v5 type vlan id 5
	ip -n b link set v5 up
	tc -n a qdisc add dev "$dev_a" clsact
	tc -n a filter add dev "$dev_a" egress matchall action vlan push id 5 ||
		fail "no act_vlan"
	tx=$(stat a ipsec_tx_pkts)
	capture b tagged "vlan 5"
	a ping -qc 5 -i 0.01 -s 1000 -W 5 "$addr_b" >"$tmp/ping" || fail "$(<"$tmp/ping")"
	says " 0% packet loss" cat "$tmp/ping" || fail "$(<"$tmp/ping")"
	capture_end
	clear=$(tcpdump -Z root -nr "$tmp/tagged.pcap" "vlan and (ip proto 50 or ip6 proto 50)" 2>/dev/null | wc -l)
	check_ge "packets on the wire" "$clear" 5
	clear=$(tcpdump -Z root -nr "$tmp/tagged.pcap" "vlan and (icmp or icmp6)" 2>/dev/null | wc -l)
	check_eq "packets in clear" "$clear" 0
	check_eq "packets that the NIC has encrypted" "$(stat a ipsec_tx_pkts)" "$tx"
	tc -n a qdisc del dev "$dev_a" clsact
	ip -n b link del v5
}

T "S47 a frame for another station, IPv4" other_station 4
T "S47 a frame for another station, IPv6" other_station 6
T "S47 S55 a frame for another station, in UDP" other_station 4 encap=udp
T "S47 a frame that a bridge passes on, IPv4" bridged 4
T "S47 a frame that a bridge passes on, IPv6" bridged 6
T "a port's address changes while it is up" live_change
T "traffic classes" classes
T "queues behind VLAN tags" tagged_queue
T "S44 a tag that tc pushes, IPv4" tag_pushed 4
T "S44 a tag that tc pushes, IPv6" tag_pushed 6

setup()
{
	check "a pair of NICs" netns_add a && netns_add b &&
		sim_new 1 1 "$queues" && sim_new 2 1 "$queues" && check "a wire" wire_up &&
		check "a server" serve && check "a socket for UDP encapsulation" natt
}

run_tests
