/* command/hear.c - the programs: mcast-hear, from its command line to the engine's options */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "base/version.h"
#include "command/command.h"
#include "engine/engine.h"
#include "mcast/handler.h"

static const char help[] =
	"mcast-hear - hears UDP multicast and passes it through a chain of handlers\n"
	"\n"
	"  mcast-hear [OPTION...]                print what is heard\n"
	"  mcast-hear --plugins[=DIR] [OPTION...]  run the chain of DIR/manifest.json\n"
	"\n"
	"What to hear (in the place of what the manifest says):\n"
	"  -g, --group ADDR        a group, IPv4 or IPv6; may be repeated (224.0.0.1)\n"
	"  -p, --port PORT         UDP port (59259)\n"
	"  -i, --interface IF      name, index, address, or all (by the kernel's route)\n"
	"What to do with it:\n"
	"  -P, --plugins[=DIR]     handlers in DIR (else $MCAST_HANDLERS_DIR, handlers.d,\n"
	"                          the system's); DIR/manifest.json orders them\n"
	"      --check             check all that, print the chain; -v: its options too\n"
	"  -f, --format FORMAT     without --plugins: text, json, raw, hex (text)\n"
	"  -o, --output FILE       without --plugins: append to FILE (-: stdout)\n"
	"When to end (else at SIGINT or SIGTERM):\n"
	"  -n, --count N           after N datagrams\n"
	"  -t, --timeout DURATION  after so long without one: 10, 250ms, 5m\n"
	"  -v, --verbose  -q, --quiet  -h, --help  -V, --version\n"
	"\n"
	"Exit status: 0 ended as asked; 64 usage; 69 cannot join; 77 a file's owner or\n"
	"mode; 78 manifest or handler; 130 SIGINT, 143 SIGTERM; 141 stdout closed.\n"
	"\n"
	"Example: mcast-hear --group 239.255.0.1 --interface lo --format json --count 10\n";

static const char *const formats[] = { "text", "json", "raw", "hex" };

/* Long options without a letter of their own. */
enum { OPTION_CHECK = 256 };

static const struct option long_options[] = {
	{ "group", required_argument, NULL, 'g' },
	{ "port", required_argument, NULL, 'p' },
	{ "interface", required_argument, NULL, 'i' },
	{ "plugins", optional_argument, NULL, 'P' },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "format", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "count", required_argument, NULL, 'n' },
	{ "timeout", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

struct hear {
	struct engine_options engine;
	struct listen_options *groups;	/* room for one for each argument */
	bool help;
	bool version;
	int level;
};

static int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what is wrong and where help is. Returns -EINVAL for the caller to return. */
static int usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_from(NULL, MCAST_LOG_ERROR, format, args);
	va_end(args);
	return -EINVAL;
}

static int take_group(struct hear *hear, const char *text)
{
	struct listen_options *group = &hear->groups[hear->engine.group_count];

	if (address_parse(text, &group->group, group->interface, sizeof(group->interface)) != 0)
		return usage("--group %s: expected an address such as 239.255.0.1 or ff02::1%%eth0 (the port "
			     "goes to --port)", text);
	if (!address_is_multicast(&group->group))
		return usage("--group %s: not a multicast address: those are 224.0.0.0 to 239.255.255.255 "
			     "and ff00::/8", text);
	group->rcvbuf = LISTEN_RCVBUF;
	hear->engine.group_count++;
	return 0;
}

static int take_port(struct hear *hear, const char *text)
{
	int64_t port;

	if (number_int(text, &port) != 0 || port < 1 || port > 65535)
		return usage("--port %s: expected a number from 1 to 65535", text);
	hear->engine.port = (uint16_t)port;
	return 0;
}

static int take_interface(struct hear *hear, const char *text)
{
	if (!*text || strlen(text) >= LISTEN_INTERFACE)
		return usage("--interface \"%s\": expected a name, an index, an address of an interface, or all",
			     text);
	hear->engine.interface = text;
	return 0;
}

static int take_format(struct hear *hear, const char *text)
{
	const size_t n = sizeof(formats) / sizeof(*formats);

	for (size_t i = 0; i < n; i++)
		if (strcmp(text, formats[i]) == 0) {
			hear->engine.format = formats[i];
			return 0;
		}
	return usage("--format %s: expected text, json, raw or hex", text);
}

static int take_count(struct hear *hear, const char *text)
{
	int64_t count;

	if (number_int(text, &count) != 0 || count < 1)
		return usage("--count %s: expected a number of datagrams, 1 or more", text);
	hear->engine.count = (uint64_t)count;
	return 0;
}

static int take_timeout(struct hear *hear, const char *text)
{
	if (number_duration(text, true, &hear->engine.timeout_ns) != 0 || hear->engine.timeout_ns <= 0)
		return usage("--timeout %s: expected a time above 0, such as 10 (seconds), 250ms or 5m", text);
	return 0;
}

/* Writes "--port or --plugins" to out where word begins both. */
static bool begins_several(const char *word, const char *const *names, size_t n, char *out, size_t size)
{
	unsigned found = 0;
	size_t used = 0;

	for (size_t i = 0; *word && i < n; i++)
		if (strncmp(names[i], word, strlen(word)) == 0 && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s--%s", found++ ? " or " : "", names[i]);
	return found > 1;
}

/* What getopt_long(3) refused; optind is behind it. */
static int refused(int letter, char **argv)
{
	const char *names[sizeof(long_options) / sizeof(*long_options)];
	char word[64], several[128];
	const char *near;
	size_t n = 0;

	for (const struct option *o = long_options; o->name; o++) {
		names[n++] = o->name;
		if (optopt && optopt == o->val && letter != ':')
			return usage("--%s: takes no value", o->name);
		if (optopt && optopt == o->val)
			return usage("--%s: needs a value", o->name);
	}
	if (optopt)
		return usage("-%c: there is no such option", optopt);

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(argv[optind - 1], "=") - 2, argv[optind - 1] + 2);
	if (begins_several(word, names, n, several, sizeof(several)))
		return usage("--%s: could be %s: write more of it", word, several);
	near = text_nearest(word, names, n);
	if (near)
		return usage("--%s: there is no such option; did you mean --%s?", word, near);
	return usage("--%s: there is no such option", word);
}

static int take_option(struct hear *hear, int letter, char **argv)
{
	switch (letter) {
	case 'g':
		return take_group(hear, optarg);
	case 'p':
		return take_port(hear, optarg);
	case 'i':
		return take_interface(hear, optarg);
	case 'P':
		hear->engine.plugins = true;
		hear->engine.directory = optarg;
		return 0;
	case OPTION_CHECK:
		hear->engine.check = true;
		return 0;
	case 'f':
		return take_format(hear, optarg);
	case 'o':
		hear->engine.output = optarg;
		return 0;
	case 'n':
		return take_count(hear, optarg);
	case 't':
		return take_timeout(hear, optarg);
	case 'v':
		hear->level = MCAST_LOG_DEBUG;
		return 0;
	case 'q':
		hear->level = MCAST_LOG_WARNING;
		return 0;
	case 'h':
		hear->help = true;
		return 0;
	case 'V':
		hear->version = true;
		return 0;
	default:
		return refused(letter, argv);
	}
}

/* What only makes sense together, or apart. */
static int check_options(const struct hear *hear, int argc, char **argv)
{
	const struct engine_options *engine = &hear->engine;

	for (unsigned i = 0; i < engine->group_count; i++)
		if (engine->interface && *engine->groups[i].interface &&
		    strcmp(engine->interface, engine->groups[i].interface) != 0)
			return usage("--group ...%%%s and --interface %s name two interfaces: leave one out",
				     engine->groups[i].interface, engine->interface);

	if (optind < argc && engine->plugins && !engine->directory)
		return usage("%s: unexpected; a directory of handlers is written --plugins=%s", argv[optind],
			     argv[optind]);
	if (optind < argc)
		return usage("%s: unexpected; a group is named with --group", argv[optind]);
	if (engine->plugins && engine->format)
		return usage("--format: is for use without --plugins; set \"format\" in the logger's entry of the "
			     "manifest");
	if (engine->plugins && engine->output)
		return usage("--output: is for use without --plugins; set \"path\" in the logger's entry of the "
			     "manifest");
	if (engine->directory && !*engine->directory)
		return usage("--plugins=: expected a directory");
	if (engine->output && !*engine->output)
		return usage("--output \"\": expected a file, or - for stdout");
	if (engine->output && !text_is_utf8((const uint8_t *)engine->output, strlen(engine->output)))
		return usage("--output %s: expected a file whose name is UTF-8", engine->output);
	return 0;
}

static int parse(struct hear *hear, int argc, char **argv)
{
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":g:p:i:P::f:o:n:t:vqhV", long_options, NULL)) != -1) {
		if (take_option(hear, letter, argv) != 0)
			return -EINVAL;
		if (hear->help || hear->version)
			return 0;
	}
	return check_options(hear, argc, argv);
}

/* Whether all that was printed came out: 0 or an exit status, having said why. */
static int flush_stdout(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno == EPIPE || errno == EBADF) {
		log_error("nobody reads its output any more");
		return EXIT_PIPE;
	}
	log_error("cannot write to stdout: %s", strerror(errno ? errno : EIO));
	return EXIT_OSERR;
}

int command_hear(const char *name, int argc, char **argv)
{
	struct hear hear = { .level = MCAST_LOG_INFO };
	int status = EXIT_USAGE;

	log_setup(name, MCAST_LOG_INFO);
	hear.groups = calloc((size_t)argc + 1, sizeof(*hear.groups));
	if (!hear.groups) {
		log_error("out of memory");
		return EXIT_OSERR;
	}
	hear.engine.groups = hear.groups;

	if (parse(&hear, argc, argv) != 0) {
		log_error("%s --help shows how it is used", name);
		goto end;
	}
	status = 0;
	if (hear.help) {
		fputs(help, stdout);
	} else if (hear.version) {
		printf("%s %s\n", name, MCAST_VERSION);
	} else {
		log_setup(name, hear.level);
		status = engine_run(&hear.engine);
	}
end:
	free(hear.groups);
	return status ? status : flush_stdout();
}
