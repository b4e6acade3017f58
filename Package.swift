// swift-tools-version: 6.2
import PackageDescription

// One package, two ways to compile. GODWIT_EMBEDDED=1 compiles what is shipped as Embedded Swift: no Swift
// library is linked then, and Simulation and the tests, which need the full language, are not listed.
// Give each way its own scratch path.
let embedded = Context.environment["GODWIT_EMBEDDED"] == "1"

let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
let shipped: [SwiftSetting] =
    common
    + (embedded
        ? [
            .enableExperimentalFeature("Embedded"),
            .unsafeFlags(["-wmo", "-Osize", "-Xfrontend", "-function-sections"]),
            // Nothing unwinds: Swift and C have no exceptions here. Tables for debuggers are with the debug symbols.
            .unsafeFlags(["-Xcc", "-fno-asynchronous-unwind-tables"]),
            // Swift 6.3.1 makes constant objects of array literals and numbers them by function, in each module that
            // compiles the function anew, not always in the same order. The linker then keeps one of the weak symbols,
            // and the code of another module finds another literal: `flag ? [1] : [2]` gave [2] for true. Without the
            // pass array literals are made on the heap. A tidy test looks for such symbols in what is shipped.
            .unsafeFlags(["-Xllvm", "-sil-disable-pass=object-outliner"]),
            // One trap for each function in place of one for each check: the checks are all there.
            .unsafeFlags(["-Xfrontend", "-mergeable-traps"]),
            // Before the link, too, a function is copied into its callers only where that takes code off.
            .unsafeFlags(["-Xllvm", "-inline-threshold=-15"]),
        ] : [])
// What is not on the way of a reading: no loop has its condition twice, and nothing is copied into its callers but what takes code off.
// For all modules a reading would take two fifths more instructions.
let seldomRun: [SwiftSetting] =
    shipped
    + (embedded
        ? [.unsafeFlags(["-Xllvm", "-sil-disable-pass=loop-rotate", "-Xllvm", "-sil-inline-overall-caller-block-limit=0"])] : [])
// Test names are sentences, in backticks; the macros of Swift Testing expand into code that is not marked unsafe.
let tests: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// A cross build: its architecture.
let cross = Context.environment["GODWIT_CROSS"]

// The whole program is compiled at its link (`--experimental-lto-mode full`, see scripts/common), by lld: docs/performance.md has
// what that takes off.
let smallest =
    [
        "--gc-sections", "--icf=all", "-z", "pack-relative-relocs", "-mllvm=-inline-threshold=-15",
        // Made by the code generator, after the linker has looked what is needed: without it libgcc_s would be.
        "-u", "__udivti3",
        // Instructions stay in the order in which they were made, so that equal pieces stay equal for the outliner; values that do
        // not fit into registers are kept with few instructions, and no tail of a function is written twice. Blocks stay in their order,
        // and a value is made where it is used: to make it earlier takes a register for it, and what keeps that.
        "-mllvm=-enable-misched=false", "-mllvm=-enable-post-misched=false", "-mllvm=-split-spill-mode=size",
        "-mllvm=-tail-dup-placement=false", "-mllvm=-disable-machine-licm", "-mllvm=-disable-constant-hoisting",
        "-mllvm=-disable-block-placement",
        // Nothing is loaded earlier on a second path, so that it need not be loaded on a first; a switch has a table only from 16 cases on.
        "-mllvm=-enable-pre=false", "-mllvm=-enable-load-pre=false", "-mllvm=-min-jump-table-entries=16",
        // 64-bit ARM: what functions begin and end with (registers kept and restored) is called.
        "-mllvm=-homogeneous-prolog-epilog", "-mllvm=-enable-machine-outliner=always",
    ]
    // For 32-bit ARM a second run of the outliner makes functions that call others without keeping where to return to.
    + (cross == "armhf" ? [] : ["-mllvm=-machine-outliner-reruns=2"])

/// A pure core: it imports Telemetry and nothing else of the package, and no C.
func core(_ name: String, _ settings: [SwiftSetting] = shipped) -> Target {
    .target(name: name, dependencies: ["Telemetry"], swiftSettings: settings)
}

/// A C module: a module map and small shims. `libraries` are linked by the executables, by name, since a module
/// map's `link` line is not honoured in a cross build.
func c(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, publicHeadersPath: "include",
        cSettings: [.define("_GNU_SOURCE")]
            + (embedded
                ? [
                    .define("GODWIT_EMBEDDED"),
                    .unsafeFlags(["-Os", "-fno-asynchronous-unwind-tables", "-ffunction-sections", "-fdata-sections"]),
                ] : []))
}

func shell(_ name: String, _ dependencies: [Target.Dependency], libraries: [String] = [], _ settings: [SwiftSetting] = shipped) -> Target {
    .target(
        name: name, dependencies: dependencies, swiftSettings: settings,
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, swiftSettings: seldomRun,
        linkerSettings: embedded
            ? [.unsafeFlags(["-use-ld=lld"] + smallest.flatMap { ["-Xlinker", $0] }), .linkedLibrary("m")] : [])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: tests)
}

var targets: [Target] = [
    .target(name: "Telemetry", swiftSettings: shipped),
    core("Sensors"),
    core("Alerts"),
    core("Outputs"),
    core("RingStore"),
    core("Payloads"),
    core("MQTTSession"),
    core("Configuration", seldomRun),
    .target(
        name: "Agent",
        dependencies: ["Telemetry", "Sensors", "Alerts", "Outputs", "RingStore", "Payloads", "MQTTSession", "Configuration"],
        swiftSettings: shipped),

    c("CLinux"), c("CGPIOD"), c("CYAML"), c("COpenSSL"), c("CMosquitto", ["COpenSSL"]),

    shell("LinuxIO", ["Telemetry", "RingStore", "CLinux"]),
    shell("GPIOLines", ["Telemetry", "Sensors", "CGPIOD", "CLinux"], libraries: ["gpiod"]),
    shell("Buses", ["Telemetry"]),
    shell(
        "MQTTTransport", ["Telemetry", "MQTTSession", "CMosquitto", "COpenSSL", "CLinux"],
        libraries: ["mosquitto", "ssl", "crypto"]),
    shell("YAMLReader", ["Telemetry", "Configuration", "CYAML", "CLinux"], libraries: ["yaml"], seldomRun),

    shell(
        "DaemonProgram",
        [
            "Telemetry", "Sensors", "Alerts", "Outputs", "RingStore", "Payloads", "MQTTSession", "Configuration", "Agent",
            "LinuxIO", "GPIOLines", "Buses", "MQTTTransport", "YAMLReader", "CLinux",
        ]),
    // Both programs, where it is shipped: godwitd is a link to it.
    executable(
        "godwit",
        [
            "Telemetry", "Sensors", "Alerts", "RingStore", "Payloads", "Configuration", "LinuxIO", "GPIOLines", "YAMLReader",
            "DaemonProgram", "CLinux",
        ]),
]

if !embedded {
    targets += [
        executable("godwitd", ["DaemonProgram", "CLinux"]),
        // Of the ring alone, so that a program that is optimized takes little time to build.
        .target(name: "StorageSimulation", dependencies: ["Telemetry", "RingStore"], swiftSettings: common),
        .executableTarget(
            name: "ring-simulation", dependencies: ["Telemetry", "RingStore", "StorageSimulation"],
            path: "Tests/RingSimulator", swiftSettings: tests),
        // Runs inside the virtual machine of scripts/power-cuts.
        .executableTarget(
            name: "ring-writer", dependencies: ["Telemetry", "RingStore", "LinuxIO"], path: "Tests/RingWriter", swiftSettings: tests),
        // What scripts/bench-ring and scripts/bench-flash measure.
        .executableTarget(
            name: "ring-bench", dependencies: ["Telemetry", "RingStore", "LinuxIO"], path: "Benchmarks/ring", swiftSettings: tests),
        .target(
            name: "Simulation",
            dependencies: [
                "Telemetry", "Sensors", "Alerts", "Outputs", "RingStore", "Payloads", "MQTTSession", "Configuration", "Agent",
                "StorageSimulation",
            ],
            swiftSettings: common),
        // Brokers, subscribers and relays for tests: real sockets, real processes.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: tests),
        tests("TelemetryTests", ["Telemetry"]),
        tests("SensorsTests", ["Telemetry", "Sensors"]),
        tests("AlertsTests", ["Telemetry", "Alerts"]),
        tests("OutputsTests", ["Telemetry", "Outputs"]),
        tests("RingStoreTests", ["Telemetry", "RingStore"]),
        tests("PayloadsTests", ["Telemetry", "Payloads"]),
        tests("MQTTSessionTests", ["Telemetry", "MQTTSession"]),
        // The table of refused configurations, for the core's tests and for those of the executables.
        .target(name: "BrokenConfigurations", path: "Tests/BrokenConfigurations", swiftSettings: tests),
        tests("ConfigurationTests", ["Telemetry", "Configuration", "Sensors", "YAMLReader", "BrokenConfigurations"]),
        tests(
            "AgentTests",
            [
                "Telemetry", "Sensors", "Alerts", "Outputs", "RingStore", "Payloads", "MQTTSession", "Configuration", "Agent",
            ]),
        tests("LinuxIOTests", ["Telemetry", "RingStore", "LinuxIO", "CLinux"]),
        tests("GPIOLinesTests", ["Telemetry", "Sensors", "GPIOLines"]),
        tests("MQTTTransportTests", ["Telemetry", "MQTTSession", "MQTTTransport", "CLinux", "TestSupport"]),
        tests("YAMLReaderTests", ["Telemetry", "Configuration", "YAMLReader"]),
        tests(
            "SimulationTests",
            [
                "Telemetry", "Sensors", "Alerts", "Outputs", "RingStore", "Payloads", "MQTTSession", "Configuration", "Agent",
                "Simulation", "StorageSimulation",
            ]),
        // Runs inside the virtual machine of scripts/gpio-vm.
        .executableTarget(
            name: "gpio-probe", dependencies: ["Telemetry", "Sensors", "GPIOLines", "CLinux"], path: "Tests/GPIOProbe",
            swiftSettings: tests),
        tests("IntegrationTests", ["Telemetry", "RingStore", "LinuxIO", "TestSupport", "BrokenConfigurations"]),
        tests("TidyTests", []),
    ]
}

let package = Package(
    name: "godwit",
    products: [.executable(name: "godwit", targets: ["godwit"])]
        + (embedded ? [] : [.executable(name: "godwitd", targets: ["godwitd"])]),
    targets: targets
)
