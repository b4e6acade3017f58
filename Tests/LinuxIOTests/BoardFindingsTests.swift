import Foundation
import LinuxIO
import Testing

@Suite struct BoardFindingsTests {
    @Test func `buses and devices are found by what the kernel calls them, and nothing else is`() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in [
            ("dev/i2c-1", ""), ("dev/i2c-20", ""), ("dev/spidev0.0", ""), ("dev/ttyUSB0", ""), ("dev/serial0", ""), ("dev/serial/by-id/x", ""),
            ("dev/null", ""), ("dev/ttyS0", ""), ("sys/bus/w1/devices/28-0316a4b2c3ff/id", ""), ("sys/bus/w1/devices/w1_bus_master1/x", ""),
            ("sys/bus/iio/devices/iio:device0/name", "bme280\n"), ("sys/class/hwmon/hwmon0/name", "cpu_thermal\n"),
            ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"), ("sys/class/thermal/cooling_device0/type", "fan\n"),
        ] {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        #expect(
            busesAndDevices(root: root.path).map { "\($0.kind) \($0.name)" } == [
                "I2C bus i2c-1", "I2C bus i2c-20", "SPI device spidev0.0", "1-Wire device 28-0316a4b2c3ff",
                "IIO device iio:device0 (bme280)", "hwmon hwmon0 (cpu_thermal)", "thermal zone thermal_zone0 (cpu-thermal)",
                "serial port ttyUSB0", "serial port serial0",
            ])
    }

    @Test func `a machine without any of it has none`() { #expect(busesAndDevices(root: "/nonexistent").isEmpty) }

    @Test func `of a kind at most 32 are named`() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try FileManager.default.createDirectory(at: root.appendingPathComponent("dev"), withIntermediateDirectories: true)
        for number in 0..<40 { try Data().write(to: root.appendingPathComponent("dev/i2c-\(number)")) }
        #expect(busesAndDevices(root: root.path).count == 32)
    }
}
