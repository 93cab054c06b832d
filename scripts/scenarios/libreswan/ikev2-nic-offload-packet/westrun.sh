ipsec up nic-offload
../../guestbin/expect-offload 2
ip xfrm policy | grep 'offload' | sort | uniq
../../guestbin/ping-once.sh --up 192.1.2.23
ethtool -S ov2sim45 | grep 'ipsec_.x_pkts'
echo done
