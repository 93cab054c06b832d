// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: xfrm's add of an SA in packet mode waits until the NIC has the SA, because software
 * cannot take its place: xfrm must know whether the add has failed. Owns &ov2_sa.wait, under
 * nic->lock.
 */
#include <linux/netlink.h>
#include "ov2.h"

/* xfrm is going to wait for @sa, which is not admitted yet. */
void ov2_wait_begin(struct ov2_sa *sa, struct ov2_wait *wait)
{
	init_completion(&wait->done);
	sa->wait = wait;
}

/* The NIC has the SA, or @err says why not. Returns false if xfrm does not wait. */
bool ov2_wait_wake(struct ov2_sa *sa, int err)
{
	struct ov2_wait *wait = sa->wait;

	lockdep_assert_held(&sa->nic->lock);
	if (!wait)
		return false;
	sa->wait = NULL;
	wait->err = err;
	complete(&wait->done);
	return true;
}

/* xfrm does not wait any longer for an SA of @port. */
void ov2_wait_abandon(struct ov2_sa *sa, void *port)
{
	if (sa->port == port)
		ov2_wait_wake(sa, -ENODEV);
}

/* Returns the error for an SA that the NIC has not answered in time. */
static int ov2_wait_overdue(const struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&sa->nic->lock);
	if (!ov2_engine_up(sa->nic)) {
		NL_SET_ERR_MSG_MOD(extack, "The NIC is being reset");
		return -EBUSY;
	}
	if (sa->state == OV2_SA_SOFTWARE) {
		NL_SET_ERR_MSG_MOD(extack, "No slot of the NIC's SA table has become free in time");
		return -ENOSPC;
	}
	NL_SET_ERR_MSG_MOD(extack, "The NIC has not answered in time");
	return -ETIMEDOUT;
}

/* Tells xfrm why the NIC or the core has not accepted an SA. IKE daemons take -ESRCH and -EEXIST
 * for answers about the xfrm state itself.
 */
static int ov2_wait_refused(int err, struct netlink_ext_ack *extack)
{
	switch (err) {
	case -ECANCELED:
		/* The deadline of the request has been faster than that of the wait. */
		NL_SET_ERR_MSG_MOD(extack, "The NIC has not answered in time");
		return -ETIMEDOUT;
	case -EACCES:
		NL_SET_ERR_MSG_MOD(extack,
				   "The NIC's configuration has changed and excludes the SA");
		return -EOPNOTSUPP;
	case -ENODEV:
		NL_SET_ERR_MSG_MOD(extack, "The device is out of service");
		return -EOPNOTSUPP;
	case -ENOENT:
	case -ESRCH:
	case -EEXIST:
		err = -EIO;
		break;
	}
	NL_SET_ERR_MSG_FMT_MOD(extack, "The NIC has not accepted the SA (error %d)", -err);
	return err;
}

/* Waits until the NIC has @sa. A delete of the SA by the caller must follow an error; it undoes an
 * add that the NIC completes later. Context: process, may sleep. Returns 0, -EINTR if the task was
 * killed, or another error.
 */
int ov2_wait_end(struct ov2_sa *sa, struct ov2_wait *wait, struct netlink_ext_ack *extack)
{
	struct ov2_nic *nic = sa->nic;
	unsigned long timeout = msecs_to_jiffies(READ_ONCE(nic->engine.deadline));
	bool overdue;
	long left;
	int err;

	left = wait_for_completion_killable_timeout(&wait->done, timeout);
	spin_lock_bh(&nic->lock);
	/* If ov2_wait_wake() has run meanwhile, under the same lock, its result counts. */
	overdue = sa->wait;
	sa->wait = NULL;
	if (!overdue)
		err = wait->err ? ov2_wait_refused(wait->err, extack) : 0;
	else
		err = left < 0 ? -EINTR : ov2_wait_overdue(sa, extack);
	spin_unlock_bh(&nic->lock);
	return err;
}
