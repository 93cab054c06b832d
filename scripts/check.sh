#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every gate and every test of the project, one line each; `make check`.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/check.sh [-j N] [NAME...]   run all checks, or those whose name
	                                           matches one of the patterns
	       scripts/check.sh --list             their names

	Logs are kept in the cache, below log/check.
	EOF
}

cd "$OV2_TOP"
# The system's tools: others on PATH lack the system's modules.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
log=$OV2_CACHE/log/check-$(ov2_checkout_id)
# Tests wait for conditions half of the time: one more than there are CPUs.
jobs=$(($(nproc) + 1))
uml=(uml-7.3 uml-6.12)
stock=(debian-6.12 debian-7.3)

c_files()
{
	find drivers include kunit -name '*.[ch]' ! -name '*.mod.c' | sort
}

h_files()
{
	c_files | grep '\.h$'
}

shell_files()
{
	find scripts -name '*.sh' | sort
	[[ ! -f .ci/run ]] || echo .ci/run
}

kernel_source()
{
	"$OV2_SCRIPTS/kernel.sh" --source 7.3
}

# A check that has something to say prints it and fails.
must_be_empty()
{
	local text

	text=$(cat)
	[[ ! $text ]] || { printf '%s\n' "$1" "$text"; return 1; }
}

# Shell scripts have a linter of their own. Without a repository checkpatch does
# not start the kernel's spdxcheck, which wants packages; compat.h is the place for
# the comparison that it does not like.
check_checkpatch()
{
	local src run

	src=$(kernel_source) || return
	export GIT_DIR=/nonexistent
	run=("$src/scripts/checkpatch.pl" "--root=$src" --strict --terse --show-types
		--max-line-length=100)
	{
		"${run[@]}" --ignore=LINUX_VERSION_CODE,CONSTANT_COMPARISON -f include/compat.h
		{ c_files | grep -v '^include/compat\.h$'; find . -name Kbuild -o -name Kconfig; } |
			xargs "${run[@]}" -f Makefile
	} | grep -v '^total: ' | must_be_empty checkpatch:
}

# Warnings of gcc and sparse in the project's own files; everything is checked each
# time, also what needs no new build.
lint()
{
	local name=$1 out rc=0
	shift

	out=$(OV2_BUILD=lint "$OV2_SCRIPTS/kernel.sh" --modules "$name" W=1 "$@" 2>&1) || rc=$?
	printf '%s\n' "$out"
	((rc == 0)) || return 1
	printf '%s\n' "$out" | grep -E '(warning|error|note):' |
		grep -E '(^|/)(drivers/ov2|include/(compat|net/ov2)|kunit/)' |
		must_be_empty "warnings on $name:"
}

check_kernel_doc()
{
	local src

	src=$(kernel_source) || return
	c_files | xargs python3 "$src/scripts/kernel-doc" -none -Wall 2>&1 | must_be_empty kernel-doc:
}

# Each header by itself, twice.
check_headers()
{
	local kdir mirror dir header name out rc=0 objects=()

	kdir=$("$OV2_SCRIPTS/kernel.sh" uml-7.3) || return
	mirror=$OV2_CACHE/modules/$(ov2_checkout_id)/headers-src
	dir=$OV2_CACHE/modules/$(ov2_checkout_id)/headers
	ov2_mirror_sources "$mirror"
	rm -rf "$dir"
	mkdir -p "$dir"
	for header in $(h_files); do
		name=${header//[\/.-]/_}
		printf '#include "%s"\n#include "%s"\n' "$mirror/$header" "$mirror/$header" \
			>"$dir/$name.c"
		objects+=("$name.o")
	done
	printf 'ccflags-y := -I%s/include\nobj-m := %s\n' "$mirror" "${objects[*]}" >"$dir/Kbuild"
	out=$(make -C "$kdir" ARCH=um M="$dir" W=1 -k -j"$jobs" "${objects[@]}" 2>&1) || rc=1
	((rc == 0)) || printf '%s\n' "$out"
	grep -E 'warning:' <<<"$out" | must_be_empty "headers alone:" || rc=1
	return "$rc"
}

includes()
{
	grep -HnE '^#include' "$@" || :
}

# The graph of includes that the design allows.
check_includes()
{
	local rc=0

	includes include/net/ov2/{caps,sa,types}.h |
		grep -vE '<(linux|uapi/linux)/|<net/ov2/(caps|sa)\.h>' |
		must_be_empty "the types include linux headers and each other only:" || rc=1
	includes drivers/ov2/*.[ch] | grep -E 'ov2sim' |
		must_be_empty "the core includes no driver's header:" || rc=1
	includes drivers/ov2sim/*.[ch] drivers/ov2sim/nic/*.[ch] |
		grep -E '"(.*/)?ov2/|"(\.\./)*ov2\.h"|ov2/ov2\.h' |
		must_be_empty "a driver includes nothing private of the core:" || rc=1
	includes drivers/ov2sim/nic/*.[ch] |
		grep -E 'net/ov2\.h|net/ov2/functions\.h|"\.\./|ov2sim\.h' |
		must_be_empty "the NIC knows neither the driver side nor the core's functions:" || rc=1
	includes drivers/ov2/*.[ch] | grep -E '<net/xfrm\.h>' |
		grep -vE '^drivers/ov2/(xfrm|xlate|rx|tx|delreq)\.c:' |
		must_be_empty "net/xfrm.h is for xfrm.c, xlate.c, rx.c, tx.c and delreq.c:" || rc=1
	includes kunit/fake_nic.[ch] | grep -E '"|<net/' |
		grep -vE '"(fake_nic\.h|compat\.h)"|<net/ov2\.h>' |
		must_be_empty "the fake NIC lives by the public header:" || rc=1
	return "$rc"
}

check_shellcheck()
{
	ov2_need shellcheck
	shell_files | xargs shellcheck
}

# What no other tool looks for.
check_limits()
{
	local rc=0

	c_files | xargs wc -l | awk '
		$2 ~ /\.c$/ && $1 > 800 || $2 ~ /\.h$/ && $1 > 250 { print $2 ": " $1 " lines" }' |
		must_be_empty "files too long (.c 800, .h 250):" || rc=1
	# shellcheck disable=SC2016
	c_files | xargs awk '
		FNR == 1 { start = 0; last = "" }
		/^\{/ && last !~ /=$/ { start = FNR }
		/^\}/ && start {
			if (FNR - start - 1 > 80)
				print FILENAME ":" start ": " FNR - start - 1 " lines"
			start = 0
		}
		NF { last = $0 }' |
		must_be_empty "functions too long (80 lines):" || rc=1
	grep -rnE '\bmodule_param' drivers include kunit | must_be_empty "module_param:" || rc=1
	grep -rnE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' drivers include kunit |
		grep -v '^include/compat\.h:' |
		must_be_empty "kernel versions outside include/compat.h:" || rc=1
	grep -rnwE 'TODO|FIXME|XXX|HACK' drivers include kunit Kbuild Kconfig |
		must_be_empty "left open:" || rc=1
	c_files | grep '\.c$' | xargs grep -nE '^(static )?(__always_)?inline\b|#include ".*\.c"' |
		must_be_empty "inline, or a .c file, in a .c file:" || rc=1
	shell_files | xargs grep -nE '^\s*sleep [0-9]' |
		must_be_empty "fixed sleeps, where a condition should be waited for:" || rc=1
	find . -mindepth 1 -maxdepth 1 ! -name '.*' ! -name Kbuild ! -name Kconfig ! -name Makefile \
		! -name README.md ! -name LICENSE ! -name drivers ! -name include ! -name kunit \
		! -name scripts ! -name Module.symvers ! -name modules.order |
		must_be_empty "does not belong at the top:" || rc=1
	return "$rc"
}

# Each rule has its tests.
check_semantics()
{
	"$OV2_SCRIPTS/semantics.py"
}

check_kunit_py()
{
	"$OV2_SCRIPTS/kunit.sh"
}

kunit_vm()
{
	"$OV2_SCRIPTS/kunit.sh" --vm "$1"
}

areas()
{
	local path

	# The long ones first: none runs on alone at the end.
	for path in scripts/selftest/{soak,swan_rekey,reset,config}.sh scripts/selftest/*.sh; do
		case ${path##*/} in
		run.sh | lib.sh | *_lib.sh | pm.sh | '*.sh') ;;
		*) basename "$path" .sh ;;
		esac
	done | awk '!seen[$0]++'
}

selftest()
{
	"$OV2_SCRIPTS/vm.sh" --kernel "$1" -- "$OV2_SCRIPTS/selftest/run.sh" "$2"
}

stock_build()
{
	"$OV2_SCRIPTS/kernel.sh" --modules "$1"
}

# A stock kernel has other options, MODVERSIONS, and everything as modules: loading
# ov2sim by name has to bring in whatever it stands on.
smoke()
{
	"$OV2_SCRIPTS/vm.sh" --kernel "$1" --modules modprobe -- \
		"$OV2_SCRIPTS/selftest/run.sh" algs:gcm128-128
}

# Suspend and resume, which UML cannot do with devices.
pm()
{
	"$OV2_SCRIPTS/vm.sh" --kernel "$1" -- "$OV2_SCRIPTS/selftest/pm.sh"
}

list()
{
	local k a

	printf '%s\n' checkpatch kernel_doc headers includes shellcheck limits semantics
	for k in "${uml[@]}"; do
		echo "lint $k"
	done
	for k in "${stock[@]}"; do
		echo "stock_build $k"
	done
	for k in "${uml[@]}"; do
		echo "kunit_vm $k"
	done
	echo kunit_py
	for k in "${uml[@]}"; do
		for a in $(areas); do
			# It takes minutes, and meets little of the kernel that the areas have not met.
			[[ "$k $a" != 'uml-6.12 soak' ]] || continue
			echo "selftest $k $a"
		done
	done
	echo "smoke debian-6.12"
	echo "pm debian-6.12"
}

# Sparse's idea of 7.3 is the one that counts: 6.12 is built with the compiler only.
run()
{
	case $1 in
	lint) if [[ $2 == *7.3 ]]; then lint "$2" C=2; else lint "$2"; fi ;;
	kunit_vm | selftest | stock_build | smoke | pm) "$@" ;;
	*) "check_$1" ;;
	esac
}

# What all checks stand on, first and one after the other: it takes most of the time
# of a first run, and shows its own progress.
prepare()
{
	ov2_need gcc make git python3 perl xz-utils kmod rsync
	kernel_source >/dev/null
	"$OV2_SCRIPTS/kernel.sh" "${uml[@]}" "${stock[@]}" >/dev/null
	"$OV2_SCRIPTS/rootfs.sh" user build swan5 >/dev/null
}

# One: list leaves the soak on uml-6.12 out.
passed=0 failed=0 skipped=1
declare -A running=() since=()

finish()
{
	local pid=$1 rc=$2 name=${running[$1]} file skips

	file=$log/${name// /-}.log
	unset "running[$pid]"
	skips=$(grep -ciE '# SKIP\b' "$file" || :)
	if ((rc == 0)); then
		passed=$((passed + 1))
		printf 'pass %4d s  %s%s\n' "$((SECONDS - since[$pid]))" "$name" \
			"$( ((skips)) && echo " ($skips skipped in it)")"
	else
		failed=$((failed + 1))
		printf 'FAIL %4d s  %s (%s)\n' "$((SECONDS - since[$pid]))" "$name" "$file"
		tail -n 60 "$file" | sed 's/^/    | /'
	fi
	skipped=$((skipped + skips))
}

wait_one()
{
	local pid rc=0

	wait -n -p pid "${!running[@]}" || rc=$?
	finish "$pid" "$rc"
}

patterns=()
while (($#)); do
	case $1 in
	--list) list; exit ;;
	-h | --help) usage; exit ;;
	-j) jobs=$2; shift 2 ;;
	-*) usage >&2; exit 2 ;;
	*) patterns+=("$1"); shift ;;
	esac
done

mapfile -t known < <(list)
wanted=()
for pattern in "${patterns[@]:-*}"; do
	exact=()
	for name in "${known[@]}"; do
		[[ $name != "$pattern" ]] || exact=("$name")
	done
	for name in "${exact[@]:-"${known[@]}"}"; do
		# shellcheck disable=SC2053
		[[ $name != $pattern && $name != *"$pattern"* ]] || wanted+=("$name")
	done
done
((${#wanted[@]})) || ov2_die "no check is called ${patterns[*]}"

mkdir -p "$log"
((${#patterns[@]})) || prepare
trap 'trap - TERM; ((${#running[@]} == 0)) || kill "${!running[@]}" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

# In braces: all of it is read before it runs, and the file may change meanwhile.
{
for name in "${wanted[@]}"; do
	((${#running[@]} < jobs)) || wait_one
	# shellcheck disable=SC2086
	(trap - EXIT; set +e +o pipefail; run $name) >"$log/${name// /-}.log" 2>&1 </dev/null &
	running[$!]=$name
	since[$!]=$SECONDS
done
while ((${#running[@]})); do
	wait_one
done
echo "$passed passed, $failed failed, $skipped skipped"
exit $((failed > 0))
}
