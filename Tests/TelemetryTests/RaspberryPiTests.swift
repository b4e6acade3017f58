import Telemetry
import Testing

@Suite struct RaspberryPiTests {
    @Test func `the header has 28 lines, 2 pins of 3,3 V, 2 of 5 V and 8 of ground`() {
        let pins = Array(1...40)
        #expect(Set(pins.compactMap { RaspberryPi.gpio(ofPin: $0) }) == Set(0...27))
        #expect(pins.filter { RaspberryPi.power(ofPin: $0) == "3.3 V" } == [1, 17])
        #expect(pins.filter { RaspberryPi.power(ofPin: $0) == "5 V" } == [2, 4])
        #expect(pins.filter { RaspberryPi.power(ofPin: $0) == "ground" } == [6, 9, 14, 20, 25, 30, 34, 39])
        for pin in pins {
            #expect((RaspberryPi.gpio(ofPin: pin) == nil) == (RaspberryPi.power(ofPin: pin) != nil))
            if let gpio = RaspberryPi.gpio(ofPin: pin) { #expect(RaspberryPi.pin(ofGPIO: gpio) == pin) }
        }
        for pin in [-1, 0, 41, .max] { #expect(RaspberryPi.gpio(ofPin: pin) == nil && RaspberryPi.power(ofPin: pin) == nil) }
        for gpio in [-1, -2, -3, 28, 57] { #expect(RaspberryPi.pin(ofGPIO: gpio) == nil) }
    }

    /// From the drawing in Raspberry Pi's documentation, pins that people use.
    @Test(arguments: [(3, 2), (5, 3), (7, 4), (8, 14), (11, 17), (12, 18), (13, 27), (15, 22), (27, 0), (28, 1), (29, 5), (37, 26), (40, 21)])
    func `a pin is its line`(pin: Int, gpio: Int) { #expect(RaspberryPi.gpio(ofPin: pin) == gpio) }

    @Test(arguments: [
        ("GPIO17", 17), ("BCM17", 17), ("GPIO0", 0), ("BCM27", 27), ("GPIO53", 53), ("GPIO017", nil), ("gpio17", nil), ("GPIO", nil),
        ("BCM", nil), ("GPIO 17", nil), ("GPIO17 ", nil), ("17", nil), ("", nil), ("GPIO1234", nil), ("GPIO-1", nil), ("XGPIO1", nil),
    ] as [(String, Int?)])
    func `a name means a line, or nothing`(name: String, gpio: Int?) { #expect(RaspberryPi.gpio(named: name) == gpio) }

    @Test(arguments: [
        ("pinctrl-bcm2835", true), ("pinctrl-bcm2711", true), ("pinctrl-rp1", true), ("raspberrypi-exp-gpio", false), ("gpio-brcmstb@107d508500", false),
        ("", false), ("pcf8574", false),
    ])
    func `a chip is a Raspberry Pi's by its label`(label: String, isOne: Bool) { #expect(RaspberryPi.isChip(label: label) == isOne) }
}
