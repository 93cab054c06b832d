../../guestbin/expect-offload 2
ip xfrm state | grep 'offload' | sort
# the wire, which east reads below its NIC
hostname | grep east > /dev/null && ../../guestbin/tcpdump.sh --stop -i eth1 -- 'esp or icmp or (udp port 4500 and udp[4:2] > 9 and udp[8:4] != 0)'
