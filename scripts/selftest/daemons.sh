#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What IKE daemons do with NICs that refuse: strongSwan and libreswan at the left end, where the NIC has
# a personality, and software xfrm at the right end. personality.md has the answers as a table. make
# check compares some of its cells, make check-all and OV2_CHECK_ALL=1 all of them; a run prints the
# rows that it has gone through, as they are written there.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan.sh
. "$(dirname "$0")/lib/swan.sh"
# shellcheck source=lib/libreswan.sh
. "$selftest/lib/libreswan.sh"
# shellcheck source=lib/personality.sh
. "$selftest/lib/personality.sh"

personalities=(none ixgbe mlx5-crypto mlx5-packet nfp chelsio netdevsim)
page=$selftest/personality.md
# By daemon, offload, mode and personality, with bars in between.
declare -A cells=()

# scripts/vm.sh sets OV2_CACHE.
root_of()
{
	XDG_CACHE_HOME=${OV2_CACHE%/*} "$selftest/../rig/rootfs.sh" "$1"
}

# The left NIC with another personality is another netdev, too.
wear()
{
	personality "${SWAN_NIC[l]}" "$1" || return
	ip link set "${SWAN_NIC[l]}" name left0 && ip link set left0 netns swl &&
		link swl left0 swm tapl || return
	ip -n swl -batch - <<-EOF || return
		addr add 192.0.2.1/24 dev left0
		addr add 2001:db8::1/64 dev left0 nodad
		link set left0 up
		route add 10.2.0.0/16 via 192.0.2.2 dev left0 src 10.1.1.1
	EOF
	ip -n swr neigh flush dev right0
	wait_for 20 swan_in l ping -qc 1 -W 1 192.0.2.2 >"$SWAN_DIR/ping"
}

# How the left end serves its SAs: what xfrm shows, and how many the NIC has.
served()
{
	local states crypto packet nic=0

	states=$(ip -n swl xfrm state)
	crypto=$(grep -c 'offload parameters.*mode crypto' <<<"$states")
	packet=$(grep -c 'offload parameters.*mode packet' <<<"$states")
	read -r _ nic <"$sim/${SWAN_NIC[l]}/sas"
	case "$crypto $packet $nic" in
	"2 0 2") echo crypto ;;
	"0 2 2") echo packet ;;
	"2 0 1") echo "crypto, sends only" ;;
	"0 0 0") echo software ;;
	*) echo "$crypto in crypto mode, $packet in packet mode, $nic in the NIC" ;;
	esac
}

# Nothing is on its way into the NIC.
nic_decided()
{
	sas_are "${SWAN_NIC[l]}" queued 0 && sas_are "${SWAN_NIC[l]}" adding 0
}

# Whether pings come back.
flows()
{
	local before

	before=$(swan_replies)
	swan_in l ping -qnc 5 -i 0.05 -W 2 -s 100 -p "$SWAN_PATTERN" \
		-I "$(swan_addr l 1)" "$(swan_addr r 1)" >"$SWAN_DIR/ping" 2>&1
	wait_for 2 swan_replied $((before + 5))
}

# judge up|down: sets $cell to what has become of a connection.
judge()
{
	cell=refused
	if [[ $1 == up ]]; then
		wait_for 20 nic_decided
		cell=$(served)
		flows || cell+=", packets lost"
	elif flows; then
		cell+=", traffic in clear"
	fi
}

swan_try()
{
	local dir=$SWAN_DIR/l up=down

	C[hw_l]=$1 C[hw_r]=no
	swan_conf l && swan_conf r && swan_load r && swan_load l || return
	swan_ctl l --initiate --child c1 --timeout 20 >"$dir/up" 2>&1 && up=up
	judge "$up"
	swan_down
}

pluto_try()
{
	local up=down

	# shellcheck disable=SC2034
	PLUTO_l="nic-offload=$1"
	pluto_load r
	if pluto_load l; then
		pluto_initiate 20 && up=up
		judge "$up"
	else
		cell="no such connection"
	fi
	pluto_down
	swan_settled l 0
	swan_settled r 0
}

# The cell of personality.md.
expected()
{
	awk -F ' *[|] *' -v daemon="$1" -v offload="$2" -v mode="$3" -v name="$4" '
		$2 == "IKE daemon" { for (i = 5; i < NF; i++) if ($i == name) col = i }
		col && $2 == daemon && $3 == offload && $4 == mode { print $col }' "$page"
}

# tries TRY DAEMON PERSONALITY OFFLOAD...: all connections of a daemon that runs.
tries()
{
	local try=$1 daemon=$2 name=$3 offload mode cell

	for offload in "${@:4}"; do
		for mode in tunnel transport; do
			C[mode]=$mode cell="not tried"
			"$try" "$offload"
			cells["$daemon|$offload|$mode|$name"]=$cell
			check_eq "$daemon, $offload, $mode, $name" "$cell" \
				"$(expected "$daemon" "$offload" "$mode" "$name")"
			((!failed)) || swan_logs 12
		done
	done
}

# daemon NAME...: the daemons of the next tests.
running=
daemon()
{
	[[ $running != "$1" ]] || return 0
	pluto_stop l
	pluto_stop r
	swan_stop l
	swan_stop r
	running=$1
	swan_defaults
	SWAN_ROOT=()
	case $1 in
	"strongSwan 5.9.8") SWAN_ROOT[l]=$(root_of swan5) && C[hw_l]=yes ;;
	"libreswan 5.2")
		pluto_conf l && pluto_conf r && pluto_start l && pluto_start r
		return
		;;
	esac
	swan_conf l && swan_conf r && swan_start l && swan_start r
}

with()
{
	check "personality $2" wear "$2" && check "$1" daemon "$1" || return
	case $1 in
	"strongSwan 6.0.1") tries swan_try "$1" "$2" crypto packet auto ;;
	"strongSwan 5.9.8") tries swan_try "$1" "$2" yes auto ;;
	"libreswan 5.2") tries pluto_try "$1" "$2" crypto packet ;;
	esac
}

# The rows that have been gone through; all of them are those of personality.md.
table()
{
	local row name line

	for row in "${!cells[@]}"; do
		echo "${row%|*}"
	done | sort -u | while read -r row; do
		line="| ${row//|/ | } |"
		for name in "${personalities[@]}"; do
			line+=" ${cells["$row|$name"]:--} |"
		done
		diag "$line"
	done
}

setup()
{
	[[ ! ${OV2_CHECK_ALL:-} ]] || PLUTO_ROOT=$(root_of libreswan) ||
		fail "no root: scripts/rig/rootfs.sh libreswan" || return
	swan_setup && swan_bridge && swan_inner || fail "no wire" || return
	# libreswan adds no routes.
	swan_in r ip route add 10.1.0.0/16 via 192.0.2.1 dev right0 src 10.2.1.1
}

daemons=("strongSwan 6.0.1")
chosen=(ixgbe mlx5-packet)
if [[ ${OV2_CHECK_ALL:-} ]]; then
	daemons+=("libreswan 5.2" "strongSwan 5.9.8")
	chosen=("${personalities[@]}")
fi
for name in "${daemons[@]}"; do
	for who in "${chosen[@]}"; do
		T "$name, $who" with "$name" "$who"
	done
done
T "the rows of the table" table
run_tests
