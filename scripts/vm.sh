#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run a command as root in a VM that has the project's modules loaded.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/vm.sh [OPTION]... -- COMMAND [ARG]...

	  --kernel NAME     as kernel.sh --list has them (uml-7.3)
	  --cpus N          CPUs (1; 2 on uml-7.3-smp, uml-7.3-fast and in QEMU)
	  --mem SIZE        memory (768M; 2G in QEMU)
	  --root user|host  userland: Debian 13's (user) or this machine's
	  --modules WHICH   auto: ov2 and ov2sim, built first; none; kunit: those and
	                    the KUnit suites; or a comma-separated list of .ko files
	  --make ARG        argument for the build of the modules, such as OV2_GCOV=1
	  --out DIR         writable in the VM at the same path ($OV2_OUT there)
	  --timeout SECS    until the VM is killed (900)
	  --append ARGS     more kernel arguments
	  --klog FILE       keep the kernel log there
	  --gcov            copy the coverage data to DIR/gcov at the end
	  --no-unload       leave the modules in at the end
	  --accel tcg|kvm   for QEMU; by default KVM where it has been seen to work
	  -v                show the kernel log on stderr

	stdout, stderr and exit status are COMMAND's. The host's files are readable at
	the same paths (its system folders below /host); variables OV2_* are passed on.
	Exit status 124: timeout; 125: the VM did not get to the command or its end;
	126: a report of the kernel, which is shown.
	EOF
}

kernel=uml-7.3 cpus='' mem='' root=user modules=auto out='' limit=900 append='' klog=''
gcov=no unload=yes accel='' verbose=no make_args=()

while (($#)); do
	case $1 in
	--kernel) kernel=$2; shift 2 ;;
	--cpus) cpus=$2; shift 2 ;;
	--mem) mem=$2; shift 2 ;;
	--root) root=$2; shift 2 ;;
	--modules) modules=$2; shift 2 ;;
	--make) make_args+=("$2"); shift 2 ;;
	--out) out=$2; shift 2 ;;
	--timeout) limit=$2; shift 2 ;;
	--append) append=$2; shift 2 ;;
	--klog) klog=$2; shift 2 ;;
	--gcov) gcov=yes; shift ;;
	--no-unload) unload=no; shift ;;
	--unload) unload=yes; shift ;;
	--accel) accel=$2; shift 2 ;;
	-v) verbose=yes; shift ;;
	-h | --help) usage; exit 0 ;;
	--) shift; break ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
done
(($#)) || { usage >&2; exit 2; }
[[ $gcov == no || $out ]] || ov2_die "--gcov needs --out"

kdir=$("$OV2_SCRIPTS/kernel.sh" "$kernel")
case $root in
user | debian13) base=$("$OV2_SCRIPTS/rootfs.sh" user) ;;
host) base= ;;
*) ov2_die "unknown root '$root'" ;;
esac

# The run folder is shared with the VM: in memory, for every write to it is
# waited for.
run=$(mktemp -d "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/ov2-vm.XXXXXX")
pids=()
cleanup()
{
	local pid

	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Copies, so that the next build cannot take them away from under this VM.
collect_modules()
{
	local build ko list=()

	case $modules in
	none) ;;
	auto | kunit)
		build=$("$OV2_SCRIPTS/kernel.sh" --modules "$kernel" "${make_args[@]}" \
			2>"$run/build.log") || {
			cat "$run/build.log" >&2
			ov2_die "the modules do not build"
		}
		list=("$build/drivers/ov2/ov2.ko" "$build/drivers/ov2sim/ov2sim.ko")
		if [[ $modules == kunit ]]; then
			mapfile -t -O 2 list < <(sed -n "s:^\(kunit/.*\)\.o\$:$build/\1.ko:p" \
				"$build/modules.order")
		fi
		;;
	*)
		IFS=, read -ra list <<<"$modules"
		;;
	esac
	mkdir -p "$run/ko"
	: >"$run/modules"
	for ko in "${list[@]}"; do
		cp "$ko" "$run/ko/"
		echo "/run/ov2-vm/ko/${ko##*/}" >>"$run/modules"
	done
}

quote()
{
	printf '%q ' "$@"
}

write_settings()
{
	local libmodules=$kdir/root/usr/lib/modules var

	[[ -d $libmodules ]] || libmodules=$kdir/root/lib/modules
	if [[ $out ]]; then
		mkdir -p "$out"
		out=$(cd "$out" && pwd -P)
	fi
	cat >"$run/boot" <<-EOF
		OV2_VM_BASE=$(quote "$base")
		OV2_VM_PATHS=$(quote "$OV2_TOP $OV2_CACHE $PWD")
		OV2_VM_LIBMODULES=$(quote "$libmodules")
	EOF
	cat >"$run/settings" <<-EOF
		OV2_OUT=$(quote "$out")
		share=$([[ $kernel == uml-* ]] && echo hostfs || echo 9p)
		unload=$unload
		gcov=$gcov
	EOF
	{
		for var in "${!OV2_@}"; do
			case $var in
			OV2_OUT | OV2_SCRIPTS) ;;
			*) echo "export $var=$(quote "${!var}")" ;;
			esac
		done
		echo "export OV2_OUT=$(quote "$out") OV2_KERNEL=$kernel"
		echo "cd $(quote "$PWD")"
		quote exec "$@"
		echo
	} >"$run/command"
	: >"$run/stdout"
	: >"$run/stderr"
	: >"$run/klog"
}

start_uml()
{
	local args=("mem=${mem:-768M}" rootfstype=hostfs rootflags=/ root=none ro
		"init=$OV2_SCRIPTS/vm-init.sh" "ov2_run=$run" con=null con0=null,fd:1
		panic=-1 kasan_multi_shot)

	case $kernel in
	uml-7.3-smp | uml-7.3-fast) args+=(seccomp=on "ncpus=${cpus:-2}") ;;
	uml-7.3) args+=(seccomp=on) ;;
	esac
	read -ra extra <<<"$append"
	# A session of its own: the kernel's helpers are found and ended with it.
	setsid timeout -k 5 "$limit" "$kdir/linux" "${args[@]}" "${extra[@]}" \
		</dev/null >"$run/klog" 2>"$run/hostlog" &
	vm=$!
	pids+=("$vm")
}

start_vm()
{
	case $kernel in
	uml-*) start_uml ;;
	*) start_qemu ;;
	esac
}

# Reports that a kernel makes about a bug. What 7.3 says about itself at boot
# with SMP and PROVE_RCU, before anything of ours is there, is known.
splats()
{
	awk '
		/ov2-vm: modules/ { ours = 1 }
		/(BUG|WARNING|INFO|UBSAN|KASAN|Oops|KTAP)[: ]/ { }
		/KASAN|UBSAN|BUG:|BUG at|WARNING:|Oops|Kernel panic|kernel panic/ { hit = 1 }
		/possible (recursive|circular|irq lock)|suspicious RCU|refcount_t:|ref_tracker:/ { hit = 1 }
		/[Oo]bjects remaining|still has objects|still held|invalid wait context|blocked for more than/ { hit = 1 }
		/unreferenced object|ODEBUG|list_(add|del) corruption|sleeping function|general protection/ { hit = 1 }
		/soft lockup|rcu.*(stall|detected)|scheduling while atomic|leaked reference|Bad page/ { hit = 1 }
		/inconsistent lock state|bad unlock|unregister_netdevice: waiting/ { hit = 1 }
		hit && !ours && /rcu\/tree\.c|RCU/ { hit = 0 }
		hit { print FNR ": " $0; hit = 0 }
	' "$1"
}

collect_modules
write_settings "$@"
start_vm
if [[ $verbose == yes ]]; then
	tail -qs 0.1 -n +1 -f "$run/klog" >&2 &
	pids+=("$!")
fi
tail -qs 0.05 -n +1 -f --pid="$vm" "$run/stdout" &
tail_out=$!
tail -qs 0.05 -n +1 -f --pid="$vm" "$run/stderr" >&2 &
tail_err=$!
rc=0
wait "$vm" || rc=$?
wait "$tail_out" "$tail_err" || :
pids=()
[[ ! $klog ]] || cp "$run/klog" "$klog"

if ((rc == 124 || rc == 137)); then
	ov2_say "no end after $limit s; the end of the kernel log:"
	tail -n 40 "$run/klog" >&2
	exit 124
fi
found=$(splats "$run/klog")
if [[ $found ]]; then
	ov2_say "the kernel reported:"
	head -n 10 <<<"$found" >&2
	ov2_say "from the kernel log around the first:"
	line=${found%%:*}
	sed -n "$((line > 4 ? line - 4 : 1)),$((line + 70))p" "$run/klog" >&2
	exit 126
fi
if [[ ! -s $run/status ]]; then
	ov2_say "the VM ended before the command did; the end of the kernel log:"
	tail -n 40 "$run/klog" "$run/hostlog" >&2
	exit 125
fi
exit "$(<"$run/status")"
