/* version.h - base: what --version says */
#ifndef CORE_BASE_VERSION_H
#define CORE_BASE_VERSION_H

#define MCAST_VERSION "0.1.0"

#endif
