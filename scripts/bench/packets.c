// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends packets from one namespace to another on the same host, and prints what one of them costs:
 * a line of JSON.
 *
 *	packets udp|tcp SIZE COUNT FROM TO ADDRESS [ADDRESSES]
 *
 * udp: COUNT datagrams with SIZE bytes. tcp: COUNT writes of SIZE bytes; a packet stands for 1,448
 * bytes there. FROM and TO are namespaces, ADDRESS is the one in TO, or the first of as many as
 * ADDRESSES says, which get the datagrams in turn.
 *
 * Costs are the times for which threads ran, in nanoseconds for each packet, which under QEMU's
 * icount is the number of instructions. NAPI must be threaded, and the kernel must have been booted
 * with thread_backlog_napi. "send" is the process that sends and NAPI of the netdev whose name ends
 * in 1, "receive" the process that receives, NAPI of the netdev whose name ends in 2, and the
 * backlog's. "nic" is the threads of ov2sim, "other" all other threads.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "threads.h"

#define WINDOW	32		/* datagrams before the sender waits for the receiver */
#define PORT	7
#define TCP_SEGMENT	1448

enum { SEND, RECEIVE, NIC, OTHER, CLASSES };

static bool tcp, spread;
static size_t size;
static unsigned int count, addresses = 1;
static struct sockaddr_in first;
static pid_t sender, receiver;
static int to_sender[2], to_receiver[2], to_parent[2];

static void die(const char *what)
{
	fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void enter(const char *ns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static void tell(int fd)
{
	char byte = 0;

	if (write(fd, &byte, 1) != 1)
		exit(1);
}

static void hear(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		exit(1);
}

static struct sockaddr_in make_address(const char *address)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET, address, &sa.sin_addr);
	return sa;
}

static int make_socket(const char *address, bool bind_it)
{
	struct sockaddr_in sa = make_address(address);
	int fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind_it ? bind(fd, (void *)&sa, sizeof(sa)) : connect(fd, (void *)&sa, sizeof(sa)))
		die(address);
	return fd;
}

static void receive(const char *ns, const char *address)
{
	uint64_t wanted = (uint64_t)count * size, got = 0;
	char *buf = malloc(1 << 20);
	unsigned int n = 0;
	ssize_t len;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(ns);
	fd = make_socket(spread ? "0.0.0.0" : address, true);
	if (tcp)
		listen(fd, 1);
	tell(to_parent[1]);
	if (tcp)
		fd = accept(fd, NULL, NULL);
	while (got < wanted) {
		len = recv(fd, buf, 1 << 20, 0);
		if (len <= 0)
			die("recv");
		got += len;
		if (!tcp && ++n % WINDOW == 0)
			tell(to_sender[1]);
	}
	tell(to_parent[1]);
	hear(to_receiver[0]);
	exit(0);
}

static void send_one(int fd, const char *buf, unsigned int i)
{
	struct sockaddr_in sa = first;

	sa.sin_addr.s_addr = htonl(ntohl(sa.sin_addr.s_addr) + i % addresses);
	if (sendto(fd, buf, size, 0, spread ? (void *)&sa : NULL, spread ? sizeof(sa) : 0) !=
	    (ssize_t)size)
		die("send");
}

static void send_all(const char *ns, const char *address)
{
	char *buf = calloc(1, size);
	unsigned int i;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(ns);
	hear(to_sender[0]);
	first = make_address(address);
	fd = spread ? socket(AF_INET, SOCK_DGRAM, 0) : make_socket(address, false);
	tell(to_parent[1]);
	hear(to_sender[0]);
	for (i = 0; i < count; i++) {
		send_one(fd, buf, i);
		if (!tcp && (i + 1) % WINDOW == 0 && i + 1 < count)
			hear(to_sender[0]);
	}
	if (!tcp)
		hear(to_sender[0]);
	/* The parent reads what has run, and needs the process for that. */
	hear(to_sender[0]);
	exit(0);
}

static int class_of(pid_t pid, const char *comm)
{
	if (pid == sender || !strncmp(comm, "napi/ov2sim1", 12) || !strncmp(comm, "napi/v1", 7))
		return SEND;
	if (pid == receiver || !strncmp(comm, "napi/ov2sim2", 12) ||
	    !strncmp(comm, "napi/v2", 7) || !strncmp(comm, "backlog_napi", 12))
		return RECEIVE;
	return strncmp(comm, "ov2sim", 6) ? OTHER : NIC;
}

static void nap(long msecs)
{
	struct timespec ts = { .tv_nsec = msecs * 1000000 };

	nanosleep(&ts, NULL);
}

static void print(const uint64_t *before, const uint64_t *after)
{
	static const char * const names[CLASSES] = { "send", "receive", "nic", "other" };
	uint64_t packets = tcp ? (uint64_t)count * size / TCP_SEGMENT : count;

	printf("{\"bench\": \"packet\", \"kind\": \"%s\", \"size\": %zu, \"packets\": %lu",
	       tcp ? "tcp" : "udp", size, (unsigned long)packets);
	for (int i = 0; i < CLASSES; i++)
		printf(", \"%s\": %lu", names[i],
		       (unsigned long)((after[i] - before[i]) / packets));
	printf("%s}\n", getenv("OV2_BENCH_LABELS") ?: "");
}

int main(int argc, char **argv)
{
	uint64_t before[CLASSES] = {}, after[CLASSES] = {};
	int status;

	if (argc != 7 && argc != 8) {
		fprintf(stderr, "usage: packets udp|tcp SIZE COUNT FROM TO ADDRESS [ADDRESSES]\n");
		return 2;
	}
	spread = argc == 8;
	if (spread)
		addresses = atoi(argv[7]);
	tcp = !strcmp(argv[1], "tcp");
	size = atoi(argv[2]);
	count = atoi(argv[3]) / WINDOW * WINDOW;
	alarm(300);
	if (pipe(to_sender) || pipe(to_receiver) || pipe(to_parent))
		die("pipe");
	receiver = fork();
	if (!receiver)
		receive(argv[5], argv[6]);
	sender = fork();
	if (!sender)
		send_all(argv[4], argv[6]);
	hear(to_parent[0]);
	tell(to_sender[1]);
	hear(to_parent[0]);
	nap(50);
	threads_ran(before, class_of);
	/* The marks that scripts/bench/qemu/profile.c looks for. */
	asm volatile("nopl 0x326f7600(%rax)");
	tell(to_sender[1]);
	hear(to_parent[0]);
	/* Acknowledgements and completions are under way. */
	nap(50);
	asm volatile("nopl 0x326f7601(%rax)");
	threads_ran(after, class_of);
	print(before, after);
	tell(to_sender[1]);
	tell(to_receiver[1]);
	waitpid(sender, &status, 0);
	waitpid(receiver, &status, 0);
	return status;
}
