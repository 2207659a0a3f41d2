/* A disk without room for a program's state file, as long as there is a file named by FULL_WHILE: loaded before the C
   library, it lets every write to `state.sqlite` or its journal fail as a full disk would. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int has_no_room(int fd) {
  char link[64], path[4096];
  const char *sign = getenv("FULL_WHILE");
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (sign == NULL || length < 0) return 0;
  path[length] = 0;
  return strstr(path, "/state.sqlite") != NULL && access(sign, F_OK) == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FULL(fd) if (has_no_room(fd)) { errno = ENOSPC; return -1; }

ssize_t write(int fd, const void *bytes, size_t count) {
  FULL(fd)
  return REAL(write)(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  FULL(fd)
  return REAL(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  FULL(fd)
  return REAL(pwrite64)(fd, bytes, count, at);
}
