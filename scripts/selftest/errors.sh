#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Bad requests, as iproute2 shows them: what the NIC cannot do goes on in
# software with a warning that names the limit; what is wrong is refused.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gcm="aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"
hmac_key=0x000102030405060708090a0b0c0d0e0f10111213
aes_key=0x000102030405060708090a0b0c0d0e0f
null='enc ecb(cipher_null) ""'
sha1="auth-trunc hmac(sha1) $hmac_key 96"

# request DIR WORD...: asks for one SA; sets $out and $rc.
request()
{
	local dir=$1 src=10.1.0.1 dst=10.1.0.2 words=${*:2}

	[[ $dir == out ]] || src=10.1.0.2 dst=10.1.0.1
	if [[ $words == "6 "* ]]; then
		words=${words#6 }
		src=fd01::1 dst=fd01::2
		[[ $dir == out ]] || src=fd01::2 dst=fd01::1
	fi
	[[ $words == *" offload "* ]] || words+=" offload crypto dev $dev_a dir $dir"
	out=$(ip -n a -batch - <<<"xfrm state add src $src dst $dst spi 0x77 $words" 2>&1)
	rc=$?
}

# S34 S5: exit 0, a warning that says why, an SA that is not offloaded, and
# nothing of it in the core or on the NIC.
software()
{
	local text=$1 line
	shift

	request "$@"
	check_eq "exit status" "$rc" 0
	# The one full stop is iproute2's.
	line=${out%.}
	[[ $line == "Warning: "*"$text"* && $line != *$'\n'* && $line != *. ]] ||
		fail "iproute2 said '$out', should warn of '$text'"
	says "spi 0x00000077" ip -n a xfrm state || fail "there is no SA"
	! says "crypto offload" ip -n a xfrm state || fail "the SA is said to be offloaded"
	check "nothing of it in the core" no_sas "$nic_a"
}

# xfrm or ov2 refuses the request as a whole: an error, no SA.
refused()
{
	local text=$1
	shift

	request "$@"
	((rc)) || fail "it was accepted"
	[[ $out == *"$text"* ]] || fail "iproute2 said '$out', should say '$text'"
	! says "spi 0x00000077" ip -n a xfrm state || fail "there is an SA"
	check "nothing of it in the core" no_sas "$nic_a"
}

# without NAME TEXT REQUEST...: a capability that is switched off.
without()
{
	check "switched off" param "$nic_a" "$1" false
	software "${@:2}"
	check "switched on" param "$nic_a" "$1" true
}

# 7.3 refuses an inbound SA with an if_id, 6.12 has it offloaded.
inbound_if_id()
{
	local words="proto esp mode transport $gcm if_id 7"

	if [[ $OV2_KERNEL == *7.3* ]]; then
		refused "XFRM if_id is not supported in RX path" in "$words"
		return
	fi
	request in "$words"
	check_eq "exit status and message" "$rc$out" 0
	says "if_id 0x7" ip -n a xfrm state || fail "there is no SA with an if_id"
	wait_offloaded 1
}

switched_off()
{
	features a esp-hw-offload off
	software "esp-hw-offload is disabled" out "proto esp mode transport $gcm"
	features a esp-hw-offload on
}

# The NIC has xfrm's largest window, 4,096, so that only the admin can exclude one.
smaller_window()
{
	local words="proto esp mode transport $gcm flag esn replay-window 4096"

	request in "$words"
	check_eq "exit status and message with the largest window" "$rc$out" 0
	wait_offloaded 1
	clean_sas
	check "a smaller window" param "$nic_a" replay_window_max 2048
	software "replay windows of 1 to 2048 packets, not 4096" in "$words"
	check "the largest window" param "$nic_a" replay_window_max 4096
}

# The NIC refuses what the core has accepted (S3, S5): software, counted.
refused_by_nic()
{
	local before

	before=$(counter "$nic_a" ipsec_add_sa_fail)
	fault "$nic_a" refuse_nth 1
	request out "proto esp mode transport $gcm"
	check_eq "exit status and message" "$rc$out" 0
	check "it ends in software" wait_for 10 sas_are "$nic_a" software 1
	fault "$nic_a" refuse_nth 0
	check_eq "SAs on the NIC" "$(<"$sim/$nic_a/sas")" "sas 0"
	check_eq "failed adds" "$(counter "$nic_a" ipsec_add_sa_fail)" $((before + 1))
}

# A node that runs out of the NIC's memory is the only one of its list to fail.
refused_alone()
{
	fault "$nic_a" delay_ms 100
	fault "$nic_a" refuse_nth 2
	conn 0 && conn 1 && conn 2 && conn 3 && commit
	check "all answered" wait_for 10 sas_are "$nic_a" adding 0
	check "none queued" wait_for 10 sas_are "$nic_a" queued 0
	check_ge "SAs offloaded" "$(core_sas "$nic_a" offloaded)" 4
	check_ge "SAs refused" "$(core_sas "$nic_a" software)" 1
	fault "$nic_a" refuse_nth 0
	fault "$nic_a" delay_ms 0
	# S5: what was refused goes on in software, and the rest is not disturbed.
	udp 0 4 wire 100
	udp 1 4 wire 100
	udp 2 4 wire 100
	udp 3 4 wire 100
}

T "S34 unknown AEAD" software "Cannot offload algorithm rfc4309(ccm(aes))" \
	out "proto esp mode transport aead rfc4309(ccm(aes)) ${aes_key}101112 128"
T "S34 unknown encryption" software "Cannot offload encryption algorithm cbc(des3_ede)" \
	out "proto esp mode transport enc cbc(des3_ede) ${aes_key}0011223344556677 $sha1"
T "S34 unknown authentication" software "Cannot offload authentication algorithm hmac(md5)" \
	out "proto esp mode transport $null auth-trunc hmac(md5) $aes_key 96"
T "S34 S12 no authentication" software "without authentication" \
	out "proto esp mode transport enc cbc(aes) $aes_key"
T "S34 ICV length" software "An ICV of 64 bits" \
	out "proto esp mode transport $null auth-trunc hmac(sha1) $hmac_key 64"
T "S34 authentication key length" software "Authentication keys of 128 bits" \
	out "proto esp mode transport $null auth-trunc hmac(sha1) $aes_key 96"
T "S34 mode BEET" software "Only transport and tunnel xfrm states" out "proto esp mode beet $gcm"
T "S34 outbound UDP encapsulation over IPv6" software "Outbound UDP encapsulation over IPv6" \
	out "6 proto esp mode transport $gcm encap espinudp 4500 4500 ::"
T "S34 inbound SA with a mark" software "with a mark" \
	in "proto esp mode transport $gcm mark 1 mask 0xff"
T "S34 S14 replay window" smaller_window
T "S34 family IPv4" without ipv4 "IPv4 is not supported by the NIC" out "proto esp mode transport $gcm"
T "S34 family IPv6" without ipv6 "IPv6 is not supported by the NIC" out "6 proto esp mode tunnel $gcm"
T "S34 transport mode" without transport "Transport mode is not supported by the NIC" \
	in "proto esp mode transport $gcm"
T "S34 tunnel mode" without tunnel "Tunnel mode is not supported by the NIC" out "proto esp mode tunnel $gcm"
T "S34 one family in the other" without cross_family "inner and outer families differ" \
	out "proto esp mode tunnel flag af-unspec $gcm sel src fd02::1/128 dst fd02::2/128"
T "S34 ESN" without esn "ESN xfrm states are not supported by the NIC" \
	in "proto esp mode transport $gcm flag esn replay-window 32"
T "S34 inbound UDP encapsulation" without udp_in_ipv4 \
	"Inbound UDP encapsulation over IPv4 is not supported by the NIC" \
	in "proto esp mode transport $gcm encap espinudp 4500 4500 0.0.0.0"
T "S34 outbound UDP encapsulation" without udp_out_ipv4 \
	"Outbound UDP encapsulation over IPv4 is not supported by the NIC" \
	out "proto esp mode transport $gcm encap espinudp 4500 4500 0.0.0.0"
T "S31 offload switched off" switched_off
T "xfrm itself: AH" refused "Type doesn't support offload" out \
	"proto ah mode transport auth hmac(sha1) $hmac_key"
T "xfrm itself: TFC padding" refused "TFC padding can't be offloaded" \
	out "proto esp mode tunnel $gcm tfcpad 100"
T "xfrm itself: an AEAD's ICV length" refused "Requested AEAD algorithm not found" \
	out "proto esp mode transport aead rfc4106(gcm(aes)) $hmac_key 72"
T "xfrm itself: inbound SA with an if_id" inbound_if_id
T "S3 S5 refused by the NIC" refused_by_nic
T "S2 S5 refused by the NIC, one of a list" refused_alone
run_tests
