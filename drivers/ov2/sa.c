// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: SAs and their life. Owns the table of cookies and every change of state; the states
 * themselves and the queues are under nic->lock.
 *
 *	add() -> QUEUED -> ADDING -> OFFLOADED -> DEMOTING -> SOFTWARE
 *	           |          \-> refused: SOFTWARE
 *	           \-> WAITING: QUEUED again when there is room
 *	delete() from any state -> DELETING -> GONE
 */
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "rx.h"
#include "trace.h"

/* All SAs of all NICs by cookie, so that a packet finds its SA with nothing but what xfrm keeps of
 * it. Cookies go up through all 32 bits before one comes again: the upper bits are the generation.
 */
static DEFINE_XARRAY_FLAGS(ov2_sas, XA_FLAGS_LOCK_BH | XA_FLAGS_ALLOC1);
VISIBLE_IF_KUNIT u32 ov2_next_cookie;
EXPORT_SYMBOL_IF_KUNIT(ov2_next_cookie);
static struct kmem_cache *ov2_sa_cache;

static const char * const ov2_sa_state_names[] = {
	[OV2_SA_WAITING] = "waiting",
	[OV2_SA_QUEUED] = "queued",
	[OV2_SA_ADDING] = "adding",
	[OV2_SA_OFFLOADED] = "offloaded",
	[OV2_SA_DEMOTING] = "demoting",
	[OV2_SA_SOFTWARE] = "software",
	[OV2_SA_DELETING] = "deleting",
	[OV2_SA_GONE] = "gone",
};

const char *ov2_sa_state_name(enum ov2_sa_state state)
{
	return ov2_sa_state_names[state];
}

int ov2_sa_cache_init(void)
{
	/* The memory is charged to the task that adds the SA, perhaps the root of a container. */
	ov2_sa_cache = kmem_cache_create("ov2_sa", sizeof(struct ov2_sa), 0, SLAB_ACCOUNT, NULL);
	return ov2_sa_cache ? 0 : -ENOMEM;
}

void ov2_sa_cache_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(ov2_sa_cache);
	xa_destroy(&ov2_sas);
}

/* @cookie may be anything: another driver has a pointer there. Context: RCU read side, or a
 * reference on the SA.
 */
struct ov2_sa *ov2_sa_find(unsigned long cookie)
{
	return xa_load(&ov2_sas, cookie);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_find);

/* The SA of a state that xfrm has not deleted. Context: RCU read side, or from xfrm between add and
 * free.
 */
struct ov2_sa *ov2_sa_of(const struct xfrm_state *x)
{
	struct ov2_sa *sa = ov2_sa_find(READ_ONCE(x->xso.offload_handle));

	return sa && rcu_access_pointer(sa->x) == x ? sa : NULL;
}

struct ov2_sa *ov2_sa_alloc(struct ov2_nic *nic, struct ov2_port *port, struct xfrm_state *x)
{
	struct ov2_sa *sa;

	sa = kmem_cache_zalloc(ov2_sa_cache, GFP_KERNEL);
	if (!sa)
		return NULL;
	sa->nic = nic;
	sa->port = port;
	sa->state = OV2_SA_GONE;
	refcount_set(&sa->ref, 1);
	INIT_LIST_HEAD(&sa->queue);
	INIT_LIST_HEAD(&sa->update_queue);
	INIT_LIST_HEAD(&sa->delreq_list);
	INIT_HLIST_NODE(&sa->pair_node);
	sa->measured_at = get_jiffies_64();
	RCU_INIT_POINTER(sa->x, x);
	sa->owner = x;
	if (xa_alloc_cyclic_bh(&ov2_sas, &sa->cookie, sa, xa_limit_32b, &ov2_next_cookie,
			       GFP_KERNEL) < 0) {
		kmem_cache_free(ov2_sa_cache, sa);
		return NULL;
	}
	ov2_nic_get(nic);
	return sa;
}

static void ov2_sa_free_rcu(struct rcu_head *rcu)
{
	struct ov2_sa *sa = container_of(rcu, struct ov2_sa, rcu);
	struct ov2_nic *nic = sa->nic;

	memzero_explicit(&sa->add, sizeof(sa->add));
	kfree(sa->sent);
	kmem_cache_free(ov2_sa_cache, sa);
	ov2_nic_put(nic);
}

static bool ov2_sa_is_of(const struct ov2_sa *sa, const struct ov2_nic *nic)
{
	return sa->nic == nic && READ_ONCE(sa->state) != OV2_SA_GONE;
}

/* The next SA of @nic after @cookie, which is set to its own. Context: RCU read side. */
struct ov2_sa *ov2_sa_next(const struct ov2_nic *nic, unsigned long *cookie)
{
	struct ov2_sa *sa;

	do
		sa = xa_find_after(&ov2_sas, cookie, U32_MAX, XA_PRESENT);
	while (sa && !ov2_sa_is_of(sa, nic));
	return sa;
}

/* Looks at some SAs after @cookie, and calls @fn under nic->lock for those of @nic. Returns whether
 * there may be more. Context: process, no locks.
 */
bool ov2_sa_step(struct ov2_nic *nic, unsigned long *cookie,
		 void (*fn)(struct ov2_sa *sa, void *arg), void *arg)
{
	struct ov2_sa *sa = NULL;
	int i;

	rcu_read_lock();
	spin_lock_bh(&nic->lock);
	for (i = 0; i < OV2_SA_STEP; i++) {
		sa = xa_find_after(&ov2_sas, cookie, U32_MAX, XA_PRESENT);
		if (!sa)
			break;
		if (ov2_sa_is_of(sa, nic))
			fn(sa, arg);
	}
	spin_unlock_bh(&nic->lock);
	rcu_read_unlock();
	cond_resched();
	return sa;
}

/* Calls @fn under nic->lock for all SAs of @nic. The lock is let go of now and then, however many
 * there are: @fn must be right for SAs that change, come and go between any two of its calls.
 */
void ov2_sa_for_each(struct ov2_nic *nic, void (*fn)(struct ov2_sa *sa, void *arg), void *arg)
{
	unsigned long cookie = 0;

	while (ov2_sa_step(nic, &cookie, fn, arg))
		;
}

/* All that is secret in a node. */
void ov2_sa_wipe(struct ov2_add_sa *add)
{
	memzero_explicit(add->key_area, sizeof(add->key_area));
	memzero_explicit(add->salt, sizeof(add->salt));
	memzero_explicit(add->iv_salt, sizeof(add->iv_salt));
}

/* Context: any up to softirq, nic->lock may be held. */
void ov2_sa_put(struct ov2_sa *sa)
{
	if (!refcount_dec_and_test(&sa->ref))
		return;
	xa_erase_bh(&ov2_sas, sa->cookie);
	call_rcu(&sa->rcu, ov2_sa_free_rcu);
}

static bool ov2_sa_state_present(enum ov2_sa_state state)
{
	return state == OV2_SA_ADDING || state == OV2_SA_OFFLOADED ||
	       state == OV2_SA_DEMOTING || state == OV2_SA_DELETING;
}

void ov2_sa_set_state(struct ov2_sa *sa, enum ov2_sa_state state)
{
	struct ov2_nic *nic = sa->nic;
	enum ov2_sa_state old = sa->state;

	lockdep_assert_held(&nic->lock);
	if (old == state)
		return;
	if (ov2_sa_state_present(old))
		nic->present--;
	if (ov2_sa_state_present(state))
		nic->present++;
	if (old == OV2_SA_WAITING)
		nic->waiting--;
	if (state == OV2_SA_WAITING)
		nic->waiting++;
	/* Who finds it offloaded finds its handle; pairs with ov2_tx_handle(). */
	smp_store_release(&sa->state, state);
	trace_ov2_sa_state(sa, old, state);
	if (!nic->present)
		wake_up(&nic->idle);
}

void ov2_sa_reserve(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	if (sa->reserved)
		return;
	sa->reserved = true;
	WRITE_ONCE(sa->nic->reserved, sa->nic->reserved + 1);
	/* Without x the port may be gone. A port that closes lets no SA in any more. */
	if (rcu_access_pointer(sa->x) && sa->port && !sa->port->closing) {
		sa->counted = true;
		sa->port->reserved++;
	}
}

/* The NIC may have an SA for longer than there is a port: a port that closes counts no more. */
void ov2_sa_forget_port(struct ov2_sa *sa, void *port)
{
	if (sa->port == port)
		sa->counted = false;
}

static void ov2_sa_unreserve(struct ov2_sa *sa)
{
	if (!sa->reserved)
		return;
	sa->reserved = false;
	WRITE_ONCE(sa->nic->reserved, sa->nic->reserved - 1);
	if (!sa->counted)
		return;
	sa->counted = false;
	sa->port->reserved--;
	ov2_offer_share_freed(sa->port);
}

/* Is the SA within the current configuration? Asked only while xfrm has it. */
bool ov2_sa_allowed(const struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	return !(sa->port && sa->port->esp_off) &&
	       !ov2_caps_check(&sa->nic->caps, &sa->add, NULL);
}

/* On its way to the NIC. With a place reserved, unless it is submitted to be refused. */
void ov2_sa_enqueue(struct ov2_sa *sa, bool reserve)
{
	struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	if (reserve)
		ov2_sa_reserve(sa);
	ov2_sa_set_state(sa, OV2_SA_QUEUED);
	list_move_tail(&sa->queue, &nic->addq);
}

/* The configuration allows the SA again: that it left was not for want of room. */
static void ov2_sa_bring_back(struct ov2_sa *sa)
{
	sa->outside = false;
	sa->again = true;
	if (ov2_offer_room(sa))
		ov2_sa_enqueue(sa, true);
	else
		ov2_offer_wait(sa);
}

/* The NIC has nothing of an SA that xfrm keeps: software until it comes back, or for good. */
static void ov2_sa_go_on(struct ov2_sa *sa)
{
	const struct ov2_nic *nic = sa->nic;
	bool in_service = !nic->closing && nic->state != OV2_NIC_DEAD;

	if (in_service && sa->outside && ov2_sa_allowed(sa))
		ov2_sa_bring_back(sa);
	else if (in_service && sa->again && !sa->outside)
		ov2_offer_wait(sa);
	else
		ov2_sa_set_state(sa, OV2_SA_SOFTWARE);
}

/* The configuration has changed. Takes an SA off the NIC, or brings it back. */
void ov2_sa_reconsider(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	if (!rcu_access_pointer(sa->x))
		return;
	if (!ov2_sa_allowed(sa)) {
		if (sa->state == OV2_SA_OFFLOADED) {
			/* Of a pair the inbound one is first, as always. */
			if (sa->dir == OV2_OUT && sa->pair)
				ov2_sa_reconsider(sa->pair);
			sa->outside = true;
			ov2_sa_demote(sa);
		}
	} else if (sa->outside && sa->state == OV2_SA_SOFTWARE) {
		ov2_sa_bring_back(sa);
	}
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_reconsider);

/* The NIC need not be told of the sequence state any more. */
void ov2_sa_drop_update(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	sa->update_wanted = false;
	if (list_empty(&sa->update_queue))
		return;
	list_del_init(&sa->update_queue);
	ov2_sa_put(sa);
}

/* The NIC has nothing of the SA, or nothing any more: it goes on in software if xfrm still has it,
 * else it is done with.
 */
void ov2_sa_leave(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	list_del_init(&sa->queue);
	WRITE_ONCE(sa->offload_handle, 0);
	sa->unwanted = false;
	ov2_sa_unreserve(sa);
	ov2_sa_drop_update(sa);
	ov2_delreq_unchain(sa);
	if (!rcu_access_pointer(sa->x)) {
		ov2_sa_set_state(sa, OV2_SA_GONE);
		ov2_sa_put(sa);
	} else {
		ov2_sa_go_on(sa);
	}
	ov2_offer_refill(nic);
}

/* Tells xfrm why an SA that waits is not queued. */
static void ov2_sa_tell_waiting(const struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	const struct ov2_nic *nic = sa->nic;

	if (ov2_offer_share_used(sa))
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "The port has its share (%u) of the NIC's SA table, the SA waits in software",
				       nic->port_max);
	else if (nic->reserved < nic->caps.max_sas)
		NL_SET_ERR_MSG_MOD(extack, "the NIC has asked for room, the SA waits in software");
	else
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "the NIC's SA table (%u) is full, the SA waits in software",
				       nic->caps.max_sas);
}

/* Tells xfrm that an SA may not even wait. */
static void ov2_sa_tell_refused(const struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	const struct ov2_nic *nic = sa->nic;

	if (ov2_offer_share_used(sa))
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "The port has its share (%u) of the NIC's SA table, and %u SAs wait already",
				       nic->port_max, nic->waiting);
	else
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "the NIC's SA table (%u) is full and %u SAs wait already",
				       nic->caps.max_sas, nic->waiting);
}

/* Lets an SA in: queued if the NIC has room, else waiting. Context: process. */
int ov2_sa_admit(struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	struct ov2_nic *nic = sa->nic;
	int err = -EOPNOTSUPP;
	bool room;

	spin_lock_bh(&nic->lock);
	if (!nic->registered || nic->closing || nic->gone || (sa->port && sa->port->closing)) {
		NL_SET_ERR_MSG_MOD(extack, "the NIC is being removed");
		goto out;
	}
	if (nic->state == OV2_NIC_DEAD) {
		NL_SET_ERR_MSG_MOD(extack, "the NIC is out of service, its reset failed");
		goto out;
	}
	err = ov2_caps_check(&nic->caps, &sa->add, extack);
	if (err)
		goto out;
	room = ov2_offer_room(sa);
	if (!room && nic->waiting >= nic->waiting_max) {
		ov2_sa_tell_refused(sa, extack);
		err = -EOPNOTSUPP;
		goto out;
	}

	refcount_inc(&sa->ref);
	ov2_pair_add(sa);
	if (room) {
		ov2_sa_enqueue(sa, true);
	} else {
		ov2_sa_tell_waiting(sa, extack);
		nic->counters[OV2_CNT_ADD_WAITING]++;
		sa->again = true;
		ov2_offer_wait(sa);
	}
	ov2_request_kick(nic);
out:
	spin_unlock_bh(&nic->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_admit);

/* Has an SA that was offloaded deleted from the NIC. For an outbound one that is after a grace
 * period: no packet is then on its way to the NIC with a decision for the offload that was taken
 * before (S18). SAs that xfrm keeps leave in order, whatever their direction.
 */
void ov2_sa_take_down(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	/* The outbound half of an answer to SaDeleteReq is held back until the inbound one is gone:
	 * on no queue and in no list.
	 */
	if (sa->chained)
		return;
	if (sa->dir == OV2_IN && !rcu_access_pointer(sa->x)) {
		list_move_tail(&sa->queue, &nic->delq);
		ov2_request_kick(nic);
		return;
	}
	list_move_tail(&sa->queue, &nic->graceq);
	queue_work(nic->wq, &nic->grace_work);
}

/* xfrm has deleted the SA, or frees it without having deleted it. Cannot fail, allocates nothing.
 * Context: any up to softirq; usually x->lock is held.
 */
void ov2_sa_delete(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	spin_lock_bh(&nic->lock);
	if (!rcu_access_pointer(sa->x))
		goto out;
	RCU_INIT_POINTER(sa->x, NULL);
	ov2_pair_del(sa);
	switch (sa->state) {
	case OV2_SA_QUEUED:
		nic->counters[OV2_CNT_ADD_CANCELLED]++;
		fallthrough;
	case OV2_SA_WAITING:
	case OV2_SA_SOFTWARE:
		ov2_sa_leave(sa);
		break;
	case OV2_SA_OFFLOADED:
		ov2_sa_set_state(sa, OV2_SA_DELETING);
		ov2_sa_take_down(sa);
		break;
	case OV2_SA_DEMOTING:
		/* On its way already: whoever completes it finds that xfrm is through with it. */
		ov2_sa_set_state(sa, OV2_SA_DELETING);
		break;
	case OV2_SA_ADDING:
		/* The completion of the add queues the delete. */
	case OV2_SA_DELETING:
	case OV2_SA_GONE:
		break;
	}
out:
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
	ov2_held_expire();
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_delete);

/* Takes an SA off the NIC that xfrm keeps. */
void ov2_sa_demote(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	if (sa->state != OV2_SA_OFFLOADED)
		return;
	nic->counters[OV2_CNT_DEMOTED]++;
	ov2_sa_set_state(sa, OV2_SA_DEMOTING);
	ov2_sa_take_down(sa);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_demote);

void ov2_sa_grace_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, grace_work);
	LIST_HEAD(leaving);

	spin_lock_bh(&nic->lock);
	list_splice_init(&nic->graceq, &leaving);
	spin_unlock_bh(&nic->lock);

	synchronize_net();

	/* A reset may have taken SAs off the list meanwhile, under the same lock. */
	spin_lock_bh(&nic->lock);
	list_splice_tail(&leaving, &nic->delq);
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
}

/* Has the NIC told @seq, from which it infers upper halves. Context: x->lock held, softirq. */
static void ov2_sa_update(struct ov2_sa *sa, struct ov2_seq seq)
{
	struct ov2_nic *nic = sa->nic;

	spin_lock_bh(&nic->lock);
	WRITE_ONCE(sa->seq_told, ov2_seq_u64(seq));
	sa->seq = seq;
	if (sa->state == OV2_SA_ADDING || sa->update_running) {
		sa->update_wanted = true;
	} else if (sa->state == OV2_SA_OFFLOADED && list_empty(&sa->update_queue)) {
		refcount_inc(&sa->ref);
		list_add_tail(&sa->update_queue, &nic->updq);
	}
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
}

/* The receive window of an SA has moved to @seq. The NIC learns of the packets that it verifies by
 * itself, and ov2_rx() notes those in sa->seq_told. It does not learn of those that software has
 * decrypted, so tell it when these are more than a window ahead. xfrm's window goes back only by an
 * XFRM_MSG_NEWAE, of which it has to be told as well. Context: x->lock held, softirq; per packet.
 */
void ov2_sa_advance(struct ov2_sa *sa, struct ov2_seq seq)
{
	u64 now = ov2_seq_u64(seq), last;

	if (!sa->esn || sa->dir == OV2_OUT)
		return;
	last = sa->seq_last;
	sa->seq_last = now;
	if (now < last || now > READ_ONCE(sa->seq_told) + sa->window)
		ov2_sa_update(sa, seq);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_advance);

/* The NIC goes on inferring other numbers than xfrm, although it was told: software does better for
 * a while. Context: softirq.
 */
void ov2_sa_mistrust(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	spin_lock_bh(&nic->lock);
	if (sa->state == OV2_SA_OFFLOADED && rcu_access_pointer(sa->x)) {
		ov2_offer_stay_away(sa);
		ov2_sa_demote(sa);
	}
	spin_unlock_bh(&nic->lock);
}
