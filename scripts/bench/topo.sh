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

# The address in b behind tunnel I of spread.
spread_addr()
{
	echo "10.3.$(($1 >> 8)).$(($1 & 255))"
}

# spread_batch END MODE SAS: for `ip -batch`, with keys that are the same at both ends.
spread_batch()
{
	local here=out there=in offload='' policy='' dev=$dev_a
	[[ $1 == a ]] || here=in there=out dev=$dev_b
	[[ $2 == software ]] || offload="offload $2 dev $dev dir"
	[[ $2 != packet ]] || policy="offload packet dev $dev"

	awk -v sas="$3" -v here="$here" -v there="$there" -v offload="$offload" -v policy="$policy" '
		function state(i, dir, src, dst, spi) {
			printf "xfrm state add src %s dst %s proto esp spi %d reqid %d mode tunnel " \
				"aead rfc4106(gcm(aes)) 0x%08x000102030405060708090a0b%08x 128 dir %s %s\n",
				src, dst, spi, i + 1, spi, spi, dir,
				(dir == "in" ? "replay-window 32 " : "") (offload ? offload " " dir : "")
		}
		function rule(i, dir, src, dst, tmpl) {
			printf "xfrm policy add src %s/32 dst %s/32 dir %s %s tmpl %s proto esp " \
				"reqid %d mode tunnel\n", src, dst, dir, policy, tmpl, i + 1
		}
		BEGIN {
			a = "10.1.0.1"; b = "10.1.0.2"
			for (i = 0; i < sas; i++) {
				inner = sprintf("10.3.%d.%d", int(i / 256), i % 256)
				state(i, here, a, b, 65536 + 2 * i)
				state(i, there, b, a, 65537 + 2 * i)
				rule(i, here, a, inner, "src " a " dst " b)
				rule(i, there, inner, a, "src " b " dst " a)
			}
		}'
}

# spread MODE SAS: a tunnel for each of that many addresses in b, which all packets use in turn.
spread()
{
	local end

	must ip -n b route add local 10.3.0.0/16 dev lo
	must ip -n a route add 10.3.0.0/16 via 10.1.0.2 dev "$dev_a" src 10.1.0.1
	for end in a b; do
		spread_batch "$end" "$1" "$2" >"$tmp/spread"
		must ip -n "$end" -batch "$tmp/spread"
	done
	[[ $1 == software ]] || must wait_for 60 sas_are "$nic_a" offloaded $((2 * $2))
	[[ $1 == software ]] || must wait_for 60 sas_are "$nic_b" offloaded $((2 * $2))
}

# Nothing of what over, protect and spread have made is left.
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
