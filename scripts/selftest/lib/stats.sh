# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Counters of NICs, of the core and of the stack.

# stat END NAME: one counter of ethtool -S.
stat()
{
	local dev=$dev_a out

	[[ $1 == a ]] || dev=$dev_b
	out=$("$1" ethtool -S "$dev") || return
	out=${out#* "$2": }
	echo "${out%%$'\n'*}"
}

# stats END NAME...: sets $got, an array of several of them, read at once.
stats()
{
	local dev=$dev_a

	[[ $1 == a ]] || dev=$dev_b
	stats_of "$1" "$dev" "${@:2}"
}

# stats_of NETNS DEV NAME...
stats_of()
{
	local name out
	got=()

	out=$(nsenter --net="/run/netns/$1" ethtool -S "$2") || return
	for name in "${@:3}"; do
		name=${out#* "$name": }
		got+=("${name%%$'\n'*}")
	done
}

# counter NIC NAME: one of the core's.
counter()
{
	local line table

	mapfile -t table <"$core/$1/counters" || return
	for line in "${table[@]}"; do
		[[ $line != "$2 "* ]] || echo "${line##* }"
	done
}

# xfrm_stat END NAME
xfrm_stat()
{
	# shellcheck disable=SC2016
	"$1" awk -v name="$2" '$1 == name { print $2 }' /proc/net/xfrm_stat
}

# udp_stat END FAMILY NAME: as RFC 4113 names them.
udp_stat()
{
	local table names values i

	if (($2 == 6)); then
		# shellcheck disable=SC2016
		"$1" awk -v name="Udp6$3" '$1 == name { print $2 }' /proc/net/snmp6
		return
	fi
	mapfile -t table <<<"$("$1" grep '^Udp:' /proc/net/snmp)"
	read -ra names <<<"${table[0]}"
	read -ra values <<<"${table[1]}"
	for i in "${!names[@]}"; do
		[[ ${names[i]} != "$3" ]] || echo "${values[i]}"
	done
}

# Prints all drops of NICs and xfrm so far, for the message of a test that lost something.
drops()
{
	local end dev

	for end in a b; do
		dev=$dev_a
		[[ $end == a ]] || dev=$dev_b
		# shellcheck disable=SC2016
		printf '%s:%s ' "$end" "$({
			"$end" ethtool -S "$dev"
			"$end" cat /proc/net/xfrm_stat
		} | awk '/drop|fail|miss|Xfrm/ && $2 { printf " %s %s", $1, $2 }')"
	done
}
