/* sha256.c - base: SHA-256, as FIPS 180-4 writes it down; the names are the standard's */
#include "base/sha256.h"

#include <string.h>

#define BLOCK 64		/* bytes */

/* FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes */
static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* 5.3.3: likewise of the square roots of the first 8 primes */
static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store_be32(uint8_t *p, uint32_t x)
{
	p[0] = x >> 24;
	p[1] = x >> 16;
	p[2] = x >> 8;
	p[3] = x;
}

/* 6.2.2: works one block into the hash value */
static void compress(uint32_t hash[8], const uint8_t *block)
{
	uint32_t w[64];
	uint32_t v[8];		/* a to h */

	for (unsigned t = 0; t < 16; t++)
		w[t] = load_be32(block + 4 * t);
	for (unsigned t = 16; t < 64; t++) {
		uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
		uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;

		w[t] = s1 + w[t - 7] + s0 + w[t - 16];
	}

	memcpy(v, hash, sizeof(v));
	for (unsigned t = 0; t < 64; t++) {
		uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
		uint32_t ch = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint32_t t1 = v[7] + s1 + ch + k[t] + w[t];
		uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
		uint32_t maj = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + s0 + maj;
	}
	for (unsigned i = 0; i < 8; i++)
		hash[i] += v[i];
}

void sha256(uint8_t out[SHA256_SIZE], const void *data, size_t n)
{
	uint32_t hash[8];
	uint8_t last[2 * BLOCK] = { 0 };
	const uint8_t *p = data;
	uint64_t bits = (uint64_t)n * 8;
	size_t rest;

	memcpy(hash, initial, sizeof(hash));
	for (; n >= BLOCK; n -= BLOCK, p += BLOCK)
		compress(hash, p);

	/* 5.1.1: a one bit, zeros, and the length in 64 bits fill the last block, or two */
	if (n)
		memcpy(last, p, n);
	last[n] = 0x80;
	rest = n + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
	store_be32(last + rest - 8, bits >> 32);
	store_be32(last + rest - 4, (uint32_t)bits);
	for (size_t at = 0; at < rest; at += BLOCK)
		compress(hash, last + at);

	for (unsigned i = 0; i < 8; i++)
		store_be32(out + 4 * i, hash[i]);
}

void sha256_text(char out[SHA256_TEXT], const uint8_t digest[SHA256_SIZE])
{
	static const char digit[] = "0123456789abcdef";

	for (unsigned i = 0; i < SHA256_SIZE; i++) {
		out[2 * i] = digit[digest[i] >> 4];
		out[2 * i + 1] = digit[digest[i] & 15];
	}
	out[2 * SHA256_SIZE] = '\0';
}
