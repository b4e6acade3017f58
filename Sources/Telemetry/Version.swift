/// The version of Godwit: the one place that it is written in.
package let godwitVersion = "0.1.0"
