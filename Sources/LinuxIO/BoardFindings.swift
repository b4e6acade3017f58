internal import Telemetry

/// What sensors of other kinds than lines can sit on, as /dev and /sys have it.
/// - Parameter root: in front of both; for tests.
/// - Returns: kind and name, by kind; at most 32 of each.
package func busesAndDevices(root: String = "") -> [(kind: String, name: String)] {
    let places: [(kind: String, folder: String, prefix: String, label: String)] = [
        ("I2C bus", "/dev", "i2c-", ""), ("SPI device", "/dev", "spidev", ""), ("1-Wire device", "/sys/bus/w1/devices", "", ""),
        ("IIO device", "/sys/bus/iio/devices", "iio:device", "/name"), ("hwmon", "/sys/class/hwmon", "hwmon", "/name"),
        ("thermal zone", "/sys/class/thermal", "thermal_zone", "/type"), ("serial port", "/dev", "ttyUSB", ""),
        ("serial port", "/dev", "ttyACM", ""), ("serial port", "/dev", "serial", ""),
    ]
    var found: [(kind: String, name: String)] = []
    for place in places {
        let names = (try? namesInFolder(root + place.folder)) ?? []
        let wanted = names.filter { name in
            // `serial` is also a folder; `serial0` is a port.
            name.hasPrefix(place.prefix) && !name.hasPrefix("w1_bus_master") && name != "serial"
        }
        for name in wanted.prefix(32) {
            let label = place.label.isEmpty ? [] : (try? readFile("\(root)\(place.folder)/\(name)\(place.label)", limit: 256)) ?? []
            let text = String(decoding: label.prefix { $0 != 10 }, as: UTF8.self)
            found.append((place.kind, text.isEmpty ? name : "\(name) (\(text))"))
        }
    }
    return found
}
