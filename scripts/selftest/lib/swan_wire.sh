# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2153,SC2154
# Pings through the children, the wire that tcpdump reads, and the counters of the NICs.

swan_counter()
{
	swan_in "$1" ethtool -S "${SWAN_DEV[$1]}" | awk -v n="$2:" '$1 == n { print $2 }'
}

# tx and rx of the NICs at both ends, in the order a ping passes them.
swan_counters()
{
	local got left=(0 0) right=(0 0)

	if [[ ${SWAN_NIC[l]:-} ]]; then
		stats_of swl "${SWAN_DEV[l]}" ipsec_tx_pkts ipsec_rx_pkts
		left=("${got[@]}")
	fi
	if [[ ${SWAN_NIC[r]:-} ]]; then
		stats_of swr "${SWAN_DEV[r]}" ipsec_rx_pkts ipsec_tx_pkts
		right=("${got[@]}")
	fi
	echo "${left[0]} ${right[*]} ${left[1]}"
}

swan_tap_start()
{
	SWAN_PCAP=$SWAN_DIR/tap.pcap
	rm -f "$SWAN_PCAP"
	# The messages of an earlier tcpdump must not be taken for those of this one.
	: >"$SWAN_DIR/tcpdump"
	ip netns exec swm tcpdump -Z root -qUn --immediate-mode -s 0 -i "${SWAN_TAP_DEV:-tapl}" -w "$SWAN_PCAP" \
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

# At least $1 ESP packets were on the wire, and nothing in clear: no packet of
# another kind, and no pattern of the pings (S44).
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

# The addresses that child $2 protects at end $1. Of a network it is the first one. The pool gives
# each connection its first one, too.
swan_addr()
{
	local ts addr

	if [[ ${C[mode]} == transport ]]; then
		[[ $1 == l ]] && echo "${C[local]}" || echo "${C[remote]}"
	elif [[ $1 == l && ${C[vip]} == yes ]]; then
		echo 10.3.0.1
	else
		ts=$(swan_ts "$1" "$2")
		addr=${ts%%/*}
		[[ ${C[net]} == no ]] || addr=${addr/%.0/.1} addr=${addr/%::/::1}
		echo "$addr"
	fi
}

# "ov2clear" in hex: a mark that must never be seen on the wire.
SWAN_PATTERN=6f7632636c656172

# Where pings come from: the left end, or a host behind it.
SWAN_FROM=l

# How many answers to pings it has had.
swan_replies()
{
	# shellcheck disable=SC2016
	swan_in "$SWAN_FROM" awk '
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
	swan_in "$SWAN_FROM" ping -qnc "$2" -i 0.01 -W 5 -s "${3:-1000}" -p "$SWAN_PATTERN" \
		-I "$(swan_addr l "$1")" "$(swan_addr r "$1")" >"$SWAN_DIR/ping" 2>&1 || :
	wait_for 5 swan_replied $((before + $2)) && return
	diag "ping: $(tail -n 3 "$SWAN_DIR/ping" | tr '\n' ' ')"
	return 1
}

# Pings through every child: nothing in clear, and each packet was worked on by
# the NICs where $1 (order of swan_counters) has a 1 (S46).
swan_traffic()
{
	local expect=${1:-$SWAN_WORK} n=10 k total before after i
	local names=("l tx" "r rx" "r tx" "l rx")

	total=$((n * C[children]))
	read -ra expect <<<"$expect"
	read -ra before <<<"$(swan_counters)"
	swan_tap_start || return
	for ((k = 1; k <= C[children]; k++)); do
		swan_ping "$k" "$n" || return
	done
	swan_tap_check $((2 * total)) || return
	[[ $SWAN_LINK != veth ]] || return 0
	read -ra after <<<"$(swan_counters)"
	for i in 0 1 2 3; do
		if ((after[i] - before[i] != total * expect[i])); then
			diag "${names[i]}: NIC counted $((after[i] - before[i])) of $total"
			return 1
		fi
	done
}
