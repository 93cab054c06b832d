# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Namespaces a and b, and processes in them.

tmp=$(mktemp -d)
children=()

a()
{
	nsenter --net=/run/netns/a "$@"
}

b()
{
	nsenter --net=/run/netns/b "$@"
}

# spawn END COMMAND...: runs it in the background; its process is $child.
spawn()
{
	nsenter --net="/run/netns/$1" "${@:2}" &
	child=$!
	children+=("$child")
}

# Ends a process of ours and waits for it.
reap()
{
	kill "-${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

at_exit()
{
	local pid

	for pid in "${children[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap at_exit EXIT
