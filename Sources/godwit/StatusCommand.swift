func runStatus(_ invocation: Invocation) -> Int32 { notSupportedYet(invocation) }
