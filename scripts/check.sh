#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every gate and every test of the project, one line each; `make check`.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"

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
# Each VM has a CPU of its own: two of them on one are slower than one after the other.
jobs=$(nproc)
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
	"$OV2_RIG/kernel.sh" --source 7.3
}

# A check that has something to say prints it and fails.
must_be_empty()
{
	local text

	text=$(cat)
	[[ ! $text ]] || { printf '%s\n' "$1" "$text"; return 1; }
}

# A check of the sources that is content says nothing, on stderr neither: what is missing
# or crashes does.
silent()
{
	local out rc=0

	out=$("$@" 2>&1) || rc=$?
	[[ ! $out ]] || printf '%s\n' "$out"
	((rc == 0)) || echo "$1: status $rc"
	[[ ! $out ]] && ((rc == 0))
}

# unless_clean KEY COMMAND...: COMMAND gets those files of stdin that it has not yet found
# clean as they are, ending well and silently. KEY is all else that its answer hangs on.
unless_clean()
{
	local marks=$OV2_CACHE/clean key out sum file todo=() new=() rc=0

	key=$(sha256sum <<<"$*" | cut -c1-16)
	shift
	mkdir -p "$marks"
	find "$marks" -type f -mtime +30 -delete
	while read -r sum file; do
		sum=$marks/$key-${sum:0:32}-${file//\//_}
		if [[ -e $sum ]]; then
			touch -c "$sum"
		else
			new+=("$sum") todo+=("$file")
		fi
	done < <(xargs sha256sum)
	((${#todo[@]})) || return 0
	out=$("$@" "${todo[@]}" 2>&1) || rc=$?
	printf '%s' "$out"
	[[ ! $out ]] && ((rc == 0)) && touch "${new[@]}"
}

# Shell scripts have a linter of their own. Without a repository checkpatch does
# not start the kernel's spdxcheck, which wants packages; compat.h is the place for
# the comparison that it does not like.
checkpatch()
{
	local out rc=0

	out=$(GIT_DIR=/nonexistent "$src/scripts/checkpatch.pl" "--root=$src" --strict --terse \
		--show-types --max-line-length=100 "$@" 2>&1) || rc=$?
	grep -v '^total: ' <<<"$out"
	return "$rc"
}

check_checkpatch()
{
	local key

	key=$(cat "$src"/scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch} | sha256sum)
	echo include/compat.h | unless_clean "$key" \
		checkpatch --ignore=LINUX_VERSION_CODE,CONSTANT_COMPARISON -f
	{ c_files | grep -v '^include/compat\.h$'; find . -name Kbuild -o -name Kconfig
		echo Makefile; } | unless_clean "$key" checkpatch -f
}

# The patches for the kernel apply to what they were made for, each alone, and are as netdev
# wants them. The kernel's history, which would know the commits that they name, is not here.
check_upstream()
{
	local path rc=0

	for path in scripts/upstream/*.patch; do
		patch --dry-run -s -f -F0 -p1 -d "$src" <"$path" || rc=1
		checkpatch --no-signoff --ignore=UNKNOWN_COMMIT_ID "$path" || rc=1
	done
	return "$rc"
}

# The compiler's warnings are errors: an object that exists had none. On 7.3 sparse reads
# every file each time; its idea of 7.3 is the one that counts.
lint()
{
	local name=$1 out sources sparse=() rc=0

	[[ $name != *7.3 ]] || sparse=(C=2)
	out=$("$OV2_RIG/kernel.sh" --modules "$name" "${sparse[@]}" 2>&1) || rc=$?
	printf '%s\n' "$out"
	((rc == 0 && ${#sparse[@]})) || return "$rc"
	sources=$(c_files | grep -c '\.c$')
	if [[ $(grep -c '^ *CHECK ' <<<"$out") != "$sources" ]]; then
		echo "sparse has not read $sources files"
		rc=1
	fi
	grep -E '(warning|error|note):' <<<"$out" |
		grep -E '(^|/)(drivers/ov2|include/(compat|net/ov2)|kunit/)' |
		must_be_empty "sparse on $name:" || rc=1
	return "$rc"
}

check_kernel_doc()
{
	c_files | xargs python3 "$src/scripts/kernel-doc" -none -Wall -Werror
}

headers_build()
{
	local kdir=$1 dir=$OV2_CACHE/modules/headers header name objects=()

	ov2_mirror_sources "$dir/src"
	rm -rf "$dir/new"
	mkdir -p "$dir/new" "$dir/alone"
	for header in $(h_files); do
		name=${header//[\/.-]/_}
		printf '#include "%s"\n#include "%s"\n' "$dir/src/$header" "$dir/src/$header" \
			>"$dir/new/$name.c"
		objects+=("$name.o")
	done
	printf 'ccflags-y := -I%s/include\nobj-m := %s\n' "$dir/src" "${objects[*]}" \
		>"$dir/new/Kbuild"
	rsync -rc --delete --exclude='*.o' --exclude='.*.cmd' "$dir/new/" "$dir/alone/"
	make -C "$kdir" ARCH=um M="$dir/alone" W=1e -k -j"$jobs" "${objects[@]}"
}

# Each header by itself, twice. What was compiled so and has not changed is known.
check_headers()
{
	local kdir

	kdir=$("$OV2_RIG/kernel.sh" uml-7.3) || return
	ov2_locked headers headers_build "$kdir"
}

includes()
{
	grep -HnE '^#include' "$@" || :
}

# Pairs "CALLER CALLEE" of the NIC's files, by the functions that one defines and another calls.
nic_calls()
{
	# shellcheck disable=SC2016
	awk '
		/^[ \t]*(\/\*| \*|\*)/ { next }
		FNR == 1 { file = FILENAME; sub(/.*\//, "", file) }
		pass == 1 && /^[a-z]/ && !/^static/ && match($0, /ov2sim_[a-z0-9_]+\(/) {
			def[substr($0, RSTART, RLENGTH - 1)] = file
		}
		pass == 2 {
			while (match($0, /ov2sim_[a-z0-9_]+\(/)) {
				callee = def[substr($0, RSTART, RLENGTH - 1)]
				if (callee && callee != file)
					print file, callee
				$0 = substr($0, RSTART + RLENGTH)
			}
		}' pass=1 drivers/ov2sim/nic/*.c pass=2 drivers/ov2sim/nic/*.c | sort -u
}

# The graph of includes that the design allows, and the NIC's calls, which go one way.
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
	includes drivers/ov2sim/*.[ch] | grep -E '"(.*/)?nic/' | grep -v '"nic/nic\.h"' |
		must_be_empty "the driver side knows of the NIC what nic/nic.h says:" || rc=1
	nic_calls | tsort 2>&1 >/dev/null |
		must_be_empty "the NIC's files call each other in a circle:" || rc=1
	grep -nE '^[a-z][^#]*\);$' drivers/ov2sim/nic/{hw,queue}.h |
		must_be_empty "the NIC's types are the ground and declare no functions:" || rc=1
	includes drivers/ov2/*.[ch] | grep -E '<net/xfrm\.h>' |
		grep -vE '^drivers/ov2/(xfrm|xlate|rx|rx_held|tx|delreq)\.c:' |
		must_be_empty "net/xfrm.h is for xfrm.c, xlate.c, rx*.c, tx.c and delreq.c:" || rc=1
	includes kunit/fake_nic.[ch] | grep -E '"|<net/' |
		grep -vE '"(fake_nic\.h|compat\.h)"|<net/ov2\.h>' |
		must_be_empty "the fake NIC lives by the public header:" || rc=1
	return "$rc"
}

# What a script sources may be any of the libraries.
check_shellcheck()
{
	shell_files | unless_clean "$(cat .shellcheckrc scripts/rig/*.sh scripts/selftest/lib/*.sh scripts/{selftest,upstream}/lib.sh |
		sha256sum) $(shellcheck --version)" shellcheck
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

# Each rule has its tests, and a breakage that they must notice.
check_semantics()
{
	local rc=0

	"$OV2_SCRIPTS/semantics.py" || rc=1
	"$OV2_SCRIPTS/mutants.sh" --list >/dev/null || rc=1
	return "$rc"
}

check_kunit_py()
{
	"$OV2_SCRIPTS/kunit.sh"
}

# How many of its rows KUnit has skipped, by kunit.py's summaries in file $1.
kunit_skips()
{
	awk '/Testing complete\. / && match($0, /skipped: [0-9]+/) {
			n += substr($0, RSTART + 9, RLENGTH - 9)
		}
		END { print n + 0 }' "$1"
}

# The newer kernel has everything that the suites want.
kunit_vm()
{
	local rc=0 out

	out=$(mktemp)
	"$OV2_SCRIPTS/kunit.sh" --vm "$1" >"$out" || rc=$?
	cat "$out"
	if [[ $1 == uml-7.3* && $(kunit_skips "$out") != 0 ]]; then
		echo "rows were skipped on $1"
		rc=1
	fi
	rm -f "$out"
	return "$rc"
}

areas()
{
	# The long ones first: none runs on alone at the end.
	{
		printf '%s\n' soak swan_rekey reset config kernel_faults
		"$OV2_SCRIPTS/selftest/run.sh" --list
	} | awk '!seen[$0]++'
}

# Ends with the check that it is for.
vm()
{
	setpriv --pdeathsig TERM "$OV2_SCRIPTS/vm.sh" "$@"
}

selftest()
{
	vm --kernel "$1" -- "$OV2_SCRIPTS/selftest/run.sh" "$2"
}

# Debian's kernels: no KUnit, and the compilers of two releases.
stock_build()
{
	local root module rc=0

	if [[ $1 != debian-6.12 ]]; then
		"$OV2_RIG/kernel.sh" --modules "$1"
		return
	fi
	root=$(mktemp -d)
	"$OV2_RIG/kernel.sh" --modules "$1" --install "$root" || rc=$?
	for module in ov2 ov2sim; do
		if [[ ! $(find "$root" -path "*/lib/modules/*/$module.ko*") ]]; then
			echo "make install has not installed $module"
			rc=1
		fi
	done
	rm -rf "$root"
	return "$rc"
}

# With everything built a command in a VM is back within 5 seconds. Nothing runs beside it;
# what somebody else runs may spoil some of the tries. uml-7.3-fast is not built for this:
# a first run would take minutes more, and no other check wants it.
prompt()
{
	local start ms

	"$OV2_RIG/kernel.sh" --built "$1" || { echo "# SKIP $1 is not built"; return 4; }
	for _ in 1 2 3 4 5; do
		start=${EPOCHREALTIME/[.,]/}
		vm --kernel "$1" -- true || return
		ms=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
		echo "$ms ms"
		((ms > 5000)) || return 0
	done
	return 1
}

# A stock kernel has other options, MODVERSIONS, and everything as modules: loading
# ov2sim by name has to bring in whatever it stands on.
smoke()
{
	vm --kernel "$1" --modules modprobe -- \
		"$OV2_SCRIPTS/selftest/run.sh" algs:gcm128-128
}

# Suspend and resume, which UML cannot do with devices.
pm()
{
	vm --kernel "$1" -- "$OV2_SCRIPTS/selftest/pm.sh"
}

demo()
{
	setpriv --pdeathsig TERM "$OV2_SCRIPTS/demo.sh" --kernel "$1"
}

# Those that keep every CPU busy by themselves and those that take the time come first, one
# after the other; then those that take long, so that none runs on alone at the end.
list()
{
	local k a

	for k in "${uml[@]}"; do
		echo "lint $k"
	done
	for k in "${stock[@]}"; do
		echo "stock_build $k"
	done
	printf 'prompt %s\n' uml-7.3 uml-7.3-fast
	echo "demo debian-6.12"
	for k in "${uml[@]}"; do
		for a in $(areas); do
			echo "selftest $k $a"
		done
	done
	for k in "${uml[@]}"; do
		echo "kunit_vm $k"
	done
	echo kunit_py
	printf '%s debian-6.12\n' smoke pm
	printf '%s\n' checkpatch upstream kernel_doc headers includes shellcheck limits semantics
}

alone()
{
	case $1 in
	lint* | stock_build* | prompt*) ;;
	*) return 1 ;;
	esac
}

# Exit status 4: skipped.
run()
{
	case $1 in
	# It takes minutes, and meets little of the kernel that the areas have not met.
	selftest) [[ $2 != uml-6.12 || $3 != soak ]] || { echo "# SKIP on 6.12"; return 4; } ;;
	checkpatch | upstream | kernel_doc) src=$(kernel_source) || return ;;
	shellcheck) ov2_need shellcheck || return ;;
	esac
	case $1 in
	lint | stock_build | prompt | demo | selftest | kunit_vm | smoke | pm) "$@" ;;
	kunit_py | headers) "check_$1" ;;
	*) silent "check_$1" ;;
	esac
}

# What all checks stand on, first and one after the other: it takes most of the time
# of a first run, and shows its own progress.
prepare()
{
	ov2_need gcc make git python3 perl xz-utils kmod rsync
	kernel_source >/dev/null
	"$OV2_RIG/kernel.sh" "${uml[@]}" "${stock[@]}" >/dev/null
	"$OV2_RIG/rootfs.sh" user build swan5 >/dev/null
}

passed=0 failed=0 skipped=0
declare -A running=() since=()

finish()
{
	local pid=$1 rc=$2 name=${running[$1]} file skips took

	file=$log/${name// /-}.log
	took=$((SECONDS - since[$pid]))
	unset "running[$pid]"
	skips=$(($(grep -ciE '# SKIP\b' "$file") + $(kunit_skips "$file")))
	skipped=$((skipped + skips))
	case $rc in
	0)
		passed=$((passed + 1))
		printf 'pass %4d s  %s%s\n' "$took" "$name" \
			"$( ((skips == 0)) || echo " ($skips skipped in it)")"
		;;
	4)
		printf 'skip %4d s  %s (%s)\n' "$took" "$name" "$(sed -n 's/^# SKIP //p' "$file")"
		;;
	*)
		failed=$((failed + 1))
		printf 'FAIL %4d s  %s (%s)\n' "$took" "$name" "$file"
		tail -n 60 "$file" | sed 's/^/    | /'
		;;
	esac
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
	most=$jobs
	! alone "$name" || most=1
	while ((${#running[@]} >= most)); do
		wait_one
	done
	# shellcheck disable=SC2086
	(trap - EXIT; set +e +o pipefail; run $name) >"$log/${name// /-}.log" 2>&1 </dev/null &
	running[$!]=$name
	since[$!]=$SECONDS
	((most > 1)) || wait_one
done
while ((${#running[@]})); do
	wait_one
done
echo "$passed passed, $failed failed, $skipped skipped"
exit $((failed > 0))
}
