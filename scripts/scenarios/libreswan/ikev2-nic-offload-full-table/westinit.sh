../../guestbin/prep.sh
../../guestbin/offload-nic start eth1 size=2
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add nic-offload
ipsec add nic-offload-host
echo "initdone"
