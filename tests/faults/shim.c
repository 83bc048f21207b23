/* Stands between a program and libc, counts every call that changes something below one folder, and lets one of them
 * go wrong. Loaded by LD_PRELOAD, does nothing until `arm` is called (ctypes, in `zygote.py`).
 *
 * Why not `strace -e inject=…:when=N`: its counter is one for each thread, so that the calls of the archive's thread
 * can't be enumerated apart from those of the main thread, and `-P` takes files that exist, not a folder. strace is the
 * witness instead: what it sees of a save must be what is counted here (`test_faults.py`).
 *
 * Only what goes through libc's dynamic symbols is seen, which is true of CPython, of libsqlite3 and of libuv's threads.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* What goes wrong at the call: nothing; killed before it; killed in the middle of it (half of a write's bytes arrive,
 * any other call is done); an error, once; or half of a write's bytes, and from then on no room for anything. */
enum { NOTHING, KILL, TEAR, ERROR, FULL };

static char folder[PATH_MAX], shadow[PATH_MAX], only[256];
static size_t folder_length;
static int log_fd = -1, at, what, code, count, full;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t plain_write(int fd, const void *data, size_t length)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    return real(fd, data, length);
}

/* `folder_`: absolute. `shadow_`: a folder elsewhere that gets what a power cut would leave, or "". `log_`: a file
 * descriptor that gets a line a call, "kind path", the one that goes wrong with a "!" before it: the `at_`-th (from 1) of
 * those that the pattern `only_` fits (as a shell's; "" fits all). */
void arm(const char *folder_, const char *shadow_, int log_, const char *only_, int at_, int what_, int code_)
{
    snprintf(folder, sizeof folder, "%s", folder_);
    snprintf(shadow, sizeof shadow, "%s", shadow_);
    snprintf(only, sizeof only, "%s", only_);
    folder_length = strlen(folder);
    log_fd = log_, at = at_, what = what_, code = code_, count = full = 0;
}

/* `path`, seen from `dir`, made absolute; whether it is the folder or below it. */
static int inside(int dir, const char *path, char *full_path)
{
    char link[64], base[PATH_MAX] = "";
    if (log_fd < 0) return 0;
    if (!path || path[0] != '/') {
        if (path && dir == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) return 0;
            base[length] = 0;
        }
    }
    int length = snprintf(full_path, PATH_MAX, "%s%s%s", base, *base && path ? "/" : "", path ? path : "");
    return length < PATH_MAX && !strncmp(full_path, folder, folder_length)
        && (full_path[folder_length] == '/' || !full_path[folder_length]);
}

/* Count the call. Returns what is to happen to it, for KILL not at all. `needs_room`: whether a full disk refuses it. */
static int fate(const char *kind, const char *path, int needs_room)
{
    char line[PATH_MAX + 64];
    pthread_mutex_lock(&lock);
    path += folder_length + (path[folder_length] == '/');
    int length = snprintf(line, sizeof line, "!%s %s\n", kind, path);
    line[length - 1] = 0;
    int counts = !*only || !fnmatch(only, line + 1, 0);
    int is_it = counts && ++count == at && what, now = is_it ? what : NOTHING;
    line[length - 1] = '\n';
    plain_write(log_fd, line + !is_it, length - !is_it);
    if (now == KILL) kill(getpid(), SIGKILL);
    if (now == FULL && !needs_room) now = NOTHING;
    if (full && needs_room) now = ERROR;
    full |= is_it && what == FULL;
    pthread_mutex_unlock(&lock);
    return now;
}

/* A file in the shadow, made anew: `INODE` with a file's bytes, or `names-FOLDER` with a line a name. */
static int shadow_file(const char *name)
{
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/%s", shadow, name);
    unlink(path);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/* What is synced is safe: the bytes of a file, or the names in a folder. */
static void keep(int fd, const char *path)
{
    char name[PATH_MAX], piece[1 << 16];
    struct stat about;
    if (!*shadow || fstat(fd, &about)) return;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (S_ISREG(about.st_mode)) {
        int from = open(name, O_RDONLY | O_CLOEXEC); /* `fd` itself may be for writing only */
        snprintf(name, sizeof name, "%lu", (unsigned long)about.st_ino);
        int to = shadow_file(name);
        for (ssize_t length; (length = read(from, piece, sizeof piece)) > 0;) plain_write(to, piece, length);
        close(from), close(to);
    } else {
        DIR *names = opendir(path);
        snprintf(name, sizeof name, "names-%.200s", path[folder_length] ? path + folder_length + 1 : "");
        int to = shadow_file(name);
        for (struct dirent *one; (one = readdir(names));)
            plain_write(to, piece, snprintf(piece, sizeof piece, "%lu %s\n", (unsigned long)one->d_ino, one->d_name));
        closedir(names), close(to);
    }
}

/* A new file has nothing that is safe, whoever had its inode before. */
static void begin(int fd)
{
    char name[32];
    struct stat about;
    if (!*shadow || fstat(fd, &about)) return;
    snprintf(name, sizeof name, "%lu", (unsigned long)about.st_ino);
    close(shadow_file(name));
}

#define SIMPLE(kind, needs_room, is_inside, call, afterwards) \
    char path_[PATH_MAX]; \
    if (!(is_inside)) return call; \
    switch (fate(kind, path_, needs_room)) { \
    case ERROR: case FULL: errno = code; return -1; \
    case TEAR: call; kill(getpid(), SIGKILL); \
    } \
    int result_ = call; \
    if (result_ >= 0) afterwards; \
    return result_
#define NOTHING_MORE (void)0

#define WRITE(kind, call) \
    char path_[PATH_MAX]; \
    if (!inside(fd, NULL, path_)) return call; \
    switch (fate(kind, path_, 1)) { \
    case ERROR: errno = code; return -1; \
    case TEAR: length /= 2; call; kill(getpid(), SIGKILL); break; \
    case FULL: if (length < 2) { errno = code; return -1; } length /= 2; \
    } \
    return call

ssize_t write(int fd, const void *data, size_t length) { WRITE("write", plain_write(fd, data, length)); }

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    WRITE("write", real(fd, data, length, offset));
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

int fsync(int fd) { REAL(int, "fsync", int); SIMPLE("sync", 0, inside(fd, NULL, path_), real(fd), keep(fd, path_)); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); SIMPLE("sync", 0, inside(fd, NULL, path_), real(fd), keep(fd, path_)); }

int ftruncate64(int fd, off64_t length)
{
    REAL(int, "ftruncate64", int, off64_t);
    SIMPLE("truncate", 0, inside(fd, NULL, path_), real(fd, length), NOTHING_MORE);
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int unlink(const char *path)
{
    REAL(int, "unlink", const char *);
    SIMPLE("unlink", 0, inside(AT_FDCWD, path, path_), real(path), NOTHING_MORE);
}
int unlinkat(int dir, const char *path, int flags)
{
    REAL(int, "unlinkat", int, const char *, int);
    SIMPLE("unlink", 0, inside(dir, path, path_), real(dir, path, flags), NOTHING_MORE);
}
int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    SIMPLE("rename", 1, inside(AT_FDCWD, to, path_), real(from, to), NOTHING_MORE);
}
int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    REAL(int, "renameat", int, const char *, int, const char *);
    SIMPLE("rename", 1, inside(to_dir, to, path_), real(from_dir, from, to_dir, to), NOTHING_MORE);
}
int link(const char *from, const char *to)
{
    REAL(int, "link", const char *, const char *);
    SIMPLE("link", 1, inside(AT_FDCWD, to, path_), real(from, to), NOTHING_MORE);
}
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    REAL(int, "linkat", int, const char *, int, const char *, int);
    SIMPLE("link", 1, inside(to_dir, to, path_), real(from_dir, from, to_dir, to, flags), NOTHING_MORE);
}
int mkdir(const char *path, mode_t mode)
{
    REAL(int, "mkdir", const char *, mode_t);
    SIMPLE("make", 1, inside(AT_FDCWD, path, path_), real(path, mode), NOTHING_MORE);
}

/* Of the ways to open a file, those that make one that is not there, or empty one that is. */
static int changes(int dir, const char *path, int flags)
{
    struct stat there;
    return flags & O_TRUNC || (flags & O_CREAT && fstatat(dir, path, &there, AT_SYMLINK_NOFOLLOW) && errno == ENOENT);
}

#define OPEN(dir, call) \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    SIMPLE("make", 1, inside(dir, path, path_) && changes(dir, path, flags), call, begin(result_))

int open(const char *path, int flags, ...)
{
    REAL(int, "open", const char *, int, ...);
    OPEN(AT_FDCWD, real(path, flags, mode));
}
int open64(const char *path, int flags, ...)
{
    REAL(int, "open64", const char *, int, ...);
    OPEN(AT_FDCWD, real(path, flags, mode));
}
int openat(int dir, const char *path, int flags, ...)
{
    REAL(int, "openat", int, const char *, int, ...);
    OPEN(dir, real(dir, path, flags, mode));
}
int openat64(int dir, const char *path, int flags, ...)
{
    REAL(int, "openat64", int, const char *, int, ...);
    OPEN(dir, real(dir, path, flags, mode));
}
