internal import CLinux
internal import DaemonProgram

// Only in the regular build: what is shipped is one executable, which is godwitd by its name (Sources/godwit/Main.swift).
exit(unsafe runDaemon(CommandLine.argc, CommandLine.unsafeArgv))
