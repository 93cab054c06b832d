#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The scenarios of scripts/scenarios/libreswan, as libreswan's test suite plays them: each line of the
# scripts of a host is a command, and the commands and their output are the host's console. It must
# be the one in the scenario's folder. OV2_OUT gets the consoles of this run.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib/guest.sh
. "$selftest/lib/guest.sh"

# scripts/vm.sh sets OV2_CACHE.
OV2_LIBRESWAN=$(XDG_CACHE_HOME=${OV2_CACHE%/*} "$selftest/../rig/rootfs.sh" libreswan)
export OV2_LIBRESWAN

#   west                                                               east
#   eth0 192.0.1.254    eth1 192.1.2.45 --- 192.1.2.23 eth1    192.0.2.254 eth0
network()
{
	netns_add west && netns_add east || return
	ip link add eth1 netns west type veth peer name eth1 netns east || return
	configure west 192.0.1.254 192.1.2.45 && configure east 192.0.2.254 192.1.2.23
}

configure()
{
	ip -n "$1" -batch - <<-EOF2
		link set lo up
		link add eth0 type dummy
		addr add $2/24 dev eth0
		addr add $3/24 dev eth1
		link set eth0 up
		link set eth1 up
		route add default via 192.1.2.254 dev eth1
	EOF2
}

# play HOST SCRIPT: the console goes on.
play()
{
	local console=$tmp/$1.console.txt line

	[[ -e $2 ]] || return 0
	while IFS= read -r line; do
		[[ ! -s $console ]] && echo "$line" >"$console" || printf '%s #\n %s\n' "$1" "$line" >>"$console"
		[[ $line == \#* ]] || guest "$1" "$line" >>"$console" 2>&1
	done <"$2"
}

scenario()
{
	local dir=$1 host got

	for host in west east; do
		guest_start "$host" libreswan /nowhere || return
		mkdir -p "$tmp/guest/$host/tmp/pluto" "$tmp/guest/$host/tmp/guestbin"
		cp "$scenarios"/{guest/libreswan,nic}/* "$tmp/guest/$host/tmp/guestbin/"
		cp -r "$dir" "$tmp/guest/$host/tmp/pluto/"
		rm -f "$tmp/$host.console.txt"
	done
	GUEST_FOLDER=/tmp/pluto/${dir##*/}
	play east "$dir/eastinit.sh"
	play west "$dir/westinit.sh"
	play west "$dir/westrun.sh"
	play east "$dir/final.sh"
	play west "$dir/final.sh"
	for host in west east; do
		guest "$host" "ipsec stop; ../../guestbin/offload-nic stop" >"$tmp/stop" 2>&1
	done
	for host in west east; do
		echo "$host #" >>"$tmp/$host.console.txt"
		got=${OV2_OUT:-$tmp}/${dir##*/}.$host.console.txt
		sed -f "$scenarios/guest/libreswan/sanitize.sed" "$tmp/$host.console.txt" >"$got"
		diff -u "$dir/$host.console.txt" "$got" >"$tmp/diff" || fail "$(cat "$tmp/diff")"
		check_eq "states of $host at the end" "$(ip -n "$host" xfrm state)" ""
		((!failed)) || diag "$host: $(tail -n 20 "$tmp/guest/$host/tmp/pluto.log" "$tmp/guest/$host/out")"
	done
	guests_stop
}

setup()
{
	network || fail "no network"
	[[ -x $OV2_LIBRESWAN/usr/sbin/ipsec ]] || fail "no root: scripts/rig/rootfs.sh libreswan"
}

after_each()
{
	:
}

for path in "$scenarios"/libreswan/*/westrun.sh; do
	path=${path%/*}
	T "${path##*/}" scenario "$path"
done
run_tests
