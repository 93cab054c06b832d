# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The KUnit suites behind scripts/kunit.sh.

# A tree of links to the kernel's, but for what has to be changed: kunit.py, which
# looks for the tree that it is in, and the places that mention the project.
make_shadow()
{
	local src=$1 dir=$2 file

	[[ $(cat "$dir.key" 2>/dev/null) == "$src" ]] && return
	ov2_say "overlay the project on ${src##*/}"
	rm -rf "$dir" "${dir%/*}/build"
	mkdir -p "${dir%/*}"
	cp -as "$src" "$dir"
	rm -rf "$dir/tools/testing/kunit"
	cp -a "$src/tools/testing/kunit" "$dir/tools/testing/kunit"
	for file in drivers/net/Kconfig drivers/net/Makefile; do
		rm "$dir/$file"
		cp "$src/$file" "$dir/$file"
	done
	sed -i '$i source "drivers/net/ov2/Kconfig"' "$dir/drivers/net/Kconfig"
	# shellcheck disable=SC2016
	echo 'obj-$(CONFIG_OV2) += ov2/' >>"$dir/drivers/net/Makefile"
	echo "$src" >"$dir.key"
}

by_kunit_py()
{
	local src dir

	ov2_need gcc make flex bison bc libelf-dev libssl-dev python3
	src=$("$OV2_RIG/kernel.sh" --source 7.3)
	# All checkouts share it: files that differ between them are compiled again.
	dir=$OV2_CACHE/kunit/tree
	make_shadow "$src" "$dir"
	ov2_mirror_sources "$dir/drivers/net/ov2"
	mkdir -p "$OV2_CACHE/log"
	cd "$dir" || return
	# The part that takes minutes first: kunit.py is silent meanwhile.
	ov2_logged "build a kernel with the suites in it" "$OV2_CACHE/log/kunit-build.log" \
		nice tools/testing/kunit/kunit.py build --jobs "${OV2_JOBS:-$(nproc)}" \
		--build_dir="${dir%/*}/build" --kunitconfig=drivers/net/ov2/kunit
	tools/testing/kunit/kunit.py run --build_dir="${dir%/*}/build" \
		--kunitconfig=drivers/net/ov2/kunit "$@"
}

# Prints the failures at the end, where readers of a log look first: of the rows whose results are
# in folder $1, and of the VM.
failures()
{
	awk '/^ *# .*(EXPECTATION|ASSERTION) FAILED/ { print; more = 5; next }
		/^ *(not ok|# .*try (faulted|timed out))/ { print; more = 0 }
		more-- > 0' "$1"/*.ktap
	tail -n 40 "$1/vm.log"
}

in_vm()
{
	local name=$1 src out suite rc=0

	src=$("$OV2_RIG/kernel.sh" --source 7.3)
	out=$(mktemp -d)
	# shellcheck disable=SC2016
	"$OV2_SCRIPTS/vm.sh" --kernel "$name" --modules kunit --out "$out" --klog "$out/klog" -- \
		bash -c 'cd /sys/kernel/debug/kunit &&
			for suite in */; do cat "$suite/results" >"$OV2_OUT/${suite%/}.ktap"; done' \
		2> >(tee "$out/vm.log" >&2) || rc=$?
	for suite in "$out"/*.ktap; do
		[[ -s $suite ]] || { ov2_say "no results"; rc=1; break; }
		python3 "$src/tools/testing/kunit/kunit.py" parse "$suite" || rc=1
	done
	((rc == 0)) || failures "$out"
	rm -rf "$out"
	return "$rc"
}
