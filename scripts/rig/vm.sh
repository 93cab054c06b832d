# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The VM behind scripts/vm.sh, which has the usage.

# shellcheck source=vm-modules.sh
. "$OV2_RIG/vm-modules.sh"
# shellcheck source=vm-root.sh
. "$OV2_RIG/vm-root.sh"
# shellcheck source=vm-uml.sh
. "$OV2_RIG/vm-uml.sh"
# shellcheck source=vm-qemu.sh
. "$OV2_RIG/vm-qemu.sh"
# shellcheck source=vm-end.sh
. "$OV2_RIG/vm-end.sh"

kernel=uml-7.3 cpus='' mem='' root=user modules=auto out='' limit=900 append='' klog=''
gcov=no unload=yes real_time=no accel='' plugin='' verbose=no make_args=()

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
	--real-time) real_time=yes; shift ;;
	--accel) accel=$2; shift 2 ;;
	--plugin) plugin=$2; shift 2 ;;
	-v) verbose=yes; shift ;;
	-h | --help) usage; exit 0 ;;
	--) shift; break ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
done
(($#)) || { usage >&2; exit 2; }
[[ $gcov == no || $out ]] || ov2_die "--gcov needs --out"

kdir=$("$OV2_RIG/kernel.sh" "$kernel")
case $root in
user) base=$("$OV2_RIG/rootfs.sh" user) ;;
host) base= ;;
*) ov2_die "unknown root '$root'" ;;
esac

# The run folder is shared with the VM: in memory, for every write to it is
# waited for.
run=$(mktemp -d "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/ov2-vm.XXXXXX")
vm=
trap '[[ ! $vm ]] || kill -KILL "$vm" 2>/dev/null || :
	rm -rf "$run"' EXIT
trap 'exit 130' INT TERM

# The VM must not outlive this script, however that ends; UML leaves its parent's
# session, so that a process group would not do.
start()
{
	setpriv --pdeathsig TERM timeout -k 5 "$limit" setpriv --pdeathsig KILL "$@" &
	vm=$!
}

start_vm()
{
	# Its first process is one of the host's files.
	ov2_need mount
	case $kernel in
	uml-*) start_uml ;;
	*) start_qemu ;;
	esac
}

libmodules=$kdir/root/usr/lib/modules
[[ -d $libmodules ]] || libmodules=$kdir/root/lib/modules
if [[ $out ]]; then
	mkdir -p "$out"
	out=$(cd "$out" && pwd -P)
fi
collect_modules
write_root
write_settings "$@"
start_vm
if [[ $verbose == yes ]]; then
	tail -qs 0.1 -n +1 -f --pid="$vm" "$run/klog" >&2 &
fi
tail -qs 0.05 -n +1 -f --pid="$vm" "$run/stdout" &
tail_out=$!
tail -qs 0.05 -n +1 -f --pid="$vm" "$run/stderr" >&2 &
tail_err=$!
rc=0
# Not every way in which a VM ends is one that bash should remark on.
wait "$vm" 2>/dev/null || rc=$?
wait "$tail_out" "$tail_err" || :
[[ ! $klog ]] || cp "$run/klog" "$klog"
conclude "$rc"
