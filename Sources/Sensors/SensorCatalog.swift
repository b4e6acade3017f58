internal import Telemetry

/// Every model there is; the only list.
package let sensorCatalog: [CatalogEntry] = [
    CatalogEntry(Contact.self),
    CatalogEntry(PulseCounter.self),
    CatalogEntry(AM2302.self),
    CatalogEntry(DHT11.self),
    CatalogEntry(Synthetic.self),
]

/// The entry of a model, by its name or another name of it.
package func catalogEntry(named name: String) -> CatalogEntry? {
    sensorCatalog.first { $0.model.name == name || $0.model.aliases.contains(name) }
}
