/* socket/lost.h - stage 1 of 4: [socket] > sanitize > chain > handler: what the kernel dropped
 *
 * The kernel counts a socket's drops in one counter of 32 bits. SO_RXQ_OVFL tells its value when a
 * datagram was queued, with that datagram; SO_MEMINFO tells its value now. */
#ifndef CORE_SOCKET_LOST_H
#define CORE_SOCKET_LOST_H

#include <stdint.h>

/* How far the counter went beyond *seen, which becomes counter. An older value (of a datagram that was
 * queued before SO_MEMINFO was asked) is no growth and leaves *seen. */
uint32_t lost_growth(uint32_t *seen, uint32_t counter);

int lost_ask(int fd, uint32_t *counter);	/* its value now: 0 or -errno */

#endif
