// SPDX-License-Identifier: GPL-2.0-only
/* ov2 core: the tracepoints' bodies. */
#define CREATE_TRACE_POINTS
#include "trace.h"
