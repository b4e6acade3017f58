func runCheck(_ invocation: Invocation) -> Int32 { notSupportedYet(invocation) }
