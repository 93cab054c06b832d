#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The NIC as ip, ethtool and devlink see it, and the bus's files.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

feature_is()
{
	says "$2: $3" a ethtool -k "$dev_a" || fail "$2 is not $3 after $1"
}

# S30 S31 S42: all on at the start; each switches, with what depends on it.
switches()
{
	local name

	for name in esp-hw-offload esp-tx-csum-hw-offload tx-esp-segmentation; do
		feature_is start "$name" on
	done
	for name in tx-esp-segmentation esp-tx-csum-hw-offload esp-hw-offload; do
		features a "$name" off
		feature_is "switching it" "$name" off
	done
	feature_is "esp-hw-offload off" esp-tx-csum-hw-offload off
	features a esp-hw-offload on esp-tx-csum-hw-offload on tx-esp-segmentation on
	for name in esp-hw-offload esp-tx-csum-hw-offload tx-esp-segmentation; do
		feature_is "switching it" "$name" on
	done
}

# S32: each change is announced, as a change of features.
announced()
{
	local monitor name on told=0

	nsenter --net=/run/netns/a stdbuf -oL ip monitor link >"$tmp/monitor" &
	monitor=$!
	children+=("$monitor")
	check "the monitor listens" wait_for 10 monitored
	for name in tx-esp-segmentation esp-tx-csum-hw-offload esp-hw-offload; do
		for on in off on; do
			features a "$name" "$on"
			check "$name $on" wait_for 10 told_over "$told"
			told=$(grep -c 'event FEATURE CHANGE' "$tmp/monitor")
		done
	done
	reap "$monitor"
}

# Of other things it tells without being asked.
monitored()
{
	ip -n a link set "$dev_a" alias "alias$RANDOM"
	[[ -s $tmp/monitor ]]
}

told_over()
{
	(($(grep -c 'event FEATURE CHANGE' "$tmp/monitor") > $1))
}

# S33 S64: carrier follows the wire and both ends; down sends and receives nothing.
link_state()
{
	local frames got

	unlink a "$dev_a" || fail "unlink"
	check "no carrier" wait_for 10 says NO-CARRIER ip -n a link show dev "$dev_a"
	check "no carrier at the other end" wait_for 10 says NO-CARRIER ip -n b link show dev "$dev_b"
	check "no speed without a link" says "Link detected: no" a ethtool "$dev_a"
	link a "$dev_a" b "$dev_b" || fail "link"
	check "carrier" wait_for 10 carrier a "$dev_a"
	check "carrier at the other end" wait_for 10 carrier b "$dev_b"
	check "link" says "Link detected: yes" a ethtool "$dev_a"
	ip -n b link set "$dev_b" down
	check "no carrier with the other end down" \
		wait_for 10 says NO-CARRIER ip -n a link show dev "$dev_a"
	ip -n b link set "$dev_b" up
	configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")"
	check "carrier again" wait_for 10 carrier a "$dev_a"
	a ping -qc 1 -W 5 10.1.0.2 >"$tmp/ping" || fail "$(<"$tmp/ping")"

	ip -n a link set "$dev_a" down
	stats a tx_wire_frames rx_wire_frames && frames=${got[*]}
	send_frame a "$dev_a" 2>"$tmp/send" && fail "a frame was sent by a port that is down"
	check "the reason" file_says "$tmp/send" "Network is down"
	send_frame b "$dev_b" || fail "the far end cannot send"
	serves_requests
	stats a tx_wire_frames rx_wire_frames
	check_eq "frames sent and received while the port was down" "${got[*]}" "$frames"
	ip -n a link set "$dev_a" up
	configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")"
	check "carrier after all" wait_for 10 carrier a "$dev_a"
	# Frames are counted when there are any.
	check "a frame is received" wait_for 10 frame_received "${frames#* }"
}

# A broadcast of no known protocol.
send_frame()
{
	printf '\377\377\377\377\377\377\2ov2sm\210\265%60s' '' >"$tmp/frame"
	"$1" python3 "$selftest/pcap.py" send "$2" "$tmp/frame"
}

frame_received()
{
	send_frame b "$dev_b"
	(($(stat a rx_wire_frames) > $1))
}

# S64: the port is down, and the NIC takes SAs and lets them go.
serves_requests()
{
	ip -n a -batch - <<-END || fail "no SA while the port is down"
		xfrm state add src 10.1.0.2 dst 10.1.0.1 proto esp spi 0x77 mode transport aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128 offload crypto dev $dev_a dir in
	END
	wait_offloaded 1
	check_eq "SAs on the NIC" "$(head -n 1 "$sim/$nic_a/sas")" "sas 1"
	ip -n a xfrm state flush
	check "the SA is deleted" wait_for 10 no_sas "$nic_a"
}

# Protected packets of the NIC after a change.
works()
{
	sim_sa 0x1002 packets
	local before=$field

	udp 1 4 wire "$1"
	sim_sa 0x1002 packets
	check_ge "packets that the NIC encrypted after $2" "$field" $((before + 1))
}

# S35: ring sizes, channels and MTU change while SAs live, and take effect.
settings()
{
	local rx tx

	conn 1
	commit && wait_offloaded 2 || return
	works 1-10 nothing
	check "ring sizes" a ethtool -G "$dev_a" rx 64 tx 128
	rx=$(a ethtool -g "$dev_a" | awk '/^RX:/ { n = $2 } END { print n }')
	tx=$(a ethtool -g "$dev_a" | awk '/^TX:/ { n = $2 } END { print n }')
	check_eq "ring sizes" "$rx $tx" "64 128"
	works 1-100 "ethtool -G"
	check "channels" a ethtool -L "$dev_a" combined 1
	check_eq "channels" "$(a ethtool -l "$dev_a" | awk '/^Combined:/ { n = $2 } END { print n }')" 1
	works 1-100 "ethtool -L"
	check "channels" a ethtool -L "$dev_a" combined 2
	works 1-100 "ethtool -L"
	check "jumbo frames" ip -n a link set "$dev_a" mtu 9000
	check "jumbo frames" ip -n b link set "$dev_b" mtu 9000
	works 8000,8900 "an MTU of 9000"
	check "MTU" ip -n a link set "$dev_a" mtu 1500
	check "MTU" ip -n b link set "$dev_b" mtu 1500
	works 1-100 "an MTU of 1500"
	! ip -n a link set "$dev_a" mtu 20000 2>/dev/null || fail "an MTU of 20000"
	! a ethtool -G "$dev_a" rx 1000000 2>/dev/null || fail "a ring of 1000000"
	! a ethtool -L "$dev_a" combined 100 2>/dev/null || fail "100 channels"
}

# S35: receive hashing spreads the SPIs of one pair of addresses over the queues.
spread()
{
	local i lines='' event=$tracing/events/net/napi_gro_receive_entry

	for ((i = 0; i < 16; i++)); do
		conn "$i"
		lines+="$i 10.1.0.1 $((20000 + i)) 10.1.0.2 7 10-12"$'\n'
	done
	commit && wait_offloaded 32 || return
	echo 1 >"$tracing/tracing_on"
	: >"$tracing/trace"
	echo "name == \"$dev_a\"" >"$event/filter"
	echo 1 >"$event/enable"
	a python3 "$selftest/traffic.py" udp <<<"${lines%$'\n'}" >"$tmp/udp" || fail "$(<"$tmp/udp")"
	echo 0 >"$event/enable"
	check_ge "queues in use" \
		"$(grep -o 'queue_mapping=[0-9]*' "$tracing/trace" | sort -u | wc -l)" 2
}

# S29: devlink knows the capacity and what is used of it.
devlink_sees()
{
	check "info" says "driver ov2sim" devlink dev info "ov2sim/$nic_a"
	check "resource" says "name ipsec_sa size 16384" devlink resource show "ov2sim/$nic_a"
	check_eq "occupancy" "$(occupancy "$nic_a")" 0
	conn 1
	commit && wait_offloaded 2 || return
	check_eq "occupancy with two SAs" "$(occupancy "$nic_a")" 2
	check "deadline" says "value 5000" devlink dev param show "ov2sim/$nic_a" name request_deadline
	check "deadline" param "$nic_a" request_deadline 4000
	check "deadline" says "value 4000" devlink dev param show "ov2sim/$nic_a" name request_deadline
	! param "$nic_a" request_deadline 0 2>/dev/null || fail "a deadline of 0"
	check "deadline" param "$nic_a" request_deadline 5000
	! devlink resource set "ov2sim/$nic_a" path ipsec_sa size 0 2>/dev/null ||
		fail "a capacity of 0"
}

# S32: a parameter's change is announced.
param_announced()
{
	value=4000
	stdbuf -oL devlink monitor >"$tmp/monitor" 2>&1 &
	child=$!
	children+=("$child")
	check "the monitor listens" wait_for 10 param_heard
	reap "$child"
	check "deadline" param "$nic_a" request_deadline 5000
}

# A new value each time: devlink does not set what is set already.
param_heard()
{
	((value++))
	param "$nic_a" request_deadline "$value"
	file_says "$tmp/monitor" "value $value"
}

# Reload makes new ports, with SAs there and in another namespace too.
reload()
{
	conn 1
	commit && wait_offloaded 2 || return
	check "reload" devlink dev reload "ov2sim/$nic_a"
	check "the table is empty" wait_for 10 no_sas "$nic_a"
	check "the port is here" wait_for 10 exists "/sys/class/net/$dev_a"
	flush a && flush b
	check "wire" wire_up
	conn 2
	commit && wait_offloaded 2 && udp 2 4 wire 1-10
	check "reload into a namespace" devlink dev reload "ov2sim/$nic_a" netns a
	check "the port is there" wait_for 10 says "$dev_a" ip -n a link show dev "$dev_a"
	check "the instance is there" says "ov2sim/$nic_a" a devlink dev show
	check "wire" wire
	flush b
	conn 3
	commit && wait_offloaded 2 && udp 3 4 wire 1-10
	check "reload back" a devlink dev reload "ov2sim/$nic_a" netns 1
	check "wire" wire_up
}

# port_end NS DEV ME YOU MAC OFFLOADING_DEV: one end of a wire of its own, with SAs for
# everything, of which $key_1 and $key_2 are the keys.
port_end()
{
	local me=10.3.0.$3 you=10.3.0.$4 off_in='' off_out='' in=0x7001 out=0x7002 key_in=$key_1
	local key_out=$key_2 sa="reqid 7 mode transport"

	if (($3 == 1)); then
		in=0x7002 out=0x7001 key_in=$key_2 key_out=$key_1
		off_in="offload crypto dev $2 dir in" off_out="offload crypto dev $2 dir out"
	fi
	ip link set "$2" netns "$1" && ip -n "$1" -batch - <<-END
		link set lo up
		addr add $me/24 dev $2
		link set $2 up
		neigh replace $you lladdr $5 dev $2 nud permanent
		xfrm state add src $me dst $you proto esp spi $out $sa aead rfc4106(gcm(aes)) $key_out 128 $off_out
		xfrm state add src $you dst $me proto esp spi $in $sa aead rfc4106(gcm(aes)) $key_in 128 $off_in
		xfrm policy add src $me dst $you dir out tmpl src $me dst $you proto esp $sa
		xfrm policy add src $you dst $me dir in tmpl src $you dst $me proto esp $sa
	END
}

# ports_wire PORT NS NS: a port of NIC 7 in the first, one of NIC 8 in the second.
ports_wire()
{
	local near=ov2sim7p$1 far=ov2sim8p$1 mac_near mac_far key key_1 key_2

	new_key 20 && key_1=$key
	new_key 20 && key_2=$key
	mac_near=$(cat "/sys/class/net/$near/address") mac_far=$(cat "/sys/class/net/$far/address")
	port_end "$2" "$near" 1 2 "$mac_far" && port_end "$3" "$far" 2 1 "$mac_near" &&
		link "$2" "$near" "$3" "$far" && wait_for 5 carrier "$2" "$near"
}

# Several ports of one NIC: one table, each port its own SAs (S47), with the same SPIs,
# addresses and namespaces apart.
ports()
{
	local i

	check "new_device" sim_new 7 3 2
	check "new_device" sim_new 8 2 2
	for i in 0 1 2; do
		check "port $i" exists "/sys/class/net/ov2sim7p$i"
	done
	check "port of devlink" says "netdev ov2sim7p2" devlink port show
	check "namespaces" netns_add c && check "namespaces" netns_add d
	check "wire of port 0" ports_wire 0 a b
	check "wire of port 1" ports_wire 1 c d
	wait_offloaded 4 ov2sim7
	ip netns exec a ping -qc 5 -i 0.01 -W 5 10.3.0.2 >"$tmp/ping" || fail "$(<"$tmp/ping")"
	ip netns exec c ping -qc 7 -i 0.01 -W 5 10.3.0.2 >"$tmp/ping" || fail "$(<"$tmp/ping")"
	check_eq "port, direction, SPI and packets of the SAs" "$(sed -n \
		's/.* port \([0-9]*\) dir \([a-z]*\) spi \(0x[0-9a-f]*\) .* packets \([0-9]*\) .*/\1 \2 \3 \4/p' \
		"$sim/ov2sim7/sas" | sort | tr '\n' ',')" \
		"0 in 0x00007002 5,0 out 0x00007001 5,1 in 0x00007002 7,1 out 0x00007001 7,"
	check "del_device" sim_del 7
	check "del_device" sim_del 8
	check "ports are gone" gone /sys/class/net/ov2sim7p0
	ip netns del c
	ip netns del d
}

# Bad input to the bus's files: an error, and nothing made.
bad_input()
{
	local file text

	while read -r file text; do
		! echo "$text" 2>/dev/null >"/sys/bus/ov2sim/$file" || fail "$file took '$text'"
	done 2>/dev/null <<-EOF
		new_device
		new_device x
		new_device -1
		new_device 3 0
		new_device 3 1000000
		new_device 3 1 0
		new_device 3 1 1000000
		new_device 1
		new_device 99999999999999
		del_device 3
		del_device
		del_device x
		link_device
		link_device 0:1 0:1
		link_device 1000000:1 1000000:2
		unlink_device
		unlink_device 1000000:1
	EOF
	check_eq "devices" "$(echo /sys/bus/ov2sim/devices/*)" \
		"/sys/bus/ov2sim/devices/ov2sim1 /sys/bus/ov2sim/devices/ov2sim2"
	! link a "$dev_a" b "$dev_b" 2>/dev/null || fail "a second wire"
	! link a "$dev_a" a "$dev_a" 2>/dev/null || fail "a wire to itself"
	! link a lo b "$dev_b" 2>/dev/null || fail "a wire to lo"
}

T "S30 S31 S42 features switch" switches
T "S32 feature changes are announced" announced
T "S33 link state" link_state
T "S35 rings, channels and MTU under SAs" settings
T "S35 receive hashing spreads SPIs" spread
T "S29 devlink" devlink_sees
T "S32 parameter changes are announced" param_announced
T "several ports" ports
T "bad input" bad_input
T "devlink reload" reload
run_tests
