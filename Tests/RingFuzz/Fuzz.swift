import StorageSimulation

// libFuzzer's entry: scripts/fuzz links it with libFuzzer's own main. The first byte says which target the others are for, the second
// who reads the image, so that one program and one corpus do for all.

private let fuzzed = FuzzedImage()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data = unsafe data, count > 1 else { return 0 }
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    let targets = FuzzedImage.Target.allCases
    let image = fuzzed.image(targets[Int(input[0]) % targets.count], Array(input.dropFirst(2)))
    fuzzed.check(image, by: FuzzedImage.Reader.allCases[Int(input[1]) % FuzzedImage.Reader.allCases.count])
    return 0
}
