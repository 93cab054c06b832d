# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# The kernel's own tests, as they are in the source package. upstream.md says which cases do not pass,
# and why; upstream.py judges by it. scripts/rig/ksft.sh fetches the tests and compiles their helpers.
#
#   namespace a: the tests, and ov2sim1         namespace b: their remote end, ov2sim2
#   OV2_KSFT_ALL=1      also what takes minutes
#   OV2_JSON=NAME       with vm.sh --out DIR: the results in DIR/AREA-NAME, as netdev's CI takes them,
#                       and the output of each test beside it
#   OV2_LINK=URL        where that CI will find DIR
#   OV2_BRANCH=NAME     the branch of that CI that was tested

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

ksft=${OV2_CACHE:?scripts/vm.sh sets it}/ksft
linux=/mnt/linux
tests=$linux/tools/testing/selftests
results=$tmp/results
number=0
area=${0##*/}
area=${area%.sh}

# kernel_test TEST [ARG]...: TEST is its path below tools/testing/selftests.
kernel_test()
{
	local test=$1 start=$SECONDS status=0 log
	shift

	number=$((number + 1))
	printf -v log '%s/%s-%02d-%s' "$logs" "$area" "$number" "${test//[^a-z0-9]/-}"
	(cd "$tests/${test%/*}" && "${in[@]}" timeout -k 5 600 "./${test##*/}" "$@") >"$log" 2>&1 ||
		status=$?
	python3 "$selftest/upstream.py" judge "$test" "$status" "$((SECONDS - start))" "$log" \
		"$results" || fail "$test is not as upstream.md says"
	[[ ! ${OV2_JSON:-} ]] || check "$OV2_JSON" write_json
}

write_json()
{
	python3 "$selftest/upstream.py" json "$results" "${OV2_OUT:?vm.sh --out DIR}/$area-$OV2_JSON" \
		"$started"
}

# Tests that are given a NIC, and those that make namespaces of their own. Some of the former set the
# link down, which takes IPv6 addresses and routes away.
nic_test()
{
	local in=(ip netns exec a)

	check "the addresses" configure_end a "$dev_a" 1 2 "$mac_b" &&
		wait_for 5 carrier a "$dev_a" && kernel_test "$@"
}

own_test()
{
	local in=()

	kernel_test "$@"
}

# More queues than two, so that tests can take some away.
queues_up()
{
	netns_add a && netns_add b && sim_new 1 1 4 && sim_new 2 1 4 && wire_up
}

# The helpers appear in the tree, which stays as it is. It stays mounted for the next run.
mount_tree()
{
	mkdir -p "$linux"
	mountpoint -q "$linux" ||
		mount -t overlay -o "lowerdir=$ksft/bin:$ksft/source/" none "$linux"
}

# Debian 13's ethtool writes no JSON for -l, which napi_threaded.py wants.
make_ethtool()
{
	mkdir "$tmp/bin"
	cat >"$tmp/bin/ethtool" <<-'EOT'
		#!/bin/sh
		[ "$1 $2" = "--json -l" ] || exec /usr/sbin/ethtool "$@"
		echo "[{\"combined\": $(/usr/sbin/ethtool -l "$3" | awk '/^Combined:/ { n = $2 } END { print n }')}]"
	EOT
	chmod +x "$tmp/bin/ethtool"
	PATH=$tmp/bin:$PATH
}

setup()
{
	logs=$tmp
	[[ ! ${OV2_OUT:-} ]] || logs=$OV2_OUT
	[[ -e $ksft/source ]] || fail "no tests: scripts/rig/ksft.sh" || return
	mount_tree || fail "no overlay" || return
	make_ethtool
	check "a pair of NICs" queues_up || return
	mac_b=$(mac b "$dev_b")
	export NETIF=$dev_a LOCAL_V4=10.1.0.1 REMOTE_V4=10.1.0.2 LOCAL_V6=fd01::1 \
		REMOTE_V6=fd01::2 REMOTE_TYPE=netns REMOTE_ARGS=b \
		PYTHONPYCACHEPREFIX=$tmp/pyc
	started=$(date -u '+%F %T+00:00')
}
