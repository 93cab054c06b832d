#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ping-once.sh --up|--down [-I SOURCE] DESTINATION: one ping, and whether it is answered.

expected=${1#--}
shift
[[ $expected == up ]] && wait=10 || wait=1
answer=down
ping -n -c 1 -i $((wait + 1)) -w "$wait" "$@" >/dev/null 2>&1 && answer=up
[[ $answer == "$expected" ]] && echo "$answer" || echo "$answer UNEXPECTED"
