#pragma once
// getopt_long(3) without its global variables, which Swift 6 does not let a program touch.
#include <getopt.h>
#include <sys/auxv.h>
#include <string.h>

/// One entry of the table that getopt_long takes; `value` is what it returns. `name` must outlive the parsing.
static inline struct option clinux_option(const char *name, int takes_argument, int value) {
    struct option entry = {name, takes_argument ? required_argument : no_argument, 0, value};
    return entry;
}

/// The path of the file that was run, as execve(2) was given it: AT_EXECFN of getauxval(3).
static inline const char *clinux_program_file(void) {
    return (const char *)getauxval(AT_EXECFN);
}

/// Begins a new parsing: argv[0] is skipped, nothing is printed.
static inline void clinux_getopt_begin(void) {
    opterr = 0;
    // 0, not 1: glibc then reads the first character of the short options again.
    optind = 0;
}

static inline int clinux_getopt_next(int argc, char **argv, const char *letters, const struct option *options) {
    return getopt_long(argc, argv, letters, options, 0);
}

static inline const char *clinux_optarg(void) { return optarg; }
static inline int clinux_optind(void) { return optind; }
static inline int clinux_optopt(void) { return optopt; }
