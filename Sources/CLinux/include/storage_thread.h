#pragma once
// The C side of the storage thread: see LinuxIO/StorageThread.swift.
