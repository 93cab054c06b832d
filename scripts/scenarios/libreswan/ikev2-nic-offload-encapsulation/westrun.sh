ipsec up nic-offload
../../guestbin/expect-offload 2
ip xfrm state | grep -o 'encap type espinudp'
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
ethtool -S ov2sim45 | grep 'ipsec_.x_pkts'
echo done
