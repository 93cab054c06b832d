// SPDX-License-Identifier: GPL-2.0-only
/* For the suites of the send path, see tx_sa.h. */
#include "tx_sa.h"

/* Brings an offloaded SA into the state that a row asks for. */
void tx_bring(struct fixture *f, struct xfrm_state *x, enum tx_sa_is is)
{
	struct ov2_caps caps;

	ov2_nic_caps(f->nic, &caps);
	caps.modes = BIT(OV2_TUNNEL);
	switch (is) {
	case TX_LIVE:
		break;
	case TX_DEMOTING:
	case TX_SOFTWARE:
		WRITE_ONCE(f->fake->mode, is == TX_DEMOTING ? FAKE_PEND : FAKE_NOW);
		KUNIT_ASSERT_EQ(f->test, ov2_nic_set_caps(f->nic, &caps), 0);
		fake_nic_wait(f->fake, 1);
		break;
	case TX_DELETED:
		WRITE_ONCE(f->fake->mode, FAKE_PEND);
		fixture_delete(f, x);
		break;
	case TX_RESETTING:
		fake_nic_reset_later(f->fake);
		fake_nic_wait_resetting(f->fake);
		return;
	}
	fixture_settle(f);
}
