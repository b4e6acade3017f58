#pragma once
// The C side of the storage thread: see LinuxIO/StorageThread.swift.
#include <stdbool.h>
#include <stdint.h>

/// A thread that sleeps until it is posted, then calls `work` once.
typedef struct storage_worker storage_worker;

/// All signals are blocked in the thread. NULL and errno where no thread can be made.
storage_worker *storage_worker_start(void (*work)(void *context), void *context);
void storage_worker_post(storage_worker *worker);
/// For what both threads touch; `work` is called without it.
void storage_worker_lock(storage_worker *worker);
void storage_worker_unlock(storage_worker *worker);
/// Ends the thread after the work that was posted. False: it is still in it after `seconds`, and is left alone.
bool storage_worker_stop(storage_worker *worker, int seconds);

/// fcntl(F_OFD_SETLK) for a write lock on the whole file: 0, or -1 and errno.
int storage_lock(int descriptor);
/// Keeps a name from being replaced: renameat2 with RENAME_NOREPLACE, where the file system has it.
/// rename(2): what is at `to` is replaced.
int storage_replace(const char *from, const char *to);
int storage_rename(const char *from, const char *to);

/// fallocate(2) of the whole file: 0, or -1 and errno.
int storage_reserve(int descriptor, int64_t size);
