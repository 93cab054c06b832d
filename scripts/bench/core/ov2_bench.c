// SPDX-License-Identifier: GPL-2.0-only
/*
 * Benchmark of the core alone: many SAs are added, used and deleted as xfrm does it, through
 * xfrmdev_ops, but without netlink and without xfrm's own tables. For stock 6.12 under QEMU's
 * icount, where the cycle counter counts instructions and there is one CPU.
 *
 * A word and a number in debugfs' ov2_bench/cmd run a step, and ov2_bench/result has what it cost:
 *
 *	attach 0     make a NIC that does nothing but hand out handles
 *	attach N     use the netdev with ifindex N instead, a port of another NIC
 *	states N     make N xfrm states, half of them inbound, in pairs
 *	add N        offload the first N of them
 *	rx N, tx N   N look-ups of SAs by received packets, and by packets to be sent
 *	walk 0       change the configuration, which walks all SAs
 *	reset 0      reset the NIC; ends when it has all SAs again
 *	delete 0     delete all SAs
 *	end 0        free the states and the NIC
 *
 * "caller" is what ran in the context of the add or delete, "nic" the time in the ops of the NIC,
 * and "rest" everything else that the CPU did until the NIC had executed the step: workers,
 * softirqs, callbacks of RCU. Idle time is left out. The writer should be a real-time task, so that
 * no worker runs within "caller".
 */
#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/tick.h>
#include <linux/timex.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <net/esp.h>
#include <net/ov2.h>
#include <net/xfrm.h>

#define BENCH_CHUNK	64		/* messages that a sender gives to netlink at once */
#define BENCH_TICK	192		/* SAs that it deletes in a tick: see scripts/bench/sa.c */
#define BENCH_SAS	(1U << 21)
#define BENCH_ICV	128

struct bench_port {
	struct ov2_port port;
};

/* One cost, in instructions. */
struct bench_cost {
	u64 caller;
	u64 nic;
	u64 total;
	u32 count;
	u32 lists;
};

static struct {
	struct ov2_nic *nic;		/* ours, or NULL */
	struct net_device *netdev;
	struct xfrm_state *template;
	struct xfrm_state *states;
	u32 count;
	u32 added;
	u64 random;
	struct sk_buff *skb;
	struct dentry *dir;
	/* of our NIC */
	u32 next_handle;
	u32 live;
	u32 lists;
	u64 nic_cost;
	wait_queue_head_t wait;
	char result[256];
} bench;

/* one step at a time */
static DEFINE_MUTEX(bench_lock);

/* Instructions that do nothing, and that scripts/bench/qemu/profile.c looks for */
#define BENCH_MARK_BEGIN	"nopl 0x326f7600(%rax)"
#define BENCH_MARK_END		"nopl 0x326f7601(%rax)"

static u64 bench_now(void)
{
	return get_cycles();
}

static u64 bench_idle(void)
{
	return get_cpu_idle_time_us(0, NULL) * NSEC_PER_USEC;
}

/* The NIC that does nothing. */

static int bench_add_sa(struct ov2_nic *nic, struct ov2_request *req)
{
	u64 begin = bench_now();
	struct ov2_add_sa *node;

	for (node = req->add; node; node = node->next) {
		node->offload_handle = ++bench.next_handle;
		node->status = 0;
	}
	bench.live += req->count;
	bench.lists++;
	bench.nic_cost += bench_now() - begin;
	wake_up(&bench.wait);
	return 0;
}

static int bench_delete_sa(struct ov2_nic *nic, struct ov2_request *req)
{
	bench.live -= req->count;
	bench.lists++;
	wake_up(&bench.wait);
	return 0;
}

static int bench_update_sa(struct ov2_nic *nic, struct ov2_request *req)
{
	return 0;
}

static void bench_cancel(struct ov2_nic *nic, struct ov2_request *req)
{
}

static void bench_reset(struct ov2_nic *nic)
{
}

static const struct ov2_nic_ops bench_ops = {
	.add_sa = bench_add_sa,
	.delete_sa = bench_delete_sa,
	.update_sa = bench_update_sa,
	.cancel = bench_cancel,
	.reset = bench_reset,
};

static const struct ov2_caps bench_caps = {
	.max_sas = BENCH_SAS,
	.max_list = 256,
	.max_requests = 4,
	.replay_windows = 32,
	.features = OV2_CAP_ESP | OV2_CAP_IV_SEQ | OV2_CAP_RX_SEQ | OV2_CAP_LSO,
	.families = BIT(OV2_IPV4),
	.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),
	.ciphers[OV2_CIPHER_AES_GCM] = { OV2_LEN(16) | OV2_LEN(32), OV2_LEN(16) },
};

static netdev_tx_t bench_start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops bench_netdev_ops = {
	.ndo_start_xmit = bench_start_xmit,
};

static int bench_attach_own(void)
{
	struct bench_port *port;
	struct ov2_nic *nic;
	int err;

	nic = ov2_nic_alloc(&bench_ops, &bench_caps, 0, "bench");
	if (IS_ERR(nic))
		return PTR_ERR(nic);
	bench.netdev = alloc_etherdev(sizeof(*port));
	if (!bench.netdev) {
		ov2_nic_free(nic);
		return -ENOMEM;
	}
	ov2_nic_register(nic);
	port = netdev_priv(bench.netdev);
	bench.netdev->netdev_ops = &bench_netdev_ops;
	bench.netdev->hw_features = NETIF_F_HW_ESP;
	bench.netdev->features = NETIF_F_HW_ESP;
	bench.netdev->hw_enc_features = NETIF_F_HW_ESP;
	eth_hw_addr_random(bench.netdev);
	ov2_port_init(nic, &port->port, bench.netdev, 0);
	bench.nic = nic;
	err = register_netdev(bench.netdev);
	if (err) {
		ov2_port_close(&port->port);
		ov2_nic_unregister(nic);
		free_netdev(bench.netdev);
		ov2_nic_free(nic);
		bench.nic = NULL;
		bench.netdev = NULL;
	}
	return err;
}

static int bench_attach(u32 ifindex)
{
	if (bench.netdev)
		return -EBUSY;
	if (!ifindex)
		return bench_attach_own();
	bench.netdev = dev_get_by_index(&init_net, ifindex);
	return bench.netdev ? 0 : -ENODEV;
}

static void bench_detach(void)
{
	if (bench.nic) {
		ov2_port_close(netdev_priv(bench.netdev));
		unregister_netdev(bench.netdev);
		ov2_nic_unregister(bench.nic);
		free_netdev(bench.netdev);
		ov2_nic_free(bench.nic);
	} else if (bench.netdev) {
		dev_put(bench.netdev);
	}
	bench.nic = NULL;
	bench.netdev = NULL;
}

/* The states. All are copies of one that xfrm has initialised. */

static struct xfrm_state *bench_template(void)
{
	struct xfrm_state *x = xfrm_state_alloc(&init_net);
	const struct xfrm_algo_desc *alg;

	if (!x)
		return NULL;
	alg = xfrm_aead_get_byname("rfc4106(gcm(aes))", BENCH_ICV, 1);
	x->aead = kzalloc(sizeof(*x->aead) + 20, GFP_KERNEL);
	if (!alg || !x->aead)
		goto err_put;
	strscpy(x->aead->alg_name, alg->name);
	x->aead->alg_key_len = 160;
	x->aead->alg_icv_len = BENCH_ICV;
	x->geniv = alg->uinfo.aead.geniv;
	x->id.proto = IPPROTO_ESP;
	x->props.family = AF_INET;
	x->props.mode = XFRM_MODE_TRANSPORT;
	x->props.replay_window = 32;
	x->sel.family = AF_INET;
	x->lft.soft_byte_limit = XFRM_INF;
	x->lft.hard_byte_limit = XFRM_INF;
	x->lft.soft_packet_limit = XFRM_INF;
	x->lft.hard_packet_limit = XFRM_INF;
	if (xfrm_init_state(x))
		goto err_put;
	x->km.state = XFRM_STATE_VALID;
	return x;

err_put:
	x->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(x);
	return NULL;
}

/* State @i is one half of the pair between this host and host @i / 2. */
static void bench_state_init(struct xfrm_state *x, u32 i)
{
	__be32 peer = htonl(0x0a000000 + i / 2), here = htonl(0xc0000201);
	bool in = !(i & 1);

	memcpy(x, bench.template, sizeof(*x));
	spin_lock_init(&x->lock);
	refcount_set(&x->refcnt, 1);
	x->id.spi = htonl(0x1000 + i);
	x->props.reqid = 1 + i / 2;
	x->id.daddr.a4 = in ? here : peer;
	x->props.saddr.a4 = in ? peer : here;
	x->xso.dev = bench.netdev;
	x->xso.real_dev = bench.netdev;
	x->xso.type = XFRM_DEV_OFFLOAD_CRYPTO;
	x->xso.dir = in ? XFRM_DEV_OFFLOAD_IN : XFRM_DEV_OFFLOAD_OUT;
}

static int bench_states(u32 count)
{
	u32 i;

	if (!bench.netdev || bench.states)
		return -EBUSY;
	bench.template = bench_template();
	if (!bench.template)
		return -EINVAL;
	bench.states = vmalloc_array(count, sizeof(*bench.states));
	if (!bench.states)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		bench_state_init(&bench.states[i], i);
	bench.count = count;
	return 0;
}

/* Waits until the NIC, if it is ours, has @live SAs. */
static void bench_wait(u32 live)
{
	if (bench.nic)
		wait_event(bench.wait, READ_ONCE(bench.live) == live);
	else
		cond_resched();
}

/* Waits until the core has nothing more to do, for a NIC of others much longer than that takes. */
static void bench_settle(u32 live)
{
	bench_wait(live);
	schedule_timeout_uninterruptible(bench.nic ? 1 : 10 * HZ);
}

static void bench_begin(struct bench_cost *cost)
{
	memset(cost, 0, sizeof(*cost));
	bench.nic_cost = 0;
	bench.lists = 0;
	asm volatile(BENCH_MARK_BEGIN);
	cost->total = -(bench_now() - bench_idle());
}

static void bench_end(struct bench_cost *cost, const char *step)
{
	u32 n = max(cost->count, 1U);

	cost->total += bench_now() - bench_idle();
	asm volatile(BENCH_MARK_END);
	scnprintf(bench.result, sizeof(bench.result),
		  "{\"step\": \"%s\", \"count\": %u, \"caller\": %llu, \"rest\": %llu, \"nic\": %llu, \"lists\": %u}\n",
		  step, cost->count, cost->caller / n,
		  (cost->total - cost->caller - bench.nic_cost) / n, bench.nic_cost / n,
		  bench.lists);
}

static int bench_add_one(struct xfrm_state *x)
{
	struct netlink_ext_ack extack = { };
	int err = bench.netdev->xfrmdev_ops->xdo_dev_state_add(x, &extack);

	if (err)
		pr_err("ov2_bench: SPI %u: error %d: %s\n", ntohl(x->id.spi), err,
		       extack._msg ?: "none");
	return err;
}

static int bench_add(u32 count)
{
	struct bench_cost cost;
	u64 begin;
	int err = 0;
	u32 i = 0;

	if (bench.added || count > bench.count)
		return -EINVAL;
	bench_begin(&cost);
	cost.count = count;
	while (i < count && !err) {
		begin = bench_now();
		do {
			err = bench_add_one(&bench.states[i++]);
		} while (i % BENCH_CHUNK && i < count && !err);
		cost.caller += bench_now() - begin;
		bench_wait(i);
	}
	bench.added = i;
	bench_settle(i);
	bench_end(&cost, "add");
	return err;
}

static void bench_delete_one(struct xfrm_state *x)
{
	spin_lock_bh(&x->lock);
	bench.netdev->xfrmdev_ops->xdo_dev_state_delete(x);
	spin_unlock_bh(&x->lock);
	bench.netdev->xfrmdev_ops->xdo_dev_state_free(x);
}

static void bench_delete(void)
{
	struct bench_cost cost;
	u64 begin;
	u32 i = 0;

	bench_begin(&cost);
	cost.count = bench.added;
	while (i < bench.added) {
		begin = bench_now();
		do {
			bench_delete_one(&bench.states[i++]);
		} while (i % BENCH_TICK && i < bench.added);
		cost.caller += bench_now() - begin;
		schedule_timeout_uninterruptible(1);
	}
	bench_settle(0);
	rcu_barrier();
	bench.added = 0;
	bench_end(&cost, "delete");
}

static u32 bench_random(u32 limit)
{
	bench.random = bench.random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (bench.random >> 33) % limit;
}

/* A minimal ESP packet: nothing looks at more than the headers. */
static struct sk_buff *bench_skb(void)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct iphdr *iph;

	if (!skb)
		return NULL;
	skb_reserve(skb, 64);
	skb->dev = bench.netdev;
	skb->protocol = htons(ETH_P_IP);
	iph = skb_put_zero(skb, sizeof(*iph) + sizeof(struct ip_esp_hdr) + 64);
	iph->ihl = 5;
	iph->version = 4;
	iph->protocol = IPPROTO_ESP;
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, sizeof(*iph));
	return skb;
}

/* The packet is one that the NIC should not have processed, so that the core looks up its SA and
 * drops it then.
 */
static int bench_rx(u32 count)
{
	struct ov2_rx_meta meta = { .flags = OV2_RX_CRYPTO_DONE, .status = CRYPTO_SUCCESS };
	struct bench_port *port = netdev_priv(bench.netdev);
	struct sk_buff *skb = bench_skb();
	struct bench_cost cost;
	u64 begin;
	u32 i;

	if (!skb || !bench.added || !bench.nic) {
		kfree_skb(skb);
		return -EINVAL;
	}
	skb->pkt_type = PACKET_OTHERHOST;
	bench_begin(&cost);
	cost.count = count;
	local_bh_disable();
	for (i = 0; i < count; i++) {
		meta.cookie = bench.states[bench_random(bench.added / 2) * 2].xso.offload_handle;
		begin = bench_now();
		ov2_rx(&port->port, skb, &meta);
		cost.caller += bench_now() - begin;
	}
	local_bh_enable();
	bench_end(&cost, "rx");
	kfree_skb(skb);
	return 0;
}

static int bench_tx(u32 count)
{
	struct sk_buff *skb = bench_skb();
	struct sec_path *sp = skb ? secpath_set(skb) : NULL;
	struct ov2_tx tx = { };
	struct bench_cost cost;
	struct xfrm_offload *xo;
	struct xfrm_state *x;
	u32 i, failed = 0;
	u64 begin;

	if (!sp || !bench.added || !bench.nic) {
		kfree_skb(skb);
		return -EINVAL;
	}
	sp->len = 1;
	sp->olen = 1;
	xo = xfrm_offload(skb);
	xo->flags = XFRM_XMIT;
	bench_begin(&cost);
	cost.count = count;
	local_bh_disable();
	for (i = 0; i < count; i++) {
		x = &bench.states[bench_random(bench.added / 2) * 2 + 1];
		sp->xvec[0] = x;
		xo->seq.low = ++x->replay.oseq;
		ip_esp_hdr(skb)->seq_no = htonl(xo->seq.low);
		begin = bench_now();
		failed += ov2_tx_sa(skb, &tx) != 1;
		cost.caller += bench_now() - begin;
	}
	local_bh_enable();
	bench_end(&cost, "tx");
	/* The states have given no reference to the sec_path. */
	sp->len = 0;
	kfree_skb(skb);
	if (failed)
		pr_err("ov2_bench: %u of %u packets were dropped\n", failed, count);
	return failed ? -EIO : 0;
}

static int bench_walk(void)
{
	struct bench_cost cost;
	struct ov2_caps caps;
	u64 begin;
	int err;

	if (!bench.nic || !bench.added)
		return -EINVAL;
	ov2_nic_caps(bench.nic, &caps);
	caps.modes ^= BIT(OV2_TUNNEL);
	bench_begin(&cost);
	cost.count = bench.added;
	begin = bench_now();
	err = ov2_nic_set_caps(bench.nic, &caps);
	cost.caller = bench_now() - begin;
	bench_end(&cost, "walk");
	return err;
}

static int bench_reset_nic(void)
{
	struct bench_cost cost;
	int err;

	if (!bench.nic || !bench.added)
		return -EINVAL;
	bench_begin(&cost);
	cost.count = bench.added;
	ov2_nic_reset_begin(bench.nic);
	bench.live = 0;
	err = ov2_nic_reset_done(bench.nic, 0);
	bench_settle(bench.added);
	bench_end(&cost, "restore");
	return err;
}

static void bench_finish(void)
{
	if (bench.added)
		bench_delete();
	if (bench.template) {
		vfree(bench.states);
		bench.template->km.state = XFRM_STATE_DEAD;
		xfrm_state_put(bench.template);
		bench.template = NULL;
		bench.states = NULL;
	}
	bench_detach();
}

static int bench_run(const char *step, u32 number)
{
	bench.result[0] = 0;
	if (!strcmp(step, "attach"))
		return bench_attach(number);
	if (!strcmp(step, "states"))
		return bench_states(number);
	if (!strcmp(step, "add"))
		return bench_add(number);
	if (!strcmp(step, "rx"))
		return bench_rx(number);
	if (!strcmp(step, "tx"))
		return bench_tx(number);
	if (!strcmp(step, "walk"))
		return bench_walk();
	if (!strcmp(step, "reset"))
		return bench_reset_nic();
	if (!strcmp(step, "delete"))
		bench_delete();
	else if (!strcmp(step, "end"))
		bench_finish();
	else
		return -EINVAL;
	return 0;
}

static ssize_t bench_cmd_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	char cmd[32] = "", step[16];
	u32 number;
	int err;

	if (len >= sizeof(cmd) || copy_from_user(cmd, buf, len))
		return -EINVAL;
	if (sscanf(cmd, "%15s %u", step, &number) != 2)
		return -EINVAL;
	mutex_lock(&bench_lock);
	err = bench_run(step, number);
	mutex_unlock(&bench_lock);
	return err ?: len;
}

static const struct file_operations bench_cmd_fops = {
	.owner = THIS_MODULE,
	.write = bench_cmd_write,
};

static ssize_t bench_result_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	return simple_read_from_buffer(buf, len, pos, bench.result, strlen(bench.result));
}

static const struct file_operations bench_result_fops = {
	.owner = THIS_MODULE,
	.read = bench_result_read,
};

static int __init bench_init(void)
{
	init_waitqueue_head(&bench.wait);
	bench.random = 1;
	bench.dir = debugfs_create_dir("ov2_bench", NULL);
	debugfs_create_file("cmd", 0200, bench.dir, NULL, &bench_cmd_fops);
	debugfs_create_file("result", 0400, bench.dir, NULL, &bench_result_fops);
	return 0;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	debugfs_remove(bench.dir);
	bench_finish();
}
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark of the ov2 core");
