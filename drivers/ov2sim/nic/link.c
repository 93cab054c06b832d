// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: wires. A wire is two ports that point at each other.
 *
 * ov2sim_hwport.peer, started and up are written under ov2sim_link_mutex. The NIC calls link_change
 * under it, too, so that the calls are in order. A sender reads peer under RCU, so a NIC is freed
 * only after its ports were unlinked and a grace period has passed.
 */
#include <kunit/visibility.h>
#include <linux/bottom_half.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include "hw.h"
#include "kick.h"
#include "link.h"
#include "parse.h"

static DEFINE_MUTEX(ov2sim_link_mutex);

static struct ov2sim_hwport *ov2sim_link_peer(struct ov2sim_hwport *port)
{
	return rcu_dereference_protected(port->peer, lockdep_is_held(&ov2sim_link_mutex));
}

static void ov2sim_link_update(struct ov2sim_hwport *port)
{
	struct ov2sim_hwport *peer = ov2sim_link_peer(port);
	bool up = peer && port->started && peer->started;
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
	} else if (ov2sim_link_peer(a) || ov2sim_link_peer(b)) {
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

	if (port >= hw->config.ports)
		return -EINVAL;
	a = &hw->ports[port];

	mutex_lock(&ov2sim_link_mutex);
	b = ov2sim_link_peer(a);
	if (b) {
		RCU_INIT_POINTER(a->peer, NULL);
		RCU_INIT_POINTER(b->peer, NULL);
		ov2sim_link_update(a);
		ov2sim_link_update(b);
	}
	mutex_unlock(&ov2sim_link_mutex);
	if (!b)
		return -ENOLINK;
	/* Wait for ov2sim_link_send(), _missed() and _resume(), which may still use the peer. */
	synchronize_rcu();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_unlink);

/* The frames of a list belong to one flow, so the hash of the first one is that of all. */
static int ov2sim_link_deliver(struct ov2sim_hwport *port, struct list_head *frames)
{
	struct ov2sim_frame *frame = list_first_entry(frames, struct ov2sim_frame, list);
	u32 hash, queues = READ_ONCE(port->nqueues);
	struct ov2sim_fifo *fifo;
	struct ov2sim_worker *worker;
	int err = 0;
	bool l4;

	if (!queues)
		return -ENETDOWN;
	hash = ov2sim_pkt_hash(frame->data, frame->len, &l4);
	fifo = &port->queues[hash % queues].fifo;
	worker = &port->hw->workers[hash % queues];

	spin_lock(&fifo->lock);
	if (!fifo->open) {
		err = -ENETDOWN;
	} else if (fifo->count >= OV2SIM_FIFO_MAX) {
		fifo->paused = true;
		err = -ENOSPC;
	} else {
		list_for_each_entry(frame, frames, list) {
			frame->hash = hash;
			frame->hash_l4 = l4;
			fifo->count++;
		}
		list_splice_tail_init(frames, &fifo->frames);
	}
	spin_unlock(&fifo->lock);
	if (!err)
		ov2sim_worker_kick(worker);
	return err;
}

/**
 * ov2sim_link_send - put frames on the wire
 * @port: the sending port
 * @frames: frames of one flow; empty on success
 *
 * Return: 0; -ENOLINK if @port is not linked; -ENETDOWN if the other end is stopped; -ENOSPC if the
 * other end has no room. In the last case ov2sim_link_resume() kicks the worker when there is room.
 */
int ov2sim_link_send(struct ov2sim_hwport *port, struct list_head *frames)
{
	struct ov2sim_hwport *peer;
	int err = -ENOLINK;

	rcu_read_lock();
	peer = rcu_dereference(port->peer);
	if (peer)
		err = ov2sim_link_deliver(peer, frames);
	rcu_read_unlock();
	return err;
}

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
