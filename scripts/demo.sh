#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# strongSwan over two simulated NICs, on Debian's own kernel in QEMU: every
# packet is encrypted and decrypted by a NIC through ov2, or this fails.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/demo.sh [--kernel NAME] [--verbose]

	Boots a stock Debian kernel (debian-6.12; NAME as scripts/rig/kernel.sh has them)
	in a VM, lets strongSwan set up tunnels between two simulated NICs, and shows
	that the NICs do all of their cryptography. Needs root on Debian 12 or 13,
	and fetches what is missing. Exit status 0: all of it was seen.
	EOF
}

kernel=debian-6.12 verbose=()
while (($#)); do
	case $1 in
	--kernel) kernel=$2; shift 2 ;;
	--verbose) verbose=(-v); shift ;;
	-h | --help) usage; exit ;;
	*) usage >&2; exit 2 ;;
	esac
done

echo "A VM with Debian's kernel ($kernel) and the modules ov2 and ov2sim is prepared;"
echo "the first time this fetches a kernel and a Debian 13 userland."
exec "$OV2_SCRIPTS/vm.sh" --kernel "$kernel" --timeout 600 "${verbose[@]}" -- "$OV2_RIG/demo.sh"
