/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ov2

#if !defined(__OV2_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define __OV2_TRACE_H

#include <linux/tracepoint.h>
#include "ov2.h"

#define ov2_show_kind(kind) __print_symbolic(kind,		\
	{ OV2_ADD_SA, "ADD_SA" },				\
	{ OV2_DELETE_SA, "DELETE_SA" },				\
	{ OV2_UPDATE_SA, "UPDATE_SA" })

#define ov2_show_phase(phase) __print_symbolic(phase,		\
	{ OV2_PHASE_WAITING, "waiting" },			\
	{ OV2_PHASE_QUEUED, "queued" },				\
	{ OV2_PHASE_ADDING, "adding" },				\
	{ OV2_PHASE_OFFLOADED, "offloaded" },			\
	{ OV2_PHASE_DEMOTING, "demoting" },			\
	{ OV2_PHASE_SOFTWARE, "software" },			\
	{ OV2_PHASE_DELETING, "deleting" },			\
	{ OV2_PHASE_GONE, "gone" })

DECLARE_EVENT_CLASS(ov2_request,
		    TP_PROTO(const struct ov2_nic *nic, const struct ov2_request *req),
		    TP_ARGS(nic, req),
		    TP_STRUCT__entry(__string(nic, nic->name)
				     __field(u32, id)
				     __field(u32, kind)
				     __field(u32, count)
				     __field(int, status)),
		    TP_fast_assign(__assign_str(nic);
				   __entry->id = req->id;
				   __entry->kind = req->kind;
				   __entry->count = req->count;
				   __entry->status = req->status;),
		    TP_printk("nic=%s id=%u kind=%s count=%u status=%d", __get_str(nic),
			      __entry->id, ov2_show_kind(__entry->kind), __entry->count,
			      __entry->status));

DEFINE_EVENT(ov2_request, ov2_request_submit,
	     TP_PROTO(const struct ov2_nic *nic, const struct ov2_request *req),
	     TP_ARGS(nic, req));

DEFINE_EVENT(ov2_request, ov2_request_complete,
	     TP_PROTO(const struct ov2_nic *nic, const struct ov2_request *req),
	     TP_ARGS(nic, req));

TRACE_EVENT(ov2_sa_state,
	    TP_PROTO(const struct ov2_sa *sa, int from, int to),
	    TP_ARGS(sa, from, to),
	    TP_STRUCT__entry(__string(nic, sa->nic->name)
			     __field(u32, cookie)
			     __field(u32, handle)
			     __field(u32, spi)
			     __field(int, from)
			     __field(int, to)),
	    TP_fast_assign(__assign_str(nic);
			   __entry->cookie = sa->cookie;
			   __entry->handle = sa->offload_handle;
			   __entry->spi = be32_to_cpu(sa->traits.spi);
			   __entry->from = from;
			   __entry->to = to;),
	    TP_printk("nic=%s cookie=%08x handle=%08x spi=0x%08x from=%s to=%s", __get_str(nic),
		      __entry->cookie, __entry->handle, __entry->spi, ov2_show_phase(__entry->from),
		      ov2_show_phase(__entry->to)));

TRACE_EVENT(ov2_sa_refused,
	    TP_PROTO(const struct ov2_sa *sa, int err),
	    TP_ARGS(sa, err),
	    TP_STRUCT__entry(__string(nic, sa->nic->name)
			     __field(u32, cookie)
			     __field(int, err)),
	    TP_fast_assign(__assign_str(nic);
			   __entry->cookie = sa->cookie;
			   __entry->err = err;),
	    TP_printk("nic=%s cookie=%08x err=%d", __get_str(nic), __entry->cookie, __entry->err));

TRACE_EVENT(ov2_sa_delete_req,
	    TP_PROTO(const struct ov2_sa *sa),
	    TP_ARGS(sa),
	    TP_STRUCT__entry(__string(nic, sa->nic->name)
			     __field(u32, cookie)
			     __field(u32, handle)
			     __field(u32, pair)),
	    TP_fast_assign(__assign_str(nic);
			   __entry->cookie = sa->cookie;
			   __entry->handle = sa->offload_handle;
			   __entry->pair = sa->pair.other ? sa->pair.other->cookie : 0;),
	    TP_printk("nic=%s cookie=%08x handle=%08x pair=%08x", __get_str(nic),
		      __entry->cookie, __entry->handle, __entry->pair));

TRACE_EVENT(ov2_reset,
	    TP_PROTO(const struct ov2_nic *nic, int phase),
	    TP_ARGS(nic, phase),
	    TP_STRUCT__entry(__string(nic, nic->name)
			     __field(int, phase)),
	    TP_fast_assign(__assign_str(nic);
			   __entry->phase = phase;),
	    TP_printk("nic=%s %s", __get_str(nic), __entry->phase < 0 ? "failed" :
		      __entry->phase ? "done" : "begun"));

TRACE_EVENT(ov2_config,
	    TP_PROTO(const struct ov2_nic *nic, const struct ov2_caps *caps),
	    TP_ARGS(nic, caps),
	    TP_STRUCT__entry(__string(nic, nic->name)
			     __field_struct(struct ov2_caps, caps)),
	    TP_fast_assign(__assign_str(nic);
			   memcpy(&__entry->caps, caps, sizeof(*caps));),
	    TP_printk("nic=%s max_sas=%u max_list=%u max_requests=%u windows=%#x features=%#x families=%#x modes=%#x ciphers=%s auths=%s",
		      __get_str(nic), __entry->caps.max_sas, __entry->caps.max_list,
		      __entry->caps.max_requests, __entry->caps.replay_windows,
		      __entry->caps.features, __entry->caps.families, __entry->caps.modes,
		      __print_hex((const u8 *)__entry->caps.ciphers, sizeof(__entry->caps.ciphers)),
		      __print_hex((const u8 *)__entry->caps.auths, sizeof(__entry->caps.auths))));

#endif /* __OV2_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
