# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the reproducers share: software at both ends of a veth pair, and in a a port of
# netdevsim, which takes states of AES-GCM-128 and encrypts nothing.
#
#   namespace a                       namespace b
#   +-------------------+             +-------------------+
#   | nsim_a            |             |                   |
#   |   | tc redirect   |             |                   |
#   | veth_a            |-------------| veth_b            |
#   +-------------------+             +-------------------+
#
# A reproducer succeeds while the kernel has its fault. With OV2_FIXED=1 in the environment
# it succeeds if the kernel does what is right: so the patches are tested.

# shellcheck source=../selftest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../selftest/lib.sh"

dev_b=veth_b

after_each()
{
	flush a
	flush b
}

veth_pair()
{
	check "namespaces" netns_add a && check "namespaces" netns_add b &&
		check "a veth pair" ip link add veth_a netns a type veth peer name veth_b netns b
}

# The pair is the wire, and a capture in b sees what is on it.
software_pair()
{
	dev_a=veth_a
	veth_pair || return
	configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")"
	configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")"
	wait_for 5 carrier a "$dev_a" && wait_for 5 carrier b "$dev_b" || return
	# With GRO the capture would see packets only after decryption.
	features b gro off
}

# A port of netdevsim in a. The kernel names it as it likes.
nsim_port()
{
	local dev

	if [[ ! -e /sys/bus/netdevsim ]]; then
		modprobe netdevsim || fail "there is no netdevsim" || return
	fi
	# shellcheck disable=SC2016
	check "netdevsim" a bash -c 'echo "1 1" >/sys/bus/netdevsim/new_device' || return
	dev=$(a bash -c 'grep -ow "eth[0-9]*\|eni[0-9a-z]*" /proc/net/dev | head -n 1')
	check "its port" ip -n a link set "$dev" name nsim_a && ip -n a link set nsim_a up
}

# What a sends through nsim_a goes out of veth_a.
redirect()
{
	dev_a=nsim_a
	check "addresses" configure_end a nsim_a 1 2 "$(mac b veth_b)" &&
		check "addresses" configure_end b veth_b 2 1 "$(mac a veth_a)" &&
		ip -n a link set veth_a up &&
		check "clsact" tc -n a qdisc add dev nsim_a clsact &&
		check "tc redirect" tc -n a filter add dev nsim_a egress matchall \
			action mirred egress redirect dev veth_a &&
		check "the veth pair" wait_for 5 carrier b veth_b
}

remove_all()
{
	local path

	for path in /sys/bus/netdevsim/devices/netdevsim*; do
		[[ ! -e $path ]] || echo "${path##*/netdevsim}" >/sys/bus/netdevsim/del_device
	done
	for path in /run/netns/*; do
		[[ ! -e $path ]] || ip netns del "${path##*/}"
	done
}

no_devices()
{
	[[ $(echo /sys/bus/netdevsim/devices/*) == *'*' ]]
}

# verdict WHAT IS FAULTY RIGHT: what a kernel with the fault shows, and one without.
verdict()
{
	local want=$3

	[[ ! ${OV2_FIXED:-} ]] || want=$4
	[[ $2 != "$want" ]] || return 0
	if [[ $2 == "$4" ]]; then
		fail "$1: this kernel is right: update README.md, Limits, and scripts/upstream"
	else
		fail "$1: is '$2', should be '$want'"
	fi
}

# send_from END SRC SPORT DST DPORT COUNT
send_from()
{
	"$1" python3 "$selftest/traffic.py" send "${@:2}" || fail "traffic.py send ${*:2}"
}
