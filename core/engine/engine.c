/* engine/engine.c - the map: the main thread: builds, waits for signals and the worker's end, takes down */
#include "engine/engine.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/crash.h"
#include "engine/describe.h"
#include "engine/loop.h"
#include "engine/summary.h"

#define TIME_TO_RETURN (2 * CLOCK_SECOND)	/* for the callback in hand, once a signal is there to end */

struct engine {
	struct pipeline pipeline;
	struct loop loop;
	int signals;		/* signalfd(2) */
	int ended;		/* eventfd(2): the worker has */
	int worker_error;	/* what loop_run() returned; read once the worker has ended */
	int stopped_by;		/* the first signal to end it; 0: none */
	bool urged;		/* and there was a second one */
	bool told;		/* what is waited for */
	uint64_t patient_ns;	/* until then nothing is said or done about a worker that does not end */
};

static int failed(const char *what, int error)
{
	log_error("%s: %s", what, strerror(error));
	return EXIT_OSERR;
}

/* Each handler file costs a descriptor for good, each group a socket. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* All signals wait for the main thread to read them, but those that a fault raises. A shell ignores SIGINT for what
 * it runs in the background, and an ignored signal can't be read: undo that, but leave nohup(1) its SIGHUP. */
static int catch_signals(struct engine *e)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGPIPE };
	sigset_t blocked, read;

	sigfillset(&blocked);
	crash_spare(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);

	sigemptyset(&read);
	sigaddset(&read, SIGHUP);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		signal(ends[i], SIG_DFL);
		sigaddset(&read, ends[i]);
	}
	e->signals = signalfd(-1, &read, SFD_CLOEXEC | SFD_NONBLOCK);
	return e->signals < 0 ? -errno : 0;
}

/* Before the worker runs nobody reads the signals: whether one is there that ends us. For a create() that waits. */
static int is_end_pending(void *owner)
{
	sigset_t pending;

	(void)owner;
	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM));
}

static void *work(void *arg)
{
	const uint64_t one = 1;
	struct engine *e = arg;

	crash_thread();
	e->worker_error = loop_run(&e->loop);
	(void)!write(e->ended, &one, sizeof(one));
	return NULL;
}

/* The first signal to end lets the handlers hand out what they hold, a second one doesn't wait for that. */
static void take_signals(struct engine *e)
{
	struct signalfd_siginfo info;

	while (read(e->signals, &info, sizeof(info)) == sizeof(info)) {
		/* Our own: the reader of stderr has gone, which is no reason to end while the data still flow. */
		if (info.ssi_signo == SIGPIPE && info.ssi_pid == (uint32_t)getpid())
			continue;
		if (info.ssi_signo == SIGHUP) {
			loop_reopen(&e->loop);
			continue;
		}
		loop_stop(&e->loop, e->stopped_by ? LOOP_AT_ONCE : LOOP_FLUSH);
		if (!e->urged)	/* a third one and more win no time */
			e->patient_ns = clock_mono_ns() + TIME_TO_RETURN;
		if (e->stopped_by)
			e->urged = true;
		else
			e->stopped_by = (int)info.ssi_signo;
	}
}

/* While the main thread only waits, Ctrl-Z and Ctrl-\ do what they do everywhere. */
static void let_terminal_through(sigset_t *mask)
{
	pthread_sigmask(SIG_SETMASK, NULL, mask);
	sigdelset(mask, SIGTSTP);
	sigdelset(mask, SIGQUIT);
}

/* Ends as if we had not caught the signal at all: nothing could be taken down beside a worker that still runs. */
static void die(int signal)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, signal);
	pthread_kill(pthread_self(), signal);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
}

/* We are to end, and the worker does not: no thread can be made to leave a callback, and what it has in hand can't be
 * accounted for. So that is left to whoever asks a second time. */
static void lose_patience(struct engine *e)
{
	const struct instance *in = atomic_load(&e->pipeline.host.running);
	const char *who = in ? in->name : "the worker";

	if (e->urged) {
		log_error("%s does not return: stopped by SIG%s without it, without flush and accounts", who,
			  sigabbrev_np(e->stopped_by));
		die(e->stopped_by);
	}
	if (in && !e->told)
		log_warning("%s does not return yet; a second signal ends without it", who);
	e->told |= in != NULL;
	e->patient_ns += TIME_TO_RETURN;
}

/* Waits for a signal or the worker's end, if need be until patience ends; false: it has. */
static bool await(const struct engine *e, struct pollfd fds[2], const sigset_t *mask)
{
	uint64_t now = clock_mono_ns();
	uint64_t left = now < e->patient_ns ? e->patient_ns - now : 0;
	struct timespec time = { .tv_sec = (time_t)(left / CLOCK_SECOND), .tv_nsec = (long)(left % CLOCK_SECOND) };

	return ppoll(fds, 2, e->stopped_by ? &time : NULL, mask) != 0;
}

static int run_worker(struct engine *e)
{
	struct pollfd fds[] = { { .fd = e->signals, .events = POLLIN }, { .fd = e->ended, .events = POLLIN } };
	pthread_t worker;
	sigset_t mask;
	int error;

	error = pthread_create(&worker, NULL, work, e);
	if (error)
		return failed("cannot start the worker thread", error);
	let_terminal_through(&mask);
	do {
		if (!await(e, fds, &mask))
			lose_patience(e);
		else if (fds[0].revents)
			take_signals(e);
	} while (!fds[1].revents);
	pthread_join(worker, NULL);
	return e->worker_error ? failed("the worker ended early", -e->worker_error) : 0;
}

/* As the status of a shell's child that a signal has ended. */
static int stopped(const struct engine *e)
{
	log_error("stopped by SIG%s", sigabbrev_np(e->stopped_by));
	return 128 + e->stopped_by;
}

/* Why it ended, as an exit status, said where it isn't 0. */
static int ending(const struct engine *e)
{
	const struct chain_finish *finish = chain_finished(e->pipeline.chain);

	if (finish) {
		if (finish->status)
			log_error("%s ended it: %s", finish->who, finish->why);
		return finish->status;
	}
	return e->stopped_by ? stopped(e) : 0;
}

static int listen_and_tell(struct engine *e, const struct engine_options *options)
{
	int error = loop_init(&e->loop, &e->pipeline, options->count, options->timeout_ns);
	int status;

	if (error)
		return failed("cannot set up the loop", -error);
	status = pipeline_open(&e->pipeline, &e->loop.outside);
	if (status)
		return status;
	describe_ready(&e->pipeline);
	status = run_worker(e);
	/* What handlers let go of in stop() belongs to their accounts too. */
	pipeline_stop(&e->pipeline);
	if (!summary_tell(&e->pipeline) && !status)
		status = EXIT_SOFTWARE;
	return status ? status : ending(e);
}

int engine_run(const struct engine_options *options)
{
	struct engine e = { .loop = { .epoll = -1, .poke = -1 } };
	int status;

	e.ended = eventfd(0, EFD_CLOEXEC);
	if (e.ended < 0 || catch_signals(&e) != 0)
		return failed("cannot set up signals", errno);
	crash_watch(&e.pipeline.host);
	raise_descriptor_limit();

	e.pipeline.host.stopping = is_end_pending;
	status = pipeline_build(&e.pipeline, options);
	if (status) {		/* perhaps a create() has only done what it was asked to */
		take_signals(&e);
		status = e.stopped_by ? stopped(&e) : status;
	}
	if (!status && options->check)
		describe_check(&e.pipeline);
	else if (!status)
		status = listen_and_tell(&e, options);
	loop_finish(&e.loop);
	pipeline_close(&e.pipeline);
	crash_watch(NULL);
	close(e.signals);
	close(e.ended);
	return status;
}
