/* engine/crash.c - the map: a handler that crashes is named before it takes the process with it */
#include "engine/crash.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define STACK 65536		/* bytes */

static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
#define FAULTS (sizeof(faults) / sizeof(*faults))

static const struct host *watched;
static const char *volatile about;
static struct sigaction before[FAULTS];	/* a sanitizer's, or the default */

static void on_fault(int signal, siginfo_t *info, void *context)
{
	const struct instance *in = watched ? atomic_load_explicit(&watched->running, memory_order_relaxed) : NULL;
	const char *who = in ? in->name : about;

	(void)context;
	if (who)
		log_from_signal(who, sigdescr_np(signal));
	for (size_t i = 0; i < FAULTS; i++)
		if (faults[i] == signal)
			sigaction(signal, &before[i], NULL);
	/* A fault comes again as soon as we return; what was sent does not. */
	if (info->si_code <= 0)
		raise(signal);
}

void crash_spare(sigset_t *set)
{
	for (size_t i = 0; i < FAULTS; i++)
		sigdelset(set, faults[i]);
}

void crash_watch(const struct host *host)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	watched = host;
	if (!host)
		return;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < FAULTS; i++)
		sigaction(faults[i], &action, &before[i]);
}

void crash_about(const char *name)
{
	about = name;
}

void crash_thread(void)
{
	static char stack[STACK];
	const stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
	stack_t now;

	if (sigaltstack(NULL, &now) == 0 && now.ss_flags & SS_DISABLE)
		sigaltstack(&alternative, NULL);
}
