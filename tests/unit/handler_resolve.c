/* handler_resolve.c - tests: which handler provides what another one needs, and what is said where none does */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "handler/attrs.h"
#include "support/scene.h"

static struct scene scene;

/* The value of an attribute is its provider's context. */
static void *make(struct mcast_ctx *provider, const struct mcast_msg *msg)
{
	(void)msg;
	return provider;
}

static int process_nothing(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	(void)batch;
	return 0;
}

static int process_use(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	const struct mcast_ctx *value = ctx->host->attr(ctx, batch->msg[0], 0);

	note("from %u", ((const struct instance *)value->engine)->place);
	return 0;
}

static const struct mcast_attr x[] = { { "x", make, NULL }, { 0 } };
static const char *const needs_x[] = { "x", NULL };
static const char *const needs_z[] = { "z", NULL };

static const struct mcast_handler provider = { .name = "provider", .provides = x, .process = process_nothing };
static const struct mcast_handler user = { .name = "user", .needs = needs_x, .process = process_use };
static const struct mcast_handler plain = { .name = "plain", .process = process_nothing };

static void open_chain(const struct mcast_handler *const *handlers, unsigned n)
{
	struct scene_handler chain[SCENE_HANDLERS] = { { 0 } };

	for (unsigned i = 0; i < n; i++)
		chain[i].handler = handlers[i];
	scene_open(&scene, chain, n, 1 << 20);
}

/* Resolves a chain of the handlers, which must fail; the words of the one fault, at "/chain/N". */
static const char *refused(const struct mcast_handler *const *handlers, unsigned n, const char *at)
{
	static char words[512];
	static const char *const pointers[] = { "/chain/0", "/chain/1", "/chain/2" };
	struct instance_place nowhere = { 0 };
	struct instance *in[SCENE_HANDLERS];
	struct plugin plugin[SCENE_HANDLERS];
	const char *at_all[SCENE_HANDLERS];
	struct faults faults = { 0 };

	for (unsigned i = 0; i < n; i++) {
		plugin[i].handler = *handlers[i];
		at_all[i] = pointers[i < 3 ? i : 2];
		cr_assert_eq(instance_new(&in[i], &plugin[i], handlers[i]->name, NULL, &nowhere), 0);
	}
	cr_assert_eq(attrs_resolve(in, n, at_all, &faults), -EINVAL);
	cr_assert_eq(faults.n, 1);
	cr_assert_str_eq(faults.list[0].pointer, at);
	cr_assert_eq(faults.list[0].status, FAULT_CONFIG);
	snprintf(words, sizeof(words), "%s", faults.list[0].text);
	for (unsigned i = 0; i < n; i++)
		instance_destroy(in[i]);
	faults_finish(&faults);
	return words;
}

Test(resolve, a_need_that_nobody_provides_is_refused)
{
	static const struct mcast_handler needy = { .name = "needy", .needs = needs_z, .process = process_use };
	static const struct mcast_handler *const chain[] = { &provider, &needy };

	cr_assert_str_eq(refused(chain, 2, "/chain/1"),
			 "needy needs the attribute \"z\", which no handler before it provides");
}

Test(resolve, a_need_that_is_provided_too_late_says_how_to_mend_it)
{
	static const struct mcast_handler *const chain[] = { &user, &plain, &provider };

	cr_assert_str_eq(refused(chain, 3, "/chain/0"),
			 "user needs the attribute \"x\", which provider provides further down the chain; "
			 "put provider before user");
}

Test(resolve, nobody_provides_for_itself)
{
	static const struct mcast_handler own = {
		.name = "own", .provides = x, .needs = needs_x, .process = process_use,
	};
	static const struct mcast_handler *const chain[] = { &own };

	cr_assert_str_eq(refused(chain, 1, "/chain/0"),
			 "own needs the attribute \"x\", which no handler before it provides");
}

Test(resolve, there_are_32_in_a_chain)
{
	const struct mcast_handler *chain[33];

	for (unsigned i = 0; i < 33; i++)
		chain[i] = &provider;
	cr_assert_str_eq(refused(chain, 33, "/chain/2"),
			 "with provider the handlers of this chain provide 33 attributes; 32 are possible: "
			 "leave handlers out");
	chain[31] = &user;
	open_chain(chain, 32);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "from 30");
	scene_close(&scene);
}

Test(resolve, the_last_slot_works)
{
	const struct mcast_handler *chain[33];

	for (unsigned i = 0; i < 32; i++)
		chain[i] = &provider;
	chain[32] = &user;
	open_chain(chain, 33);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "from 31");
	scene_close(&scene);
}
