/* handler_instance.c - tests: the life of one handler: what is called when, and what it is told */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "handler/host.h"
#include "support/scene.h"

static int create_rc, start_rc;

static int create(struct mcast_ctx *ctx)
{
	cr_assert_eq(ctx->worker, UINT32_MAX);
	note("create");
	ctx->state = &create_rc;
	return create_rc;
}

static int start(struct mcast_ctx *ctx)
{
	cr_assert_eq(ctx->worker, 0);
	cr_assert_eq(ctx->instance->state, &create_rc);
	note("start");
	return start_rc;
}

static void stop(struct mcast_ctx *ctx)
{
	cr_assert_eq(ctx->worker, 0);
	note("stop");
}

static void destroy(struct mcast_ctx *ctx)
{
	cr_assert_eq(ctx->worker, UINT32_MAX);
	note("destroy");
}

static const struct mcast_counter counters[] = { { "one", "" }, { "two", "" }, { 0 } };
static const struct mcast_handler handler = {
	.name = "kind", .counters = counters, .create = create, .start = start, .stop = stop, .destroy = destroy,
};
static struct plugin plugin;
static struct mcast_addr heard[2];
static struct host host;
static const struct instance_place place = {
	.flags = MCAST_RUN_CHECK, .listen = heard, .listens = 2, .host = &host,
};
static struct instance *in;
static struct why why;

static void setup(void)
{
	char name[] = "mine";

	plugin.handler = handler;
	cr_assert_eq(instance_new(&in, &plugin, name, NULL, &place), 0);
	memset(name, 'x', 4);		/* the name is copied */
}

TestSuite(instance, .init = setup);

Test(instance, lives_from_create_to_destroy)
{
	cr_assert_str_eq(noted(), "", "instance_new() calls nothing");
	cr_assert_eq(instance_create(in, &why), 0);
	cr_assert_eq(instance_start(in, &why), 0);
	instance_stop(in);
	instance_destroy(in);
	cr_assert_str_eq(noted(), "create start stop destroy");
}

Test(instance, takes_back_just_the_steps_that_it_took)
{
	instance_destroy(in);
	cr_assert_str_eq(noted(), "");

	setup();
	instance_create(in, &why);
	instance_destroy(in);
	cr_assert_str_eq(noted(), "create destroy", "a check");

	note_clear();
	setup();
	instance_create(in, &why);
	instance_start(in, &why);
	instance_destroy(in);
	cr_assert_str_eq(noted(), "create start stop destroy");
	instance_destroy(NULL);
}

Test(instance, is_destroyed_after_a_create_that_failed_half_way)
{
	create_rc = -EACCES;
	cr_assert_eq(instance_create(in, &why), -EACCES);
	cr_assert_str_eq(why.text, "mine could not be created: Permission denied");
	instance_destroy(in);
	cr_assert_str_eq(noted(), "create destroy");
}

Test(instance, is_not_stopped_after_a_start_that_failed)
{
	start_rc = -ENOENT;
	cr_assert_eq(instance_create(in, &why), 0);
	cr_assert_eq(instance_start(in, &why), -ENOENT);
	cr_assert_str_eq(why.text, "mine could not start: No such file or directory");
	instance_stop(in);
	instance_destroy(in);
	cr_assert_str_eq(noted(), "create start destroy");
}

Test(instance, takes_a_positive_number_for_a_failure)
{
	create_rc = 1;
	cr_assert_lt(instance_create(in, &why), 0);
	instance_destroy(in);
}

Test(instance, tells_its_contexts_who_and_where_they_are)
{
	struct mcast_ctx *both[] = { &in->ctx, &in->worker };

	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(both[i]->size, sizeof(struct mcast_ctx));
		cr_assert_eq(both[i]->flags, MCAST_RUN_CHECK);
		cr_assert_eq(both[i]->host, &host_functions);
		cr_assert_str_eq(both[i]->name, "mine");
		cr_assert_null(both[i]->config);
		cr_assert_eq(both[i]->workers, 1);
		cr_assert_eq(both[i]->instance, &in->ctx);
		cr_assert_eq(both[i]->listen, heard);
		cr_assert_eq(both[i]->listens, 2);
		cr_assert_null(both[i]->state);
	}
	instance_destroy(in);
}

Test(instance, adds_up_the_counters_of_its_contexts)
{
	in->ctx.counter[0]++;
	in->worker.counter[0] += 2;
	in->worker.counter[1] += 5;
	cr_assert_eq(in->counters, 2);
	cr_assert_eq(instance_counter(in, 0), 3);
	cr_assert_eq(instance_counter(in, 1), 5);
	instance_destroy(in);
}

Test(instance, needs_no_callback_and_no_counter)
{
	static struct plugin bare = { .handler = { .name = "bare" } };
	struct instance *other;

	cr_assert_eq(instance_new(&other, &bare, "bare", NULL, &place), 0);
	cr_assert_eq(instance_create(other, &why), 0);
	cr_assert_eq(instance_start(other, &why), 0);
	cr_assert_not_null(other->worker.counter);
	instance_destroy(other);
	instance_destroy(in);
}
