ipsec up nic-offload
../../guestbin/expect-offload 2
ipsec up nic-offload-host
devlink resource show ov2sim/ov2sim45 | grep -o 'size 2 occ 2'
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
../../guestbin/ping-once.sh --up 192.1.2.23
ethtool -S ov2sim45 | grep 'ipsec_.x_pkts'
echo done
