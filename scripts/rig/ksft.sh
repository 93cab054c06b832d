#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What scripts/selftest/upstream.sh needs of the kernel's source package: prints a folder in the
# cache that has "source", the tree, and "bin", the helper programs of the tree's tests, compiled
# here and in the folders where the tests look for them.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

series=7.3
tests=tools/testing/selftests
programs=(net/lib/csum net/lib/gro net/lib/xdp_helper net/nettest drivers/net/napi_id_helper)
objects=(net/lib/xdp_dummy.bpf)

# The kernel's build has its warnings; these files are not ours.
compile()
{
	local dir=$1 tree=$2 name

	for name in "${programs[@]}" "${objects[@]}"; do
		mkdir -p "$dir/bin/$tests/${name%/*}"
	done
	for name in "${programs[@]}"; do
		gcc -O2 -w -I "$tree/$tests" -o "$dir/bin/$tests/$name" "$tree/$tests/$name.c"
	done
	for name in "${objects[@]}"; do
		bpf-gcc -O2 -idirafter /usr/include -idirafter "/usr/include/$(uname -m)-linux-gnu" \
			-c -o "$dir/bin/$tests/$name.o" "$tree/$tests/$name.c"
	done
}

build()
{
	local dir=$1 tree=$2 key=$3

	[[ $(cat "$dir/ov2-key" 2>/dev/null) != "$key" ]] || return 0
	ov2_need gcc libc6-dev gcc-bpf libbpf-dev
	mkdir -p "$OV2_CACHE/log"
	rm -rf "$dir" "$dir.tmp"
	ov2_logged "compile the helpers of the kernel's tests" "$OV2_CACHE/log/ksft.log" \
		compile "$dir.tmp" "$tree"
	ln -s "$tree" "$dir.tmp/source"
	echo "$key" >"$dir.tmp/ov2-key"
	mv "$dir.tmp" "$dir"
}

tree=$("$OV2_RIG/kernel.sh" --source "$series")
ov2_locked ksft build "$OV2_CACHE/ksft" "$tree" "$(cat "$0" <(echo "$tree") | sha256sum | cut -c1-16)"
printf '%s\n' "$OV2_CACHE/ksft"
