/* clock.h - base: the two clocks, in nanoseconds */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND 1000000000ull	/* ns */

uint64_t clock_mono_ns(void);	/* CLOCK_MONOTONIC: for deadlines */
uint64_t clock_real_ns(void);	/* CLOCK_REALTIME: ns since 1970 UTC, for people */

#endif
