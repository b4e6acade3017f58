func runRead(_ invocation: Invocation) -> Int32 { notSupportedYet(invocation) }
