func runSensors(_ invocation: Invocation) -> Int32 { notSupportedYet(invocation) }
