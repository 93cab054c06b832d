/* SPDX-License-Identifier: GPL-2.0-only */
/* For the suites: fault injection for memory allocations. */
#ifndef __OV2_KUNIT_FAULT_H
#define __OV2_KUNIT_FAULT_H

#include <kunit/test.h>
#include <linux/sched.h>

/* Makes the nth allocation of the test's thread that may not sleep fail, counted from 1. */
static inline void fault_nth(struct kunit *test, u32 nth)
{
#if IS_ENABLED(CONFIG_FAILSLAB)
	current->fail_nth = nth;
#else
	kunit_skip(test, "this needs CONFIG_FAILSLAB");
#endif
}

/* Ends the fault injection. Returns whether an allocation has failed. */
static inline bool fault_done(void)
{
#if IS_ENABLED(CONFIG_FAILSLAB)
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	return failed;
#else
	return false;
#endif
}

#endif /* __OV2_KUNIT_FAULT_H */
