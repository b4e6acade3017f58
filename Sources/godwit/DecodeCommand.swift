func runDecode(_ invocation: Invocation) -> Int32 { notSupportedYet(invocation) }
