#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Faults of the kernel itself that users of ov2 meet, which README.md tells of: that they are
# there, so that a kernel without them is noticed, and that the remedies are some. Patches for
# the kernel are in scripts/upstream.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

setup()
{
	:
}

after_each()
{
	remove_all
	check "netdevs are gone" wait_for 10 no_devices
}

# reproduce NAME PART...: the tests of it that have such a part in their names. It brings its
# own namespaces, and needs no ov2.
reproduce()
{
	local out

	out=$("$selftest/../upstream/$1.sh" "${@:2}" 2>&1) || fail "$out"
}

# settled: a has done with the 10 datagrams that spoof() sent whatever it does.
settled()
{
	accepted=$(($(udp_stat a 4 NoPorts) - ports))
	rejected=$(($(xfrm_stat a XfrmInNoPols) - policies))
	((accepted + rejected == 10))
}

# Sets $accepted and $rejected to what has become of 10 datagrams that come through a tunnel
# from a source that no policy of a names.
spoof()
{
	local ports=0 policies=0

	settled
	ports=$accepted policies=$rejected
	b python3 "$selftest/traffic.py" send 10.2.0.99 5555 10.2.0.1 9 10 || fail "traffic.py"
	check "all have come in" wait_for 10 settled
}

# remedy offloaded|software: what README.md advises, with the SAs in the NIC or not.
remedy()
{
	local accepted rejected

	pair_up && serve b || return
	ip -n b addr add 10.2.0.99/32 dev lo
	conn 1 mode=tunnel
	commit
	wait_offloaded 2
	check "the peer's policy" ip -n b xfrm policy add src 10.2.0.99/32 dst 10.2.0.1/32 \
		dir out tmpl src 10.1.0.2 dst 10.1.0.1 proto esp reqid 2 mode tunnel
	if [[ $1 == software ]]; then
		param "$nic_a" esp false
		check "SAs in software" wait_for 10 sas_are "$nic_a" software 2
	fi
	spoof
	check_eq "accepted without the remedy" "$accepted" 10
	check "the remedy" ip -n a xfrm policy setdefault in block fwd block
	spoof
	check_eq "accepted with the remedy" "$accepted" 0
	udp 1 4 inner 10,1000
	reap "$client"
	client=
	reap "$server" KILL
	rm -f "$tmp/serve-b" "$tmp/client.in" "$tmp/client.out"
}

# K1 and its remedy: a state without offload that is added later hides those of packet mode, because
# xfrm stops looking at it.
hidden()
{
	local before

	pair_up && serve b || return
	conn 1 kind=packet
	batch_a=${batch_a/ offload packet dev $dev_a dir in/}
	commit
	wait_offloaded 1
	if [[ ${OV2_FIXED:-} ]]; then
		udp 1 4 wire 100
	else
		before=$(xfrm_stat a XfrmOutNoStates)
		client udp "1 10.1.0.1 20001 10.1.0.2 7 100" && fail "an answer has come"
		check_ge "packets without a state" "$(xfrm_stat a XfrmOutNoStates)" $((before + 1))
	fi
	flush a && flush b
	check "no SA is left" wait_for 20 no_sas "$nic_a"
	conn 1 kind=packet
	commit
	wait_offloaded 2
	udp 1 4 wire 100
	reap "$client"
	client=
	reap "$server" KILL
	rm -f "$tmp/serve-b" "$tmp/client.in" "$tmp/client.out"
}

T "segments of ESP over IPv6 have IVs that come twice" reproduce \
	esp6-gso-iv "IPv6 stream:"
T "segments of tunnel devices have IVs that come twice" reproduce \
	gre-burst-iv "GRE in a tunnel, a shaper"
T "inbound policies do not bind states that asked for offload" reproduce \
	inbound-policy "crypto offload"
T "software encrypts without the checksum" reproduce \
	fallback-checksum "transport, framed"
T "software does not take over ESP in UDP" reproduce \
	fallback-udp "nothing arrives"
T "a state without offload hides those of packet mode" hidden
T "setdefault block binds offloaded SAs" remedy offloaded
T "setdefault block binds SAs in software" remedy software
run_tests
