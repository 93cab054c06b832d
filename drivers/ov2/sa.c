// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: SAs as objects. Owns the table of cookies, from the allocation of an SA to the last
 * put. See DOC: life of an SA for what happens to it in between.
 */
#include <linux/slab.h>
#include <linux/xarray.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* All SAs of all NICs by cookie. xfrm keeps nothing but the cookie of an SA, and a packet finds its
 * SA by it. Cookies count up through all 32 bits before one is used again, so that a stale cookie
 * finds no newer SA.
 */
static DEFINE_XARRAY_FLAGS(ov2_sas, XA_FLAGS_LOCK_BH);
VISIBLE_IF_KUNIT atomic_t ov2_last_cookie;
EXPORT_SYMBOL_IF_KUNIT(ov2_last_cookie);
static struct kmem_cache *ov2_sa_cache;

int ov2_sa_cache_init(void)
{
	/* The memory cgroup of the task that adds the SA pays for it. That may be the root user of
	 * a container.
	 */
	ov2_sa_cache = kmem_cache_create("ov2_sa", sizeof(struct ov2_sa), 0, SLAB_ACCOUNT, NULL);
	return ov2_sa_cache ? 0 : -ENOMEM;
}

void ov2_sa_cache_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(ov2_sa_cache);
	xa_destroy(&ov2_sas);
}

/* @cookie may be any value, because another driver may have stored a pointer there. Context: RCU
 * read side, or with a reference on the SA.
 */
struct ov2_sa *ov2_sa_find(unsigned long cookie)
{
	return xa_load(&ov2_sas, cookie);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_find);

/* Gives the SA the next cookie that no other has, 0 excepted. xa_alloc_cyclic() would do it, but
 * keep track of the free cookies as well, for each add and each delete.
 */
static int ov2_sa_set_cookie(struct ov2_sa *sa)
{
	int err;

	do {
		sa->cookie = atomic_inc_return(&ov2_last_cookie);
		err = sa->cookie ? xa_insert_bh(&ov2_sas, sa->cookie, sa, GFP_KERNEL) : -EBUSY;
	} while (err == -EBUSY);
	return err;
}

struct ov2_sa *ov2_sa_alloc(struct ov2_nic *nic, struct ov2_port *port, struct xfrm_state *x)
{
	struct ov2_sa *sa;

	sa = kmem_cache_zalloc(ov2_sa_cache, GFP_KERNEL);
	if (!sa)
		return NULL;
	if (nic->ops->sa_priv_size) {
		sa->priv = kzalloc(nic->ops->sa_priv_size, GFP_KERNEL_ACCOUNT);
		if (!sa->priv)
			goto err_free;
	}
	sa->nic = nic;
	sa->port = port;
	sa->state = OV2_SA_GONE;
	refcount_set(&sa->ref, 1);
	INIT_LIST_HEAD(&sa->queue);
	INIT_LIST_HEAD(&sa->seq.queue);
	INIT_LIST_HEAD(&sa->slot.queue);
	INIT_LIST_HEAD(&sa->pair.same);
	INIT_LIST_HEAD(&sa->delreq_list);
	INIT_LIST_HEAD(&sa->evict_list);
	sa->rate.measured_at = get_jiffies_64();
	RCU_INIT_POINTER(sa->x, x);
	sa->owner = x;
	if (ov2_sa_set_cookie(sa))
		goto err_free;
	ov2_nic_get(nic);
	return sa;

err_free:
	kfree(sa->priv);
	kmem_cache_free(ov2_sa_cache, sa);
	return NULL;
}

static void ov2_sa_free_rcu(struct rcu_head *rcu)
{
	struct ov2_sa *sa = container_of(rcu, struct ov2_sa, rcu);
	struct ov2_nic *nic = sa->nic;

	kfree(sa->sent);
	kfree_sensitive(sa->priv);
	kmem_cache_free(ov2_sa_cache, sa);
	ov2_nic_put(nic);
}

/* Returns the next SA of @nic behind @cookie that is not gone, and sets @cookie to its cookie. A
 * reader of debugfs may stop for long between two calls, so it holds its place by the cookie alone.
 * Looks at the SAs of other NICs as well, which takes some 10 ms for a million. Context: RCU read
 * side.
 */
struct ov2_sa *ov2_sa_after(const struct ov2_nic *nic, unsigned long *cookie)
{
	struct ov2_sa *sa;

	do
		sa = xa_find_after(&ov2_sas, cookie, U32_MAX, XA_PRESENT);
	while (sa && (sa->nic != nic || READ_ONCE(sa->state) == OV2_SA_GONE));
	return sa;
}

void ov2_sa_get(struct ov2_sa *sa)
{
	refcount_inc(&sa->ref);
}

/* Context: any up to softirq, nic->lock may be held. */
void ov2_sa_put(struct ov2_sa *sa)
{
	if (!refcount_dec_and_test(&sa->ref))
		return;
	xa_erase_bh(&ov2_sas, sa->cookie);
	call_rcu(&sa->rcu, ov2_sa_free_rcu);
}
