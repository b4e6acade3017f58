/// The version of Godwit: the one place that it is written in.
package let godwitVersion = "0.1.0"

/// A wall time that is earlier was never set: the day of the release (UTC), written by hand with the version, so that two
/// builds of one source are the same. 2026-11-01.
package let godwitReleaseTime = WallTime(nanoseconds: 1_793_491_200_000_000_000)
