/* load_unique.cc - tests: a C++ handler with a unique symbol (STB_GNU_UNIQUE), as g++ makes them of what each
 * object file has its own copy of. clang++ makes none. */
#include <mcast/handler.h>

template <class Type> struct __attribute__((visibility("default"))) counted {
	static int count;
};
template <class Type> int counted<Type>::count = 0;

static int count(struct mcast_ctx *, struct mcast_msg *)
{
	counted<int>::count++;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("load_unique", "1.0", count);
