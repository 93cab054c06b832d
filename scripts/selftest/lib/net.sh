# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# The pair of linked ports that most areas test:
#
#   namespace a (under test)          namespace b (the far end)
#   +-----------------------+  wire   +-----------------------+
#   | ov2sim1: offloaded SAs |--------| ov2sim2: software SAs  |
#   +-----------------------+         +-----------------------+
#    10.1.0.1  fd01::1                 10.1.0.2  fd01::2        on the wire
#    10.2.0.1  fd02::1                 10.2.0.2  fd02::2        inside tunnels

dev_a=ov2sim1
dev_b=ov2sim2
nic_a=ov2sim1
nic_b=ov2sim2

sim_new()
{
	echo "$*" >/sys/bus/ov2sim/new_device
}

sim_del()
{
	echo "$1" >/sys/bus/ov2sim/del_device
}

ifindex()
{
	local out

	out=$(ip -n "$1" -o link show dev "$2") && echo "${out%%:*}"
}

mac()
{
	local out

	out=$(ip -n "$1" -o link show dev "$2") && out=${out#*link/ether } && echo "${out%% *}"
}

# link NS DEV NS DEV: the wire between two ports.
link()
{
	local fd_1 fd_2 rc=0

	exec {fd_1}<"/run/netns/$1" {fd_2}<"/run/netns/$3"
	echo "$fd_1:$(ifindex "$1" "$2") $fd_2:$(ifindex "$3" "$4")" \
		>/sys/bus/ov2sim/link_device || rc=1
	exec {fd_1}<&- {fd_2}<&-
	return "$rc"
}

unlink()
{
	local fd rc=0

	exec {fd}<"/run/netns/$1"
	echo "$fd:$(ifindex "$1" "$2")" >/sys/bus/ov2sim/unlink_device || rc=1
	exec {fd}<&-
	return "$rc"
}

netns_add()
{
	ip netns add "$1" || return
	# No router discovery of the kernel's own.
	# shellcheck disable=SC2016
	nsenter --net="/run/netns/$1" bash -c '
		for name in accept_ra router_solicitations dad_transmits; do
			echo 0 >/proc/sys/net/ipv6/conf/all/$name
			echo 0 >/proc/sys/net/ipv6/conf/default/$name
		done'
}

# The addresses of one end. Neighbours are permanent: with policies for
# everything their discovery would be encrypted as well.
configure_end()
{
	local ns=$1 dev=$2 me=$3 you=$4 lladdr=$5

	ip -n "$ns" -batch - <<-EOF
		link set lo up
		addr replace 10.1.0.$me/24 dev $dev
		addr replace fd01::$me/64 dev $dev nodad
		addr replace 10.2.0.$me/32 dev lo
		addr replace fd02::$me/128 dev lo nodad
		link set $dev up
		neigh replace 10.1.0.$you lladdr $lladdr dev $dev nud permanent
		neigh replace fd01::$you lladdr $lladdr dev $dev nud permanent
		route replace 10.2.0.$you/32 via 10.1.0.$you dev $dev src 10.2.0.$me
		route replace fd02::$you/128 via fd01::$you dev $dev src fd02::$me
	EOF
}

carrier()
{
	says LOWER_UP ip -n "$1" link show dev "$2"
}

# Two NICs linked between a and b.
pair_up()
{
	netns_add a && netns_add b && sim_new 1 && sim_new 2 && wire_up
}

wire_up()
{
	# After a reload one may be in place.
	[[ ! -e /sys/class/net/$dev_a ]] || ip link set "$dev_a" netns a || return
	[[ ! -e /sys/class/net/$dev_b ]] || ip link set "$dev_b" netns b || return
	wire
}

# Links the ports where they are, and configures them.
wire()
{
	link a "$dev_a" b "$dev_b" || return
	configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")" &&
		configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")" &&
		wait_for 5 carrier a "$dev_a" && wait_for 5 carrier b "$dev_b"
}
