// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the suites of the core, see xfrm_fixture.h. The states are in init_net, with SPIs and
 * addresses of their own. The netdevs are never up.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/udp.h>
#include "xfrm_fixture.h"
#include <compat.h>

struct fixture_port {
	struct ov2_port port;
};

static netdev_tx_t fixture_start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int fixture_set_features(struct net_device *netdev, netdev_features_t features)
{
	struct fixture_port *port = netdev_priv(netdev);

	ov2_port_set_esp(&port->port, features & NETIF_F_HW_ESP);
	return 0;
}

static const struct net_device_ops fixture_netdev_ops = {
	.ndo_start_xmit = fixture_start_xmit,
	.ndo_set_features = fixture_set_features,
	.ndo_features_check = ov2_features_check,
	.ndo_fix_features = ov2_fix_features,
};

static void fixture_port_create(struct fixture *f, u32 index)
{
	netdev_features_t esp = NETIF_F_HW_ESP | NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP;
	struct net_device *netdev;
	struct fixture_port *port;
	int err;

	netdev = alloc_etherdev(sizeof(*port));
	KUNIT_ASSERT_NOT_NULL(f->test, netdev);
	strscpy(netdev->name, "ov2kunit%d", IFNAMSIZ);
	port = netdev_priv(netdev);
	netdev->netdev_ops = &fixture_netdev_ops;
	netdev->hw_features = esp | NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6;
	netdev->features = netdev->hw_features;
	netdev->hw_enc_features = netdev->hw_features;
	eth_hw_addr_random(netdev);
	ov2_port_init(f->nic, &port->port, netdev, index);
	err = register_netdev(netdev);
	if (err) {
		ov2_port_close(&port->port);
		free_netdev(netdev);
	}
	KUNIT_ASSERT_EQ(f->test, err, 0);
	f->netdev[index] = netdev;
}

struct fixture *fixture_create(struct kunit *test, const struct ov2_caps *caps)
{
	struct fixture *f;
	u32 i;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f);
	f->test = test;
	f->next_spi = FIXTURE_SPI;
	INIT_LIST_HEAD(&f->states);
	f->fake = fake_nic_create(test, caps ?: &fake_nic_caps);
	f->nic = f->fake->nic;
	/* The test decides when an interval has passed, however slow the machine is. */
	disable_delayed_work_sync(&f->nic->slots.work);
	test->priv = f;
	for (i = 0; i < FIXTURE_PORTS; i++)
		fixture_port_create(f, i);
	return f;
}

/* Removes the ports, as a driver's remove does. */
void fixture_close(struct fixture *f)
{
	struct fixture_port *port;
	u32 i;

	for (i = 0; i < FIXTURE_PORTS; i++) {
		if (!f->netdev[i])
			continue;
		port = netdev_priv(f->netdev[i]);
		ov2_port_close(&port->port);
		unregister_netdev(f->netdev[i]);
		free_netdev(f->netdev[i]);
		f->netdev[i] = NULL;
	}
}

/* For a suite's exit, also after a failed assertion. Everything that was created must be destroyed.
 */
void fixture_destroy(struct fixture *f)
{
	struct fixture_node *node, *next;

	if (!f)
		return;
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	list_for_each_entry_safe(node, next, &f->states, list)
		fixture_delete(f, node->x);
	fixture_gc();
	fixture_close(f);
	fake_nic_finish_all(f->fake);
	fake_nic_destroy(f->fake);
}

static void fixture_key(char *key, unsigned int bits, u8 first)
{
	unsigned int i;

	for (i = 0; i < DIV_ROUND_UP(bits, 8); i++)
		key[i] = first + i;
}

static int fixture_algs(struct xfrm_state *x, const struct fixture_sa *want)
{
	bool gcm = !want->aead && !want->ealg && !want->aalg;
	unsigned int bits = gcm ? 160 : want->aead_bits;
	unsigned int icv = gcm ? 128 : want->aead_icv;
	const char *aead = gcm ? "rfc4106(gcm(aes))" : want->aead;
	const struct xfrm_algo_desc *alg;

	if (aead) {
		alg = xfrm_aead_get_byname(aead, icv, 1);
		x->aead = kzalloc(sizeof(*x->aead) + bits / 8, GFP_KERNEL);
		if (!alg || !x->aead)
			return -ENOMEM;
		strscpy(x->aead->alg_name, alg->name);
		x->aead->alg_key_len = bits;
		x->aead->alg_icv_len = icv;
		fixture_key(x->aead->alg_key, bits, 0x10);
		x->geniv = alg->uinfo.aead.geniv;
	}
	if (want->ealg) {
		alg = xfrm_ealg_get_byname(want->ealg, 1);
		x->ealg = kzalloc(sizeof(*x->ealg) + want->ealg_bits / 8, GFP_KERNEL);
		if (!alg || !x->ealg)
			return -ENOMEM;
		strscpy(x->ealg->alg_name, alg->name);
		x->ealg->alg_key_len = want->ealg_bits;
		fixture_key(x->ealg->alg_key, want->ealg_bits, 0x40);
		x->props.ealgo = alg->desc.sadb_alg_id;
		x->geniv = alg->uinfo.encr.geniv;
	}
	if (want->aalg) {
		alg = xfrm_aalg_get_byname(want->aalg, 1);
		x->aalg = kzalloc(sizeof(*x->aalg) + want->aalg_bits / 8, GFP_KERNEL);
		if (!alg || !x->aalg)
			return -ENOMEM;
		strscpy(x->aalg->alg_name, alg->name);
		x->aalg->alg_key_len = want->aalg_bits;
		x->aalg->alg_trunc_len = want->aalg_trunc;
		fixture_key(x->aalg->alg_key, want->aalg_bits, 0x80);
		x->props.aalgo = alg->desc.sadb_alg_id;
	}
	return 0;
}

static int fixture_replay(struct xfrm_state *x, const struct fixture_sa *want)
{
	u32 window = want->window ?: 32, len = DIV_ROUND_UP(window, 32);
	struct xfrm_replay_state_esn *esn;

	if (!want->esn && !want->bmp) {
		x->props.replay_window = window;
		x->replay.oseq = want->oseq;
		x->replay.seq = want->seq;
		return 0;
	}
	if (want->esn)
		x->props.flags |= XFRM_STATE_ESN;
	esn = kzalloc(struct_size(esn, bmp, len), GFP_KERNEL);
	if (!esn)
		return -ENOMEM;
	esn->bmp_len = len;
	esn->replay_window = window;
	esn->oseq = lower_32_bits(want->oseq);
	esn->oseq_hi = upper_32_bits(want->oseq);
	esn->seq = lower_32_bits(want->seq);
	esn->seq_hi = upper_32_bits(want->seq);
	x->replay_esn = esn;
	x->preplay_esn = kmemdup(esn, struct_size(esn, bmp, len), GFP_KERNEL);
	return x->preplay_esn ? 0 : -ENOMEM;
}

static void fixture_addr(xfrm_address_t *addr, u16 family, u8 last)
{
	if (family == AF_INET)
		addr->a4 = htonl(0xc6336400 | last);
	else
		addr->in6 = (struct in6_addr){ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = last } };
}

static int fixture_fill(struct xfrm_state *x, const struct fixture_sa *want, u32 spi)
{
	u16 family = want->family ?: AF_INET;
	int err;

	x->id.proto = want->proto ?: IPPROTO_ESP;
	x->id.spi = cpu_to_be32(spi);
	fixture_addr(&x->id.daddr, family, want->out ? 2 : 1);
	fixture_addr(&x->props.saddr, family, want->out ? 1 : 2);
	x->props.family = family;
	x->props.mode = want->mode;
	x->props.reqid = want->reqid;
	x->sel.family = want->sel_family == FIXTURE_UNSPEC ? AF_UNSPEC :
			want->sel_family ?: family;
	x->mark.v = want->mark;
	x->mark.m = want->mark ? 0xff : 0;
	x->if_id = want->if_id;
	x->lft.soft_byte_limit = XFRM_INF;
	x->lft.hard_byte_limit = XFRM_INF;
	x->lft.soft_packet_limit = want->soft_packets ?: XFRM_INF;
	x->lft.hard_packet_limit = want->hard_packets ?: XFRM_INF;
	if (want->encap) {
		x->encap = kzalloc_obj(*x->encap);
		if (!x->encap)
			return -ENOMEM;
		x->encap->encap_type = want->encap;
		x->encap->encap_sport = htons(4500);
		x->encap->encap_dport = htons(4501);
	}
	err = fixture_algs(x, want) ?: fixture_replay(x, want);
	if (!err && want->geniv)
		x->geniv = want->geniv;
	return err;
}

/* Makes a state as xfrm_user does, not offloaded and not yet inserted. The caller frees it with
 * xfrm_state_put(), or the teardown does if fixture_offload() succeeds.
 */
struct xfrm_state *fixture_state(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = xfrm_state_alloc(&init_net);
	int err;

	KUNIT_ASSERT_NOT_NULL(f->test, x);
	err = fixture_fill(x, want, f->next_spi++);
	if (!err)
		err = ov2_init_state(x);
	if (err) {
		x->km.state = XFRM_STATE_DEAD;
		xfrm_state_put(x);
	}
	KUNIT_ASSERT_EQ_MSG(f->test, err, 0, "xfrm does not take this state");
	return x;
}

/* Offloads a state that the caller keeps. Returns the result of xfrm_dev_state_add(). */
int fixture_dev_add(struct fixture *f, struct xfrm_state *x, const struct fixture_sa *want)
{
	struct xfrm_user_offload xuo = {
		.ifindex = f->netdev[want->port]->ifindex,
		.flags = (want->out ? 0 : XFRM_OFFLOAD_INBOUND) |
			 (want->packet ? XFRM_OFFLOAD_PACKET : 0),
	};

	memset(&f->extack, 0, sizeof(f->extack));
	return xfrm_dev_state_add(&init_net, x, &xuo, &f->extack);
}

/* Offloads a state and inserts it into xfrm. */
int fixture_offload(struct fixture *f, struct xfrm_state *x, const struct fixture_sa *want)
{
	struct fixture_node *node;
	int err;

	/* xfrm_user makes a state valid when it is inserted. */
	x->km.state = XFRM_STATE_VOID;
	err = fixture_dev_add(f, x, want);
	if (err)
		return err;
	node = kunit_kzalloc(f->test, sizeof(*node), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(f->test, node);
	node->x = x;
	list_add_tail(&node->list, &f->states);
	/* The first reference belongs to xfrm from here on. */
	xfrm_state_hold(x);
	KUNIT_ASSERT_EQ(f->test, xfrm_state_add(x), 0);
	if (x->km.state == XFRM_STATE_VOID)
		x->km.state = XFRM_STATE_VALID;
	return 0;
}

/* Returns a state that is in xfrm and that the core has admitted. */
struct xfrm_state *fixture_sa(struct fixture *f, const struct fixture_sa *want)
{
	static const struct fixture_sa plain;
	struct xfrm_state *x;

	want = want ?: &plain;
	x = fixture_state(f, want);
	KUNIT_ASSERT_EQ(f->test, fixture_offload(f, x, want), 0);
	KUNIT_ASSERT_TRUE_MSG(f->test, x->xso.offload_handle, "not offloaded: %s",
			      f->extack._msg ?: "");
	return x;
}

/* Keeps the NIC busy with one pending add, the first request. Returns its state. */
struct xfrm_state *fixture_blocker(struct fixture *f)
{
	struct xfrm_state *x = fixture_sa(f, NULL);

	fake_nic_wait(f->fake, 0);
	fixture_settle(f);
	return x;
}

/* Keeps the teardown from deleting a state. The reference belongs to the caller. */
void fixture_forget(struct fixture *f, struct xfrm_state *x)
{
	struct fixture_node *node;

	list_for_each_entry(node, &f->states, list) {
		if (node->x == x) {
			list_del(&node->list);
			return;
		}
	}
}

/* Deletes a state as `ip xfrm state delete` does. The caller must not use x after that. */
void fixture_delete(struct fixture *f, struct xfrm_state *x)
{
	fixture_forget(f, x);
	xfrm_state_delete(x);
	xfrm_state_put(x);
}

/* Waits until xfrm has freed all deleted states. */
void fixture_gc(void)
{
	xfrm_flush_gc();
}

static void fixture_check_sa(struct ov2_sa *sa, void *arg)
{
	const char *broken = ov2_sa_check(sa);
	struct fixture *f = arg;

	KUNIT_EXPECT_TRUE_MSG(f->test, !broken, "SA %08x: state %d, goal %d, next %d: %s",
			      sa->cookie, sa->state, sa->goal, sa->slot.next, broken);
}

/* Checks that each SA is in a situation that DOC: life of an SA lists. */
void fixture_check(struct fixture *f)
{
	ov2_sa_for_each(f->nic, fixture_check_sa, f);
	fake_nic_check(f->fake);
}

/* Waits until the core has done all that it can do before the NIC answers. */
void fixture_settle(struct fixture *f)
{
	struct ov2_nic *nic = f->nic;

	do {
		flush_work(&f->fake->softirq);
		flush_work(&nic->delete_rcu_work);
		flush_work(&nic->reset_work);
		flush_work(&f->fake->reset_work);
		flush_delayed_work(&nic->evict_work);
		flush_work(&nic->pump_work);
	} while (work_busy(&nic->delete_rcu_work) || work_busy(&nic->reset_work) ||
		 work_busy(&f->fake->reset_work) ||
		 work_busy(&nic->evict_work.work) & WORK_BUSY_RUNNING ||
		 work_busy(&nic->pump_work) || work_busy(&f->fake->softirq));
	fixture_check(f);
}

static bool fixture_list_keys(struct fixture *f, struct list_head *requests)
{
	u32 nodes = min(f->nic->hw_caps.max_list, OV2_LIST_MAX), i;
	struct ov2_request *req;

	list_for_each_entry(req, requests, list)
		for (i = 0; i < nodes; i++)
			if (memchr_inv(req->nodes[i].add.key_area, 0, OV2_KEY_AREA_LEN) ||
			    memchr_inv(req->nodes[i].add.salt, 0, OV2_SALT_LEN))
				return true;
	return false;
}

/* Returns true if the core has keys of any SA, in nodes of ADD_SA lists: nothing else has them. */
bool fixture_keys(struct fixture *f)
{
	bool keys;

	spin_lock_bh(&f->nic->lock);
	keys = fixture_list_keys(f, &f->nic->engine.free) ||
	       fixture_list_keys(f, &f->nic->engine.inflight);
	spin_unlock_bh(&f->nic->lock);
	return keys;
}

/* Ends an interval: runs the work that promotes waiting SAs. */
void fixture_tick(struct fixture *f)
{
	enable_delayed_work(&f->nic->slots.work);
	mod_delayed_work(f->nic->wq, &f->nic->slots.work, 0);
	flush_delayed_work(&f->nic->slots.work);
	disable_delayed_work_sync(&f->nic->slots.work);
}

/* Returns the SA of a state of this test, or NULL. */
struct ov2_sa *fixture_entry(struct xfrm_state *x)
{
	struct ov2_sa *sa;

	rcu_read_lock();
	sa = ov2_sa_find(x->xso.offload_handle);
	rcu_read_unlock();
	return sa;
}

enum ov2_sa_phase fixture_sa_state(struct xfrm_state *x)
{
	struct ov2_sa *sa = fixture_entry(x);

	return sa ? ov2_sa_phase(sa) : OV2_PHASE_GONE;
}

/* Waits until the core has done all that it can do before the NIC answers, then checks the phase.
 */
void fixture_expect_state(struct fixture *f, struct xfrm_state *x, enum ov2_sa_phase state)
{
	const char *name;

	fixture_settle(f);
	name = ov2_sa_phase_name(fixture_sa_state(x));
	KUNIT_EXPECT_STREQ(f->test, name, ov2_sa_phase_name(state));
}

u64 fixture_counter(struct fixture *f, enum ov2_counter counter)
{
	u64 value;

	spin_lock_bh(&f->nic->lock);
	value = f->nic->counters[counter];
	spin_unlock_bh(&f->nic->lock);
	return value;
}

/* Returns a counter as ethtool shows it. */
u64 fixture_packets(struct fixture *f, enum ov2_packet_counter counter)
{
	u64 *data = kunit_kcalloc(f->test, ov2_stats_count(), sizeof(*data), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(f->test, data);
	ov2_stats_fill(f->nic, data);
	return data[OV2_CNT_COUNT + counter];
}

struct ov2_port *fixture_port_of(struct fixture *f, u32 index)
{
	struct fixture_port *port = netdev_priv(f->netdev[index]);

	return &port->port;
}

u32 fixture_spi(const struct xfrm_state *x)
{
	return be32_to_cpu(x->id.spi);
}

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit suites of the ov2 core");
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
