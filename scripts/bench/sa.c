// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adds and deletes SAs by netlink, as an IKE daemon does it, and prints what that costs: a line of
 * JSON for the adds and one for the deletes.
 *
 *	sa MODE COUNT BATCH NAMESPACE:DEVICE...
 *
 * MODE is none, crypto or packet. Each namespace gets a process that adds COUNT SAs, in pairs, of
 * AES-GCM-128, BATCH messages in a send (1: one by one). All devices belong to the same NIC.
 *
 * Costs are the times for which threads ran, in nanoseconds for each SA, which under QEMU's icount
 * is the number of instructions: "caller" the process that sends, "core" the workers of unbound
 * workqueues, which are the core's, "nic" the threads of ov2sim, "other" all other threads. "rate"
 * is SAs per second as the sender sees it, "lists" the number of lists that the NIC got.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <linux/xfrm.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "threads.h"

#define MSG_MAX		512
#define ENDS_MAX	16
#define WAIT_S		600

enum { CORE, NIC, OTHER, CLASSES };
enum { ADDED, ADD_LISTS, DELETED, DELETE_LISTS, COUNTERS };

static const char * const counter_names[COUNTERS] = {
	"ipsec_add_sa_success", "ipsec_add_sa_requests",
	"ipsec_delete_sa_success", "ipsec_delete_sa_requests",
};

struct result {
	uint64_t cpu;
	uint64_t wall;
};

static const char *mode;
static unsigned int count, batch;
static int ends;
static pid_t children[ENDS_MAX];
/* of the process for each namespace, shared with the parent */
static struct result *results;

static void die(const char *what)
{
	fprintf(stderr, "sa: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void nap(long msecs)
{
	struct timespec ts = { .tv_nsec = msecs * 1000000 };

	nanosleep(&ts, NULL);
}

/* Enters the namespace of "NAMESPACE:DEVICE", and returns the device. */
static const char *enter(const char *end)
{
	const char *colon = strchr(end, ':');
	char path[64];
	int fd;

	if (!colon) {
		errno = EINVAL;
		die(end);
	}
	snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(colon - end), end);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
	return colon + 1;
}

static int is_out(unsigned int i)
{
	return i & 1;
}

/*
 * Peers are scattered: xfrm hashes an address XOR the reqid, so that addresses that count up together
 * with the reqids would all have one hash, and each add would walk through all SAs.
 */
static void put_id(unsigned int i, xfrm_address_t *daddr, xfrm_address_t *saddr, __be32 *spi)
{
	__be32 peer = htonl(0x0b000000 | (i / 2 * 0x9e3779b1U >> 3 & 0xffffff));
	__be32 here = htonl(0x0a010001);

	daddr->a4 = is_out(i) ? peer : here;
	saddr->a4 = is_out(i) ? here : peer;
	*spi = htonl(0x10000 + i);
}

static void put_new(struct nlmsghdr *nlh, unsigned int i, int ifindex)
{
	struct xfrm_usersa_info *sa = mnl_nlmsg_put_extra_header(nlh, sizeof(*sa));
	char buf[sizeof(struct xfrm_algo_aead) + 20] = "";
	struct xfrm_algo_aead *aead = (void *)buf;
	struct xfrm_user_offload xuo = {
		.ifindex = ifindex,
		.flags = (is_out(i) ? 0 : XFRM_OFFLOAD_INBOUND) |
			 (strcmp(mode, "packet") ? 0 : XFRM_OFFLOAD_PACKET),
	};

	nlh->nlmsg_type = XFRM_MSG_NEWSA;
	put_id(i, &sa->id.daddr, &sa->saddr, &sa->id.spi);
	sa->id.proto = IPPROTO_ESP;
	sa->family = AF_INET;
	sa->sel.family = AF_INET;
	sa->mode = XFRM_MODE_TRANSPORT;
	sa->reqid = 1 + i / 2;
	sa->replay_window = 32;
	sa->lft.soft_byte_limit = XFRM_INF;
	sa->lft.hard_byte_limit = XFRM_INF;
	sa->lft.soft_packet_limit = XFRM_INF;
	sa->lft.hard_packet_limit = XFRM_INF;
	strcpy(aead->alg_name, "rfc4106(gcm(aes))");
	aead->alg_key_len = 160;
	aead->alg_icv_len = 128;
	memcpy(aead->alg_key, &i, sizeof(i));
	mnl_attr_put(nlh, XFRMA_ALG_AEAD, sizeof(buf), buf);
	if (ifindex)
		mnl_attr_put(nlh, XFRMA_OFFLOAD_DEV, sizeof(xuo), &xuo);
}

static void put_del(struct nlmsghdr *nlh, unsigned int i)
{
	struct xfrm_usersa_id *id = mnl_nlmsg_put_extra_header(nlh, sizeof(*id));
	xfrm_address_t saddr;

	nlh->nlmsg_type = XFRM_MSG_DELSA;
	put_id(i, &id->daddr, &saddr, &id->spi);
	id->family = AF_INET;
	id->proto = IPPROTO_ESP;
}

static int on_error(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	if (err->error) {
		errno = -err->error;
		die("the kernel has refused an SA");
	}
	++*(unsigned int *)data;
	return MNL_CB_OK;
}

static mnl_cb_t control[] = { [NLMSG_ERROR] = on_error };

static void take_acks(struct mnl_socket *nl, unsigned int wanted)
{
	char buf[32768];
	unsigned int acks = 0;
	ssize_t len;

	while (acks < wanted) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0 || mnl_cb_run2(buf, len, 0, 0, NULL, &acks, control,
					  MNL_ARRAY_SIZE(control)) < 0)
			die("netlink");
	}
}

static void send_all(struct mnl_socket *nl, bool add, int ifindex)
{
	char *buf = calloc(batch, MSG_MAX);
	unsigned int i, n, len;

	for (i = 0; i < count; i += n) {
		len = 0;
		for (n = 0; n < batch && i + n < count; n++) {
			struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf + len);

			nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE : 0);
			nlh->nlmsg_seq = i + n;
			if (add)
				put_new(nlh, i + n, ifindex);
			else
				put_del(nlh, i + n);
			len += NLMSG_ALIGN(nlh->nlmsg_len);
		}
		if (mnl_socket_sendto(nl, buf, len) < 0)
			die("send");
		take_acks(nl, n);
	}
	free(buf);
}

/* A process for each namespace: waits for a byte, adds, waits for a byte, deletes. */
static void child(int which, const char *end, int go, int done)
{
	const char *dev = enter(end);
	int ifindex = strcmp(mode, "none") ? if_nametoindex(dev) : 0, on = 1;
	struct mnl_socket *nl = mnl_socket_open(NETLINK_XFRM);
	struct result *result;
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("netlink");
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	for (int op = 0; op < 2; op++) {
		if (read(go, &byte, 1) != 1)
			exit(1);
		result = &results[which];
		result->cpu = -now(CLOCK_PROCESS_CPUTIME_ID);
		result->wall = -now(CLOCK_MONOTONIC);
		send_all(nl, op == 0, ifindex);
		result->wall += now(CLOCK_MONOTONIC);
		result->cpu += now(CLOCK_PROCESS_CPUTIME_ID);
		if (write(done, &byte, 1) != 1)
			exit(1);
	}
	exit(0);
}

/* The senders count apart. */
static int class_of(pid_t pid, const char *comm)
{
	for (int i = 0; i < ends; i++)
		if (pid == children[i])
			return -1;
	if (!strncmp(comm, "kworker/u", 9))
		return CORE;
	return strncmp(comm, "ov2sim", 6) ? OTHER : NIC;
}

/* The NIC's counters, by ethtool. */
struct nic {
	int fd;
	struct ifreq ifr;
	struct ethtool_stats *stats;
	unsigned int index[COUNTERS];
	uint64_t value[COUNTERS];
};

static void nic_read(struct nic *nic)
{
	if (nic->fd < 0)
		return;
	nic->ifr.ifr_data = (void *)nic->stats;
	if (ioctl(nic->fd, SIOCETHTOOL, &nic->ifr))
		die("ethtool -S");
	for (int i = 0; i < COUNTERS; i++)
		nic->value[i] = nic->stats->data[nic->index[i]];
}

static void nic_open(struct nic *nic, const char *end)
{
	struct ethtool_gstrings *strings;
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	const char *dev = enter(end);

	nic->fd = -1;
	if (!strcmp(mode, "none"))
		return;
	nic->fd = socket(AF_INET, SOCK_DGRAM, 0);
	strncpy(nic->ifr.ifr_name, dev, IFNAMSIZ - 1);
	nic->ifr.ifr_data = (void *)&info;
	if (ioctl(nic->fd, SIOCETHTOOL, &nic->ifr))
		die(dev);
	strings = calloc(1, sizeof(*strings) + info.n_stats * ETH_GSTRING_LEN);
	nic->stats = calloc(1, sizeof(*nic->stats) + info.n_stats * 8);
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_STATS;
	strings->len = info.n_stats;
	nic->stats->cmd = ETHTOOL_GSTATS;
	nic->stats->n_stats = info.n_stats;
	nic->ifr.ifr_data = (void *)strings;
	if (ioctl(nic->fd, SIOCETHTOOL, &nic->ifr))
		die(dev);
	for (unsigned int i = 0; i < info.n_stats; i++)
		for (int j = 0; j < COUNTERS; j++)
			if (!strcmp((char *)strings->data + i * ETH_GSTRING_LEN, counter_names[j]))
				nic->index[j] = i;
	free(strings);
	nic_read(nic);
}

/* Waits until the NIC has done @sas more than at the time of @before. */
static void nic_wait(struct nic *nic, int counter, const uint64_t *before, uint64_t sas)
{
	uint64_t end = now(CLOCK_MONOTONIC) + WAIT_S * 1000000000ULL;

	while (nic->fd >= 0 && nic->value[counter] < before[counter] + sas) {
		if (now(CLOCK_MONOTONIC) > end) {
			errno = ETIMEDOUT;
			die("the NIC has not done all");
		}
		nap(2);
		nic_read(nic);
	}
	/* What is freed after a grace period counts as well. */
	for (int i = 0; i < 5; i++)
		nap(40);
}

static void print(const char *op, const uint64_t *costs, const struct nic *nic,
		  const uint64_t *before, int lists)
{
	uint64_t sas = (uint64_t)count * ends, cpu = 0, wall = 0;

	for (int i = 0; i < ends; i++) {
		cpu += results[i].cpu;
		wall = results[i].wall > wall ? results[i].wall : wall;
	}
	printf("{\"bench\": \"sa\", \"op\": \"%s\", \"mode\": \"%s\", \"sas\": %lu, \"batch\": %u, \"namespaces\": %d, ",
	       op, mode, (unsigned long)sas, batch, ends);
	printf("\"caller\": %lu, \"core\": %lu, \"nic\": %lu, \"other\": %lu, \"rate\": %lu, \"lists\": %lu%s}\n",
	       (unsigned long)(cpu / sas), (unsigned long)(costs[CORE] / sas),
	       (unsigned long)(costs[NIC] / sas), (unsigned long)(costs[OTHER] / sas),
	       (unsigned long)(sas * 1000000000ULL / (wall ?: 1)),
	       (unsigned long)(nic->value[lists] - before[lists]),
	       getenv("OV2_BENCH_LABELS") ?: "");
	fflush(stdout);
}

static void run(struct nic *nic, int go, int done, int op)
{
	uint64_t costs[CLASSES] = {}, after[CLASSES] = {}, before[COUNTERS];
	char byte = 0;

	nic_read(nic);
	memcpy(before, nic->value, sizeof(before));
	threads_ran(costs, class_of);
	for (int i = 0; i < ends; i++)
		if (write(go, &byte, 1) != 1)
			die("pipe");
	for (int i = 0; i < ends; i++)
		if (read(done, &byte, 1) != 1)
			die("a sender has died");
	nic_wait(nic, op ? DELETED : ADDED, before, (uint64_t)count * ends);
	threads_ran(after, class_of);
	for (int i = 0; i < CLASSES; i++)
		costs[i] = after[i] - costs[i];
	print(op ? "delete" : "add", costs, nic, before, op ? DELETE_LISTS : ADD_LISTS);
}

int main(int argc, char **argv)
{
	int go[2], done[2];
	struct nic nic;

	if (argc < 5 || argc - 4 > ENDS_MAX) {
		fprintf(stderr, "usage: sa none|crypto|packet COUNT BATCH NAMESPACE:DEVICE...\n");
		return 2;
	}
	mode = argv[1];
	count = atoi(argv[2]);
	batch = atoi(argv[3]);
	ends = argc - 4;
	results = mmap(NULL, sizeof(*results) * ENDS_MAX, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED || pipe(go) || pipe(done))
		die("pipe");
	for (int i = 0; i < ends; i++) {
		children[i] = fork();
		if (!children[i]) {
			close(done[0]);
			close(go[1]);
			child(i, argv[4 + i], go[0], done[1]);
		}
	}
	close(done[1]);
	nic_open(&nic, argv[4]);
	/* Let the processes come to their first wait. */
	nap(100);
	run(&nic, go[1], done[0], 0);
	if (getenv("OV2_BENCH_MIDDLE") && system(getenv("OV2_BENCH_MIDDLE")))
		die("the command in the middle");
	run(&nic, go[1], done[0], 1);
	return 0;
}
