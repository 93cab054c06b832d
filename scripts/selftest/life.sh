#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The end of ports, namespaces, devices and the modules while SAs live and
# packets flow; and a NIC that never answers, which delays none of it.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Traffic both ways on SAs of both families, until traffic_end.
traffic()
{
	conn 0
	conn 1 fam=6 mode=tunnel
	conn 2 proto=tcp
	conn 3 proto=tcp fam=6
	commit && wait_offloaded 8 || return
	spawn a python3 "$selftest/traffic.py" flood 10.1.0.1 20000 10.1.0.2 7 1000 60
	flood=$child
	# Packets get lost, and streams end by an error sooner or later, which is not looked at.
	spawn a python3 "$selftest/traffic.py" tcp 10.1.0.1 20002 10.1.0.2 7 up 500000000 2>/dev/null
	up=$child
	spawn a python3 "$selftest/traffic.py" tcp fd01::1 20003 fd01::2 7 down 500000000 2>/dev/null
	down=$child
	check "traffic flows" wait_for 60 packets_pass 300
}

packets_pass()
{
	sim_sa 0x1004 packets && ((field > $1)) && sim_sa 0x1007 packets && ((field > $1))
}

traffic_end()
{
	reap "$flood" KILL
	reap "$up" KILL
	reap "$down" KILL
}

# The pair again, as it is at the start of each test.
restart()
{
	remove_all
	check "namespaces end" wait_for 20 no_devices
	check "a pair of NICs" pair_up
	reap "$server" KILL
	rm -f "$tmp/serve-b"
	check "a server" serve
}

# S64 S65 S33: xfrm flushes the SAs of a port that goes down.
link_down()
{
	traffic || return
	ip -n a link set "$dev_a" down
	check "its SAs are gone" wait_for 20 no_sas "$nic_a"
	check_eq "SAs that xfrm has" "$(ip -n a xfrm state | grep -c offload)" 0
	traffic_end
	ip -n a link set "$dev_a" up
	configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")"
	check "carrier" wait_for 10 carrier a "$dev_a"
	clean_sas
	conn 9
	commit && wait_offloaded 2 && udp 9 4 wire 1-10
}

# S64: a port that is down serves requests.
add_while_down()
{
	ip -n a link set "$dev_a" down
	conn 5
	commit && wait_offloaded 2
	ip -n a link set "$dev_a" up
	configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")"
	check "carrier" wait_for 10 carrier a "$dev_a"
	udp 5 4 wire 1-10
	sim_sa 0x100a packets
	check_eq "packets that the NIC encrypted" "$field" 10
}

# A namespace that ends gives its ports back to the first one.
netns_end()
{
	traffic || return
	ip netns del a
	# Its processes hold it.
	traffic_end
	check "SAs are gone" wait_for 20 no_sas "$nic_a"
	check "the port is back" wait_for 20 exists "/sys/class/net/$dev_a"
	restart
}

# S65: a device removed unasked.
device_end()
{
	traffic || return
	sim_del 1
	check "the device is gone" gone "/sys/bus/ov2sim/devices/$nic_a"
	check "its tables are gone" gone "$core/$nic_a"
	traffic_end
	check_eq "SAs of it that xfrm has" "$(ip -n a xfrm state | grep -c offload)" 0
	restart
}

# rmmod with live SAs and traffic; every slab cache must be empty.
modules_end()
{
	traffic || return
	check "rmmod ov2sim" rmmod ov2sim
	check "rmmod ov2" rmmod ov2
	traffic_end
	check_eq "slab caches of the modules" "$(grep -c '^ov2' /proc/slabinfo)" 0
	check "insmod ov2" insmod /run/ov2-vm/ko/ov2.ko
	check "insmod ov2sim" insmod /run/ov2-vm/ko/ov2sim.ko
	restart
}

# From here on the NIC does not answer. What took place while a request was in
# flight, and it still is, did not wait for it.
silent()
{
	conn 0
	conn 1 fam=6
	commit && wait_offloaded 4 || return
	check "deadline" param "$nic_a" request_deadline 60000
	fault "$nic_a" lose 1000000
	conn 2
	commit
	check "a request is in flight" wait_for 10 in_flight "$nic_a"
}

talks_again()
{
	fault "$nic_a" lose 0
	# How long its removal waits for what was lost
	check "deadline" param "$nic_a" request_deadline 500
	restart
}

silent_link_down()
{
	silent || return
	ip -n a link set "$dev_a" down
	check "link down did not wait" in_flight "$nic_a"
	check_eq "SAs that xfrm has" "$(ip -n a xfrm state | grep -c offload)" 0
	talks_again
}

silent_netns_end()
{
	silent || return
	ip netns del a
	check "the port is back" wait_for 20 exists "/sys/class/net/$dev_a"
	check "the namespace's end did not wait" in_flight "$nic_a"
	talks_again
}

# xfrm waits for the NIC to add an SA in packet mode. xfrm has no state yet that it could delete when
# the port leaves the namespace.
silent_move()
{
	local out

	silent || return
	spawn a ip xfrm state add src 10.1.0.2 dst 10.1.0.1 proto esp spi 0x777 mode transport \
		aead "rfc4106(gcm(aes))" 0x000102030405060708090a0b0c0d0e0f10111213 128 \
		offload packet dev "$dev_a" dir in 2>"$tmp/add"
	check "xfrm waits for it" wait_for 10 grep -q "0x0*777 " "$core/$nic_a/sas"
	check "another namespace" ip netns add c
	check "the port moves" ip -n a link set "$dev_a" netns c
	wait "$child" && fail "the add has succeeded"
	check "the add says why" grep -q "out of service" "$tmp/add"
	check "the move did not wait" in_flight "$nic_a"
	out=$(ip -n a xfrm state)
	check_eq "SAs that xfrm has" "$out" ""
	check "the namespace ends" ip netns del c
	check "the port is back" wait_for 20 exists "/sys/class/net/$dev_a"
	talks_again
}

silent_other_nic()
{
	silent || return
	sim_del 2
	check "another NIC's removal did not wait" in_flight "$nic_a"
	check "that NIC is gone" gone "/sys/bus/ov2sim/devices/$nic_b"
	talks_again
}

# S28: a deadline, a cancel that the NIC ignores, another deadline, then a reset. What the NIC had is
# restored, known to xfrm as before (S63), and the SAs of the lost list are tried again.
silent_deadline()
{
	local resets

	conn 0
	conn 1 fam=6
	commit && wait_offloaded 4 || return
	resets=$(counter "$nic_a" ipsec_resets)
	check "deadline" param "$nic_a" request_deadline 1500
	fault "$nic_a" deaf 1
	fault "$nic_a" lose 1
	conn 2
	commit
	check "a reset" wait_for 20 counted "$nic_a" ipsec_resets $((resets + 1))
	check "all is answered" wait_for 20 answered
	check "deadline" param "$nic_a" request_deadline 5000
	wait_offloaded 6
	udp 0 4 wire 1-10
	udp 1 6 wire 1-10
	udp 2 4 wire 1-10
	sim_sa 0x1000 packets
	check_eq "packets that the NIC encrypted" "$field" 10
}

answered()
{
	! in_flight "$nic_a"
}

counted()
{
	[[ $(counter "$1" "$2") == "$3" ]]
}

# UPDSA on a live SA: for a moment there are two of it. S9.
update()
{
	local n=$1 line

	conn 0
	line=$(grep -m 1 'spi 4096 .* dir out' <<<"$batch_a")
	commit && wait_offloaded 2 || return
	udp 0 4 wire 1-10
	while ((n--)); do
		check "update" ip -n a -batch - <<<"${line/add/update}"
	done
	check "one inbound and one outbound SA" wait_for 10 sas_are "$nic_a" offloaded 2
	check "the rest is deleted" wait_for 10 sas_are "$nic_a" deleting 0
	check_eq "SAs on the NIC" "$(head -n 1 "$sim/$nic_a/sas")" "sas 2"
	udp 0 4 wire 11-20
	sim_sa 0x1000 packets
	check_ge "packets that the NIC encrypted" "${field:-0}" 10
}

# S1: until the add has succeeded software does the work.
before_added()
{
	check "parameter" param "$nic_a" request_deadline 600000
	fault "$nic_a" delay_ms 600000
	conn 0
	commit
	udp 0 4 wire 1-10
	check "the add still runs" in_flight "$nic_a"
	check_eq "packets that the NIC did" \
		"$(stat a ipsec_tx_pkts) $(stat a ipsec_rx_pkts)" "$1"
	fault "$nic_a" delay_ms 0
	wait_offloaded 2
	check "parameter" param "$nic_a" request_deadline 5000
	udp 0 4 wire 1-10
	sim_sa 0x1000 packets
	check_eq "packets that the NIC encrypted" "$field" 10
}

# S19: deletes at once behind adds that are queued or running leave nothing.
# SAs that never reached the NIC were cancelled as a pair.
add_delete()
{
	local i before

	before=$(counter "$nic_a" ipsec_add_sa_cancelled)
	check "parameter" param "$nic_a" requests_max 1
	check "parameter" param "$nic_a" request_deadline 600000
	fault "$nic_a" delay_ms 600000
	for ((i = 0; i < 10; i++)); do
		conn "$i"
	done
	batch_a+="xfrm state flush"$'\n'
	commit
	fault "$nic_a" delay_ms 0
	check "nothing is left" wait_for 20 no_sas "$nic_a"
	check_ge "adds cancelled with their deletes" \
		"$(counter "$nic_a" ipsec_add_sa_cancelled)" $((before + 10))
	check "parameter" param "$nic_a" request_deadline 5000
	check "parameter" param "$nic_a" requests_max 4
}

T "S1 software before the add has succeeded" before_added "0 0"
T "S19 deletes behind adds" add_delete
T "S9 UPDSA on a live SA" update 5
T "S33 S64 link down under traffic" link_down
T "S64 SAs are added while the port is down" add_while_down
T "S65 namespace ends under traffic" netns_end
T "S65 device removed under traffic" device_end
T "S65 rmmod under traffic" modules_end
T "silent NIC: link down" silent_link_down
T "silent NIC: namespace ends" silent_netns_end
T "silent NIC: the port moves while an SA in packet mode is added" silent_move
T "silent NIC: another NIC is removed" silent_other_nic
T "S28 silent NIC: deadline, reset, restore" silent_deadline
run_tests
