// The options of godwitd: `--help` and the man page are made from them. `scripts/make-manual` compiles this file for
// itself: it imports nothing.

let daemonSummary = "Reads sensors, keeps every reading until the broker has acknowledged it."

/// `value` is empty for a flag; `letter` is what getopt_long answers with.
let daemonOptions: [(name: String, value: String, summary: String, letter: Int32)] = [
    ("config", "FILE", "the configuration (/etc/godwit/godwit.yaml)", 99),
    ("state-directory", "DIR", "where the ring and the socket are ($STATE_DIRECTORY, else /var/lib/godwit)", 115),
    ("strict", "", "never run a last good configuration in place of a broken one", 116),
    ("help", "", "this text", 104),
    ("version", "", "the version", 118),
]
