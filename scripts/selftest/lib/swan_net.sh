# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# The three namespaces of swan.sh, the wires between them, and what the middle does.

SWAN_LINK=${OV2_LINK:-ov2sim}
SWAN_DIR=
declare -A SWAN_NIC=([l]=ov2sim61 [r]=ov2sim62) SWAN_DEV=([l]=left0 [r]=right0)
# Which of these work on a ping and its answer, in the order of swan_counters.
SWAN_WORK="1 1 1 1"
case $SWAN_LINK in
veth) SWAN_NIC=() ;;
uplink) unset "SWAN_NIC[r]" && SWAN_WORK="1 0 0 1" ;;
esac

swan_in()
{
	local end=$1
	shift
	nsenter --net="/run/netns/sw$end" "$@"
}

# A NIC and its ports' netdevs, under the names that the picture has.
swan_nic()
{
	local id=$1 port=0 dev
	shift

	sim_new "$id" $# 2 || return
	for dev; do
		if (($# == 1)); then
			ip link set "ov2sim$id" name "$dev" || return
		else
			ip link set "ov2sim${id}p$port" name "$dev" || return
		fi
		port=$((port + 1))
	done
}

swan_wires()
{
	if [[ $SWAN_LINK == veth ]]; then
		ip link add left0 netns swl type veth peer name tapl netns swm &&
			ip link add right0 netns swr type veth peer name tapr netns swm
		return
	fi
	if [[ $SWAN_LINK == uplink ]]; then
		ip link add up0 netns swl type veth peer name tapl netns swm &&
			ip link add right0 netns swr type veth peer name tapr netns swm &&
			ip -n swl link set up0 up && swan_nic 61 left0 &&
			ip link set left0 netns swl && link swl left0 swl up0
		return
	fi
	swan_nic 61 left0 && swan_nic 62 right0 && swan_nic 63 tapl tapr &&
		ip link set left0 netns swl && ip link set right0 netns swr &&
		ip link set tapl netns swm && ip link set tapr netns swm &&
		link swl left0 swm tapl && link swr right0 swm tapr
}

swan_setup()
{
	SWAN_DIR=$tmp/swan
	mkdir -p "$SWAN_DIR"
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$SWAN_DIR/psk"
	netns_add swl && netns_add swm && netns_add swr || return
	swan_wires || return
	swan_in l ip -batch - <<-EOF || return
		link set lo up
		link set left0 up
	EOF
	swan_in r ip -batch - <<-EOF || return
		link set lo up
		link set right0 up
	EOF
	swan_in m ip -batch - <<-EOF
		link set tapl up
		link set tapr up
	EOF
}

# swan_table END SIZE: of its NIC, which is reloaded, and whose netdev has no addresses then.
swan_table()
{
	local nic=${SWAN_NIC[$1]} dev=${SWAN_DEV[$1]}

	devlink resource set "ov2sim/$nic" path /ipsec_sa size "$2" &&
		devlink dev reload "ov2sim/$nic" >"$SWAN_DIR/reload" &&
		ip link set "$nic" name "$dev" && ip link set "$dev" netns "sw$1" &&
		link "sw$1" "$dev" swm "tap$1" && swan_in "$1" ip link set "$dev" up
}

# swan_bridged END N: the addresses of an end in the network of swan_bridge.
swan_bridged()
{
	swan_in "$1" ip addr add "192.0.2.$2/24" dev "${SWAN_DEV[$1]}" &&
		swan_in "$1" ip addr add "2001:db8::$2/64" dev "${SWAN_DEV[$1]}" nodad
}

# The middle is a bridge: both ends are in one network.
swan_bridge()
{
	swan_in m ip link add br0 type bridge mcast_snooping 0 || return
	swan_in m ip link set tapl master br0 && swan_in m ip link set tapr master br0 &&
		swan_in m ip link set br0 up || return
	# The middle must not drop a burst, however long it waits there. The default queues of stock
	# kernels (fq_codel) drop packets that are late.
	swan_in m tc qdisc replace dev tapl root pfifo limit 10000 &&
		swan_in m tc qdisc replace dev tapr root pfifo limit 10000 || return
	swan_bridged l 1 && swan_bridged r 2 || return
	wait_for 20 swan_in l ping -qc 1 -W 1 192.0.2.2 >"$SWAN_DIR/ping" || return
	wait_for 20 swan_in l ping -qc 1 -W 1 2001:db8::2 >"$SWAN_DIR/ping"
}

# The middle is a router that hides the left end behind its own address.
swan_nat()
{
	swan_in m sysctl -qw net.ipv4.ip_forward=1 || return
	swan_in m ip addr add 198.51.100.254/24 dev tapl
	swan_in m ip addr add 192.0.2.254/24 dev tapr
	swan_in l ip addr add 198.51.100.1/24 dev left0
	swan_in r ip addr add 192.0.2.2/24 dev right0
	swan_in l ip route add default via 198.51.100.254
	swan_in m nft -f - <<-EOF || return
		table ip nat {
			chain post {
				type nat hook postrouting priority srcnat; policy accept;
				oif "tapr" masquerade
			}
		}
	EOF
	wait_for 20 swan_in l ping -qc 1 -W 1 192.0.2.2 >"$SWAN_DIR/ping" || return
	swan_nat6
}

swan_nat6()
{
	swan_in m sysctl -qw net.ipv6.conf.all.forwarding=1 || return
	swan_in m ip addr add 2001:db8:1::fe/64 dev tapl nodad
	swan_in m ip addr add 2001:db8:2::fe/64 dev tapr nodad
	swan_in l ip addr add 2001:db8:1::1/64 dev left0 nodad
	swan_in r ip addr add 2001:db8:2::2/64 dev right0 nodad
	swan_in l ip route add default via 2001:db8:1::fe
	swan_in m nft -f - <<-EOF || return
		table ip6 nat {
			chain post {
				type nat hook postrouting priority srcnat; policy accept;
				oif "tapr" masquerade
			}
		}
	EOF
	wait_for 20 swan_in l ping -qc 1 -W 1 2001:db8:2::2 >"$SWAN_DIR/ping"
}

# Addresses behind the ends, for tunnel mode.
swan_inner()
{
	local k n netns=(- swl swr)

	for n in 1 2; do
		for k in 1 2 3 4; do
			echo "addr add 10.$n.$k.1/32 dev lo"
			echo "addr add fd00:$n:$k::1/128 dev lo nodad"
		done | ip -n "${netns[n]}" -batch - || return
	done
}

# Removes everything: the daemons, then the NICs, which may still have SAs.
swan_teardown()
{
	swan_stop l
	swan_stop r
	for id in 61 62 63; do
		[[ ! -e /sys/bus/ov2sim/devices/ov2sim$id ]] || sim_del "$id"
	done
	ip netns del swl
	ip netns del swm
	ip netns del swr
}
