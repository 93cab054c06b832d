# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2015,SC2119,SC2120
# What the strongSwan tests share. One topology serves all of them:
#
#   namespace swl          namespace swm             namespace swr
#   charon "l"             bridge, or a NAT          charon "r"
#   left0 ---------------- tapl    tapr ------------ right0
#
# left0 and right0 are ports of NICs with offload. The middle holds no SA, so
# what tcpdump reads on tapl is the wire and nothing else: at an end with
# offload it would see the packet before encryption and after decryption.
#
# OV2_LINK=veth runs everything over veth pairs with software xfrm: that is how
# a test's own mistakes are told from the modules'.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SWAN_LINK=${OV2_LINK:-ov2sim}
SWAN_DIR=
declare -A SWAN_PID=() SWAN_ROOT=() SWAN_NIC=([l]=ov2sim61 [r]=ov2sim62)
declare -A SWAN_DEV=([l]=left0 [r]=right0)
# What a connection is made of; swan_defaults resets it before every test. A
# child may have esp and inner of its own: esp2, inner2.
declare -A C=()

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

# The middle is a bridge: both ends are in one network.
swan_bridge()
{
	swan_in m ip link add br0 type bridge mcast_snooping 0 || return
	swan_in m ip link set tapl master br0 && swan_in m ip link set tapr master br0 &&
		swan_in m ip link set br0 up || return
	# What an end sends in one go is not lost in between, whatever the time that it waits there:
	# the queues of stock kernels (fq_codel) drop what is late.
	swan_in m tc qdisc replace dev tapl root pfifo limit 10000 &&
		swan_in m tc qdisc replace dev tapr root pfifo limit 10000 || return
	swan_in l ip addr add 192.0.2.1/24 dev left0
	swan_in r ip addr add 192.0.2.2/24 dev right0
	swan_in l ip addr add 2001:db8::1/64 dev left0 nodad
	swan_in r ip addr add 2001:db8::2/64 dev right0 nodad
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

# Everything away: the daemons, then NICs with SAs that somebody may have left.
swan_teardown()
{
	swan_stop l
	swan_stop r
	[[ $SWAN_LINK == veth ]] || for id in 61 62 63; do
		[[ ! -e /sys/bus/ov2sim/devices/ov2sim$id ]] || sim_del "$id"
	done
	ip netns del swl
	ip netns del swm
	ip netns del swr
}

swan_defaults()
{
	C=([local]=192.0.2.1 [remote]=192.0.2.2 [mode]=tunnel [inner]=4 [children]=1
		[esp]=aes128gcm16 [hw_l]=crypto [hw_r]=crypto [encap]=no [rekey]=0 [rand]=0
		[start]=none [clear]=no)
}

# The traffic selector of child $2 at end $1.
swan_ts()
{
	local n=1

	[[ $1 == l ]] || n=2
	if [[ ${C[mode]} == transport ]]; then
		echo dynamic
	elif [[ ${C[inner$2]:-${C[inner]}} == 6 ]]; then
		echo "fd00:$n:$2::1/128"
	else
		echo "10.$n.$2.1/32"
	fi
}

swan_child_conf()
{
	local k=$1 end=$2 other=$3

	cat <<-EOF
		c$k {
			local_ts = $(swan_ts "$end" "$k")
			remote_ts = $(swan_ts "$other" "$k")
			mode = ${C[mode]}
			esp_proposals = ${C[esp$k]:-${C[esp]}}
			hw_offload = $([[ $SWAN_LINK == veth ]] && echo no || echo "${C[hw_$end]}")
			rekey_time = ${C[rekey]}s
			rand_time = ${C[rand]}s
			life_time = 3600s
			start_action = $([[ $end == l ]] && echo "${C[start]}" || echo none)
		}
	EOF
}

swan_conf()
{
	local end=$1 dir=$SWAN_DIR/$1 other=r k
	local me=${C[local]} peer=${C[remote]}

	if [[ $end == r ]]; then
		other=l me=${C[remote]} peer=%any
	fi
	mkdir -p "$dir"
	cat >"$dir/strongswan.conf" <<-EOF
		swanctl {
			load = random
		}
		charon-systemd {
			load = openssl random nonce kdf pem kernel-netlink socket-default vici
			make_before_break = yes
			delete_rekeyed_delay = 1
			retransmit_timeout = 1
			retransmit_tries = 8
			filelog {
				log {
					path = $dir/log
					flush_line = yes
					default = 1
					knl = 1
				}
			}
			plugins {
				vici {
					socket = unix://$dir/vici
				}
			}
		}
	EOF
	{
		cat <<-EOF
			connections {
			ike {
				version = 2
				mobike = no
				local_addrs = $me
				remote_addrs = $peer
				encap = ${C[encap]}
				proposals = aes128-sha256-x25519
				rekey_time = 0s
				reauth_time = 0s
				local {
					auth = psk
					id = $end.ov2.test
				}
				remote {
					auth = psk
					id = $other.ov2.test
				}
				children {
		EOF
		for ((k = 1; k <= C[children]; k++)); do
			swan_child_conf "$k" "$end" "$other"
		done
		printf '}\n}\n}\nsecrets {\nike {\nsecret = 0x%s\n}\n}\n' "$(cat "$SWAN_DIR/psk")"
	} >"$dir/swanctl.conf"
}

# A command at an end, with the strongSwan of its root. With the default
# configuration swanctl would load every plugin, and probe all that the kernel
# has to offer.
swan_run()
{
	local end=$1 root=${SWAN_ROOT[$1]:-} conf=STRONGSWAN_CONF=$SWAN_DIR/$1/strongswan.conf
	shift

	if [[ $root ]]; then
		nsenter --target "${SWAN_PID[$end]}" --mount --net \
			chroot "$root" env "$conf" "$@"
	else
		swan_in "$end" env "$conf" "$@"
	fi
}

swan_ctl()
{
	local end=$1 cmd=$2
	shift 2
	swan_run "$end" swanctl "$cmd" --uri "unix://$SWAN_DIR/$end/vici" "$@"
}

swan_start()
{
	local end=$1 dir=$SWAN_DIR/$1 root=${SWAN_ROOT[$1]:-}

	rm -f "$dir/vici"
	# A daemon of its own /run, or the two would take each other for one.
	# shellcheck disable=SC2016
	ip netns exec "sw$end" unshare -m bash -c '
		dir=$1 root=$2
		if [[ $root ]]; then
			for fs in proc sys dev tmp; do
				mount --rbind "/$fs" "$root/$fs"
			done
		fi
		mount -t tmpfs run "$root/run"
		export STRONGSWAN_CONF=$dir/strongswan.conf
		if [[ $root ]]; then
			exec chroot "$root" /usr/sbin/charon-systemd
		fi
		exec /usr/sbin/charon-systemd
	' bash "$dir" "$root" >"$dir/out" 2>&1 &
	SWAN_PID[$end]=$!
	wait_for 60 test -S "$dir/vici" || fail "no charon $end: $(tail -n 3 "$dir/out")" || return
	swan_load "$end"
}

swan_load()
{
	local dir=$SWAN_DIR/$1

	swan_ctl "$1" --load-all --file "$dir/swanctl.conf" >"$dir/load" 2>&1 ||
		fail "charon $1 takes no configuration: $(tail -n 3 "$dir/load")"
}

swan_stop()
{
	local pid=${SWAN_PID[$1]:-}

	[[ $pid ]] || return 0
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	unset "SWAN_PID[$1]"
}

swan_initiate()
{
	local k

	for ((k = 1; k <= C[children]; k++)); do
		swan_ctl l --initiate --child "c$k" --timeout 30 >"$SWAN_DIR/initiate" 2>&1 ||
			fail "no connection: $(tail -n 3 "$SWAN_DIR/initiate")" || return
	done
}

# Both ends with the configuration in C, and every child up. Daemons that are
# running already go on with it.
swan_up()
{
	local end

	for end in r l; do
		swan_conf "$end"
		if [[ ${SWAN_PID[$end]:-} ]]; then
			swan_load "$end" || return
		else
			swan_start "$end" || return
		fi
	done
	swan_initiate
}

# The connection ends, and with it every SA: charon deletes them.
swan_down()
{
	swan_ctl l --terminate --ike ike --force --timeout 20 >"$SWAN_DIR/terminate" 2>&1
	swan_settled l 0
	swan_settled r 0
}

swan_spis()
{
	local line

	ip -n "sw$1" xfrm state | while read -r line; do
		[[ ! $line =~ "proto esp spi "([0-9a-fx]+) ]] || echo "${BASH_REMATCH[1]}"
	done
}

# SAs of an end that its NIC serves.
swan_offloaded()
{
	core_sas "${SWAN_NIC[$1]}" offloaded
}

swan_offloaded_is()
{
	[[ $SWAN_LINK == veth ]] || sas_are "${SWAN_NIC[$1]}" offloaded "$2"
}

swan_states_are()
{
	[[ $(ip -n "sw$1" xfrm state count) =~ SAD\ count\ ([0-9]+) ]] && ((BASH_REMATCH[1] == $2))
}

# Wait until end $1 has $2 SAs, all of them in the NIC, or $3 of them there.
swan_settled()
{
	wait_for 60 swan_states_are "$1" "$2" ||
		fail "$(swan_spis "$1" | wc -l) SAs at $1, not $2" || return
	wait_for 60 swan_offloaded_is "$1" "${3:-$2}" ||
		fail "$(swan_offloaded "$1") SAs offloaded at $1, not ${3:-$2}"
}

swan_counter()
{
	swan_in "$1" ethtool -S "${SWAN_DEV[$1]}" | awk -v n="$2:" '$1 == n { print $2 }'
}

# tx and rx of the NICs at both ends, in the order a ping passes them.
swan_counters()
{
	local got left

	if [[ $SWAN_LINK == veth ]]; then
		echo 0 0 0 0
		return
	fi
	stats_of swl "${SWAN_DEV[l]}" ipsec_tx_pkts ipsec_rx_pkts
	left=("${got[@]}")
	stats_of swr "${SWAN_DEV[r]}" ipsec_rx_pkts ipsec_tx_pkts
	echo "${left[0]} ${got[*]} ${left[1]}"
}

swan_tap_start()
{
	SWAN_PCAP=$SWAN_DIR/tap.pcap
	rm -f "$SWAN_PCAP"
	# What the last one said must not be taken for this one's.
	: >"$SWAN_DIR/tcpdump"
	ip netns exec swm tcpdump -Z root -qUn --immediate-mode -s 0 -i tapl -w "$SWAN_PCAP" \
		2>"$SWAN_DIR/tcpdump" &
	SWAN_TAP=$!
	wait_for 20 file_says "$SWAN_DIR/tcpdump" "listening on"
}

swan_read()
{
	tcpdump -Z root -nqtr "$SWAN_PCAP" "$@" 2>/dev/null
}

# ESP, or ESP in UDP: what is on port 4500 and does not begin with four zeros.
SWAN_ESP='esp or (ip and udp port 4500 and udp[8:4] != 0 and udp[4:2] > 9) or
	(ip6 and ip6[6] = 17 and ip6[42:2] = 4500 and ip6[48:4] != 0 and ip6[44:2] > 9)'
SWAN_OTHER="not (esp or arp or port 500 or port 4500 or ip6 proto 0 or (icmp6 and ip6[40] >= 130))"

swan_tapped()
{
	(($(swan_read "$SWAN_ESP" | wc -l) >= $1))
}

# At least $1 ESP packets were on the wire, and nothing in clear: neither a
# packet of another kind nor the pattern of the pings (S44).
swan_tap_check()
{
	local rc=0

	if ! wait_for 20 swan_tapped "$1"; then
		diag "$(swan_read "$SWAN_ESP" | wc -l) ESP packets on the wire, not $1"
		rc=1
	fi
	kill "$SWAN_TAP" 2>/dev/null
	wait "$SWAN_TAP" 2>/dev/null
	if [[ $(swan_read "$SWAN_OTHER" | tee "$SWAN_DIR/clear") ]]; then
		diag "in clear: $(head -n 3 "$SWAN_DIR/clear")"
		rc=1
	fi
	if [[ $(LC_ALL=C grep -qa 'ov2clear' "$SWAN_PCAP" && echo yes || echo no) != "${C[clear]}" ]]; then
		diag "payload readable on the wire: not ${C[clear]}"
		rc=1
	fi
	return "$rc"
}

# The addresses that child $2 protects at end $1.
swan_addr()
{
	if [[ ${C[mode]} == transport ]]; then
		[[ $1 == l ]] && echo "${C[local]}" || echo "${C[remote]}"
	else
		swan_ts "$1" "$2" | cut -d/ -f1
	fi
}

# "ov2clear" in hex: a mark that must never be seen on the wire.
SWAN_PATTERN=6f7632636c656172

# How many answers to pings end l has had.
swan_replies()
{
	# shellcheck disable=SC2016
	swan_in l awk '
		$1 == "Icmp6InEchoReplies" { n += $2 }
		$1 != "Icmp:" { next }
		col { n += $col }
		{ for (i = 2; i <= NF; i++) if ($i == "InEchoReps") col = i }
		END { print n + 0 }' /proc/net/snmp /proc/net/snmp6
}

swan_replied()
{
	[[ $(swan_replies) == "$1" ]]
}

# $2 pings with payload through child $1, none of them lost. The kernel counts the answers: ping
# waits for the last ones no longer than two round trips, and a busy machine may take longer.
swan_ping()
{
	local before

	before=$(swan_replies)
	swan_in l ping -qnc "$2" -i 0.01 -W 5 -s "${3:-1000}" -p "$SWAN_PATTERN" \
		-I "$(swan_addr l "$1")" "$(swan_addr r "$1")" >"$SWAN_DIR/ping" 2>&1 || :
	wait_for 5 swan_replied $((before + $2)) && return
	diag "ping: $(tail -n 3 "$SWAN_DIR/ping" | tr '\n' ' ')"
	return 1
}

# Pings through every child: nothing in clear, and each packet was worked on by
# the NICs where $1 (order of swan_counters) has a 1 (S46).
swan_traffic()
{
	local expect=${1:-1 1 1 1} n=10 k total before after i
	local names=("l tx" "r rx" "r tx" "l rx")

	total=$((n * C[children]))
	read -ra expect <<<"$expect"
	read -ra before <<<"$(swan_counters)"
	swan_tap_start || return
	for ((k = 1; k <= C[children]; k++)); do
		swan_ping "$k" "$n" || return
	done
	swan_tap_check $((2 * total)) || return
	[[ $SWAN_LINK == ov2sim ]] || return 0
	read -ra after <<<"$(swan_counters)"
	for i in 0 1 2 3; do
		if ((after[i] - before[i] != total * expect[i])); then
			diag "${names[i]}: NIC counted $((after[i] - before[i])) of $total"
			return 1
		fi
	done
}

# S55: every SA is one of ESP in UDP; the peer's port is the NAT's choice.
swan_udp()
{
	local states

	states=$(swan_in "$1" ip xfrm state)
	[[ $(grep -c 'proto esp' <<<"$states") == "$(grep -c 'espinudp' <<<"$states")" ]]
}

# If not all SAs of end $1 are in its NIC but $2, these are inbound.
swan_inbound_first()
{
	local in

	in=$(grep -w offloaded "$core/${SWAN_NIC[$1]}/sas" | grep -cw in)
	(($2 <= C[children] ? in == $2 : in == C[children]))
}

# What was dropped and where, then what the daemons said last.
swan_logs()
{
	local end nic

	for end in l m r; do
		# shellcheck disable=SC2016
		diag "$end: $(swan_in "$end" awk '$2 { printf "%s %s, ", $1, $2 }' /proc/net/xfrm_stat)"
	done
	[[ $SWAN_LINK == veth ]] || for nic in "${SWAN_NIC[@]}" ov2sim63; do
		diag "$nic: $(awk '$NF { printf "%s, ", $0 }' "$core/$nic/counters" "$sim/$nic/counters")"
	done
	diag "queues in between: $(swan_in m tc -s qdisc show | grep -o 'dropped [1-9][0-9]*')"
	for end in l r; do
		[[ -s $SWAN_DIR/$end/log ]] || continue
		diag "charon $end:"
		tail -n "${1:-8}" "$SWAN_DIR/$end/log" | while read -r line; do
			diag "$line"
		done
	done
	return 0
}

# Each test ends with swan_down: there is nothing else to take away.
after_each()
{
	:
}
