/* SPDX-License-Identifier: GPL-2.0-only */
/* What the threads of the system have run, for the benchmarks. */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Adds to costs[] what each process has run, in nanoseconds. class_of() says which element counts
 * a process, from its id and name; a negative one is left out, as is the caller.
 */
static void threads_ran(uint64_t *costs, int (*class_of)(pid_t pid, const char *comm))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		char path[64], comm[32] = "";
		unsigned long long ran;
		FILE *file;
		int class;

		if (!pid || pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		file = fopen(path, "r");
		if (!file || !fgets(comm, sizeof(comm), file))
			comm[0] = 0;
		if (file)
			fclose(file);
		class = class_of(pid, comm);
		if (class < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
		file = fopen(path, "r");
		if (file && fscanf(file, "%llu", &ran) == 1)
			costs[class] += ran;
		if (file)
			fclose(file);
	}
	closedir(proc);
}

#endif /* BENCH_THREADS_H */
