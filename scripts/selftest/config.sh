#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The configuration changes under traffic: S7, S29, S30, S31, S32, S34.

# shellcheck source=lib/events.sh
. "$(dirname "$0")/lib/events.sh"

# Everything that the admin can switch, with what needs it; all: so many of four SAs
# are in the NIC (4), gone: so many leave (all).
cases=(
	"esp" "ipv4" "transport" "aes_gcm"
	"aes_cbc alg=cbc128-sha256" "hmac_sha256 alg=cbc128-sha256"
	"hmac_sha1 alg=cbc128-sha1" "hmac_sha384 alg=cbc192-sha384"
	"hmac_sha512 alg=cbc256-sha512" "null alg=null-sha1"
	"aes_gmac alg=gmac128" "chacha20_poly1305 alg=chapoly"
	"esn flags=esn" "tunnel mode=tunnel" "ipv6 fam=6"
	"udp_in_ipv4 gone=2 encap=udp" "udp_out_ipv4 gone=2 encap=udp"
	# Outbound it is not offloaded over IPv6.
	"udp_in_ipv6 all=2 encap=udp fam=6"
)

setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		check "a socket for UDP encapsulation" natt
}

shown()
{
	devlink health diagnose "ov2sim/$nic_a" reporter ipsec -j >"$tmp/shown"
	python3 - "$1" "$tmp/shown" <<-'EOF'
		import json, sys
		text = json.load(open(sys.argv[2]))
		def find(x, name):
		    if isinstance(x, dict):
		        for k, v in x.items():
		            if k == name:
		                yield v
		            yield from find(v, name)
		    elif isinstance(x, list):
		        for v in x:
		            yield from find(v, name)
		def value(part):
		    return next(find(list(find(text, part)), sys.argv[1]))
		print(value("hardware"), value("current"))
	EOF
}

param_is()
{
	says "value $2" devlink dev param show "ov2sim/$nic_a" name "$1"
}

in_order()
{
	local spi

	while read -r spi; do
		echo "$((spi / 2)) $((1 - spi % 2)) $spi"
	done | sort -un -k1,1 -k2,2 | cut -d' ' -f3
}

# S34, S7: off: the SAs leave, in order, and a new one is refused, with a reason;
# a connection that does not need it stays. On again: they come back. All the time
# datagrams run on the first connection, and on the second each time.
switch()
{
	local name=$1 fam=4 inner='' mode=transport words="${*:2}" all=4 gone='' out refused
	local net flood no_sa got addr_a addr_b

	[[ -z $words ]] || local "${@:2}"
	gone=${gone:-$all}
	conn 1 "${@:2}"
	conn 2 "${@:2}"
	if ((all == 4)); then
		commit
	else
		commit_warned
	fi
	wait_offloaded "$all"
	trace_begin
	flood_begin
	stdbuf -oL devlink monitor >"$tmp/monitor" 2>&1 &
	children+=("$!")
	monitor=$!
	wait_for 10 monitored || fail "devlink monitor hears nothing"
	check "$name is on" param_is "$name" true
	wait_for 10 sa_packets_over 0x1003 5 || fail "no datagrams through the NIC"
	check "switched off" param "$nic_a" "$name" false
	wait_for 20 sas_are "$nic_a" software "$gone" ||
		fail "$(core_sas "$nic_a" software) in software"
	check_eq "SAs in the NIC" "$(head -n 1 "$sim/$nic_a/sas")" "sas $((all - gone))"
	check_eq "hardware and current" "$(shown "$name")" "True False"
	udp 2 "${inner:-$fam}" "$net" 1-30
	conn 3 "${@:2}"
	refused=$(ip -n a -batch - <<<"$batch_a" 2>&1) || fail "not accepted by xfrm: $refused"
	batch_a='' batch_b=''
	[[ $refused == "Warning: ov2: "* ]] || fail "no reason: $refused"
	check_eq "SAs that xfrm shows as offloaded" \
		"$(ip -n a xfrm state | grep -c 'crypto offload')" $((all + (all - gone) / 2))
	check_eq "SAs that the core has taken" "$(($(wc -l <"$core/$nic_a/sas") - 1))" \
		$((all + (all - gone) / 2))
	addrs "$fam" wire
	ip -n a -batch - <<-END
		xfrm state delete src $addr_a dst $addr_b proto esp spi 0x1006
		xfrm state delete src $addr_b dst $addr_a proto esp spi 0x1007
	END
	check "switched on" param "$nic_a" "$name" true
	wait_offloaded "$all"
	udp 2 "${inner:-$fam}" "$net" 1-30
	flood_end
	# S32: the whole configuration is told, and devlink tells of the parameter.
	wait_for 10 file_says "$tmp/monitor" "name $name " || fail "devlink told nothing"
	reap "$monitor"
	trace_end
	# Each once, in the order in which they came, of a pair the inbound one first.
	out=$(left | grep -v '0x0000100[67]')
	check_eq "SAs that left" "$(wc -l <<<"$out")" "$gone"
	check_eq "SAs that left, in order" "$out" "$(in_order <<<"$out")"
	check_ge "configurations traced" "$(grep -c ' ov2_config: ' "$tmp/trace")" 2
}

# devlink monitor prints nothing when it begins: make it hear something.
monitored()
{
	param "$nic_a" sa_waiting_max $((60000 + RANDOM % 5000))
	[[ -s $tmp/monitor ]]
}

# Counters of packets that the NIC was to send after their SA had left it.
no_sa_names=(ipsec_sa_tx_drop_no_sa ipsec_tx_drop_no_state)

# Datagrams on the first connection until flood_end. Sets $net, where it runs.
flood_begin()
{
	net=wire
	[[ $mode == transport ]] || net=inner
	addrs "${inner:-$fam}" "$net"
	stats a "${no_sa_names[@]}" && no_sa=("${got[@]}")
	# shellcheck disable=SC2154
	spawn a python3 "$selftest/traffic.py" flood "$addr_a" 20001 "$addr_b" 7 300 300 \
		>"$tmp/flood"
	flood=$child
}

# None was damaged, and none is lost but those that the NIC has counted.
flood_end()
{
	local sent echoed

	reap "$flood"
	check "the datagrams" grep -q ' bad 0$' "$tmp/flood"
	read -r _ sent _ echoed _ <"$tmp/flood"
	stats a "${no_sa_names[@]}"
	check_ge "datagrams that came back" "$echoed" 20
	check_le "datagrams that were lost" $((sent - echoed)) \
		$((got[0] - no_sa[0] + got[1] - no_sa[1]))
}

for case in "${cases[@]}"; do
	read -ra words <<<"$case"
	T "${words[*]}" switch "${words[@]}"
done
T "cross_family" switch cross_family mode=tunnel inner=6 \
	out_a="sel src fd02::1/128 dst fd02::2/128" in_a="sel src fd02::2/128 dst fd02::1/128"

# An SA whose selector does not tell what will be inside stays, and what it may not
# do is left to software.
cross_family_unspec()
{
	local sent

	conn 1 mode=tunnel inner=6
	commit
	wait_offloaded 2
	udp 1 6 inner 1-10
	sent=$(stat a ipsec_tx_pkts)
	check_ge "packets that the NIC encrypted" "$sent" 10
	check "switched off" param "$nic_a" cross_family false
	check_eq "SAs in the NIC" "$(core_sas "$nic_a" offloaded)" 2
	udp 1 6 inner 1-10
	check_eq "packets that the NIC encrypted, switched off" "$(stat a ipsec_tx_pkts)" "$sent"
	check "switched on" param "$nic_a" cross_family true
	udp 1 6 inner 1-10
	check_eq "packets that the NIC encrypted, switched on" "$(stat a ipsec_tx_pkts)" $((sent + 10))
}
T "cross_family without a selector" cross_family_unspec

# S34, S42: what is in one packet for the NIC is cut before, and no SA leaves.
udp_lso()
{
	local on lso

	check "bursts in UDP" param "$nic_a" stack_gso true
	conn 1 proto=tcp encap=udp
	commit
	wait_offloaded 2
	for on in true false true; do
		check "udp_lso $on" wait_for 1 param "$nic_a" udp_lso "$on"
		check_eq "current" "$(shown udp_lso)" "True ${on^}"
		check_eq "SAs in the NIC" "$(core_sas "$nic_a" offloaded)" 2
		lso=$(stat a tx_lso_pkts)
		tcp 1 4 wire up 1000000
		lso=$(($(stat a tx_lso_pkts) - lso))
		if [[ $on == true ]]; then
			check_ge "GSO packets that the NIC cut" "$lso" 10
		else
			check_eq "GSO packets that the NIC cut, switched off" "$lso" 0
		fi
	done
	check "bursts in UDP" param "$nic_a" stack_gso false
}
T "udp_lso" udp_lso

# A stream goes on through everything being switched off and on.
under_stream()
{
	local i

	conn 1 proto=tcp
	commit
	wait_offloaded 2
	stream 1 up
	for i in esp aes_gcm transport ipv4; do
		wait_for 20 sa_packets_over 0x1003 20 || fail "$i: no stream through the NIC"
		param "$nic_a" "$i" false
		wait_for 20 sas_are "$nic_a" offloaded 0 || fail "$i: SAs stay"
		param "$nic_a" "$i" true
		wait_offloaded 2
	done
	stream_end
}
T "all under a stream" under_stream

# S31: the feature of the netdev does the same.
feature()
{
	conn 1 proto=tcp
	commit
	wait_offloaded 2
	stream 1 down
	wait_for 20 sa_packets_over 0x1003 20 || fail "no stream through the NIC"
	features a esp-hw-offload off
	wait_for 20 nic_empty || fail "SAs stay"
	features a esp-hw-offload on
	wait_offloaded 2
	wait_for 20 sa_packets_over 0x1003 20 || fail "no stream through the NIC afterwards"
	stream_end
}
T "esp-hw-offload under a stream" feature

# S7: adds race with the switch; nothing outside stays, everything comes back.
race()
{
	local i times=0

	for i in {1..80}; do
		conn "$i"
	done
	ip -n b -batch - <<<"$batch_b"
	# Not on stdin: what runs in the background has none.
	echo "$batch_a" >"$tmp/adds"
	spawn a ip -batch "$tmp/adds" >"$tmp/added" 2>&1
	adder=$child
	batch_a='' batch_b=''
	while kill -0 "$adder" 2>/dev/null; do
		param "$nic_a" aes_gcm false
		wait_for 20 nic_empty || fail "SAs stay"
		param "$nic_a" aes_gcm true
		times=$((times + 1))
	done
	wait "$adder" || fail "ip: $(<"$tmp/added")"
	# An SA that was added while it was off stays in software for good, with a warning.
	wait_for 20 settled || fail "SAs are on their way"
	check_eq "outside" "$(core_sas "$nic_a" software)" 0
	diag "switched $times times; $(core_sas "$nic_a" offloaded) SAs are in," \
		"$(grep -c '^Warning: ov2' "$tmp/added") were late"
	check_ge "SAs that got in" "$(core_sas "$nic_a" offloaded)" 1
	check_ge "SAs that came while it was off" "$(grep -c '^Warning: ov2' "$tmp/added")" 1
}

nic_empty()
{
	local line

	read -r line <"$sim/$nic_a/sas"
	[[ $line == "sas 0" ]]
}

settled()
{
	local table

	mapfile -t table <"$core/$nic_a/sas"
	sas_are "$nic_a" offloaded $((${#table[@]} - 1))
}
T "adds race with a switch" race

# S29: nothing that the hardware lacks, and no nonsense.
bad()
{
	local out

	out=$(param "$nic_a" sa_delete_req maybe 2>&1) && fail "an answer that does not exist"
	[[ $out == *"demote, soft or hard"* ]] || fail "$out"
	out=$(param "$nic_a" replay_window_max 8192 2>&1) && fail "a larger window"
	[[ $out == *"replay window"* ]] || fail "$out"
}
T "what cannot be" bad

run_tests
