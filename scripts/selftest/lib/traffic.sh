# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# UDP and TCP between the ends, by traffic.py.

# The server at end $1 (b); $server is its process.
serve()
{
	spawn "${1:-b}" python3 "$selftest/traffic.py" serve 7 "$tmp/serve-${1:-b}" natt
	server=$child
	wait_for 20 exists "$tmp/serve-${1:-b}"
}

# A socket for ESP in UDP at a.
natt()
{
	spawn a python3 "$selftest/traffic.py" natt "$tmp/natt"
	wait_for 20 exists "$tmp/natt"
}

# client COMMAND...: of traffic.py at a, in a process that stays: python takes long to start on
# these kernels. Sets $out to what it has printed.
client=
client()
{
	local rc

	if [[ ! $client ]]; then
		mkfifo "$tmp/client.in" "$tmp/client.out"
		python3 "$selftest/traffic.py" agent /run/netns/a \
			<"$tmp/client.in" >"$tmp/client.out" &
		client=$!
		children+=("$client")
		exec {client_in}>"$tmp/client.in" {client_out}<"$tmp/client.out"
	fi
	echo "$*" >&"$client_in"
	read -r rc out <&"$client_out" && ((rc == 0))
}

# udp ID FAMILY wire|inner LENGTHS: payloads come back as they were sent.
udp()
{
	local out addr_a addr_b

	addrs "$2" "$3"
	client udp "$1 $addr_a $((20000 + $1)) $addr_b 7 $4" ||
		fail "UDP: $out; dropped: $(drops)"
}

# tcp ID FAMILY wire|inner up|down SIZE: a stream arrives as it was sent.
tcp()
{
	local out addr_a addr_b

	addrs "$2" "$3"
	client tcp "$addr_a" $((20000 + $1)) "$addr_b" 7 "$4" "$5" || fail "TCP: $out"
}
