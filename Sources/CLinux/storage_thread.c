#include "include/storage_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct storage_worker {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    unsigned posted;
    bool stopping;
    void (*work)(void *context);
    void *context;
};

static void *run(void *argument) {
    storage_worker *worker = argument;
    pthread_mutex_lock(&worker->mutex);
    for (;;) {
        while (worker->posted == 0 && !worker->stopping) pthread_cond_wait(&worker->condition, &worker->mutex);
        if (worker->posted == 0) break;
        worker->posted--;
        pthread_mutex_unlock(&worker->mutex);
        worker->work(worker->context);
        pthread_mutex_lock(&worker->mutex);
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

storage_worker *storage_worker_start(void (*work)(void *context), void *context) {
    storage_worker *worker = calloc(1, sizeof *worker);
    if (!worker) return NULL;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->condition, NULL);
    worker->work = work;
    worker->context = context;
    // A new thread inherits the mask of the one that makes it.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    int error = pthread_create(&worker->thread, &attributes, run, worker);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error) {
        free(worker);
        errno = error;
        return NULL;
    }
    return worker;
}

void storage_worker_post(storage_worker *worker) {
    pthread_mutex_lock(&worker->mutex);
    worker->posted++;
    pthread_cond_signal(&worker->condition);
    pthread_mutex_unlock(&worker->mutex);
}

void storage_worker_lock(storage_worker *worker) { pthread_mutex_lock(&worker->mutex); }
void storage_worker_unlock(storage_worker *worker) { pthread_mutex_unlock(&worker->mutex); }

bool storage_worker_stop(storage_worker *worker, int seconds) {
    pthread_mutex_lock(&worker->mutex);
    worker->stopping = true;
    pthread_cond_signal(&worker->condition);
    pthread_mutex_unlock(&worker->mutex);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    if (pthread_timedjoin_np(worker->thread, NULL, &until) != 0) return false;
    pthread_cond_destroy(&worker->condition);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
    return true;
}

int storage_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &lock);
}

int storage_replace(const char *from, const char *to) {
    return rename(from, to);
}

int storage_rename(const char *from, const char *to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    struct stat status;
    if (lstat(to, &status) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

int storage_reserve(int descriptor, int64_t size) { return fallocate(descriptor, 0, 0, (off_t)size); }
