/* netns.h - tests: a network namespace of the test's own, so that no packet leaves it
 *
 * Criterion runs each test in a process of its own, and so the namespace ends with the test. */
#ifndef TESTS_SUPPORT_NETNS_H
#define TESTS_SUPPORT_NETNS_H

/* Moves this process into a new namespace, in which lo is up and has the route of the IPv4 groups: as
 * root, or as root of a user namespace. Where neither is permitted the test is skipped, in words. */
void netns_enter(void);

/* A pair of connected interfaces, both up; a has fe80::1 and b has fe80::2. */
void netns_veth(const char *a, const char *b);

/* Runs ip(8) with these arguments; fails the test if that fails. */
void netns_ip(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
