// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver that <net/ov2.h> shows, with real xfrm states. This file is its NIC, with a mailbox, a
 * table of SAs and a send ring.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/unaligned.h>
#include <net/esp.h>
#include "skeleton.h"
#include "xfrm_fixture.h"
#include "xfrm_frame.h"
#include "xfrm_packet.h"

#define SKEL_SAS	8	/* as the driver says */

/**
 * struct skel_chip - the NIC
 * @skel: its driver
 * @lock: guards the rest
 * @mailbox: requests, by &struct ov2_request.driver
 * @full: the mailbox takes no request
 * @mute: the NIC does not answer
 * @failed: the driver wants a reset
 * @reset_err: how a reset ends
 * @resets: their number
 * @generation: counts SAs, over resets as well; a part of the handle
 * @live: which of @sas are
 * @sas: the table
 * @sent: the send ring
 * @tx: what the driver said about the last packet
 * @nexthdr: likewise
 */
struct skel_chip {
	struct skel *skel;
	/* see above */
	spinlock_t lock;
	struct list_head mailbox;
	bool full;
	bool mute;
	bool failed;
	int reset_err;
	u32 resets;
	u32 generation;
	bool live[SKEL_SAS];
	struct ov2_add_sa sas[SKEL_SAS];
	struct sk_buff_head sent;
	struct ov2_tx tx;
	u8 nexthdr;
};

/* The only one. */
static struct skel_chip chip;

/* The NIC */

static void skeleton_interrupt(void)
{
	schedule_work(&chip.skel->work);
}

void skel_hw_init(struct skel *skel, struct net_device *netdev)
{
	chip.skel = skel;
}

bool skel_hw_post(struct skel *skel, struct ov2_request *req)
{
	bool room;

	spin_lock(&chip.lock);
	room = !chip.full;
	if (room)
		list_add_tail(&req->driver, &chip.mailbox);
	spin_unlock(&chip.lock);
	if (room)
		skeleton_interrupt();
	return room;
}

static int skeleton_add_one(struct ov2_add_sa *add)
{
	struct skel_sa *sa = add->priv;
	u32 i;

	for (i = 0; i < SKEL_SAS; i++) {
		if (chip.live[i])
			continue;
		sa->index = i;
		add->offload_handle = ++chip.generation << 8 | i;
		chip.live[i] = true;
		chip.sas[i] = *add;
		return 0;
	}
	return -ENOSPC;
}

static int skeleton_add(struct ov2_add_sa *add)
{
	int err = -ENOSPC;

	for (; add; add = add->next) {
		add->status = skeleton_add_one(add);
		err = err ? add->status : 0;
	}
	return err;
}

/* The driver's memory refers to the SA, so no search is needed. */
static int skeleton_delete(const struct ov2_delete_sa *del)
{
	for (; del; del = del->next) {
		struct skel_sa *sa = del->priv;

		if (chip.live[sa->index] &&
		    chip.sas[sa->index].offload_handle == del->offload_handle)
			chip.live[sa->index] = false;
	}
	return 0;
}

struct ov2_request *skel_hw_answer(struct skel *skel, int *status)
{
	struct ov2_request *req = NULL;

	spin_lock(&chip.lock);
	if (!chip.mute)
		req = list_first_entry_or_null(&chip.mailbox, struct ov2_request, driver);
	if (req) {
		list_del(&req->driver);
		*status = req->kind == OV2_ADD_SA ? skeleton_add(req->add) :
						    skeleton_delete(req->del);
	}
	spin_unlock(&chip.lock);
	return req;
}

bool skel_hw_withdraw(struct skel *skel, struct ov2_request *wanted)
{
	struct ov2_request *req;
	bool found = false;

	spin_lock(&chip.lock);
	list_for_each_entry(req, &chip.mailbox, driver)
		found |= req == wanted;
	if (found)
		list_del(&wanted->driver);
	spin_unlock(&chip.lock);
	return found;
}

void skel_hw_fail(struct skel *skel)
{
	WRITE_ONCE(chip.failed, true);
	skeleton_interrupt();
}

bool skel_hw_failed(struct skel *skel)
{
	return xchg(&chip.failed, false);
}

int skel_hw_reset(struct skel *skel)
{
	spin_lock(&chip.lock);
	INIT_LIST_HEAD(&chip.mailbox);
	memset(chip.live, 0, sizeof(chip.live));
	memzero_explicit(chip.sas, sizeof(chip.sas));
	chip.resets++;
	spin_unlock(&chip.lock);
	skb_queue_purge(&chip.sent);
	return chip.reset_err;
}

void skel_hw_send(struct net_device *netdev, struct sk_buff *skb, const struct ov2_tx *tx,
		  u8 nexthdr)
{
	chip.tx = *tx;
	chip.nexthdr = nexthdr;
	skb_queue_tail(&chip.sent, skb);
}

static const struct ov2_add_sa *skeleton_find(const struct xfrm_state *x)
{
	u32 i;

	for (i = 0; i < SKEL_SAS; i++)
		if (chip.live[i] && chip.sas[i].spi == x->id.spi)
			return &chip.sas[i];
	return NULL;
}

static u32 skeleton_live(void)
{
	u32 i, live = 0;

	for (i = 0; i < SKEL_SAS; i++)
		live += chip.live[i];
	return live;
}

/* The tests use the part of the fixture that makes states. The NIC and the port are the driver's.
 */

static const struct fixture_sa skeleton_in = { .mode = XFRM_MODE_TUNNEL };
static const struct fixture_sa skeleton_out = { .mode = XFRM_MODE_TUNNEL, .out = true };

static int skeleton_init(struct kunit *test)
{
	struct net_device *netdev = alloc_etherdev(sizeof(struct ov2_port));
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_NOT_NULL(test, netdev);
	memset(&chip, 0, sizeof(chip));
	spin_lock_init(&chip.lock);
	INIT_LIST_HEAD(&chip.mailbox);
	skb_queue_head_init(&chip.sent);
	f->test = test;
	f->next_spi = FIXTURE_SPI;
	INIT_LIST_HEAD(&f->states);
	eth_hw_addr_random(netdev);
	strscpy(netdev->name, "ov2skel%d", IFNAMSIZ);
	err = skel_probe(netdev);
	if (err)
		free_netdev(netdev);
	KUNIT_ASSERT_EQ(test, err, 0);
	f->netdev[0] = netdev;
	f->nic = chip.skel->nic;
	test->priv = f;
	return packet_spy_start();
}

static void skeleton_remove(struct fixture *f)
{
	struct fixture_node *node, *next;

	list_for_each_entry_safe(node, next, &f->states, list)
		fixture_delete(f, node->x);
	fixture_gc();
	skel_remove(f->netdev[0]);
	free_netdev(f->netdev[0]);
	f->netdev[0] = NULL;
	KUNIT_EXPECT_EQ(f->test, skeleton_live(), 0);
	KUNIT_EXPECT_TRUE(f->test, list_empty(&chip.mailbox));
	skb_queue_purge(&chip.sent);
}

static void skeleton_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (!f)
		return;
	packet_spy_stop();
	WRITE_ONCE(chip.mute, false);
	WRITE_ONCE(chip.full, false);
	if (!f->netdev[0])
		return;
	skeleton_interrupt();
	ov2_nic_ready(f->nic);
	skeleton_remove(f);
}

static void skeleton_settle(struct fixture *f)
{
	struct ov2_nic *nic = f->nic;

	do {
		flush_work(&nic->delete_rcu_work);
		flush_work(&nic->reset_work);
		flush_work(&nic->pump_work);
		flush_work(&chip.skel->work);
	} while (work_busy(&nic->delete_rcu_work) || work_busy(&nic->reset_work) ||
		 work_busy(&nic->pump_work) || work_busy(&chip.skel->work));
}

static void skeleton_expect(struct fixture *f, struct xfrm_state *x, enum ov2_sa_phase phase)
{
	skeleton_settle(f);
	KUNIT_EXPECT_STREQ(f->test, ov2_sa_phase_name(fixture_sa_state(x)),
			   ov2_sa_phase_name(phase));
}

static struct xfrm_state *skeleton_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	skeleton_expect(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_ASSERT_NOT_NULL(f->test, skeleton_find(x));
	return x;
}

/* SAs enter and leave the NIC. SAs for which there is no slot wait. */
static void skeleton_test_add_delete(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in[4], *waits;
	int i;

	for (i = 0; i < ARRAY_SIZE(in); i++)
		in[i] = skeleton_sa(f, &skeleton_in);
	waits = fixture_sa(f, &skeleton_in);
	skeleton_expect(f, waits, OV2_PHASE_WAITING);
	skeleton_sa(f, &skeleton_out);
	fixture_delete(f, in[1]);
	skeleton_expect(f, waits, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, skeleton_live(), 5);
}

/* The NIC answers later. Software serves the SA until then. */
static void skeleton_test_pending(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	WRITE_ONCE(chip.mute, true);
	x = fixture_sa(f, &skeleton_in);
	skeleton_expect(f, x, OV2_PHASE_ADDING);
	WRITE_ONCE(chip.mute, false);
	skeleton_interrupt();
	skeleton_expect(f, x, OV2_PHASE_OFFLOADED);
}

/* A request past its deadline is cancelled. */
static void skeleton_test_cancel(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	WRITE_ONCE(chip.mute, true);
	x = fixture_sa(f, &skeleton_in);
	skeleton_expect(f, x, OV2_PHASE_ADDING);
	ov2_request_expire(f->nic, jiffies + msecs_to_jiffies(ov2_nic_deadline(f->nic)));
	skeleton_expect(f, x, OV2_PHASE_WAITING);
	KUNIT_EXPECT_TRUE(test, list_empty(&chip.mailbox));
	KUNIT_EXPECT_EQ(test, chip.resets, 0);
}

/* A mailbox that is full takes the list when there is space again. */
static void skeleton_test_no_room(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	WRITE_ONCE(chip.full, true);
	x = fixture_sa(f, &skeleton_in);
	skeleton_expect(f, x, OV2_PHASE_QUEUED);
	WRITE_ONCE(chip.full, false);
	ov2_nic_ready(f->nic);
	skeleton_expect(f, x, OV2_PHASE_OFFLOADED);
}

/* A reset empties the NIC, and the SAs are restored, including the pending one. */
static void skeleton_test_reset(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_in), *pending;
	u32 handle = skeleton_find(x)->offload_handle;
	const void *priv = skeleton_find(x)->priv;

	WRITE_ONCE(chip.mute, true);
	pending = fixture_sa(f, &skeleton_out);
	skeleton_expect(f, pending, OV2_PHASE_ADDING);
	skel_hw_fail(chip.skel);
	skeleton_settle(f);
	WRITE_ONCE(chip.mute, false);
	skeleton_interrupt();
	skeleton_expect(f, x, OV2_PHASE_OFFLOADED);
	skeleton_expect(f, pending, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, chip.resets, 1);
	KUNIT_EXPECT_NE(test, skeleton_find(x)->offload_handle, handle);
	KUNIT_EXPECT_PTR_EQ(test, skeleton_find(x)->priv, priv);
}

/* If the reset of a NIC fails, software serves all SAs. */
static void skeleton_test_reset_fails(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_in);

	chip.reset_err = -EIO;
	skel_hw_fail(chip.skel);
	skeleton_expect(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_FALSE(test, ov2_nic_in_service(f->nic));
}

/* The NIC gets the packet without padding, trailer and ICV, with the IV in it. The driver tells it
 * what to append and with which SA.
 */
static void skeleton_test_send(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_out);
	const struct ov2_add_sa *sa = skeleton_find(x);
	struct sk_buff *skb = frame_packet(test, x, 64);
	u32 inner = sizeof(struct iphdr) + 64;
	const struct iphdr *iph;
	const u8 *esp;

	KUNIT_EXPECT_EQ(test, sa->iv, OV2_IV_HOST);
	local_bh_disable();
	f->netdev[0]->netdev_ops->ndo_start_xmit(skb, f->netdev[0]);
	local_bh_enable();
	skb = skb_dequeue(&chip.sent);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, chip.tx.offload_handle, sa->offload_handle);
	KUNIT_EXPECT_PTR_EQ(test, chip.tx.priv, sa->priv);
	KUNIT_EXPECT_EQ(test, chip.tx.seq, 1);
	KUNIT_EXPECT_EQ(test, chip.tx.icv_len, sa->icv_len);
	KUNIT_EXPECT_EQ(test, chip.nexthdr, IPPROTO_IPIP);

	esp = skb->data + ov2_esp_offset(skb);
	iph = (const void *)(esp + sizeof(struct ip_esp_hdr) + 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(esp), fixture_spi(x));
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(esp + sizeof(struct ip_esp_hdr)),
			(1 | BIT_ULL(63)) ^ get_unaligned_be64(sa->iv_salt));
	KUNIT_EXPECT_EQ(test, skb_tail_pointer(skb) - (const u8 *)iph, inner);
	KUNIT_EXPECT_EQ(test, iph->protocol, FRAME_PROTO);
	kfree_skb(skb);
}

/* A packet of an SA that has left the NIC is not sent. A packet that needs no protection is sent.
 */
static void skeleton_test_send_other(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_out);
	struct sk_buff *skb = frame_packet(test, x, 64);

	fixture_delete(f, x);
	skeleton_settle(f);
	local_bh_disable();
	f->netdev[0]->netdev_ops->ndo_start_xmit(skb, f->netdev[0]);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, skb_queue_len(&chip.sent), 0);

	skb = alloc_skb(64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reset_network_header(skb);
	skb_put_zero(skb, 64);
	skb->dev = f->netdev[0];
	local_bh_disable();
	f->netdev[0]->netdev_ops->ndo_start_xmit(skb, f->netdev[0]);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, skb_queue_len(&chip.sent), 1);
	KUNIT_EXPECT_EQ(test, chip.tx.offload_handle, 0);
	fixture_gc();
}

static void skeleton_receive_one(struct fixture *f, struct xfrm_state *x, u32 seq, u32 cookie,
				 u32 flags)
{
	struct ov2_rx_meta meta = {
		.cookie = cookie,
		.flags = flags,
		.status = CRYPTO_SUCCESS,
		.seq = seq,
	};
	struct sk_buff *skb = packet_received(f, x, seq);

	local_bh_disable();
	skel_rx(f->netdev[0], skb, &meta);
	local_bh_enable();
}

/* xfrm gets a packet that the NIC has decrypted once. A packet with an unknown cookie is dropped.
 */
static void skeleton_test_receive(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_in);
	u32 cookie = skeleton_find(x)->cookie;

	skeleton_receive_one(f, x, 5, cookie, OV2_RX_CRYPTO_DONE);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, 0);
	KUNIT_EXPECT_TRUE(test, packet_seen.flags & CRYPTO_DONE);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
	KUNIT_EXPECT_EQ(test, x->replay.seq, 5);
	skeleton_receive_one(f, x, 5, cookie, OV2_RX_CRYPTO_DONE);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);

	skeleton_receive_one(f, x, 6, cookie + 1, OV2_RX_CRYPTO_DONE);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_SA), 1);
}

/* The NIC raises SaDeleteReq. */
static void skeleton_test_delete_req(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_in);

	skeleton_receive_one(f, x, 5, skeleton_find(x)->cookie,
			     OV2_RX_CRYPTO_DONE | OV2_RX_SA_DELETE_REQ);
	flush_work(&f->nic->delreq_work);
	skeleton_settle(f);
	KUNIT_EXPECT_NULL(test, skeleton_find(x));
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
}

static void skeleton_switch(struct fixture *f, bool on)
{
	struct net_device *netdev = f->netdev[0];

	rtnl_lock();
	if (on)
		netdev->wanted_features |= NETIF_F_HW_ESP;
	else
		netdev->wanted_features &= ~NETIF_F_HW_ESP;
	netdev_update_features(netdev);
	rtnl_unlock();
	skeleton_settle(f);
}

/* ESP offload is switched off and on again, as ethtool does. */
static void skeleton_test_features(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_in);

	KUNIT_EXPECT_TRUE(test, f->netdev[0]->features & NETIF_F_HW_ESP);
	skeleton_switch(f, false);
	KUNIT_EXPECT_FALSE(test, f->netdev[0]->features & NETIF_F_HW_ESP);
	skeleton_expect(f, x, OV2_PHASE_SOFTWARE);
	skeleton_switch(f, true);
	skeleton_expect(f, x, OV2_PHASE_OFFLOADED);
}

/* The NIC is removed by surprise while a request is pending. */
static void skeleton_test_gone(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = skeleton_sa(f, &skeleton_in), *pending;

	WRITE_ONCE(chip.mute, true);
	chip.reset_err = -ENODEV;
	pending = fixture_sa(f, &skeleton_out);
	skeleton_expect(f, pending, OV2_PHASE_ADDING);
	ov2_nic_gone(f->nic);
	skeleton_expect(f, x, OV2_PHASE_SOFTWARE);
	skeleton_expect(f, pending, OV2_PHASE_SOFTWARE);
	skeleton_remove(f);
	KUNIT_EXPECT_EQ(test, chip.resets, 1);
}

/* A NIC that does not answer is removed: the driver resets it in the end. */
static void skeleton_test_mute(struct kunit *test)
{
	struct fixture *f = test->priv;

	skeleton_sa(f, &skeleton_in);
	WRITE_ONCE(chip.mute, true);
	KUNIT_EXPECT_EQ(test, ov2_nic_set_deadline(f->nic, 1), 0);
	skeleton_remove(f);
	KUNIT_EXPECT_GT(test, chip.resets, 0);
}

static struct kunit_case skeleton_cases[] = {
	KUNIT_CASE(skeleton_test_add_delete),
	KUNIT_CASE(skeleton_test_pending),
	KUNIT_CASE(skeleton_test_cancel),
	KUNIT_CASE(skeleton_test_no_room),
	KUNIT_CASE(skeleton_test_reset),
	KUNIT_CASE(skeleton_test_reset_fails),
	KUNIT_CASE(skeleton_test_send),
	KUNIT_CASE(skeleton_test_send_other),
	KUNIT_CASE(skeleton_test_receive),
	KUNIT_CASE(skeleton_test_delete_req),
	KUNIT_CASE(skeleton_test_features),
	KUNIT_CASE(skeleton_test_gone),
	KUNIT_CASE(skeleton_test_mute),
	{ }
};

static struct kunit_suite skeleton_suite = {
	.name = "ov2_skeleton",
	.init = skeleton_init,
	.exit = skeleton_exit,
	.test_cases = skeleton_cases,
};

kunit_test_suite(skeleton_suite);
