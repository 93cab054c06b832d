# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Tells from the end of a VM and from its kernel log what came of it. Variables that are not
# local here are those of vm.sh.

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

# conclude STATUS: of the VM's process. Says what went wrong, and ends with the command's status
# or one of those in the usage of vm.sh.
conclude()
{
	local found line

	if (($1 == 124 || $1 == 137)); then
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
