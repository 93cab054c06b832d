ipsec up nic-offload
../../guestbin/expect-offload 2
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
ip xfrm state | grep -o 'spi 0x[0-9a-f]*' > /tmp/spis
../../guestbin/offload-nic reset
devlink health show ov2sim/ov2sim45 reporter ipsec | grep -o 'state .* recover [0-9]*'
../../guestbin/expect-offload 2
ip xfrm state | grep -o 'spi 0x[0-9a-f]*' | cmp - /tmp/spis
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
ethtool -S ov2sim45 | grep 'ipsec_.x_pkts'
echo done
