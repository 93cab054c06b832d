#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The configuration of this host, in the root that has libreswan.

root=$OV2_LIBRESWAN
mkdir -p /tmp/{nss,etc,work}
mount -t overlay -o "lowerdir=$root/etc,upperdir=/tmp/etc,workdir=/tmp/work" etc "$root/etc" || exit
for dir in proc sys dev run tmp; do
	mount --rbind "/$dir" "$root/$dir"
done
mount --bind /tmp/nss "$root/var/lib/ipsec/nss"
cp "$(hostname).conf" "$root/etc/ipsec.conf"
cp "$(hostname).secrets" "$root/etc/ipsec.secrets"
chroot "$root" certutil -N -d sql:/var/lib/ipsec/nss --empty-password
