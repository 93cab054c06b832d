// SPDX-License-Identifier: GPL-2.0-only
/* ov2 core: the bodies of the tracepoints. */
#define CREATE_TRACE_POINTS
#include "trace.h"

#if IS_ENABLED(CONFIG_KUNIT)
EXPORT_TRACEPOINT_SYMBOL_GPL(ov2_config);
#endif
