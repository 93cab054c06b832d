#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run a command as root in a VM that has the project's modules loaded.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/vm.sh [OPTION]... -- COMMAND [ARG]...

	  --kernel NAME     as rig/kernel.sh --list has them (uml-7.3)
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
	  --real-time       uml-7.3: time goes on while nothing runs, and no slower than
	                    the machine's where something does. Without it a sleep takes
	                    no time, and a slow machine is no reason for a timeout
	  --klog FILE       keep the kernel log there
	  --gcov            copy the coverage data to DIR/gcov at the end
	  --no-unload       leave the modules in at the end
	  --accel tcg|kvm|icount
	                    for QEMU; by default KVM where it has been seen to work. With
	                    icount there is one CPU, which takes a nanosecond for each
	                    instruction, however fast the machine is
	  --plugin FILE,ARG a plugin for QEMU
	  -v                show the kernel log on stderr

	stdout, stderr and exit status are COMMAND's. The host's files are readable at
	the same paths (its system folders below /host); variables OV2_* are passed on.
	Exit status 124: timeout; 125: the VM did not get to the command or its end;
	126: a report of the kernel, which is shown.
	EOF
}

# shellcheck source=rig/vm.sh
. "$OV2_RIG/vm.sh"
