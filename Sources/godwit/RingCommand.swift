func runRing(_ invocation: Invocation) -> Int32 { notSupportedYet(invocation) }
