/* Makes a disk look slow: every fsync and fdatasync of the process sleeps a while after it returned.
 *
 *     cc -shared -fPIC -O2 -o slow_sync.so slow_sync.c -ldl
 *     SLOW_SYNC_MS=6 LD_PRELOAD=./slow_sync.so python bench/ledger.py --sync-ms 6
 *
 * Syncs of several threads sleep side by side, as on a disk that serves them together. The caller
 * holds no interpreter lock: os.fdatasync and sqlite3 let go of it before they call.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static struct timespec pause_time;
static atomic_ulong count;

__attribute__((constructor)) static void slow_sync_start(void) {
    const char *text = getenv("SLOW_SYNC_MS");
    double ms = text ? strtod(text, NULL) : 0;
    pause_time.tv_sec = (time_t)(ms / 1e3);
    pause_time.tv_nsec = (long)((ms - 1e3 * (double)pause_time.tv_sec) * 1e6);
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
}

/* How many syncs were slowed so far: the benchmark checks that SQLite's are among them. */
unsigned long slow_sync_count(void) { return atomic_load(&count); }

static int slowed(int result) {
    int error = errno;
    struct timespec rest = pause_time;
    while (nanosleep(&rest, &rest) == -1 && errno == EINTR) {
    }
    atomic_fetch_add(&count, 1);
    errno = error;
    return result;
}

int fsync(int descriptor) { return slowed(real_fsync(descriptor)); }

int fdatasync(int descriptor) { return slowed(real_fdatasync(descriptor)); }
