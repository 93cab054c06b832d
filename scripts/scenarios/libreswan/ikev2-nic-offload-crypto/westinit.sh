../../guestbin/prep.sh
../../guestbin/offload-nic start eth1
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add nic-offload
echo "initdone"
