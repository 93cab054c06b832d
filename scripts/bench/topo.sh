# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The two topologies that are compared, with the same addresses: a pair of linked ov2sim NICs, and a
# veth pair, between the namespaces a and b.

# shellcheck source=../selftest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../selftest/lib.sh"

must()
{
	"$@" >&2 || { echo "${0##*/}: failed: $*" >&2; exit 1; }
}

# threaded NAMESPACE DEV: NAPI of DEV in a thread, which says what it has cost.
threaded()
{
	# shellcheck disable=SC2016
	ip netns exec "$1" bash -c 'mount -t sysfs s /sys && echo 1 >"/sys/class/net/$1/threaded"' - "$2"
}

veth_up()
{
	netns_add a && netns_add b &&
		ip link add v1 netns a type veth peer name v2 netns b &&
		ip -n a link set v1 up && ip -n b link set v2 up &&
		configure_end a v1 1 2 "$(mac b v2)" && configure_end b v2 2 1 "$(mac a v1)"
}

# over veth|ov2sim: that topology.
over()
{
	topo=$1
	case $1 in
	veth)
		dev_a=v1 dev_b=v2
		must veth_up
		;;
	ov2sim)
		dev_a=ov2sim1 dev_b=ov2sim2
		must pair_up
		;;
	esac
}

# protect plain|software|crypto|packet: SAs between all of a and all of b.
protect()
{
	case $1 in
	plain) return ;;
	software) conn 1 proto=any off=none ;;
	*) conn 1 proto=any off=ab kind="$1" ;;
	esac
	must commit
	[[ $1 == software ]] || must wait_for 20 sas_are "$nic_a" offloaded 2
}

# Nothing of what over and protect have made is left.
down()
{
	flush a
	flush b
	[[ $topo == veth ]] || clean_sas
	remove_all
	must wait_for 20 no_devices
}

# What a packet costs the crypto API, in ticks of the clock, by its own benchmark, which never stays
# loaded: lines with a size and a number.
speeds()
{
	dmesg -C
	modprobe tcrypt mode=211 sec=0 2>/dev/null
	dmesg | awk '
		/testing speed of/ { ours = /rfc4106\(gcm\(aes\)\).* encryption/ }
		ours && match($0, /160 bit key, (64|1420|8192) byte blocks\): 1 operation in [0-9]+/) {
			split(substr($0, RSTART, RLENGTH), words, " ")
			print words[4], words[10]
		}'
}
