#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""UDP to an echo server over many connections, by Zipf's law (exponent 1).

zipf.py send PAIRS RATE SECONDS SHIFT
    Connection I (1 to PAIRS) has the source port 20000 + I; the most popular
    one is 1 + SHIFT. RATE packets per second.
zipf.py best PAIRS SLOTS
    Prints the part of all packets that belongs to the SLOTS most popular.
"""
import itertools
import random
import select
import socket
import sys
import time


def weights(pairs):
    return [1 / rank for rank in range(1, pairs + 1)]


def best(pairs, slots):
    part = weights(pairs)
    print("%.4f" % (sum(part[:slots]) / sum(part)))


def send(pairs, rate, seconds, shift):
    socks = []
    for i in range(pairs):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("10.1.0.1", 20001 + (i + shift) % pairs))
        sock.connect(("10.1.0.2", 7))
        sock.setblocking(False)
        socks.append(sock)
    poll = select.epoll()
    by_fd = {sock.fileno(): sock for sock in socks}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    totals = list(itertools.accumulate(weights(pairs)))
    begin = time.monotonic()
    sent = 0
    while (now := time.monotonic() - begin) < seconds:
        due = min(int(now * rate) - sent, 64)
        for sock in random.choices(socks, cum_weights=totals, k=due) if due > 0 else []:
            try:
                sock.send(b"x" * 64)
            except OSError:
                pass
        sent = int(now * rate)
        for fd, _ in poll.poll(0.005):
            try:
                while True:
                    by_fd[fd].recv(2048)
            except OSError:
                pass


if __name__ == "__main__":
    {"send": send, "best": best}[sys.argv[1]](*map(int, sys.argv[2:]))
