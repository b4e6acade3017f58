package import Telemetry

/// Every model there is; the only list.
package let sensorCatalog: [CatalogEntry] = [
    CatalogEntry(Contact.self),
    CatalogEntry(PulseCounter.self),
    CatalogEntry(AM2302.self),
    CatalogEntry(DHT11.self),
    CatalogEntry(Synthetic.self),
]

/// A sensor of the configuration, as the agent holds it.
/// - Parameter origin: as of `SensorDriver.init`.
/// - Precondition: its model is in the catalog, as the configuration's check sees to.
package func makeSensor(_ settings: SensorSettings, at origin: Instant) -> (driver: any AnySensor, schema: SensorSchema) {
    guard let entry = catalogEntry(named: settings.model) else {
        preconditionFailure("a model that is not in the catalog passed the check")
    }
    return (entry.make(settings, origin), SensorSchema(sensor: settings.id, quantities: entry.model.quantities(settings)))
}

/// The entry of a model, by its name or another name of it.
package func catalogEntry(named name: String) -> CatalogEntry? {
    sensorCatalog.first { $0.model.name == name || $0.model.aliases.contains(name) }
}
