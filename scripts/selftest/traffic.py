#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Traffic of the selftests: an echo and stream server, and its clients.

serve PORT READYFILE [natt]
    UDP echo and TCP streams on PORT, IPv4 and IPv6; natt: also a socket for
    ESP in UDP on port 4500. READYFILE is made when it listens.
natt READYFILE
    Only the sockets on port 4500.
udp [TIMEOUT]
    stdin: lines "ID SRC SPORT DST DPORT LENGTHS", lengths as 1,2,5-9. Sends
    random payloads, compares what comes back, prints "ID ok" or "ID REASON".
tcp SRC SPORT DST DPORT up|down SIZE [RATE]
    A stream of SIZE random bytes, RATE a second at most; sha256 is made at both
    ends and compared. If SIZE is a path, the stream goes on until that file is there.
options SRC SPORT DST DPORT COUNT
    Datagrams with IP options or a hop-by-hop header, both ways.
send SRC SPORT DST DPORT COUNT
    Datagrams of 100 bytes; waits for no answer.
crowd SRC SPORT DST DPORT COUNT
    Datagrams of 1000 bytes, without waiting for room; prints how many the socket took.
flood SRC SPORT DST DPORT LENGTH SECONDS_MAX
    Sends and counts echoes until SIGTERM, waits for those that are on their way,
    prints "sent N echoed M bad K".
agent NETNS
    stdin: lines "udp ID SRC ..." and "tcp SRC ...", as above. Runs each in the
    namespace and answers with a line: its exit status and what it has printed.
"""
import contextlib
import hashlib
import io
import os
import select
import signal
import socket
import struct
import sys
import threading
import time

BLOCK = 65536
OPTIONS = b"with options "


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def udp_socket(addr, port):
    sock = socket.socket(family(addr), socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    if ":" in addr:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((addr, port))
    return sock


def natt_sockets():
    socks = []
    for addr in ("0.0.0.0", "::"):
        sock = udp_socket(addr, 4500)
        sock.setsockopt(socket.IPPROTO_UDP, 100, 2)  # UDP_ENCAP, ESPINUDP
        socks.append(sock)
    return socks


def receive_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError("stream ended early")
        data += part
    return data


def stream_send(sock, size):
    digest = hashlib.sha256()
    block = os.urandom(BLOCK)
    number = 0
    while size:
        number += 1
        part = (struct.pack(">Q", number) + block[8:])[:size]
        digest.update(part)
        sock.sendall(part)
        size -= len(part)
    return digest.digest()


def stream_receive(sock, size):
    digest = hashlib.sha256()
    while size:
        part = sock.recv(min(size, BLOCK))
        if not part:
            raise EOFError("stream ended early")
        digest.update(part)
        size -= len(part)
    return digest.digest()


def blocks_send(sock, stop):
    """Sends numbered blocks until stop() says so, then one without a number."""
    digest = hashlib.sha256()
    block = os.urandom(BLOCK)
    number = 1
    while number:
        number = 0 if stop() else number + 1
        part = struct.pack(">Q", number) + block[8:]
        digest.update(part)
        sock.sendall(part)
    return digest.digest()


def blocks_receive(sock, each):
    """Calls each() after each block."""
    digest = hashlib.sha256()
    part = None
    while part is None or any(part[:8]):
        part = receive_exactly(sock, BLOCK)
        digest.update(part)
        each()
    return digest.digest()


def stream_open(sock, direction, path):
    """A stream that the client ends. Returns the digests of both ends."""
    told = []

    def stop():
        return os.path.exists(path)

    def tell():
        if not told and stop():
            told.append(sock.sendall(b"."))

    if direction == "up":
        sock.sendall(b"U")
        mine = blocks_send(sock, stop)
    else:
        sock.sendall(b"D")
        mine = blocks_receive(sock, tell)
    return mine, receive_exactly(sock, 32)


def stream_serve_open(sock, head):
    if head == b"U":
        sock.sendall(blocks_receive(sock, lambda: None))
    else:
        sock.sendall(blocks_send(sock, lambda: select.select([sock], [], [], 0)[0]))
        receive_exactly(sock, 1)


def stream_serve(sock):
    try:
        while True:
            head = sock.recv(1)
            if not head:
                break
            if head in b"UD":
                stream_serve_open(sock, head)
                continue
            size = struct.unpack(">Q", receive_exactly(sock, 8))[0]
            if head == b"u":
                sock.sendall(stream_receive(sock, size))
            else:
                sock.sendall(stream_send(sock, size))
    except (OSError, EOFError):
        pass
    sock.close()


def set_options(sock, on):
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS,
                        b"\1\1\1\1" if on else b"")
    else:
        # IPV6_HOPOPTS: four bytes of padding.
        sock.setsockopt(socket.IPPROTO_IPV6, 54,
                        b"\0\0\1\4\0\0\0\0" if on else b"")


def echo(sock):
    while True:
        try:
            data, peer = sock.recvfrom(65536)
            if data.startswith(OPTIONS):
                set_options(sock, True)
            sock.sendto(data, peer)
            if data.startswith(OPTIONS):
                set_options(sock, False)
        except OSError:
            pass


def serve(port, ready, natt=None):
    keep = natt_sockets() if natt else []
    listeners = []
    for addr in ("0.0.0.0", "::"):
        threading.Thread(target=echo, args=(udp_socket(addr, port),),
                         daemon=True).start()
        sock = socket.socket(family(addr), socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in addr:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((addr, port))
        sock.listen(64)
        listeners.append(sock)
    open(ready, "w").close()
    while True:
        for sock in select.select(listeners, [], [])[0]:
            conn = sock.accept()[0]
            threading.Thread(target=stream_serve, args=(conn,),
                             daemon=True).start()
    return keep


def lengths(text):
    result = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        result.extend(range(int(first), int(last or first) + 1))
    return result


def udp_wait(waiting, socks, timeout):
    end = time.monotonic() + timeout
    silent = 0
    # A machine that has slept all that time still gets a few looks.
    while waiting and (time.monotonic() < end or silent < 5):
        ready = select.select(list(socks), [], [], 0.1)[0]
        silent = 0 if ready else silent + 1
        for sock in ready:
            data = sock.recvfrom(65536)[0]
            key = (socks[sock], len(data))
            if key not in waiting:
                continue
            if waiting.pop(key) != data:
                yield key, "damaged"
    for key in list(waiting):
        del waiting[key]
        yield key, "lost"


def udp(timeout="10", lines=sys.stdin):
    socks, results, jobs = {}, {}, []
    for line in lines:
        ident, src, sport, dst, dport, text = line.split()
        sock = udp_socket(src, int(sport))
        socks[sock] = ident
        results[ident] = []
        jobs.extend((ident, sock, (dst, int(dport)), n) for n in lengths(text))
    # A few at a time: what gets lost was lost by the packet path, not for
    # want of buffers.
    for i in range(0, len(jobs), 32):
        waiting = {}
        for ident, sock, peer, length in jobs[i:i + 32]:
            payload = os.urandom(length)
            waiting[ident, length] = payload
            try:
                sock.sendto(payload, peer)
            except OSError as err:
                del waiting[ident, length]
                results[ident].append("length %d: %s" % (length, err))
        for (ident, length), what in udp_wait(waiting, socks, float(timeout)):
            results[ident].append("length %d %s" % (length, what))
    for sock in socks:
        sock.close()
    for ident, bad in results.items():
        print(ident, "; ".join(bad[:4]) or "ok")
    return any(results.values())


def tcp(src, sport, dst, dport, direction, size, rate=None):
    with socket.socket(family(src), socket.SOCK_STREAM) as sock:
        return tcp_stream(sock, (src, int(sport)), (dst, int(dport)), direction, size, rate)


def tcp_stream(sock, here, there, direction, size, rate):
    if rate:
        sock.setsockopt(socket.SOL_SOCKET, 47, int(rate))  # SO_MAX_PACING_RATE
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(60)
    sock.bind(here)
    sock.connect(there)
    # An abortive close: the port is free for the next stream at once.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if not size.isdigit():
        mine, theirs = stream_open(sock, direction, size)
    elif direction == "up":
        sock.sendall(b"u" + struct.pack(">Q", int(size)))
        mine, theirs = stream_send(sock, int(size)), receive_exactly(sock, 32)
    else:
        sock.sendall(b"d" + struct.pack(">Q", int(size)))
        mine, theirs = stream_receive(sock, int(size)), receive_exactly(sock, 32)
    if mine != theirs:
        print("sha256 differs: here", mine.hex(), "there", theirs.hex())
        return 1
    return 0


def options(src, sport, dst, dport, count):
    sock = udp_socket(src, int(sport))
    set_options(sock, True)
    sock.settimeout(60)
    for _ in range(int(count)):
        data = OPTIONS + os.urandom(100)
        sock.sendto(data, (dst, int(dport)))
        if sock.recv(65536) != data:
            print("damaged")
            return 1
    return 0


def send(src, sport, dst, dport, count):
    sock = udp_socket(src, int(sport))
    for _ in range(int(count)):
        sock.sendto(os.urandom(100), (dst, int(dport)))
    return 0


def crowd(src, sport, dst, dport, count):
    sock = udp_socket(src, int(sport))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    sock.setblocking(False)
    taken = 0
    with contextlib.suppress(BlockingIOError):
        while taken < int(count):
            sock.sendto(bytes(1000), (dst, int(dport)))
            taken += 1
    print(taken)


def flood(src, sport, dst, dport, length, seconds):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    sock = udp_socket(src, int(sport))
    peer = (dst, int(dport))
    sent = echoed = bad = 0
    end = time.monotonic() + float(seconds)
    pending = {}

    def receive(patience):
        nonlocal echoed, bad
        if not select.select([sock], [], [], patience)[0]:
            return False
        data = sock.recvfrom(65536)[0]
        if pending.pop(struct.unpack(">I", data[:4])[0], None) == data:
            echoed += 1
        else:
            bad += 1
        return True

    while not stop and time.monotonic() < end:
        payload = struct.pack(">I", sent) + os.urandom(int(length) - 4)
        try:
            sock.sendto(payload, peer)
            pending[sent] = payload
        except OSError:
            pass
        sent += 1
        while receive(0.002):
            pass
    # What is under way comes soon, but not on a machine that is asleep.
    while pending and receive(3):
        pass
    print("sent %d echoed %d bad %d" % (sent, echoed, bad))
    return 0


def natt(ready):
    socks = natt_sockets()
    open(ready, "w").close()
    signal.pause()
    return socks


@contextlib.contextmanager
def namespace(path):
    """Stays in none: somebody may want to see it end."""
    with open("/proc/self/ns/net", "rb") as home, open(path, "rb") as away:
        os.setns(away, os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(home, os.CLONE_NEWNET)


def agent(netns):
    for line in sys.stdin:
        name, _, words = line.strip().partition(" ")
        text = io.StringIO()
        try:
            with contextlib.redirect_stdout(text), namespace(netns):
                rc = udp(lines=[words]) if name == "udp" else tcp(*words.split())
        except (OSError, EOFError) as err:
            rc = 1
            text.write(str(err))
        print(int(rc), " ".join(text.getvalue().split()), flush=True)
    return 0


if __name__ == "__main__":
    command = {"serve": lambda p, *a: serve(int(p), *a), "natt": natt,
               "udp": udp, "tcp": tcp, "options": options, "send": send, "crowd": crowd,
               "flood": flood, "agent": agent}[sys.argv[1]]
    sys.exit(command(*sys.argv[2:]))
