/* load_library.c - tests: a shared object that is no handler */
__attribute__((visibility("default"))) int load_library(void);

int load_library(void)
{
	return 1;
}
