#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/demo.sh runs this in its VM: strongSwan over two simulated NICs. It fails unless a NIC
# encrypts and decrypts every packet through ov2.

# Chains of && that end in || give up at what broke.
# shellcheck disable=SC2015

set -u

# shellcheck source=../selftest/lib/swan.sh
. "$(dirname "$0")/../selftest/lib/swan.sh"

heading()
{
	printf '\n== %s\n\n' "$*"
}

note()
{
	printf '%s\n' "$@"
}

indent()
{
	sed 's/^/   /'
}

verdict()
{
	printf '\n%s\n' "$*"
}

give_up()
{
	swan_logs 20
	dmesg | tail -n 20 | indent
	verdict "FAILED: $*"
	exit 1
}

side_of()
{
	sed "s/${SWAN_NIC[l]}/left/g; s/${SWAN_NIC[r]}/right/g"
}

# The middle counts the packets on the wire, by direction. A packet counts as clear unless it is ESP,
# IKE or neighbour discovery.
wire_counters()
{
	swan_in m nft -f - <<-'EOF'
		table bridge wire {
			counter esp_lr {}
			counter esp_rl {}
			counter clear {}
			chain forward {
				type filter hook forward priority 0;
				ip protocol esp iifname "tapl" counter name esp_lr accept
				ip protocol esp iifname "tapr" counter name esp_rl accept
				udp dport { 500, 4500 } accept
				ether type arp accept
				icmpv6 type { 130-143 } accept
				counter name clear
			}
		}
	EOF
}

wire_count()
{
	swan_in m nft -j list counter bridge wire "$1" |
		jq '.nftables[] | select(.counter) | .counter.packets'
}

trace_on()
{
	# shellcheck disable=SC2154
	echo 0 >"$tracing/tracing_on"
	echo 4096 >"$tracing/buffer_size_kb"
	echo 1 >"$tracing/events/ov2/enable"
	echo 1 >"$tracing/tracing_on"
}

trace_lines()
{
	sed -n 's/.* ov2_\(request_submit\|request_complete\|sa_state\): \(.*\)/\1 \2/p' \
		"$tracing/trace"
}

# The lists as the NICs were given them, each with its SAs.
lists()
{
	trace_lines | awk '
		function val(name,    i, kv) {
			for (i = 2; i <= NF; i++) {
				split($i, kv, "=")
				if (kv[1] == name)
					return kv[2]
			}
		}
		$1 == "request_submit" {
			printf "%s  request %s: %s, a list of %s\n", val("nic"), val("id"), val("kind"), val("count")
		}
		$1 == "request_complete" {
			printf "%s  request %s: completed, status %s\n", val("nic"), val("id"), val("status")
		}
		$1 == "sa_state" && (val("to") == "offloaded" || val("to") == "gone") {
			printf "%s            SPI %s: %s%s\n", val("nic"), val("spi"), val("to"), \
				val("to") == "offloaded" ? ", handle " val("handle") : ""
		}' | side_of
}

show_machine()
{
	heading "The machine"
	note "Linux $(uname -r) ($OV2_KERNEL), strongSwan $(charon_version)," \
		"modules $(awk '/^ov2/ { print $1 }' /proc/modules | sort | paste -sd' ')." "" \
		"   left ------------ middle ------------ right" \
		"   charon            bridge, tcpdump     charon" \
		"   NIC ${SWAN_NIC[l]}      no IPsec here       NIC ${SWAN_NIC[r]}" ""
	swan_in l ethtool -k left0 | grep -E 'esp' | indent
}

charon_version()
{
	local v

	v=$(swanctl --version 2>&1)
	v=${v##*strongSwan }
	echo "${v%% *}"
}

# bring_up crypto|packet. The kernel offloads no tunnel across families in packet mode.
bring_up()
{
	heading "strongSwan brings two tunnels up, hw_offload = $1"
	swan_defaults
	C[children]=2 C[esp]=aes256gcm16 C[esp2]=aes128-sha1 C[hw_l]=$1 C[hw_r]=$1
	[[ $1 == packet ]] || C[inner2]=6
	swan_up || give_up "strongSwan has no connection"
	swan_ctl l --list-conns | indent
	swan_settled l 4 && swan_settled r 4 || give_up "not every SA is in its NIC"
	note "" "Each NIC has every SA (debugfs, $core/NIC/sas):" ""
	for end in l r; do
		echo "$([[ $end == l ]] && echo left || echo right):"
		indent <"$core/${SWAN_NIC[$end]}/sas"
	done
}

# A file goes through the first tunnel by TCP and must arrive as it was.
transfer()
{
	local size=$1 pid start stop

	head -c "$size" /dev/urandom >"$SWAN_DIR/sent"
	# A window that fits into the NICs' rings: a machine that stops for a moment drops nothing.
	ip netns exec swr socat -u "TCP-LISTEN:5001,bind=10.2.1.1,so-rcvbuf=262144" "CREATE:$SWAN_DIR/received" &
	pid=$!
	wait_for 20 says 5001 swan_in r ss -ltn || give_up "nobody listens"
	start=$(date +%s%N)
	swan_in l socat -u "FILE:$SWAN_DIR/sent" "TCP:10.2.1.1:5001,bind=10.1.1.1" ||
		give_up "the TCP connection broke"
	wait "$pid" || give_up "the TCP connection broke at the right"
	stop=$(date +%s%N)
	cmp "$SWAN_DIR/sent" "$SWAN_DIR/received" || give_up "the file changed on its way"
	note "   $size bytes by TCP in $(((stop - start) / 1000000)) ms, the same at both ends"
}

traffic()
{
	local n=50

	heading "Traffic: from here on every packet must be the NICs' work"
	read -ra before <<<"$(swan_counters)"
	wire_counters || give_up "no counters on the wire"
	swan_ping 1 "$n" || give_up "pings were lost"
	tail -n 3 "$SWAN_DIR/ping" | indent
	swan_ping 2 "$n" || give_up "pings were lost (second tunnel)"
	tail -n 3 "$SWAN_DIR/ping" | indent
	transfer 16777216
	account
	framed "$1"
}

# Who has put packets into ESP and into the outer headers: xfrm in crypto mode, the NICs in packet
# mode.
framed()
{
	local got left

	stats_of swl "${SWAN_DEV[l]}" ipsec_tx_framed ipsec_rx_unframed
	left=("${got[@]}")
	stats_of swr "${SWAN_DEV[r]}" ipsec_tx_framed ipsec_rx_unframed
	framing+=("$1: packets framed by the left NIC ${left[0]}, by the right NIC ${got[0]}; unframed ${left[1]} and ${got[1]}")
	if [[ $1 == crypto ]]; then
		((left[0] + left[1] + got[0] + got[1] == 0)) || give_up "a NIC has framed packets"
	else
		((left[0] >= counted[0] && got[1] >= counted[1] &&
			got[0] >= counted[2] && left[1] >= counted[3])) ||
			give_up "a NIC has not framed all packets"
	fi
}

# Succeeds if the NICs have processed as many packets as were on the wire since the traffic began.
counts_agree()
{
	local after i

	read -ra after <<<"$(swan_counters)"
	for i in 0 1 2 3; do
		counted[i]=$((after[i] - before[i]))
	done
	esp_lr=$(wire_count esp_lr) esp_rl=$(wire_count esp_rl)
	((counted[0] == esp_lr && counted[1] == esp_lr &&
		counted[2] == esp_rl && counted[3] == esp_rl))
}

# The last packets may be on their way yet.
account()
{
	local esp_lr esp_rl clear

	wait_for 5 counts_agree || :
	clear=$(wire_count clear)
	note "" "   left to right: ${counted[0]} encrypted by the left NIC, $esp_lr ESP packets on the wire, ${counted[1]} decrypted by the right NIC" \
		"   right to left: ${counted[2]} encrypted by the right NIC, $esp_rl ESP packets on the wire, ${counted[3]} decrypted by the left NIC" \
		"   in clear on the wire: $clear"
	((clear == 0)) || give_up "$clear packets were in clear"
	((esp_lr > 0 && counted[0] == esp_lr && counted[1] == esp_lr)) ||
		give_up "not every packet from left to right was the NICs' work"
	((esp_rl > 0 && counted[2] == esp_rl && counted[3] == esp_rl)) ||
		give_up "not every packet from right to left was the NICs' work"
}

show_sas()
{
	heading "The SAs, as strongSwan and the kernel have them (keys left out)"
	swan_ctl l --list-sas | indent
	swan_in l ip xfrm state list nokeys | indent
}

# tcpdump shares no code with the project: it reads the wire with the keys that
# strongSwan gave to the kernel. It knows no AEAD: this is the second tunnel.
decode()
{
	local keys=$SWAN_DIR/keys

	heading "A packet of the second tunnel from the wire"
	swan_tap_start || give_up "tcpdump does not start"
	swan_ping 2 2 64 || give_up "pings were lost"
	swan_tap_check 4 || give_up "the wire is not as it should be"
	swan_in l ip xfrm state | awk '
		$1 == "src" { dst = $4 }
		/proto esp spi/ { for (i = 1; i < NF; i++) if ($i == "spi") spi = $(i + 1) }
		/enc cbc\(aes\)/ { print spi "@" dst " aes128-hmac96:" $3 }' >"$keys"
	note "As it is:" ""
	swan_read -c 1 -X esp | sed -n '1,8p' | indent
	note "" "The same, decrypted by tcpdump:" ""
	swan_read -c 1 -v -E "file $keys" esp >"$SWAN_DIR/decoded"
	rm -f "$keys"
	indent <"$SWAN_DIR/decoded"
	grep -qE 'ICMP6?, echo request|ICMP echo request' "$SWAN_DIR/decoded" ||
		give_up "tcpdump cannot read what the NIC has encrypted"
	account
}

show_nic()
{
	heading "The NICs' counters (ethtool -S, those that are not 0)"
	for end in l r; do
		echo "$([[ $end == l ]] && echo left || echo right):"
		swan_in "$end" ethtool -S "${SWAN_DEV[$end]}" | awk '/ipsec/ && $2' | indent
	done
}

take_down()
{
	swan_down || give_up "SAs are left"
	swan_in m nft delete table bridge wire
	done_by_nics=$((done_by_nics + counted[0] + counted[2]))
	undone_by_nics=$((undone_by_nics + counted[1] + counted[3]))
}

show_lists()
{
	heading "The lists of SAs that the NICs were given, up to the end of the tunnels"
	lists | indent
	lists | grep -q 'ADD_SA, a list' && lists | grep -q 'DELETE_SA, a list' ||
		give_up "the trace has no lists"
	note "" "strongSwan has ended the tunnels: both NICs are empty."
}

before=() counted=() framing=() done_by_nics=0 undone_by_nics=0
trace_on || give_up "no trace events"
swan_setup && swan_bridge && swan_inner || give_up "the two ends do not reach each other"
show_machine
for mode in crypto packet; do
	bring_up "$mode"
	traffic "$mode"
	show_sas
	decode
	show_nic
	take_down
done
show_lists
heading "Who has framed"
printf '   %s\n' "${framing[@]}"
swan_teardown || give_up "the NICs cannot be taken away"
# shellcheck disable=SC2154
((failed == 0)) || give_up "see above"
verdict "OK: strongSwan's two tunnels ran on the NICs, in crypto mode and in packet mode: they encrypted" \
	"$done_by_nics packets and decrypted $undone_by_nics, software none, and nothing was in clear on the wire."
