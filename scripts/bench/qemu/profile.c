// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's that counts instructions by the block of code that they are in, between two
 * marks in scripts/bench/core/ov2_bench.c and scripts/bench/packets.c. Appends to the file out=PATH, for each such stretch, a
 * line with a dash and then lines with an address and a number. The declarations are those of
 * version 1 of QEMU's interface.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
typedef void (*tb_fn)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*insn_fn)(unsigned int vcpu, void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_fn fn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr,
					      uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, insn_fn fn, int flags,
					    void *arg);

/* One block of code, as often as QEMU has translated it. */
struct block {
	struct block *next;
	uint64_t addr;
	uint64_t ran;
};

static struct block *blocks;
static const char *path;

/* nopl with a displacement that nothing else has, see BENCH_MARK_BEGIN */
static const uint8_t mark[] = { 0x0f, 0x1f, 0x80, 0, 'v', 'o', '2' };

static void begin(unsigned int vcpu, void *arg)
{
	struct block *block;

	(void)vcpu;
	(void)arg;
	for (block = blocks; block; block = block->next)
		block->ran = 0;
}

static void end(unsigned int vcpu, void *arg)
{
	struct block *block;
	FILE *out = fopen(path, "a");

	(void)vcpu;
	(void)arg;
	if (!out)
		return;
	fprintf(out, "-\n");
	for (block = blocks; block; block = block->next)
		if (block->ran)
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", block->addr, block->ran);
	fclose(out);
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	const uint8_t *data = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != sizeof(mark) || memcmp(data, mark, 3) ||
	    memcmp(data + 4, mark + 4, 3))
		return;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, data[3] ? end : begin, 0, NULL);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));
	size_t i, count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (!block)
		abort();
	block->addr = qemu_plugin_tb_vaddr(tb);
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &block->ran, count);
	for (i = 0; i < count; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i));
}

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

__attribute__((visibility("default")))
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	path = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
