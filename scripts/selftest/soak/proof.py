# SPDX-License-Identifier: GPL-2.0-only
"""Checks the soak's captures: nothing in clear, no IV twice, and enough of everything.

python3 -m soak.proof RUN PCAP...
RUN is what the soak says of its run: of each SPI how long the IVs are, whether it only
authenticates, and the number before its first; how many more SAs it has had with that SPI and key
(lives), because the answer to a request to add one was lost; of each capture how many frames its near end has
sent; and how many SPIs at least both the NIC and software have sent with.
Fails if anything is in clear, if an IV was used twice with a key or is made in a way that is
neither the NIC's nor software's, or if the captures show less than they should. Each SPI has
had one key.
"""
import collections
import itertools
import json
import struct
import sys

import pcap

from . import traffic

# The NIC's counters, as drivers/ov2sim/nic/esp.c makes IVs of them, differ in this bit.
NIC_BIT = 1 << 63
# The share of the near end's frames that must be captured: a busy machine drops some before.
SHARE = 0.9


def protocol(frame):
    """IP protocol of a frame and whether it is a fragment; None if it is not IP."""
    kind, ip = frame[12:14], frame[14:]
    if kind == b"\x08\x00":
        return ip[9], struct.unpack(">H", ip[6:8])[0] & 0x3fff != 0
    if kind == b"\x86\xdd":
        if ip[6] == 44:
            return ip[40], True
        if ip[6] == 0:
            return ip[40], False
        return ip[6], False
    return None


def esp_of(frame, found):
    """As pcap.esp_of, and of the first of several fragments. found: by protocol()."""
    kind, ip = frame[12:14], frame[14:]
    if not found or not found[1]:
        return pcap.esp_of(frame)
    if kind == b"\x08\x00":
        offset, rest = struct.unpack(">H", ip[6:8])[0] & 0x1fff, ip[4 * (ip[0] & 15):]
    else:
        offset, rest = struct.unpack(">H", ip[42:44])[0] >> 3, ip[48:]
    if offset:
        return None
    if found[0] == 17:
        return rest[8:] if 4500 in struct.unpack(">HH", rest[:4]) else None
    return rest if found[0] == 50 else None


def permitted(frame, found, esp):
    """ESP, ESP in UDP, and what keeps a link going."""
    if not found:
        return frame[12:14] == b"\x08\x06"
    proto, fragment = found
    # ICMPv6: neighbours and listeners, no echo and no errors, which quote packets.
    if proto == 58:
        at = 14 + (48 if frame[20] == 0 else 40)
        return frame[at] >= 130
    return proto in (50, 2) or proto == 17 and (fragment or esp is not None)


def from_near(frame):
    """Whether the near end has sent it: its addresses end with 1."""
    return frame[29 if frame[12:14] == b"\x08\x00" else 37] == 1


class Proof:
    """The frames and IVs that have been seen so far."""

    def __init__(self, spis, lives):
        self.spis, self.lives = spis, lives
        self.frames = self.clear = self.packets = 0
        # Frames of ESP that the near ends have sent, by capture.
        self.near = []
        # By SPI and IV the frame's number; the pairs of such numbers that have the same.
        self.seen, self.twice = {}, []
        # By SPI: its IVs, each combined with the packet's number by XOR, which leaves the salt.
        self.salts = collections.defaultdict(set)

    def look(self, frame):
        self.frames += 1
        found = protocol(frame)
        esp = esp_of(frame, found)
        spi = struct.unpack(">I", esp[:4])[0] if esp and len(esp) > 8 else None
        known = self.spis.get(spi)
        if not permitted(frame, found, esp) or \
                traffic.MARK in frame and not (known and known[1]):
            self.clear += 1
            if self.clear < 4:
                print("in clear:", frame[:128].hex())
        if known:
            self.packets += 1
            self.look_at_iv(spi, esp, *known)
        # Later fragments of ESP have no SPI, and count as well.
        if (known or found and found[1] and not esp) and from_near(frame):
            self.near[-1] += 1

    def look_at_iv(self, spi, esp, size, _, begin):
        if not size:
            return
        key = esp[:4] + esp[8:8 + size]
        first = self.seen.setdefault(key, self.frames)
        if first != self.frames:
            self.twice.append((first, self.frames))
        if size == 8:
            number, iv = struct.unpack(">IQ", esp[4:16])
            upper = 1 << 32 if number + (1 << 31) < begin else 0
            self.salts[spi].add(iv ^ (number | upper))

    def both(self):
        """The SPIs that have IVs of both kinds, and those that have others than their SAs make."""
        both, strange = set(), set()
        for spi, salts in self.salts.items():
            made = {salt & ~NIC_BIT for salt in salts}
            if len(made) > 1 + self.lives.get(spi, 0):
                strange.add(spi)
            elif len(salts) > len(made):
                both.add(spi)
        return both, strange


def show_twice(paths, pairs):
    frames = dict(pairs)
    wanted = set(frames) | set(frames.values())
    found = {number: frame for number, frame in enumerate(
        itertools.chain.from_iterable(pcap.frames(path) for path in paths), 1) if number in wanted}
    for numbers in pairs:
        for number in numbers:
            print("frame %d has the IV of another:" % number, found[number][:128].hex())


def prove(paths, run):
    proof = Proof(*({int(spi): what for spi, what in run[name].items()}
                    for name in ("spis", "lives")))
    for path in paths:
        proof.near.append(0)
        for frame in pcap.frames(path):
            proof.look(frame)
    show_twice(paths, proof.twice[:3])
    both, strange = proof.both()
    for spi in sorted(strange)[:3]:
        print("SPI 0x%x: IVs made with %s" % (spi, ", ".join(
            "0x%016x" % salt for salt in sorted(proof.salts[spi])[:5])))
    good = True
    for path, sent, near in zip(paths, run["sent"], proof.near):
        print("%s: %d frames of ESP, of %d that the near end has sent" % (path, near, sent))
        good = good and near >= SHARE * sent
    if not good:
        print("that is too little")
    print("%d SPIs used by NIC and software, at least %d expected" % (len(both), run["both"]))
    print("%d frames, %d in clear; %d ESP packets, %d IVs twice" % (
        proof.frames, proof.clear, proof.packets, len(proof.twice)))
    return good and len(both) >= run["both"] and not (proof.clear or proof.twice or strange)


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        run = json.load(file)
    return 0 if prove(sys.argv[2:], run) else 1


if __name__ == "__main__":
    sys.exit(main())
