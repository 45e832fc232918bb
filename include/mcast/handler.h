/* mcast/handler.h - what a handler is: the contract between the engine and a loadable handler
 *
 * A handler is a shared object with one data symbol, mcast_handler. The engine reads its ABI
 * note from the file, checks it, loads the file, and then passes it batches of sanitized
 * datagrams. This header needs a C11 or C++20 compiler and nothing else: no other header of
 * the project, no symbol of the engine, no build option. One .so therefore loads unchanged in
 * the listener, in an isolated child, in a replay, in a benchmark and in its author's tests.
 *
 * OWNERSHIP  The engine owns every message and its bytes. A handler may read them until
 *            process() returns. To keep one longer: keep() now, release() later. To change its
 *            bytes: writable().
 * THREADS    create, adopt, start, stop and destroy run on the main thread while this context is
 *            idle; process, tick, event and flush on the context's worker. Of all host functions
 *            only log and release may be called from other threads. Signals are blocked.
 * ORDER      Datagrams of one (source, group) reach a handler in the order of their arrival.
 * WAITING    Nothing here may wait, but process() of a handler that says MCAST_CAP_BLOCKING. It
 *            stands beside the chain: messages go on without it, and it gets them through a
 *            bounded queue on a thread of its own; its verdicts are only counted.
 * EFFECTS    What reaches outside the process begins in start(): a check calls create() and
 *            destroy() alone.
 * FOR EVER   A handler built for 1.x loads in every engine 1.y with y >= x. Structs grow at their
 *            end only; what is reserved is zero.
 */
#ifndef MCAST_HANDLER_H
#define MCAST_HANDLER_H

#include <stddef.h>
#include <stdint.h>

#define MCAST_ABI_MAJOR 1	/* another major is refused */
#define MCAST_ABI_MINOR 0	/* what this header declares */
#ifndef MCAST_HANDLER_MINOR	/* what the handler asks of an engine: lower it to run on older ones, */
#define MCAST_HANDLER_MINOR MCAST_ABI_MINOR	/* and test for newer host functions with MCAST_HAS */
#endif

/* ---- messages ------------------------------------------------------------------------- */

struct mcast_addr {
	uint8_t ip[16];		/* network order; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2) */
	uint16_t port;		/* host order */
	uint16_t reserved;
};

enum {				/* struct mcast_msg, flags */
	MCAST_MSG_BINARY = 1u << 0,	/* the profile is binary: not checked as text */
	MCAST_MSG_REPAIRED = 1u << 1,	/* sanitizing replaced something in the text */
	MCAST_MSG_CHANGED = 1u << 2,	/* an earlier handler changed the bytes */
	MCAST_MSG_DERIVED = 1u << 3,	/* emitted by a handler, not received */
	MCAST_MSG_AGAIN = 1u << 4,	/* offered again after this handler died: it may have seen it */
	MCAST_MSG_TTL = 1u << 5,	/* ttl is known */
	MCAST_MSG_KERNEL_TIME = 1u << 6,	/* rx_ns is the kernel's stamp, not the engine's */
};

/* One sanitized datagram: one cache line. */
struct mcast_msg {
	const uint8_t *data;		/* the payload; 64 bytes behind data[len] can be read, their value is undefined */
	uint32_t len;			/* bytes */
	uint32_t flags;			/* MCAST_MSG_* */
	uint64_t seq;			/* unique in a run; the same in every log and in a replay; a derived one has its origin's, else 0 */
	uint64_t rx_ns;			/* arrival, ns since 1970 UTC */
	const struct mcast_addr *src;	/* who sent it */
	const struct mcast_addr *group;	/* where it was sent to */
	uint32_t ifindex;		/* the interface that it came in by; 0: not known */
	uint8_t ttl;			/* TTL or hop limit on arrival, with MCAST_MSG_TTL */
	uint8_t reserved;
	uint16_t part;			/* 0; derived: 1, 2, ... 65535, 1, ... among those with the same seq */
	void *engine;			/* the engine's; leave alone */
};

/* ---- verdicts: one byte for each message, MCAST_PASS when process() is called ---------- */

enum {
	MCAST_PASS = 0,		/* on to the next handler */
	MCAST_DROP = 1,		/* unwanted: ends here, counted as dropped */
	MCAST_CONSUME = 2,	/* done with it: ends here, counted as consumed, no loss */
				/* 3 is reserved */
	MCAST_FAIL = 4,		/* this handler failed on it: the manifest's on_error decides */
};				/* anything else is MCAST_FAIL */

#define MCAST_AT_UNKNOWN UINT32_MAX

struct mcast_batch {
	uint32_t size;			/* sizeof(struct mcast_batch) as the engine knows it */
	uint32_t n;			/* 1 to 256; the engine never waits to fill a batch */
	struct mcast_msg *const *msg;	/* n live messages, no holes */
	uint8_t *verdict;		/* n bytes */
	uint64_t now_ns;		/* monotonic, read once for the batch; virtual in a replay */
	uint64_t lost;			/* datagrams that the kernel dropped just before this batch, as far as it says */
	volatile uint32_t at;		/* index being worked on, for whoever buries a crashed handler; MCAST_EACH writes it */
	uint32_t reserved;
};

/* ---- what the engine lends to handlers; append-only, see MCAST_HAS --------------------- */

struct mcast_ctx;

enum { MCAST_LOG_ERROR = 3, MCAST_LOG_WARNING = 4, MCAST_LOG_INFO = 6, MCAST_LOG_DEBUG = 7 };	/* syslog(3)'s */

struct mcast_host {
	uint32_t size;
	uint16_t abi_major;
	uint16_t abi_minor;

	/* One line to the engine's log, under the instance's name; control characters are escaped. Any thread. */
	void (*log)(struct mcast_ctx *ctx, int level, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

	/* The message to use in msg's place from now on, its len bytes at *bytes free to be written: a copy where
	 * others still hold msg; old bytes kept, new ones 0. NULL: out of memory, above 65507, or msg is none of the
	 * batch in hand. What was written is checked as text again before the next handler. Only with MCAST_CAP_MODIFY. */
	struct mcast_msg *(*writable)(struct mcast_ctx *ctx, struct mcast_msg *msg, uint32_t len, uint8_t **bytes);

	/* Keeps msg beyond process(), as often as it is called: msg stays where it is, its bytes may move, so read
	 * msg->data again. 0, -ENOMEM, or -ENOBUFS above the manifest's bound on kept bytes. release: any thread, once a keep. */
	int (*keep)(struct mcast_ctx *ctx, struct mcast_msg *msg);
	void (*release)(struct mcast_ctx *ctx, struct mcast_msg *msg);

	/* A new message for the handlers behind this one, checked like a received one; like lends source, group and seq
	 * (NULL in tick and flush: none). They go on after the batch, in order. 0, -EMSGSIZE, -ENOBUFS (256 a call). */
	int (*emit)(struct mcast_ctx *ctx, const struct mcast_msg *like, const void *data, uint32_t len);

	/* The value of needs[index], or of wants[index - number of needs], on msg; made when first asked for; borrowed
	 * until process() returns or calls writable() of msg. NULL: it can't be made of this message, or nobody provides what was wanted. */
	void *(*attr)(struct mcast_ctx *ctx, const struct mcast_msg *msg, unsigned index);

	/* Asks for tick() when fd is ready for events (poll(2)'s; 0: forget fd), or once at at_ns (fd -1; now_ns's clock; in
	 * place of an earlier one; 0: never). From start() on. 0 or -errno. */
	int (*wake)(struct mcast_ctx *ctx, int fd, uint32_t events, uint64_t at_ns);

	/* Ends the listener in order, with this exit status (0 to 255), after this batch; nothing once it ends anyway. From
	 * start() on. Only with MCAST_CAP_FINISH. */
	void (*finish)(struct mcast_ctx *ctx, int status, const char *why);

	/* 1 once a waiting process() or create() should give up because the listener ends. */
	int (*stopping)(struct mcast_ctx *ctx);

	/* For a provider, in process(): a value of provides[index] that it made anyway, so that make() need not. The
	 * engine owns it from now on and ends it with fini(). NULL: it can't be made of this message, so that nobody asks
	 * make(). 0; -EEXIST if msg has one: the value stays the caller's. */
	int (*provide)(struct mcast_ctx *ctx, const struct mcast_msg *msg, unsigned index, void *value);
};

#define MCAST_HAS(host, member) \
	((host)->size >= offsetof(struct mcast_host, member) + sizeof((host)->member) && (host)->member)

enum {				/* struct mcast_ctx, flags */
	MCAST_RUN_CHECK = 1u << 0,	/* will be destroyed again without a start */
	MCAST_RUN_REPLAY = 1u << 1,	/* from a capture: with MCAST_CAP_EFFECTS nothing may leave the process */
	MCAST_RUN_ISOLATED = 1u << 2,	/* in a child process */
};

/* One for the instance, and one for each of its workers. */
struct mcast_ctx {
	uint32_t size;
	uint32_t flags;			/* MCAST_RUN_* */
	const struct mcast_host *host;
	const char *name;		/* the instance's, from the manifest */
	void *state;			/* the handler's own */
	const void *config;		/* config_size bytes, filled and checked by the engine */
	uint64_t *counter;		/* counters[]: plain ++ on the worker; the engine takes snapshots and adds up */
	uint32_t worker;		/* UINT32_MAX in the instance's context */
	uint32_t workers;
	struct mcast_ctx *instance;	/* the instance's context */
	const struct mcast_addr *listen;	/* what the listener hears, listens of them */
	uint32_t listens;
	uint32_t reserved;
	void *engine;			/* the engine's; leave alone */
};

/* ---- options: the engine parses, checks and fills config, and prints their help -------- */

enum {
	MCAST_OPT_BOOL = 1,	/* bool (unsigned char) */
	MCAST_OPT_INT,		/* int64_t */
	MCAST_OPT_DOUBLE,	/* double */
	MCAST_OPT_STRING,	/* const char * */
	MCAST_OPT_ENUM,		/* int64_t: index into choices */
	MCAST_OPT_SIZE,		/* int64_t, bytes: 4096, "64k", "1M" */
	MCAST_OPT_DURATION,	/* int64_t, ns: "250ms", "10s", "1h" */
	MCAST_OPT_STRINGS,	/* const char *const *, ends at NULL */
	MCAST_OPT_JSON,		/* const char *: the value as JSON text, for what the types above can't say */
};

enum {
	MCAST_OPT_REQUIRED = 1u << 0,
	MCAST_OPT_SECRET = 1u << 1,	/* never printed; may be given as { "file": PATH } or { "env": NAME } */
};

struct mcast_option {
	const char *name;
	uint32_t type;			/* MCAST_OPT_* */
	uint32_t flags;
	uint64_t offset;		/* in the handler's config struct */
	const char *initial;		/* the default, written as in a manifest; NULL: zero */
	const char *min;		/* likewise; NULL: no bound */
	const char *max;
	const char *help;		/* one line, with the unit */
	const char *const *choices;	/* MCAST_OPT_ENUM: ends at NULL */
	uint64_t reserved[2];
};

/* The offset of a field, if it has the type that the option writes; a mistake does not compile. */
#ifdef __cplusplus
template <class Want, class Have> struct mcast_same_;
template <class Type> struct mcast_same_<Type, Type> { static constexpr uint64_t zero = 0; };
#define MCAST_FIELD(Struct, field, Type) \
	(offsetof(Struct, field) + mcast_same_<Type, decltype(((Struct *)0)->field)>::zero)
typedef bool mcast_bool_;
#else
#define MCAST_FIELD(Struct, field, Type) \
	(offsetof(Struct, field) + 0 * sizeof(_Generic(((Struct *)0)->field, Type: 0)))
typedef _Bool mcast_bool_;
#endif

#define MCAST_OPTION(Struct, field, Type, type, flags, initial, min, max, help, choices) \
	{ #field, type, flags, MCAST_FIELD(Struct, field, Type), initial, min, max, help, choices, { 0, 0 } }
#define MCAST_BOOL(Struct, field, initial, help) \
	MCAST_OPTION(Struct, field, mcast_bool_, MCAST_OPT_BOOL, 0, initial, NULL, NULL, help, NULL)
#define MCAST_INT(Struct, field, initial, min, max, help) \
	MCAST_OPTION(Struct, field, int64_t, MCAST_OPT_INT, 0, initial, min, max, help, NULL)
#define MCAST_DOUBLE(Struct, field, initial, min, max, help) \
	MCAST_OPTION(Struct, field, double, MCAST_OPT_DOUBLE, 0, initial, min, max, help, NULL)
#define MCAST_STRING(Struct, field, initial, help) \
	MCAST_OPTION(Struct, field, const char *, MCAST_OPT_STRING, 0, initial, NULL, NULL, help, NULL)
#define MCAST_ENUM(Struct, field, initial, choices, help) \
	MCAST_OPTION(Struct, field, int64_t, MCAST_OPT_ENUM, 0, initial, NULL, NULL, help, choices)
#define MCAST_SIZE(Struct, field, initial, min, max, help) \
	MCAST_OPTION(Struct, field, int64_t, MCAST_OPT_SIZE, 0, initial, min, max, help, NULL)
#define MCAST_DURATION(Struct, field, initial, min, max, help) \
	MCAST_OPTION(Struct, field, int64_t, MCAST_OPT_DURATION, 0, initial, min, max, help, NULL)
#define MCAST_STRINGS(Struct, field, help) \
	MCAST_OPTION(Struct, field, const char *const *, MCAST_OPT_STRINGS, 0, NULL, NULL, NULL, help, NULL)
#define MCAST_JSON(Struct, field, initial, help) \
	MCAST_OPTION(Struct, field, const char *, MCAST_OPT_JSON, 0, initial, NULL, NULL, help, NULL)
#define MCAST_SECRET(Struct, field, help) \
	MCAST_OPTION(Struct, field, const char *, MCAST_OPT_STRING, MCAST_OPT_SECRET, NULL, NULL, NULL, help, NULL)
#define MCAST_END { NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, { 0, 0 } }

/* ---- the descriptor: data only -------------------------------------------------------- */

enum {				/* caps */
	MCAST_CAP_MODIFY = 1u << 0,	/* may call writable() */
	MCAST_CAP_BLOCKING = 1u << 1,	/* may wait in process(); not together with MODIFY, provides or emit */
	MCAST_CAP_EFFECTS = 1u << 2,	/* reaches outside the process */
	MCAST_CAP_FINISH = 1u << 3,	/* may call finish() */
};

struct mcast_counter {
	const char *name;		/* [a-z][a-z0-9_]* */
	const char *help;		/* one line, with the unit */
};

/* Something that a handler can say of a message beyond its bytes. A name stands for one type for ever:
 * "json" is jansson's json_t * (libjansson.so.4), as mcast/json.h hands it out. */
struct mcast_attr {
	const char *name;
	void *(*make)(struct mcast_ctx *provider, const struct mcast_msg *msg);	/* on the worker, when first asked for */
	void (*fini)(struct mcast_ctx *provider, void *value);	/* on the worker: the message ended, or its bytes changed */
};

enum { MCAST_EVENT_REOPEN = 1 };	/* event(): SIGHUP; close and open again what others may have moved */

struct mcast_handler {
	uint32_t size;			/* these three stay at these places for ever */
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t option_size;		/* sizeof(struct mcast_option) as the handler knows it */
	uint16_t counter_size;		/* likewise of struct mcast_counter; 0: as in 1.0 */
	uint16_t attr_size;		/* likewise of struct mcast_attr; 0: as in 1.0 */
	const char *name;		/* [a-z][a-z0-9_-]*, at most 31 */
	const char *version;		/* at most 31 */
	const char *summary;		/* one line */
	uint32_t caps;			/* MCAST_CAP_* */
	uint32_t config_size;		/* bytes */
	uint32_t state_version;		/* adopt() only from the same one; 0: never */
	uint32_t reserved;
	const struct mcast_option *options;	/* ends at MCAST_END; NULL: none */
	const struct mcast_counter *counters;	/* ends at a NULL name, like all below; NULL: none */
	const struct mcast_attr *provides;
	const char *const *needs;	/* attributes that an earlier handler must provide */
	const char *const *wants;	/* attributes that it uses if any handler provides them */

	/* Every callback but process is optional. All that return int: 0 or -errno. */
	int (*check)(const void *config, char *why, size_t why_size);	/* options that contradict each other */
	int (*create)(struct mcast_ctx *instance);	/* takes nothing that the running one holds: a port, a file's end */
	int (*start)(struct mcast_ctx *worker);
	int (*adopt)(struct mcast_ctx *fresh, const struct mcast_ctx *old);	/* at a reload, for the instance and each worker,
				both idle, after start; copies or shares, never changes old, which may have to go on */
	int (*process)(struct mcast_ctx *worker, struct mcast_batch *batch);	/* -errno: MCAST_FAIL for all */
	int (*tick)(struct mcast_ctx *worker, uint64_t now_ns);	/* when input pauses, once a second, and as wake() asked */
	int (*event)(struct mcast_ctx *worker, uint32_t event);	/* MCAST_EVENT_* */
	int (*flush)(struct mcast_ctx *worker);	/* before stop, front to back: hand out what is held; -EAGAIN: call again */
	void (*stop)(struct mcast_ctx *worker);		/* not after a start that failed: that cleans up for itself */
	void (*destroy)(struct mcast_ctx *instance);	/* also after a create that failed half-way */
};

/* ---- the macros that write all of it --------------------------------------------------- */

/* An ELF note (PT_NOTE): the engine reads it from the file before any code of the handler can run. */
struct mcast_note {
	uint32_t name_size;
	uint32_t desc_size;
	uint32_t type;
	char owner[8];
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t handler_size;
	uint32_t msg_size;
	uint32_t batch_size;
	uint32_t option_size;
	char name[32];
	char version[32];
};

#ifdef __cplusplus
#define MCAST_EXTERN_ extern "C"
#define MCAST_ASSERT_ static_assert
#define MCAST_TRY_ try {
#define MCAST_CATCH_ } catch (...) { verdict = MCAST_FAIL; }
#else
#define MCAST_EXTERN_ extern
#define MCAST_ASSERT_ _Static_assert
#define MCAST_TRY_
#define MCAST_CATCH_
#endif

/* what an author leaves out is zero, and meant to be */
#define MCAST_QUIET_ _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")
#define MCAST_LOUD_ _Pragma("GCC diagnostic pop")

/* MCAST_HANDLER("name", "1.0", .summary = ..., .process = ...): fields in the order of the struct. */
#define MCAST_HANDLER(handler_name, handler_version, ...)                                          \
	MCAST_QUIET_                                                                               \
	__attribute__((used, section(".note.mcast"), aligned(4)))                                  \
	static const struct mcast_note mcast_note_ = {                                             \
		6, sizeof(struct mcast_note) - offsetof(struct mcast_note, abi_major), 1, "mcast", \
		MCAST_ABI_MAJOR, MCAST_HANDLER_MINOR, sizeof(struct mcast_handler),                \
		sizeof(struct mcast_msg), sizeof(struct mcast_batch),                              \
		sizeof(struct mcast_option), handler_name, handler_version };                      \
	MCAST_EXTERN_ __attribute__((visibility("default")))                                       \
	const struct mcast_handler mcast_handler;                                                  \
	const struct mcast_handler mcast_handler = {                                               \
		.size = sizeof(struct mcast_handler),                                              \
		.abi_major = MCAST_ABI_MAJOR, .abi_minor = MCAST_HANDLER_MINOR,                    \
		.option_size = sizeof(struct mcast_option),                                        \
		.counter_size = sizeof(struct mcast_counter), .attr_size = sizeof(struct mcast_attr), \
		.name = handler_name, .version = handler_version, __VA_ARGS__ };                   \
	MCAST_LOUD_                                                                                \
	MCAST_ASSERT_(sizeof(handler_name) <= 32 && sizeof(handler_version) <= 32, "31 characters at most")

/* For those who think in single messages: verdict = function(ctx, msg), inlined into a loop over
 * the batch in the handler's own object. */
#define MCAST_EACH(function)                                                                       \
	static int function##_batch(struct mcast_ctx *ctx, struct mcast_batch *batch)              \
	{                                                                                          \
		for (uint32_t i = 0; i < batch->n; i++) {                                          \
			int verdict;                                                               \
			batch->at = i;                                                             \
			MCAST_TRY_                                                                 \
			verdict = function(ctx, batch->msg[i]);                                    \
			MCAST_CATCH_                                                               \
			batch->verdict[i] = (uint8_t)verdict;                                      \
		}                                                                                  \
		return 0;                                                                          \
	}

#define MCAST_SIMPLE_HANDLER(name, version, function) \
	MCAST_EACH(function)                          \
	MCAST_HANDLER(name, version, .process = function##_batch)

MCAST_ASSERT_(sizeof(void *) != 8 || sizeof(struct mcast_msg) == 64, "a message is one cache line");
MCAST_ASSERT_(offsetof(struct mcast_handler, abi_major) == 4, "the version stays where every engine looks");

#endif
