#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The scenarios of scripts/scenarios/strongswan, as strongSwan's testing/do-tests plays them: what a
# scenario does and expects is in its folder only.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib/guest.sh
. "$selftest/lib/guest.sh"

#   alice                moon                      sun                   bob
#   eth0 10.1.0.10 --- eth1 10.1.0.1        10.2.0.1 eth1 --- 10.2.0.10 eth0
#                      eth0 192.168.0.1 --- 192.168.0.2 eth0
network()
{
	local host

	for host in alice moon sun bob; do
		netns_add "$host" && ip -n "$host" link set lo up || return
	done
	ip link add eth0 netns alice type veth peer name eth1 netns moon || return
	ip link add eth0 netns moon type veth peer name eth0 netns sun || return
	ip link add eth0 netns bob type veth peer name eth1 netns sun || return
	configure alice eth0 10.1.0.10/16 && configure moon eth1 10.1.0.1/16 &&
		configure moon eth0 192.168.0.1/24 && configure sun eth0 192.168.0.2/24 &&
		configure sun eth1 10.2.0.1/16 && configure bob eth0 10.2.0.10/16 || return
	ip -n alice route add default via 10.1.0.1
	ip -n bob route add default via 10.2.0.1
	for host in moon sun; do
		ip -n "$host" route add default via 192.168.0.254
		nsenter --net="/run/netns/$host" sysctl -qw net.ipv4.ip_forward=1
	done
}

configure()
{
	ip -n "$1" addr add "$3" dev "$2" && ip -n "$1" link set "$2" up
}

# What do-tests has on its machines beside the files of the scenario.
etc()
{
	local host=$1 dir=$2/etc

	mkdir -p "$dir"
	cat >"$dir/hosts" <<-EOF2
		127.0.0.1 localhost
		10.1.0.10 alice.strongswan.org
		192.168.0.1 moon.strongswan.org
		192.168.0.2 sun.strongswan.org
		10.2.0.10 bob.strongswan.org
	EOF2
	# tcpdump asks for the names of all addresses, and there is no name server.
	echo "hosts: files" >"$dir/nsswitch.conf"
	cat >"$dir/strongswan.conf.testing" <<-EOF2
		charon {
			filelog {
				daemon {
					path = /var/log/daemon.log
					flush_line = yes
				}
			}
		}
		include strongswan.conf
	EOF2
}

# The files of a scenario with addresses for their names.
copied()
{
	cp -rL "$1" "$2" && find "$2" -type f -exec sed -i '
		s/PH_IP_ALICE/10.1.0.10/g; s/PH_IP_MOON1/10.1.0.1/g; s/PH_IP_MOON/192.168.0.1/g
		s/PH_IP_SUN1/10.2.0.1/g; s/PH_IP_SUN/192.168.0.2/g; s/PH_IP_BOB/10.2.0.10/g' {} +
}

declare -A TCPDUMP=()

tcpdump_start()
{
	local log=$tmp/guest/$1/tmp/tcpdump

	: >"$log.err.log"
	nsenter --target "${GUEST[$1]}" --mount --net tcpdump -Z root -l --immediate-mode -i eth0 \
		not port domain >"$log.log" 2>"$log.err.log" &
	TCPDUMP[$1]=$!
	wait_for 20 file_says "$log.err.log" "listening on"
}

# It has printed every packet that it has received.
tcpdump_done()
{
	kill -USR1 "${TCPDUMP[$1]}" || return
	[[ $(tail -n 1 "$tmp/guest/$1/tmp/tcpdump.err.log") =~ ([0-9]+)\ packets?\ captured,\ ([0-9]+)\  ]] &&
		((BASH_REMATCH[1] == BASH_REMATCH[2]))
}

tcpdump_stop()
{
	[[ ${TCPDUMP[$1]:-} ]] || return 0
	wait_for 5 tcpdump_done "$1"
	reap "${TCPDUMP[$1]}"
	unset "TCPDUMP[$1]"
}

# commands FILE: "HOST::COMMAND" lines, quoted once more than those of evaltest.dat. Their status is
# of no interest.
commands()
{
	local line host command

	while IFS= read -r line; do
		[[ $line == [a-z]*::* ]] || continue
		host=${line%%::*} command=${line#*::}
		echo "$host# $command"
		eval "guest $host \"$command\"" 2>&1
	done <"$1"
}

# "HOST::COMMAND::PATTERN::HIT" lines. COMMAND may end in a redirection, and HIT is YES, NO or a number
# of lines.
evaluate()
{
	local line host command pattern hit

	while IFS= read -r line; do
		[[ $line == [a-z]*::* ]] || continue
		IFS=$'\t' read -r host command pattern hit <<<"${line//::/$'\t'}"
		if [[ $command == tcpdump ]]; then
			tcpdump_stop "$host"
			cp "$tmp/guest/$host/tmp/tcpdump.log" "$tmp/out"
			: >"$tmp/err"
		else
			eval "guest $host $command" >"$tmp/out" 2>"$tmp/err"
		fi
		hit_is "$hit" "$(eval "grep \"$pattern\"" <"$tmp/out")" ||
			fail "$line"$'\n'"$(head -n 20 "$tmp/out" "$tmp/err")"
	done <"$1"
}

# hit_is HIT MATCHES
hit_is()
{
	case $1 in
	YES) [[ $2 ]] ;;
	NO) [[ ! $2 ]] ;;
	*) [[ $2 && $(wc -l <<<"$2") == "$1" ]] ;;
	esac
}

scenario()
{
	local dir=$tmp/scenario host VIRTHOSTS='' TCPDUMPHOSTS='' IPSECHOSTS=''

	copied "$1" "$dir" || fail "no copy" || return
	# shellcheck disable=SC1091
	. "$dir/test.conf"
	for host in $VIRTHOSTS; do
		[[ $host != winnetou ]] || continue
		etc "$host" "$dir/hosts/$host"
		guest_start "$host" strongswan "$dir/hosts/$host" || return
	done
	for host in $TCPDUMPHOSTS; do
		check "tcpdump" tcpdump_start "$host"
	done
	commands "$dir/pretest.dat" >"$tmp/pretest"
	evaluate "$dir/evaltest.dat"
	commands "$dir/posttest.dat" >"$tmp/posttest"
	for host in $IPSECHOSTS; do
		check_eq "states of $host at the end" "$(ip -n "$host" xfrm state)" ""
		check_eq "policies of $host at the end" "$(ip -n "$host" xfrm policy)" ""
		((!failed)) || diag "$host: $(tail -n 20 "$tmp/guest/$host/log/daemon.log")"
	done
	((!failed)) || diag "$(cat "$tmp/pretest" "$tmp/posttest")"
	for host in $TCPDUMPHOSTS; do
		tcpdump_stop "$host"
	done
	guests_stop
	rm -rf "$dir"
}

setup()
{
	network || fail "no network"
}

after_each()
{
	:
}

for path in "$scenarios"/strongswan/*/test.conf; do
	path=${path%/*}
	T "${path##*/}" scenario "$path"
done
run_tests
