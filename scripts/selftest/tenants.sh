#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A NIC whose ports have different owners: what one of them cannot do to the other.
#
#   namespace a                NIC 3               a container: user and network
#   +----------+   +---------------------------+   namespace of its own, uid 1000
#   | ov2sim3p0|---| port 0             port 1 |---| ov2sim3p1 |
#   +----------+   +---------------------------+   +-----------+

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

nic=ov2sim3
mine=ov2sim3p0
theirs=ov2sim3p1

# inside COMMAND...: as root of the container.
inside()
{
	nsenter -t "$container" -U -n -S 0 -G 0 "$@"
}

container_up()
{
	# The pipe keeps it there.
	setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U -r -n cat <"$tmp/stay" &
	container=$!
	children+=("$container")
	exec {stay}>"$tmp/stay"
	wait_for 10 is_root
}

is_root()
{
	[[ $(inside id -u 2>/dev/null) == 0 ]]
}

# Its namespace goes with it, and the port comes back.
container_down()
{
	exec {stay}>&-
	wait "$container"
	wait_for 20 exists "/sys/class/net/$1"
}

# sas WHERE DEV N SPI: outbound SAs from 10.5.0.1, by one "ip"; sets $out.
sas()
{
	local batch='' i key

	for ((i = 0; i < $3; i++)); do
		new_key 20
		batch+="xfrm state add src 10.5.0.1 dst 10.5.0.2 proto esp spi $(($4 + i)) reqid 1"
		batch+=" mode transport aead rfc4106(gcm(aes)) $key 128 offload crypto dev $2 dir out"$'\n'
	done
	out=$("$1" ip -batch - <<<"$batch" 2>&1)
}

# port_sas STATE DEV: sets $count.
port_sas()
{
	local line table

	mapfile -t table <"$core/$nic/sas" || return
	count=0
	for line in "${table[@]}"; do
		[[ $line != *" $1 "*" $2 "* ]] || count=$((count + 1))
	done
}

port_sas_are()
{
	local count

	port_sas "$1" "$2" && ((count == $3))
}

expect_sas()
{
	local count

	check "$3 SAs of $2 are $1" wait_for 10 port_sas_are "$1" "$2" "$3" && return
	port_sas "$1" "$2"
	fail "there are $count"
}

refused()
{
	local out

	out=$("${@:2}" 2>&1) && fail "$1 was allowed"
	[[ $out == *"not permitted"* || $out == *"denied"* ]] || fail "$1: $out"
}

# reset_all WHERE DEV
reset_all()
{
	"$1" ethtool --reset "$2" all >/dev/null
}

# Of the NIC's two ports one is the container's, and the other one has SAs.
tenants_up()
{
	local out

	check "a container" container_up
	ip link set "$mine" netns a && ip link set "$theirs" netns "$container" ||
		fail "the ports do not move" || return
	ip -n a link set "$mine" up
	inside ip link set "$theirs" up
	sas a "$mine" 4 0x700
	check_eq "ip" "$out" ""
	expect_sas offloaded "$mine" 4
}

tenants_down()
{
	ip -n a xfrm state flush
	check "the container goes" container_down "$theirs"
	ip -n a link set "$mine" netns 1
	check "no SA is left" wait_for 20 no_sas "$nic"
}

# S62: the chip is reset for those who have the capability where its devlink instance is.
reset()
{
	tenants_up || return
	refused "a reset of all ports" inside ethtool --reset "$theirs" all
	refused "a reset by flags" inside ethtool --reset "$theirs" flags 0x9c009c
	check_eq "resets" "$(counter "$nic" ipsec_resets)" 0
	expect_sas offloaded "$mine" 4
	check "a reset by the owner of the NIC" reset_all a "$mine"
	check_eq "resets" "$(counter "$nic" ipsec_resets)" 1
	expect_sas offloaded "$mine" 4
	tenants_down
}

# Also a NIC of one port: the port was lent, not the chip.
reset_single()
{
	check "a container" container_up
	ip link set ov2sim4 netns "$container" || fail "the port does not move"
	refused "a reset" inside ethtool --reset ov2sim4 all
	check_eq "resets" "$(counter ov2sim4 ipsec_resets)" 0
	check "the container goes" container_down ov2sim4
	check "a reset by the owner of the NIC" reset_all env ov2sim4
	check_eq "resets" "$(counter ov2sim4 ipsec_resets)" 1
}

# Everything else that an owner of a port may try. What he does to his own port leaves
# the SAs of the other where they are.
other_ways()
{
	local file deletes resets

	tenants_up || return
	for file in new_device del_device pull_device link_device unlink_device; do
		refused "$file" inside bash -c "echo 3 >/sys/bus/ov2sim/$file"
	done
	for file in bind unbind; do
		[[ ! -e /sys/bus/ov2sim/drivers/ov2sim/$file ]] ||
			refused "$file" inside bash -c "echo $nic >/sys/bus/ov2sim/drivers/ov2sim/$file"
	done
	refused "the core's debugfs" inside cat "$core/$nic/sas"
	refused "the NIC's debugfs" inside bash -c "echo 1 >$sim/$nic/crash"
	check_eq "devlink instances inside" "$(inside devlink dev show)" ""
	inside devlink dev param set "ov2sim/$nic" name esp value false cmode runtime 2>/dev/null &&
		fail "a parameter was set"
	inside devlink dev reload "ov2sim/$nic" 2>/dev/null && fail "the NIC was reloaded"
	inside devlink health recover "ov2sim/$nic" reporter ipsec 2>/dev/null &&
		fail "the NIC was recovered"

	deletes=$(counter "$nic" ipsec_delete_sa_success)
	resets=$(counter "$nic" ipsec_resets)
	inside ethtool -K "$theirs" esp-hw-offload off >/dev/null
	inside ethtool -K "$theirs" esp-hw-offload on >/dev/null
	inside ethtool -G "$theirs" rx 4096 tx 64
	inside ethtool -L "$theirs" combined 1
	inside ip link set "$theirs" mtu 9000
	inside ip link set "$theirs" down
	inside ip link set "$theirs" up
	inside ip xfrm state flush
	expect_sas offloaded "$mine" 4
	check_eq "deletes" "$(counter "$nic" ipsec_delete_sa_success)" "$deletes"
	check_eq "resets" "$(counter "$nic" ipsec_resets)" "$resets"
	tenants_down
}

# S6: a port gets its share of the table, what is above waits in software, and moves in when
# the same port frees a place.
share()
{
	local out

	check_eq "the share at the start" "$(devlink -j dev param show "ov2sim/$nic" \
		name sa_max_per_port | grep -o '"value":[0-9]*')" '"value":0'
	check "the parameter" param "$nic" sa_max_per_port 6
	tenants_up || return
	sas inside "$theirs" 10 0x900
	[[ $out == *"share (6) of the NIC's SA table"* ]] || fail "ip said '$out'"
	expect_sas offloaded "$theirs" 6
	expect_sas waiting "$theirs" 4
	sas a "$mine" 2 0x710
	check_eq "ip" "$out" ""
	expect_sas offloaded "$mine" 6

	ip -n a xfrm state flush
	expect_sas offloaded "$mine" 0
	expect_sas offloaded "$theirs" 6
	inside ip xfrm state delete src 10.5.0.1 dst 10.5.0.2 proto esp spi 0x900
	expect_sas waiting "$theirs" 3
	expect_sas offloaded "$theirs" 6
	check "no limit" param "$nic" sa_max_per_port 0
	expect_sas offloaded "$theirs" 9
	tenants_down
}

# The share is the admin's, and stays over a reload.
share_reload()
{
	check "the parameter" param "$nic" sa_max_per_port 7
	check "reload" devlink dev reload "ov2sim/$nic" >/dev/null
	check "the share" says "value 7" devlink dev param show "ov2sim/$nic" name sa_max_per_port
	check "no limit" param "$nic" sa_max_per_port 0
}

T "S62 reset of a NIC that is shared" reset
T "S62 reset of a NIC with one port" reset_single
T "other ways" other_ways
T "S6 a port's share of the table" share
T "a share stays over a reload" share_reload

after_each()
{
	check "no SA is left" wait_for 20 no_sas "$nic"
}

setup()
{
	mkfifo "$tmp/stay"
	check "namespace and NICs" netns_add a && sim_new 3 2 1 && sim_new 4
}

run_tests
