// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: wires. A wire is two ports that point at each other, or a port that points at a wire of
 * the driver's.
 *
 * ov2sim_hwport.peer, wire, started and up and ov2sim_wire.up are written under ov2sim_link_mutex.
 * The NIC calls link_change under it, too, so that the calls are in order. A sender reads peer and
 * wire under RCU, so a NIC is freed only after its ports were unlinked and a grace period has
 * passed.
 */
#include <kunit/visibility.h>
#include <linux/bottom_half.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include "hw.h"
#include "kick.h"
#include "link.h"
#include "parse.h"

static DEFINE_MUTEX(ov2sim_link_mutex);

static struct ov2sim_hwport *ov2sim_link_peer(struct ov2sim_hwport *port)
{
	return rcu_dereference_protected(port->peer, lockdep_is_held(&ov2sim_link_mutex));
}

static struct ov2sim_wire *ov2sim_link_wire(struct ov2sim_hwport *port)
{
	return rcu_dereference_protected(port->wire, lockdep_is_held(&ov2sim_link_mutex));
}

static bool ov2sim_link_exists(struct ov2sim_hwport *port)
{
	return ov2sim_link_peer(port) || ov2sim_link_wire(port);
}

static bool ov2sim_link_is_up(struct ov2sim_hwport *port)
{
	struct ov2sim_hwport *peer = ov2sim_link_peer(port);
	struct ov2sim_wire *wire = ov2sim_link_wire(port);

	if (!port->started)
		return false;
	return wire ? wire->up : peer && peer->started;
}

static void ov2sim_link_update(struct ov2sim_hwport *port)
{
	bool up = ov2sim_link_is_up(port);
	struct ov2sim_hw *hw = port->hw;

	lockdep_assert_held(&ov2sim_link_mutex);
	if (up == port->up)
		return;
	port->up = up;
	local_bh_disable();
	hw->ops->link_change(hw->drv, port->index, up);
	local_bh_enable();
}

void ov2sim_link_set_started(struct ov2sim_hwport *port, bool started)
{
	struct ov2sim_hwport *peer;

	mutex_lock(&ov2sim_link_mutex);
	WRITE_ONCE(port->started, started);
	ov2sim_link_update(port);
	peer = ov2sim_link_peer(port);
	if (peer)
		ov2sim_link_update(peer);
	mutex_unlock(&ov2sim_link_mutex);
}

int ov2sim_hw_link(struct ov2sim_hw *hw_a, u32 port_a, struct ov2sim_hw *hw_b, u32 port_b)
{
	struct ov2sim_hwport *a, *b;
	int err = 0;

	if (port_a >= hw_a->config.ports || port_b >= hw_b->config.ports)
		return -EINVAL;
	a = &hw_a->ports[port_a];
	b = &hw_b->ports[port_b];
	if (a == b)
		return -EINVAL;

	mutex_lock(&ov2sim_link_mutex);
	/* A NIC that is removed after this check unlinks its ports, because
	 * ov2sim_hw_surprise_remove() sets the state before it takes the mutex in
	 * ov2sim_hw_unlink().
	 */
	if (ov2sim_hw_surprise_removed(hw_a) || ov2sim_hw_surprise_removed(hw_b)) {
		err = -ENODEV;
	} else if (ov2sim_link_exists(a) || ov2sim_link_exists(b)) {
		err = -EBUSY;
	} else {
		rcu_assign_pointer(a->peer, b);
		rcu_assign_pointer(b->peer, a);
		ov2sim_link_update(a);
		ov2sim_link_update(b);
	}
	mutex_unlock(&ov2sim_link_mutex);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_link);

int ov2sim_hw_unlink(struct ov2sim_hw *hw, u32 port)
{
	struct ov2sim_hwport *a, *b;
	bool linked;

	if (port >= hw->config.ports)
		return -EINVAL;
	a = &hw->ports[port];

	mutex_lock(&ov2sim_link_mutex);
	linked = ov2sim_link_exists(a);
	b = ov2sim_link_peer(a);
	RCU_INIT_POINTER(a->peer, NULL);
	RCU_INIT_POINTER(a->wire, NULL);
	ov2sim_link_update(a);
	if (b) {
		RCU_INIT_POINTER(b->peer, NULL);
		ov2sim_link_update(b);
	}
	mutex_unlock(&ov2sim_link_mutex);
	if (!linked)
		return -ENOLINK;
	/* Wait for ov2sim_link_send(), _missed() and _resume(), which may still use the peer or the
	 * wire.
	 */
	synchronize_rcu();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_unlink);

int ov2sim_hw_wire_attach(struct ov2sim_hw *hw, u32 port, struct ov2sim_wire *wire)
{
	struct ov2sim_hwport *p = &hw->ports[port];
	int err = 0;

	mutex_lock(&ov2sim_link_mutex);
	/* As in ov2sim_hw_link(). */
	if (ov2sim_hw_surprise_removed(hw)) {
		err = -ENODEV;
	} else if (ov2sim_link_exists(p)) {
		err = -EBUSY;
	} else {
		rcu_assign_pointer(p->wire, wire);
		ov2sim_link_update(p);
	}
	mutex_unlock(&ov2sim_link_mutex);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_wire_attach);

void ov2sim_hw_wire_carrier(struct ov2sim_hw *hw, u32 port, struct ov2sim_wire *wire, bool up)
{
	struct ov2sim_hwport *p = &hw->ports[port];

	mutex_lock(&ov2sim_link_mutex);
	WRITE_ONCE(wire->up, up);
	if (ov2sim_link_wire(p) == wire)
		ov2sim_link_update(p);
	mutex_unlock(&ov2sim_link_mutex);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_wire_carrier);

int ov2sim_hw_peer(struct ov2sim_hw *hw, u32 port, char *name, size_t size)
{
	struct ov2sim_hwport *peer;
	int index = -ENOLINK;

	mutex_lock(&ov2sim_link_mutex);
	peer = ov2sim_link_peer(&hw->ports[port]);
	if (peer) {
		strscpy(name, peer->hw->config.name, size);
		index = peer->index;
	}
	mutex_unlock(&ov2sim_link_mutex);
	return index;
}

/* Returns the number of frames, or a negative errno. The frames of a list belong to one flow, so
 * the hash of the first one is that of all.
 */
static int ov2sim_link_deliver(struct ov2sim_hwport *port, struct list_head *frames)
{
	struct ov2sim_frame *frame = list_first_entry(frames, struct ov2sim_frame, list);
	u32 hash, queues = READ_ONCE(port->nqueues);
	struct ov2sim_fifo *fifo;
	struct ov2sim_worker *worker;
	int ret = 0;
	bool l4;

	if (!queues)
		return -ENETDOWN;
	hash = ov2sim_parse_hash(frame->data, frame->len, &l4);
	fifo = &port->queues[hash % queues].fifo;
	worker = &port->hw->workers[hash % queues];

	spin_lock_bh(&fifo->lock);
	if (!fifo->open) {
		ret = -ENETDOWN;
	} else if (fifo->count >= OV2SIM_FIFO_MAX) {
		fifo->paused = true;
		ret = -ENOSPC;
	} else {
		list_for_each_entry(frame, frames, list) {
			frame->hash = hash;
			frame->hash_l4 = l4;
			fifo->count++;
			ret++;
		}
		list_splice_tail_init(frames, &fifo->frames);
	}
	spin_unlock_bh(&fifo->lock);
	if (ret > 0)
		ov2sim_worker_kick(worker);
	return ret;
}

static enum ov2sim_stat ov2sim_link_stat(int err)
{
	switch (err) {
	case -EMSGSIZE:
		return OV2SIM_STAT_TX_TOO_LONG;
	case -ENETDOWN:
		return OV2SIM_STAT_TX_NO_LINK;
	default:
		return OV2SIM_STAT_TX_NO_ROOM;
	}
}

/* Put frames on a wire of the driver's, and count those that it does not take. Returns how many it
 * has taken.
 */
static int ov2sim_link_emit(struct ov2sim_hwport *port, struct ov2sim_wire *wire,
			    struct list_head *frames)
{
	struct ov2sim_frame *frame, *next;
	int err, sent = 0;

	list_for_each_entry_safe(frame, next, frames, list) {
		err = wire->send(wire, frame->data, frame->len);
		if (err)
			ov2sim_stat_add(port, ov2sim_link_stat(err), 1);
		else
			sent++;
		list_del(&frame->list);
		ov2sim_frame_free(frame);
	}
	return sent;
}

/**
 * ov2sim_link_send - put frames on the wire
 * @port: the sending port
 * @frames: frames of one flow; empty on success
 *
 * Return: number of frames on the wire, less than all of them if a wire of the driver's has dropped
 * some, which are counted then; -ENOLINK if @port is not linked; -ENETDOWN if the other end is
 * stopped or the wire has no carrier; -ENOSPC if the other end has no room. In the last case
 * ov2sim_link_resume() kicks the worker when there is room.
 */
int ov2sim_link_send(struct ov2sim_hwport *port, struct list_head *frames)
{
	struct ov2sim_hwport *peer;
	struct ov2sim_wire *wire;
	int ret = -ENOLINK;

	rcu_read_lock();
	peer = rcu_dereference(port->peer);
	wire = rcu_dereference(port->wire);
	if (peer)
		ret = ov2sim_link_deliver(peer, frames);
	else if (wire)
		ret = READ_ONCE(wire->up) ? ov2sim_link_emit(port, wire, frames) : -ENETDOWN;
	rcu_read_unlock();
	return ret;
}

int ov2sim_hw_wire_rx(struct ov2sim_hw *hw, u32 port, const struct sk_buff *skb)
{
	struct ov2sim_hwport *p = &hw->ports[port];
	struct ov2sim_frame *frame;
	int ret = -ENOMEM;
	LIST_HEAD(frames);

	/* After ov2sim_hw_unlink() or a surprise removal frames may still be on their way here. */
	if (!rcu_access_pointer(p->wire))
		return -ENOLINK;
	frame = ov2sim_frame_alloc(skb->len, GFP_ATOMIC | __GFP_NOWARN);
	if (frame) {
		list_add(&frame->list, &frames);
		ret = skb_copy_bits(skb, 0, frame->data, skb->len);
	}
	if (!ret)
		ret = ov2sim_link_deliver(p, &frames);
	ov2sim_frames_free(&frames);
	if (ret == -ENOMEM || ret == -ENOSPC)
		ov2sim_stat_add(p, OV2SIM_STAT_RX_NO_BUFFER, 1);
	return min(ret, 0);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_wire_rx);

/* The sender at @port has dropped @count frames, because the other end had no buffers for them.
 * Count them there.
 */
void ov2sim_link_missed(struct ov2sim_hwport *port, u32 count)
{
	struct ov2sim_hwport *peer;

	rcu_read_lock();
	peer = rcu_dereference(port->peer);
	if (peer)
		ov2sim_stat_add(peer, OV2SIM_STAT_RX_NO_BUFFER, count);
	rcu_read_unlock();
}

/* @port has room again. Kick all workers of the other end, because any of its queues may wait. */
void ov2sim_link_resume(struct ov2sim_hwport *port)
{
	struct ov2sim_hwport *peer;
	u32 i;

	rcu_read_lock();
	peer = rcu_dereference(port->peer);
	if (peer) {
		for (i = 0; i < peer->hw->config.queues; i++)
			ov2sim_worker_kick(&peer->hw->workers[i]);
	}
	rcu_read_unlock();
}
