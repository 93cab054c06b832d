#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tcpdump.sh --start|--stop -i DEV [-- FILTER]: what is on the wire, and print it.

pcap=/tmp/$3.pcap
case $1 in
--start)
	tcpdump -Z root -U --immediate-mode -s 0 -i "$3" -w "$pcap" >/tmp/tcpdump.log 2>&1 &
	echo $! >/tmp/tcpdump.pid
	timeout 20 bash -c 'until grep -q "listening on" /tmp/tcpdump.log; do sleep .1; done'
	echo "tcpdump started"
	;;
--stop)
	sleep .5
	kill "$(cat /tmp/tcpdump.pid)"
	timeout 20 bash -c 'until grep -q "received by filter" /tmp/tcpdump.log; do sleep .1; done'
	tcpdump -Z root -n -r "$pcap" "${@:5}" 2>/dev/null
	;;
esac
