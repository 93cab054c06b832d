#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# An uplink: the wire of a port is a network device, and its other end is a kernel that knows nothing
# of ov2.
#
#   namespace a                                  namespace b
#   +---------------------------------------+    +---------------------+
#   | ov2sim1: offloaded SAs -- wire -- up0 |====| far0: software SAs  |
#   +---------------------------------------+veth+---------------------+

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dev_b=far0
# No NIC: a name that no debugfs has.
nic_b=none

# uplink_up [LOWER FAR]: a veth pair, and the port on it.
uplink_up()
{
	local lower=${1:-up0} far=${2:-far0}

	ip link add "$lower" netns a type veth peer name "$far" netns b &&
		ip -n a link set "$lower" up && link a "$dev_a" a "$lower" && ends_up "$far"
}

ends_up()
{
	configure_end a "$dev_a" 1 2 "$(mac b "$1")" && configure_end b "$1" 2 1 "$(mac a "$dev_a")" &&
		wait_for 5 carrier a "$dev_a" && wait_for 5 carrier b "$1"
}

# wire_is TEXT [NIC]: what debugfs says of port 0.
wire_is()
{
	local line

	read -r line <"$sim/${2:-$nic_a}/wires" && [[ $line == "port 0 link "*" wire $1" ]]
}

not_linked()
{
	wire_is none
}

no_carrier()
{
	! carrier a "$dev_a"
}

mtu_is()
{
	says " mtu $1 " ip -n a -o link show dev "$dev_a"
}

mac_is()
{
	[[ $(mac a "$dev_a") == "$1" ]]
}

# gro_is on|off DEV [NETNS]
gro_is()
{
	says "generic-receive-offload: $1" nsenter --net="/run/netns/${3:-a}" ethtool -k "$2"
}

# refused SENTENCE DEV [PORT]: it cannot be a port's wire, and the kernel log says why.
refused()
{
	local before

	before=$(dmesg | wc -l)
	! link a "${3:-$dev_a}" a "$2" 2>/dev/null || fail "$2 was taken"
	[[ $(dmesg | tail -n "+$((before + 1))") == *"$1"* ]] || fail "not said of $2: $1"
}

# Datagrams and streams in clear, or with the SAs that are there. Those in clear have no id.
alive()
{
	udp 9 4 wire 100,1400
}

# The uplink as it is between two tests.
after_each()
{
	clean_sas
	[[ -e /run/netns/a ]] || return
	wire_is "device up0" || fail "the wire: $(<"$sim/$nic_a/wires")"
	mtu_is 1500 || fail "the MTU"
}

setup()
{
	check "namespaces" netns_add a && check "namespaces" netns_add b &&
		check "a NIC" sim_new 1 && check "a NIC" ip link set "$dev_a" netns a &&
		check "an uplink" uplink_up && check "a server" serve
}

# against_software FAMILY WHERE CONN...: the NIC does all the work at one end, software at the other.
against_software()
{
	local family=$1 where=$2 fails
	shift 2

	fails=$(stat a ipsec_rx_fail_pkts)
	conn 1 fam="$family" inner="$family" "$@"
	conn 2 fam="$family" inner="$family" proto=tcp "$@"
	commit && wait_offloaded 4 || return
	udp 1 "$family" "$where" 1-20,1300-1320
	sim_sa 0x1002 packets
	check_eq "packets that the NIC encrypted" "$field" 41
	sim_sa 0x1003 packets
	check_eq "packets that the NIC decrypted" "$field" 41
	tcp 2 "$family" "$where" up 2000000
	tcp 2 "$family" "$where" down 2000000
	sim_sa 0x1005 packets
	check_ge "segments that the NIC decrypted" "$field" 1300
	check_eq "packets that failed" "$(stat a ipsec_rx_fail_pkts)" "$fails"
}

# What a veth carries is not finished: the NIC has to see frames with checksums, and segments.
unfinished()
{
	local wire long

	check "checksums are left to the veth" says "tx-checksumming: on" b ethtool -k far0
	check "segments are left to the veth" says "tcp-segmentation-offload: on" b ethtool -k far0
	wire=$(stat a rx_wire_frames) long=$(stat a rx_drop_too_long)
	capture b large "src port 7 and greater 3000"
	tcp 1 4 wire down 3000000
	tcp 1 6 wire down 3000000
	udp 1 4 wire 1-30,1472
	udp 1 6 wire 1-30,1452
	capture_end
	check_ge "aggregates on the veth" "$(tcpdump -nr "$tmp/large.pcap" 2>/dev/null | wc -l)" 10
	check_ge "frames that the NIC got" $(($(stat a rx_wire_frames) - wire)) 4100
	check_eq "frames that were too long" "$(stat a rx_drop_too_long)" "$long"
	check_eq "checksums that were wrong" "$(udp_stat a 4 InCsumErrors)" 0
}

# GRO would decrypt with the SAs of its namespace before the NIC sees the frames.
gro()
{
	check "GRO is off" gro_is off up0
	a ethtool -K up0 gro on >/dev/null 2>&1
	check "GRO is off again" wait_for 5 gro_is off up0
	against_software 4 inner mode=tunnel
	unlink a "$dev_a"
	check "GRO as the admin wanted it" gro_is on up0
	link a "$dev_a" a up0
	check "GRO is off" gro_is off up0
	a ethtool -K up0 gro off >/dev/null 2>&1
	check "a carrier" wait_for 5 carrier a "$dev_a"
}

# tagged ID PROTOCOL [BELOW]: a VLAN at both ends.
tagged()
{
	local end dev

	for end in a b; do
		dev=$dev_a
		[[ $end == a ]] || dev=far0
		ip -n "$end" link add link "${3:-$dev}" name "vlan$1" type vlan id "$1" protocol "$2"
		ip -n "$end" link set "vlan$1" up
	done
}

vlans()
{
	local long

	tagged 5 802.1Q && tagged 6 802.1ad && tagged 7 802.1Q vlan6
	for vlan in 5 7; do
		ip -n a addr add 10.9."$vlan".1/24 dev "vlan$vlan"
		ip -n b addr add 10.9."$vlan".2/24 dev "vlan$vlan"
		client udp "1 10.9.$vlan.1 20001 10.9.$vlan.2 7 1-10,1300" || fail "VLAN $vlan: $out"
	done
	# Aggregates have one tag beside them, or two of which one is inside.
	client tcp 10.9.5.1 20001 10.9.5.2 7 down 1000000 || fail "TCP in VLAN 5: $out"
	ip -n b link set vlan7 mtu 1496 && ip -n a link set vlan7 mtu 1496
	client tcp 10.9.7.1 20001 10.9.7.2 7 down 1000000 || fail "TCP in VLAN 7: $out"
	# Two tags and a full packet are more than a device of this MTU takes.
	ip -n a link set vlan7 mtu 1500
	long=$(stat a tx_drop_too_long)
	a ping -qc 1 -W 1 -M "do" -s 1472 10.9.7.2 >/dev/null
	check_eq "frames that were too long" "$(stat a tx_drop_too_long)" $((long + 1))
	for end in a b; do
		ip -n "$end" link del vlan5
		ip -n "$end" link del vlan6
	done
}

mtu()
{
	ip -n a link set up0 mtu 1400
	check "the MTU follows" mtu_is 1400
	! ip -n a link set "$dev_a" mtu 1500 2>/dev/null || fail "more than the lower device's"
	udp 1 4 wire 1372
	ip -n a link set up0 mtu 1500
	check "the MTU follows" mtu_is 1500
	ip -n a link set "$dev_a" mtu 1300
	ip -n a link set up0 mtu 1450
	check "the MTU of the admin" mtu_is 1300
	ip -n a link set "$dev_a" mtu 1450
	unlink a "$dev_a"
	ip -n a link set up0 mtu 60000
	check "more" ip -n a link set "$dev_a" mtu 9000
	ip -n a link set up0 mtu 1500
	link a "$dev_a" a up0
	check "the MTU of the lower device" mtu_is 1500
	check "a carrier" wait_for 5 carrier a "$dev_a"
}

# The SAs stay in the NIC, whatever the wire does.
carriers()
{
	local step

	conn 1
	commit && wait_offloaded 2 || return
	for step in "b far0" "a up0"; do
		# shellcheck disable=SC2086
		set -- $step
		ip -n "$1" link set "$2" down
		check "no carrier without $2" wait_for 5 no_carrier
		ip -n "$1" link set "$2" up
		check "a carrier with $2" wait_for 5 carrier a "$dev_a"
		ends_up far0
		udp 1 4 wire 1-5
		check_eq "SAs in the NIC" "$(core_sas "$nic_a" offloaded)" 2
	done
	a ethtool --reset "$dev_a" all >/dev/null || fail "ethtool --reset"
	wait_offloaded 2
	udp 1 4 wire 1-5
	sim_sa 0x1002 packets
	check_eq "packets that the NIC encrypted since its reset" "$field" 5
}

# lost COMMAND...: it takes the lower device away. The port is left without a link, and can have another.
lost()
{
	"$@" || fail "$*"
	check "no link" wait_for 5 not_linked
	check "no carrier" no_carrier
	says "@" ip -n a -o link show dev "$dev_a" && fail "a lower device is shown"
	ip -n b link del far0 2>/dev/null
	check "another device" uplink_up
	check "a server" exists "$tmp/serve-b"
	alive
}

# Nothing that is on its way may meet what is gone.
under_traffic()
{
	local addr_a addr_b flood i

	addrs 4 wire
	conn 1
	commit && wait_offloaded 2 || return
	spawn a python3 "$selftest/traffic.py" flood "$addr_a" 20001 "$addr_b" 7 300 300 >"$tmp/flood"
	flood=$child
	for i in 1 2 3; do
		wait_for 20 sa_busy || fail "no traffic"
		ip -n a link del up0
		check "another device" uplink_up
		wait_for 20 sa_busy || fail "no traffic"
		ip -n a link set up0 netns b
		ip -n b link del up0
		check "another device" uplink_up
		wait_for 20 sa_busy || fail "no traffic"
		unlink a "$dev_a" && link a "$dev_a" a up0
		ends_up far0
	done
	reap "$flood"
}

# More packets than the last time.
busy=0
sa_busy()
{
	sim_sa 0x1003 packets && ((field > busy)) && busy=$field
}

pulled()
{
	local i

	# The admin's wish is kept for later.
	a ethtool -K up0 gro on >/dev/null 2>&1
	for i in del_device pull_device del_device; do
		spawn b ping -qf -s 1000 10.1.0.1 >/dev/null
		wait_for 20 frames_over "$(stat a rx_wire_frames)"
		echo 1 >"/sys/bus/ov2sim/$i"
		check "GRO as the admin wanted it" gro_is on up0
		reap "$child"
		sim_new 1 && ip link set "$dev_a" netns a && link a "$dev_a" a up0
		check "both ends" ends_up far0
	done
	# The module goes with an uplink.
	check "rmmod" rmmod ov2sim
	check "insmod" insmod /run/ov2-vm/ko/ov2sim.ko
	sim_new 1 && ip link set "$dev_a" netns a && link a "$dev_a" a up0
	check "both ends" ends_up far0
	alive
}

frames_over()
{
	(($(stat a rx_wire_frames) > $1 + 10))
}

bond()
{
	unlink a "$dev_a"
	modprobe bonding max_bonds=0
	ip -n a link add bond0 type bond mode active-backup miimon 100
	ip -n a link add up1 type veth peer name far1 netns b
	a ethtool -K up1 gro on >/dev/null
	ip -n a link set up1 master bond0
	ip -n a link set bond0 up
	refused "The device has a master" up1
	check "a bond" link a "$dev_a" a bond0
	check "GRO of the bond is off" gro_is off bond0
	check "GRO below the bond is off" gro_is off up1
	check "GRO is on without the bond" ip -n a link set up1 nomaster
	check "GRO below the bond is on again" wait_for 5 gro_is on up1
	ip -n a link set up1 master bond0
	check "GRO below the bond is off" wait_for 5 gro_is off up1
	ip -n b addr flush dev far0
	check "both ends" ends_up far1
	against_software 4 wire
	clean_sas
	ip -n a link set up1 nomaster && ip -n a link del bond0
	check "no link without the bond" wait_for 5 not_linked
	ip -n a link del up1
	link a "$dev_a" a up0
	check "both ends" ends_up far0
}

bridge()
{
	unlink a "$dev_a"
	ip -n a link add br0 up type bridge
	ip -n a link set up0 master br0
	refused "The device has a master" up0
	check "a bridge" link a "$dev_a" a br0
	check "both ends" ends_up far0
	alive
	! ip -n a link set "$dev_a" master br0 2>/dev/null || fail "a port in the bridge below it"
	ip -n a link del br0
	check "no link without the bridge" wait_for 5 not_linked
	link a "$dev_a" a up0
	! ip -n a link add link up0 name mv0 type macvlan 2>/dev/null || fail "a macvlan beside the port"
	check "both ends" ends_up far0
}

# README's way without an uplink: a second port in a bridge with the device. GRO on the device finds
# the SAs of its namespace, and decrypts in software what is meant for the NIC: the bridge then has
# the plaintext, and what arrives by the port was protected by no SA.
bridged_port()
{
	local out

	unlink a "$dev_a"
	check "another NIC" sim_new 2 && check "another NIC" ip link set ov2sim2 netns a &&
		check "a link" link a "$dev_a" a ov2sim2 || return
	ip -n a link set ov2sim2 up
	ip -n a link add br0 up type bridge
	ip -n a link set up0 master br0
	ip -n a link set ov2sim2 master br0
	check "both ends" ends_up far0
	a ethtool -K up0 gro off
	against_software 4 wire
	clean_sas
	# A veth leaves out GRO while the other end can do TSO.
	features b tso off
	a ethtool -K up0 gro on
	conn 1
	commit && wait_offloaded 2 || return
	out=$(a python3 "$selftest/traffic.py" udp 3 <<<"1 10.1.0.1 20001 10.1.0.2 7 100")
	check_eq "answer behind GRO" "$out" "1 length 100 lost"
	sim_sa 0x1003 packets
	check_eq "packets that the NIC decrypted behind GRO" "$field" 0
	clean_sas
	features b tso on
	ip -n a link del br0
	sim_del 2
	link a "$dev_a" a up0
	check "both ends" ends_up far0
}

# A device whose calls the kernel makes with a lock of that device.
locked()
{
	local dev

	unlink a "$dev_a"
	modprobe netdevsim
	echo "7 1" >/sys/bus/netdevsim/new_device
	dev=$(echo /sys/bus/netdevsim/devices/netdevsim7/net/*)
	check "netdevsim" ip link set "${dev##*/}" netns a name sim0
	ip -n a link set sim0 up
	check "netdevsim" link a "$dev_a" a sim0
	a ethtool -K sim0 gro on >/dev/null 2>&1
	check "GRO is off" wait_for 5 gro_is off sim0
	ip -n a link set sim0 mtu 1400 && ip -n a link set sim0 address 02:00:00:00:00:55
	check "the MTU follows" mtu_is 1400
	check "the address follows" mac_is 02:00:00:00:00:55
	ip -n a link set sim0 down && ip -n a link set sim0 up
	unlink a "$dev_a"
	check "GRO as the admin wanted it" gro_is on sim0
	link a "$dev_a" a sim0
	echo 7 >/sys/bus/netdevsim/del_device
	check "no link" wait_for 5 not_linked
	ip -n a link set "$dev_a" mtu 1500
	link a "$dev_a" a up0
	check "both ends" ends_up far0
}

lro_is()
{
	says "large-receive-offload: $1" nsenter --net="/run/netns/${3:-a}" ethtool -k "$2"
}

bond_of_sim0()
{
	a ethtool -K sim0 gro on lro on >/dev/null
	# On old kernels it has none.
	lro_is on sim0 && lro=on
	ip -n a link add bond0 type bond mode active-backup miimon 100
	ip -n a link set sim0 master bond0 && ip -n a link set bond0 up
	check "LRO of the bond" lro_is on bond0
	check "a bond" link a "$dev_a" a bond0
	check "LRO below the bond is off" lro_is off sim0
}

# The same as a member of a bond: what it had must not come back while the bond would take it away
# again, with the lock of the member.
locked_member()
{
	local dev lro=off

	unlink a "$dev_a"
	modprobe netdevsim
	modprobe bonding max_bonds=0
	echo "7 1" >/sys/bus/netdevsim/new_device
	dev=$(echo /sys/bus/netdevsim/devices/netdevsim7/net/*)
	check "netdevsim" ip link set "${dev##*/}" netns a name sim0
	bond_of_sim0
	# A VLAN has no LRO, and what is below it cannot have it.
	ip -n a link add link bond0 name vlan5 type vlan id 5
	unlink a "$dev_a"
	check "GRO as the admin wanted it" gro_is on sim0
	check "LRO below a VLAN is off" lro_is off sim0
	ip -n a link del bond0
	bond_of_sim0
	# Wanted, and not possible below the port.
	a ethtool -K bond0 lro on >/dev/null 2>&1
	ip -n a link set sim0 netns b
	check "GRO as the admin wanted it" wait_for 5 gro_is on sim0 b
	check "LRO as the admin wanted it" wait_for 5 lro_is "$lro" sim0 b
	ip -n a link del bond0
	check "no link" wait_for 5 not_linked
	echo 7 >/sys/bus/netdevsim/del_device
	link a "$dev_a" a up0
	check "both ends" ends_up far0
}

refusals()
{
	refused "linked already" lo
	ip -n a link add up1 type veth peer name up2
	refused "linked already" up1
	unlink a "$dev_a"
	refused "Not an Ethernet device" lo
	ip -n a tuntap add tun0 mode tun
	refused "Not an Ethernet device" tun0
	ip -n a link add link up1 name mv1 type macvlan
	refused "Something else receives the frames of the device" up1
	ip -n a link del mv1
	# Loops.
	ip -n a link add link "$dev_a" name vlan9 type vlan id 9
	refused "The device is above the port" vlan9
	ip -n a link del vlan9
	ip -n a link add br1 type bridge
	ip -n a link set "$dev_a" master br1
	refused "The device is above the port" br1
	ip -n a link add link br1 name vlan9 type vlan id 9
	refused "The device is above the port" vlan9
	ip -n a link del br1
	ip -n a link del tun0
	# One wire has two ends.
	link a "$dev_a" a up0
	sim_new 3 && ip link set ov2sim3 netns a
	refused "Something else receives the frames of the device" up0 ov2sim3
	sim_del 3
	ip -n a link del up1
	check "both ends" ends_up far0
}

# Two ports of a NIC on two devices, in another namespace than theirs.
two_ports()
{
	local i

	netns_add c && netns_add d
	sim_new 3 2
	for i in 0 1; do
		ip link add "low$i" type veth peer name "far$i" netns d
		ip link set "low$i" up
		echo "3:$(cat /sys/class/net/ov2sim3p"$i"/ifindex) 3:$(cat "/sys/class/net/low$i/ifindex")" \
			>/sys/bus/ov2sim/link_device 3</proc/self/ns/net || fail "link low$i"
		ip link set "ov2sim3p$i" netns c
		ip -n c addr add 10.8."$i".1/24 dev "ov2sim3p$i"
		ip -n c link set "ov2sim3p$i" up
		ip -n d addr add 10.8."$i".2/24 dev "far$i"
		ip -n d link set "far$i" up
	done
	check_eq "wires" "$(sed 's/.*wire //' "$sim/ov2sim3/wires" | tr '\n' ' ')" "device low0 device low1 "
	for i in 0 1; do
		wait_for 5 carrier c "ov2sim3p$i"
		nsenter --net=/run/netns/c ping -qc 3 -i 0.1 -W 5 10.8."$i".2 >"$tmp/ping" || fail "port $i"
	done
	# A namespace that goes takes its devices along.
	ip netns del d
	check "no link" wait_for 10 wire_is none ov2sim3
	sim_del 3
	ip netns del c
	ip link del low0 2>/dev/null
	ip link del low1 2>/dev/null
	:
}

# frame_of LENGTH: a frame to the other end, of an experimental protocol, into $tmp/frame.
frame_of()
{
	printf "${2//:/\\x}\x2\0\0\0\0\x1\x88\xb5%046d" 0 | head -c "$1" >"$tmp/frame"
}

captured()
{
	[[ $(python3 "$selftest/pcap.py" grep "$tmp/short.pcap" 88b5) == "$1" ]]
}

# Frames of less than 60 bytes arrive, and the NIC pads what it sends.
short()
{
	local length before lladdr

	before=$(stat a rx_wire_frames)
	lladdr=":$(mac a "$dev_a")"
	for length in 15 20 34 59; do
		frame_of "$length" "$lladdr"
		b python3 "$selftest/pcap.py" send far0 "$tmp/frame" || fail "cannot send"
	done
	# The far end's IPv6 may send one of its own.
	check "frames of any length" wait_for 5 frames_reach $((before + 4))
	capture b short ether proto 0x88b5
	frame_of 20 ":$(mac b far0)"
	a python3 "$selftest/pcap.py" send "$dev_a" "$tmp/frame" || fail "cannot send"
	check "a frame" wait_for 5 captured 1
	capture_end
	check_eq "the frame" "$(tcpdump -nr "$tmp/short.pcap" -xx 2>/dev/null |
		sed -n 's/^\t0x[0-9a-f]*: *//p' | tr -d ' \n')" \
		"$(mac b far0 | tr -d :)02000000000188b5303030303030$(printf '%080d' 0)"
}

rx_dropped()
{
	a cat /proc/net/dev | awk -v dev="$dev_a:" '$1 == dev { print $5 }'
}

# tc can bring packets of a device without Ethernet headers, of any length.
headless()
{
	local dropped

	ip -n a tuntap add tun0 mode tun
	check "a filter" a tc qdisc add dev tun0 clsact
	check "a filter" a tc filter add dev tun0 ingress matchall \
		action mirred ingress redirect dev up0
	ip -n a link set tun0 up
	dropped=$(rx_dropped)
	capture a headless "ether[0] = 0x45"
	a python3 -c '
import fcntl, os, struct
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"tun0", 0x1001))
for length in 1, 13, 20, 84:
    os.write(fd, b"\x45" * length)
' || fail "cannot write"
	check_eq "packets that were dropped" "$(rx_dropped)" $((dropped + 4))
	capture_end
	check_eq "frames of them" "$(tcpdump -nr "$tmp/headless.pcap" 2>/dev/null | wc -l)" 0
	ip -n a link del tun0
}

frames_reach()
{
	(($(stat a rx_wire_frames) >= $1))
}

addresses()
{
	local own=02:00:00:00:00:01 permanent

	check "the address of the lower device" mac_is "$(mac a up0)"
	ip -n a link set up0 address 02:00:00:00:00:77
	check "the address follows" mac_is 02:00:00:00:00:77
	unlink a "$dev_a"
	permanent=$(a ethtool -P "$dev_a")
	check "the permanent address" mac_is "${permanent##* }"
	ip -n a link set "$dev_a" address "$own"
	link a "$dev_a" a up0
	check "its own address" mac_is "$own"
	check "both ends" ends_up far0
	against_software 4 wire
	sim_del 1
	sim_new 1 && ip link set "$dev_a" netns a && link a "$dev_a" a up0
	check "both ends" ends_up far0
}

shown()
{
	check "ip link" says "$dev_a@up0" ip -n a -d link show dev "$dev_a"
	check "devlink" says "device up0" devlink health diagnose "ov2sim/$nic_a" reporter ipsec
	unlink a "$dev_a"
	check "devlink" says "none" devlink health diagnose "ov2sim/$nic_a" reporter ipsec
	! unlink a "$dev_a" 2>/dev/null || fail "not linked, and unlinked"
	# The order makes no difference.
	check "up0 and the port" link a up0 a "$dev_a"
	check "a carrier" wait_for 5 carrier a "$dev_a"
}

# README.md's way, with a veth for eth0; the peer is in a namespace of its own.
example()
{
	netns_add c && netns_add peer
	ip link add eth0 netns c type veth peer name far0 netns peer
	ip -n c addr add 192.0.2.1/24 dev eth0
	ip -n c link set eth0 up
	ip -n peer addr add 192.0.2.254/24 dev far0
	ip -n peer link set far0 up
	sed -n '/^<!-- uplink -->$/,/^<!-- end -->$/s/^    //p' "$selftest/../../README.md" |
		sed 's/ov2sim1/ov2sim4/g; s/echo 1 /echo 4 /' >"$tmp/example"
	check "an example" test -s "$tmp/example"
	# With a /sys of this namespace.
	ip netns exec c bash -e "$tmp/example" >"$tmp/said" 2>&1 ||
		fail "it ends with an error: $(<"$tmp/said")"
	wait_for 5 carrier c ov2sim4
	nsenter --net=/run/netns/c ping -qc 3 -i 0.1 -W 5 192.0.2.254 >"$tmp/ping" || fail "no answer"
	sim_del 4
	ip netns del peer
	ip netns del c
}

T "crypto mode, IPv4 transport" against_software 4 wire
T "crypto mode, IPv6 tunnel" against_software 6 inner mode=tunnel
T "packet mode, IPv4 tunnel" against_software 4 inner mode=tunnel kind=packet
T "packet mode, IPv6 transport" against_software 6 wire kind=packet
T "S46 checksums and segments of a veth" unfinished
T "S46 GRO" gro
T "S46 VLAN tags" vlans
T "MTU" mtu
T "S33 carrier, lower device down, reset" carriers
T "lower device removed" lost ip -n a link del up0
T "lower device moved" lost ip -n a link set up0 netns b name gone0
T "S65 lower device lost under traffic" under_traffic
T "S65 port and module removed" pulled
T "a bond" bond
T "a bridge" bridge
T "a port in a bridge, without an uplink" bridged_port
T "a device with a lock of its own" locked
T "a bond of such a device" locked_member
T "refusals and loops" refusals
T "two ports" two_ports
T "short frames" short
T "packets without an Ethernet header" headless
T "addresses" addresses
T "shown" shown
T "README.md's example" example

run_tests
