#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds what the benchmarks need for kernel $1 in a folder of this checkout's own, and prints the
# folder: the programs, for the VM, and the module that drives the core.

# shellcheck source=../rig/lib.sh
. "$(dirname "$0")/../rig/lib.sh"

bench=$OV2_SCRIPTS/bench

build_module()
{
	local kernel=$1 dir=$2 kdir ours

	kdir=$("$OV2_RIG/kernel.sh" "$kernel")
	ours=$("$OV2_RIG/kernel.sh" --modules "$kernel") || return
	mkdir -p "$dir/core"
	cp -u "$bench/core/"* "$dir/core/"
	# Kbuild does not see that the symbols of the other modules have changed.
	[[ $dir/core/Module.symvers -nt $ours/Module.symvers ]] || rm -f "$dir/core/Module.symvers"
	make -C "$kdir/headers" M="$dir/core" OV2_TOP="$OV2_TOP" \
		KBUILD_EXTRA_SYMBOLS="$ours/Module.symvers" modules
	mv "$dir/core/ov2_bench.ko" "$dir/"
}

build_profile()
{
	local src=$bench/qemu/profile.c so=$1/profile.so

	[[ $so -nt $src ]] || gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$so" "$src"
}

build_programs()
{
	local dir=$1 src program

	for src in "$bench"/*.c; do
		program=$dir/$(basename "${src%.c}")
		[[ $program -nt $src && $program -nt $bench/threads.h ]] ||
			gcc -O2 -Wall -Wextra -Werror -o "$program" "$src" -lmnl
	done
}

ov2_need gcc make libc6-dev libmnl-dev
dir=$OV2_CACHE/bench/$(ov2_checkout_id)
mkdir -p "$dir"
build_programs "$dir" >&2
build_profile "$dir" >&2
build_module "$1" "$dir" >"$dir/build.log" 2>&1 || { tail -n 30 "$dir/build.log" >&2; exit 1; }
echo "$dir"
