package import Alerts
internal import Sensors
package import Telemetry

/// A series is silent after so many intervals without a value, and never before `silenceMinimum`.
private let silentIntervals = 3
private let silenceMinimum = Duration.seconds(30)

/// The rules, each with what the sensors say of its series.
/// - Parameters:
///   - sensors: by their index in the agent; nil: there is none any more
///   - schemas: likewise
package func ruleSetups(
    _ rules: [AlertRule], sensors: [SensorSettings?], schemas: [SensorSchema]
) -> [AlertRuleSetup] {
    precondition(sensors.count == schemas.count)
    return rules.map { rule in
        guard let index = sensors.firstIndex(where: { $0?.id == rule.sensor }), let sensor = sensors[index],
            let entry = catalogEntry(named: sensor.model)
        else { preconditionFailure("a rule over a sensor that is not there passed the check") }
        let quantities = schemas[index].quantities
        let quantity = rule.quantity.flatMap { name in quantities.firstIndex { $0.name == name } }
        precondition(quantity != nil || rule.quantity == nil, "a rule over a quantity that is not there passed the check")
        return AlertRuleSetup(
            rule: rule, sensorIndex: index, quantityIndex: quantity, quantity: quantity.map { quantities[$0] },
            sensorName: sensor.name, silence: silence(of: sensor),
            words: entry.model.words(sensor).map { AlertRuleSetup.Word(value: $0.value, text: $0.word) })
    }
}

/// Nil: the sensor may say nothing for ever (a contact with `heartbeat: 0 s`).
func silence(of sensor: SensorSettings) -> Duration? {
    guard let interval = sensor.every ?? sensor.duration("heartbeat"), interval > .zero else { return nil }
    return max(interval * silentIntervals, silenceMinimum)
}
