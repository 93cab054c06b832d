# Numbers that differ from run to run, in the words of libreswan's testing/sanitizers.
/retransmission; will wait/d
s/\(=>\|<\)0x[0-9a-f]*/\10xESPESP/g
s/^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]* IP /IP /
s/spi=0x[0-9a-f]*\(,seq=0x[0-9a-f]*), length\) [0-9]*$/spi=0xSPISPI\1 XXX/
