/// The names of a Raspberry Pi's lines, which mean the same line whatever the kernel calls it.
package enum RaspberryPi {
    /// The 40-pin header, from pin 1: the GPIO, which is the line's offset on the chip; -1: 3.3 V, -2: 5 V, -3: ground.
    private static let pins: [Int8] = [
        -1, -2, 2, -2, 3, -3, 4, 14, -3, 15, 17, 18, 27, -3, 22, 23, -1, 24, 10, -3,
        9, 25, 11, 8, -3, 7, 0, 1, 5, -3, 6, 12, 13, -3, 19, 16, 26, 20, -3, 21,
    ]

    /// - Parameter pin: 1 ... 40; nil for power and ground, and beyond.
    package static func gpio(ofPin pin: Int) -> Int? {
        guard (1...40).contains(pin), pins[pin - 1] >= 0 else { return nil }
        return Int(pins[pin - 1])
    }

    /// What a pin is that is no line.
    package static func power(ofPin pin: Int) -> String? {
        guard (1...40).contains(pin) else { return nil }
        switch pins[pin - 1] {
        case -1: return "3.3 V"
        case -2: return "5 V"
        case -3: return "ground"
        default: return nil
        }
    }

    /// Nil where the line is not on the header.
    package static func pin(ofGPIO gpio: Int) -> Int? {
        gpio < 0 ? nil : pins.firstIndex { Int($0) == gpio }.map { $0 + 1 }
    }

    /// 17 for `GPIO17` and `BCM17`; nil for all else, also `GPIO017`.
    package static func gpio(named name: String) -> Int? {
        let prefix = name.hasPrefix("GPIO") ? 4 : name.hasPrefix("BCM") ? 3 : 0
        let digits = name.bytes.dropFirst(prefix)
        guard prefix > 0, (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
            digits.first != 48 || digits.count == 1
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    /// Whether the label is that of the chip whose offsets are the GPIOs: `pinctrl-bcm2835`, `pinctrl-bcm2711`; of a
    /// Raspberry Pi 5 `pinctrl-rp1`.
    package static func isChip(label: String) -> Bool {
        label.hasPrefix("pinctrl-bcm") || label == "pinctrl-rp1"
    }
}
