/* sha256.h - base: SHA-256 (FIPS 180-4) of bytes in memory */
#ifndef CORE_BASE_SHA256_H
#define CORE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32		/* bytes */
#define SHA256_TEXT 65		/* lower-case hex and its NUL */

void sha256(uint8_t out[SHA256_SIZE], const void *data, size_t n);
void sha256_text(char out[SHA256_TEXT], const uint8_t digest[SHA256_SIZE]);

#endif
