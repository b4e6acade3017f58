import GPIOLines
import Telemetry
import Testing

@Suite struct LineTableTests {
    private func state(_ change: (inout LineState) -> Void = { _ in }) -> LineState {
        var state = LineState()
        change(&state)
        return state
    }

    @Test func `a Raspberry Pi is shown with pins, another chip without`() {
        let pi = ChipListing(name: "gpiochip0", label: "pinctrl-rp1", lines: ["ID_SDA", "", "GPIO2"])
        let other = ChipListing(name: "gpiochip1", label: "pcf8574", lines: ["a"])
        let rows = [
            LineRow(chip: pi, offset: 0, state: state()),
            LineRow(chip: pi, offset: 1, state: state { $0.isUsed = true }),
            LineRow(
                chip: pi, offset: 2,
                state: state { $0.isUsed = true; $0.isActiveLow = true; $0.bias = .pullUp; $0.consumer = "godwit:door" },
                wantedBy: ["sensor door", "output x"]),
            LineRow(chip: other, offset: 0, state: state { $0.isOutput = true; $0.bias = .disabled }),
        ]
        #expect(
            lineTable(rows) == """
                gpiochip0 [pinctrl-rp1], 3 lines
                  pin  line   name    direction          bias     used by      wanted by
                  27   GPIO0  ID_SDA  input              -        -            -
                  28   GPIO1  -       input              -        the kernel   -
                  3    GPIO2  GPIO2   input, active low  pull-up  godwit:door  sensor door, output x

                gpiochip1 [pcf8574], 1 line
                  line  name  direction  bias  used by  wanted by
                  0     a     output     none  -        -

                """)
    }

    @Test func `nothing is shown of no line`() { #expect(lineTable([]) == "") }
}
