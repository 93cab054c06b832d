#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the selftests want to know of captures, and raw frames.

ivs FILE IVLEN      no SPI has an IV twice; prints "PACKETS DISTINCT"
grep FILE HEX       number of frames that contain the bytes
esp FILE SPI        frames with ESP (in UDP too) of that SPI: their number
save FILE SPI N OUT frame N (from 0) of that SPI into a file, as raw bytes
framing FILE NIC SOFTWARE ICVLEN  packets without encryption: those of the SPI NIC, numbered
                    from 1 without a gap, are framed as the packets of the same number of
                    the SPI SOFTWARE: prints their number
send DEV OUT [POS:HEX]...   sends a raw frame; bytes replaced, from the end if
                    POS is negative
"""
import socket
import struct
import sys


def frames(path):
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    pos = 24
    while pos + 16 <= len(data):
        length = struct.unpack(order + "I", data[pos + 8:pos + 12])[0]
        yield data[pos + 16:pos + 16 + length]
        pos += 16 + length


def esp_of(frame):
    """ESP header and what follows, or None."""
    kind, ip = frame[12:14], frame[14:]
    if kind == b"\x08\x00":
        proto, rest = ip[9], ip[4 * (ip[0] & 15):struct.unpack(">H", ip[2:4])[0]]
        if struct.unpack(">H", ip[6:8])[0] & 0x3fff:
            return None
    elif kind == b"\x86\xdd":
        proto, rest = ip[6], ip[40:40 + struct.unpack(">H", ip[4:6])[0]]
    else:
        return None
    if proto == 17 and len(rest) > 12 and 4500 in struct.unpack(">HH", rest[:4]):
        rest = rest[8:]
        return None if rest[:4] == bytes(4) else rest
    return rest if proto == 50 else None


def of_spi(path, spi):
    for frame in frames(path):
        esp = esp_of(frame)
        if esp and struct.unpack(">I", esp[:4])[0] == spi:
            yield frame


def ivs(path, length):
    seen, count, twice = set(), 0, 0
    for frame in frames(path):
        esp = esp_of(frame)
        if not esp:
            continue
        count += 1
        key = esp[:4] + esp[8:8 + length]
        twice += key in seen
        seen.add(key)
    print(count, len(seen))
    return twice != 0


def grep(path, pattern):
    print(sum(bytes.fromhex(pattern) in frame for frame in frames(path)))


def esp(path, spi):
    print(sum(1 for _ in of_spi(path, int(spi, 0))))


def save(path, spi, number, out):
    found = list(of_spi(path, int(spi, 0)))
    with open(out, "wb") as file:
        file.write(found[int(number)])


def framed(path, spi, icv):
    """By sequence number, in the order in which they came: what the stack has framed of a packet
    in clear, but for addresses, checksum and what is inside."""
    found = {}
    for frame in of_spi(path, spi):
        esp = esp_of(frame)
        tail = len(esp) - icv - 2
        pad, proto = esp[tail], esp[tail + 1]
        if esp[tail - pad:tail] != bytes(range(1, pad + 1)):
            sys.exit("bad padding: " + esp.hex())
        ip = frame[14:]
        # TOS, length, don't fragment, TTL; traffic class, flow label, length, hop limit.
        head = (ip[1:4], ip[6:9]) if ip[0] >> 4 == 4 else (ip[:2], ip[4:8])
        found[struct.unpack(">I", esp[4:8])[0]] = head, len(esp), pad, proto
    return found


def framing(path, nic, software, icv):
    ours, theirs = (framed(path, int(spi, 0), int(icv)) for spi in (nic, software))
    if list(ours) != list(range(1, len(ours) + 1)):
        return "numbers %s" % list(ours)
    for number, what in ours.items():
        if what != theirs.get(number):
            return "packet %d: %s, software has %s" % (number, what, theirs.get(number))
    print(len(ours))
    return 0


def send(dev, path, *changes):
    frame = bytearray(open(path, "rb").read())
    for change in changes:
        pos, _, data = change.partition(":")
        new = bytes.fromhex(data)
        pos = int(pos) % len(frame)
        frame[pos:pos + len(new)] = new
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((dev, 0))
    sock.send(frame)


if __name__ == "__main__":
    command = {"ivs": lambda p, n: ivs(p, int(n)), "grep": grep, "esp": esp,
               "save": save, "framing": framing, "send": send}[sys.argv[1]]
    sys.exit(command(*sys.argv[2:]))
