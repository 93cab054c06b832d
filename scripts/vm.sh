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
	                    the KUnit suites; modprobe: installed for modprobe, which
	                    loads ov2sim and what that asks for; or a comma-separated
	                    list of .ko files
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
vm=
trap '[[ ! $vm ]] || kill -KILL "$vm" 2>/dev/null || :
	rm -rf "$run"' EXIT
trap 'exit 130' INT TERM

# Copies: the next build may be another checkout's.
collect_modules()
{
	local ko release list=()

	mkdir -p "$run/ko"
	: >"$run/modules"
	case $modules in
	none) ;;
	auto | kunit | modprobe)
		"$OV2_SCRIPTS/kernel.sh" --modules "$kernel" --to "$run/ko" "${make_args[@]}" \
			>"$run/build.log" 2>&1 || {
			cat "$run/build.log" >&2
			ov2_die "the modules do not build"
		}
		list=(ov2.ko ov2sim.ko)
		if [[ $modules == kunit ]]; then
			mapfile -t -O 2 list < <(sed -n 's:^kunit/::p' "$run/ko/order")
			((${#list[@]} > 2)) || ov2_die "there are no KUnit suites for $kernel"
		fi
		;;
	*)
		IFS=, read -ra list <<<"$modules"
		cp "${list[@]}" "$run/ko/"
		;;
	esac
	if [[ $modules == modprobe ]]; then
		mkdir -p "$run/lib"
		cp -as "$libmodules" "$run/lib/"
		release=$(basename "$run/lib/modules/"*)
		mkdir "$run/lib/modules/$release/updates"
		(cd "$run/ko" && cp "${list[@]}" "$run/lib/modules/$release/updates/")
		depmod -b "$run" "$release"
		libmodules=/run/share/lib/modules
		return
	fi
	for ko in "${list[@]}"; do
		echo "/run/ov2-vm/ko/${ko##*/}" >>"$run/modules"
	done
}

# What the modules want of the kernel's own modules, in any order.
needed_modules()
{
	local deps=("$libmodules"/*/modules.dep) dep ko

	if [[ $modules == modprobe ]]; then
		echo ov2sim
		return
	fi

	while read -r ko; do
		ko=$run/ko/${ko##*/}
		modinfo -F depends "$ko" | tr , '\n'
		modinfo -F softdep "$ko" | sed -n 's/^pre: //p' | tr ' ' '\n'
	done <"$run/modules" | sort -u | while read -r dep; do
		[[ ! $dep ]] || ! grep -qE "/${dep//_/[-_]}\.ko[.a-z]*:" "${deps[0]}" || echo "$dep"
	done
}

quote()
{
	printf '%q ' "$@"
}

bind()
{
	[[ ! -e $run/root$2 ]] || [[ ${3:-} == over ]] || return 0
	mkdir -p "$run/root$2"
	echo "$1 /mnt$2 none bind 0 0" >>"$run/fstab"
}

fresh()
{
	mkdir -p "$run/root$2"
	echo "$1 /mnt$2 $1 ${3:-defaults} 0 0" >>"$run/fstab"
}

# The host's file system stays readable at the same paths, and below /host as a
# whole. System folders are the userland's; every other top folder is the host's.
# Order matters: what lies below another mount comes after it.
write_root()
{
	local path name

	mkdir -p "$run/root/host"
	: >"$run/fstab"
	for name in mnt tmp run; do
		fresh tmpfs "/$name" mode=1777
	done
	fresh proc /proc
	fresh sysfs /sys
	fresh devtmpfs /dev
	for path in "$base"/*; do
		name=${path##*/}
		if [[ -L $path ]]; then
			cp -P "$path" "$run/root/"
		elif [[ -d $path ]]; then
			case $name in
			home | root | opt | srv) ;;
			*) bind "$path" "/$name" ;;
			esac
		fi
	done
	for path in /*; do
		[[ -L $path || ! -d $path ]] || bind "$path" "$path"
	done
	echo "debugfs /mnt/sys/kernel/debug debugfs defaults 0 0
tracefs /mnt/sys/kernel/tracing tracefs defaults 0 0
tmpfs /mnt/dev/shm tmpfs mode=1777,X-mount.mkdir 0 0
devpts /mnt/dev/pts devpts X-mount.mkdir 0 0
tmpfs /mnt/var/tmp tmpfs mode=1777 0 0
tmpfs /mnt/var/log tmpfs defaults 0 0
/run/share /mnt/run/ov2-vm none bind,X-mount.mkdir 0 0" >>"$run/fstab"
	mkdir -p "$base/usr/lib/modules"
	echo "$libmodules /mnt/usr/lib/modules none bind 0 0" >>"$run/fstab"
	# What lies below /tmp or /var on the host is hidden by now.
	for path in "$OV2_TOP" "$OV2_CACHE" "$PWD" "$out"; do
		case $path in
		/tmp/* | /var/* | /mnt/* | /run/*)
			echo "$path /mnt$path none bind,X-mount.mkdir 0 0" >>"$run/fstab"
			;;
		esac
	done
}

write_settings()
{
	local var

	cat >"$run/settings" <<-EOF
		OV2_OUT=$(quote "$out")
		share=$([[ $kernel == uml-* ]] && echo hostfs || echo 9p)
		needed="$(needed_modules | tr '\n' ' ')"
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

# The VM must not outlive this script, however that ends; UML leaves its parent's
# session, so that a process group would not do.
start()
{
	setpriv --pdeathsig TERM timeout -k 5 "$limit" setpriv --pdeathsig KILL "$@" &
	vm=$!
}

# UML and each process in it take turns, and waking one another on the same CPU takes a small
# part of what it takes from one CPU to the other. That CPU is taken which has the fewest VMs:
# each of them holds a lock on its own.
choose_cpu()
{
	local allowed range cpus=() cpu turn fd

	allowed=$(taskset -cp "$BASHPID")
	for range in $(tr ',' ' ' <<<"${allowed##*: }"); do
		mapfile -t -O "${#cpus[@]}" cpus < <(seq "${range%-*}" "${range#*-}")
	done
	mkdir -p "$OV2_CACHE/lock"
	for ((turn = 0; ; turn++)); do
		for cpu in "${cpus[@]}"; do
			exec {fd}>"$OV2_CACHE/lock/cpu-$cpu-$turn"
			! flock -n "$fd" || { pin=(taskset -c "$cpu"); return; }
			exec {fd}>&-
		done
	done
}

start_uml()
{
	local pin=()
	# shellcheck disable=SC2054
	local args=("mem=${mem:-768M}" rootfstype=hostfs rootflags=/ root=none ro
		"init=$OV2_SCRIPTS/vm-init.sh" "ov2_run=$run" con=null con0=null,fd:1
		panic=-1 kasan_multi_shot)

	case $kernel in
	uml-7.3-smp | uml-7.3-fast) args+=(seccomp=on "ncpus=${cpus:-2}") ;;
	uml-7.3) args+=(seccomp=on) && choose_cpu ;;
	*) choose_cpu ;;
	esac
	read -ra extra <<<"$append"
	start "${pin[@]}" "$kdir/linux" "${args[@]}" "${extra[@]}" </dev/null >"$run/klog" 2>"$run/hostlog"
}

# 9p and what it stands on, and busybox, which mounts the host's files.
make_initrd()
{
	local dir=$run/initrd release ko

	release=$(<"$kdir/release")
	mkdir -p "$dir/bin" "$dir/dev" "$dir/new" "$dir/proc"
	cp /bin/busybox "$dir/bin/"
	modprobe -d "$kdir/root" -S "$release" --show-depends -a 9pnet_virtio 9p virtio_pci |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r ko; do
			case $ko in
			*.xz) xz -dc "$ko" >"$dir/$(basename "${ko%.xz}")" ;;
			*.zst) zstd -qdc "$ko" >"$dir/$(basename "${ko%.zst}")" ;;
			*) cp "$ko" "$dir/" ;;
			esac
			ko=${ko##*/}
			echo "insmod /${ko%.[xz]*z*}" >>"$dir/load"
		done
	{
		echo '#!/bin/busybox sh'
		sed 's:^:/bin/busybox :' "$dir/load"
		cat <<-'EOF'
			[ -z "$ov2_probe" ] || /bin/busybox poweroff -f
			/bin/busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=262144 host /new
			exec /bin/busybox switch_root /new "$ov2_init"
		EOF
	} >"$dir/init"
	chmod +x "$dir/init"
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$kdir/initrd.$$"
	mv "$kdir/initrd.$$" "$kdir/initrd"
}

# KVM is there on many machines where a guest does not get through: ask once.
probe_accel()
{
	local found=tcg

	if [[ -w /dev/kvm ]] && timeout -k 1 20 qemu-system-x86_64 -machine q35 -cpu max \
		-accel kvm -m 1G -nographic -no-reboot -nic none -kernel "$kdir/vmlinuz" \
		-initrd "$kdir/initrd" -append "console=ttyS0 panic=-1 quiet ov2_probe=1" \
		</dev/null >/dev/null 2>&1; then
		found=kvm
	fi
	ov2_say "$kernel runs under $found here"
	echo "$found" >"$kdir/accel"
}

prepare_qemu()
{
	ov2_need qemu-system-x86 busybox-static cpio kmod xz-utils
	[[ -s $kdir/initrd && $kdir/initrd -nt $kdir/ov2-key && $kdir/initrd -nt $0 ]] ||
		make_initrd
	[[ -s $kdir/accel && $kdir/accel -nt $kdir/ov2-key ]] || probe_accel
}

start_qemu()
{
	local args=(-machine q35 -cpu max -m "${mem:-2G}" -smp "${cpus:-2}" -nographic
		-no-reboot -nic none -kernel "$kdir/vmlinuz" -initrd "$kdir/initrd"
		-append "console=ttyS0 panic=-1 loglevel=6 ov2_run=9p
			ov2_init=$OV2_SCRIPTS/vm-init.sh $append"
		-serial "file:$run/klog" -monitor none
		-virtfs "local,id=host,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"
		-virtfs "local,id=run,path=$run,mount_tag=run,security_model=none")

	ov2_locked "vm-$kernel" prepare_qemu
	case ${accel:-$(<"$kdir/accel")} in
	kvm) args+=(-accel kvm) ;;
	*) args+=(-accel "tcg,thread=multi") ;;
	esac
	[[ ! $out ]] ||
		args+=(-virtfs "local,id=out,path=$out,mount_tag=out,security_model=none")
	start qemu-system-x86_64 "${args[@]}" </dev/null >"$run/hostlog" 2>&1
}

start_vm()
{
	case $kernel in
	uml-*) start_uml ;;
	*) start_qemu ;;
	esac
}

# Reports that a kernel makes about a bug. What 7.3 says about itself at boot
# with SMP and PROVE_RCU, before anything of ours is there, is known; and what a
# stock kernel says about QEMU is not our concern.
splats()
{
	awk -v stock="$([[ $kernel == uml-* ]] || echo 1)" '
		/ov2-vm: modules/ { ours = 1 }
		/KASAN|UBSAN|BUG:|BUG at|WARNING:|Oops|Kernel panic|kernel panic/ { hit = 1 }
		/possible (recursive|circular|irq lock)|suspicious RCU|refcount_t:|ref_tracker:/ { hit = 1 }
		/[Oo]bjects remaining|still has objects|still held|invalid wait context|blocked for more than/ { hit = 1 }
		/unreferenced object|ODEBUG|list_(add|del) corruption|sleeping function|general protection/ { hit = 1 }
		/soft lockup|rcu.*(stall|detected)|scheduling while atomic|leaked reference|Bad page/ { hit = 1 }
		/inconsistent lock state|bad unlock|unregister_netdevice: waiting/ { hit = 1 }
		/buggy \.next function|stalled pool shutdown/ { hit = 1 }
		# Said once by a kernel that fails an allocation because it was told to.
		/ref_tracker: memory allocation failure/ { hit = 0 }
		hit && !ours && (stock || /rcu\/tree\.c|RCU/) { hit = 0 }
		hit { print FNR ": " $0; hit = 0 }
	' "$1"
}

# A command that has lost the shared folders tells in the kernel log what it has to say,
# and its exit status, before it switches the VM off.
from_klog()
{
	tr -d '\r' <"$run/klog" | sed -n 's/.*ov2-vm> //p'
	tr -d '\r' <"$run/klog" | sed -n 's/.*ov2-vm: verdict \([0-9]*\)$/\1/p' >"$run/status"
}

# In braces: all of it is read before it runs, and the file may change meanwhile.
{
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
[[ -s $run/status ]] || from_klog
if [[ ! -s $run/status ]]; then
	ov2_say "the VM ended before the command did; the end of the kernel log:"
	tail -n 40 "$run/klog" "$run/hostlog" >&2
	exit 125
fi
exit "$(<"$run/status")"
}
