#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the soak's captures must not show.

soak_proof.py SPIS PCAP...
SPIS says of each SPI how long its IVs are and whether it only authenticates. Prints the
numbers of frames, of frames in clear, of ESP packets and of IVs that came twice; fails if
anything is in clear, or an IV was used twice with a key. Each SPI has had one key.
"""
import json
import struct
import sys

import pcap
import soak_traffic


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


def esp_of(frame):
    """As pcap.esp_of, and of the first of several fragments."""
    kind, ip = frame[12:14], frame[14:]
    found = protocol(frame)
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


def permitted(frame):
    """ESP, ESP in UDP, and what keeps a link going."""
    found = protocol(frame)
    if not found:
        return frame[12:14] == b"\x08\x06"
    proto, fragment = found
    # ICMPv6: neighbours and listeners, no echo and no errors, which quote packets.
    if proto == 58:
        at = 14 + (48 if frame[20] == 0 else 40)
        return frame[at] >= 130
    return proto in (50, 2) or proto == 17 and (fragment or esp_of(frame) is not None)


def prove(paths, spis):
    frames = clear = packets = twice = 0
    seen = {}
    for frame in (frame for path in paths for frame in pcap.frames(path)):
        frames += 1
        esp = esp_of(frame)
        known = spis.get(struct.unpack(">I", esp[:4])[0]) if esp and len(esp) > 8 else None
        if not permitted(frame) or soak_traffic.MARK in frame and not (known and known[1]):
            clear += 1
            if clear < 4:
                print("in clear:", frame[:96].hex())
        if not known:
            continue
        packets += 1
        if known[0]:
            key = esp[:4] + esp[8:8 + known[0]]
            number = struct.unpack(">I", esp[4:8])[0]
            if key in seen:
                twice += 1
                if twice < 4:
                    print("SPI 0x%x: number %d has the IV of number %d:" % (
                        struct.unpack(">I", esp[:4])[0], number, seen[key][0]))
                    print(seen[key][1].hex())
                    print(frame[:96].hex())
            seen[key] = number, frame[:96]
    print("%d frames, %d in clear; %d ESP packets, %d IVs twice" % (frames, clear, packets, twice))
    return not (clear or twice)


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        spis = {int(spi): what for spi, what in json.load(file).items()}
    return 0 if prove(sys.argv[2:], spis) else 1


if __name__ == "__main__":
    sys.exit(main())
