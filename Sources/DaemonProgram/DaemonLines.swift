internal import Agent
internal import GPIOLines
internal import LinuxIO
internal import Sensors
internal import Telemetry

// The lines of sensors and outputs, each in the slot that the agent gave it.
extension Daemon {
    func readEdges(of slot: Int, at now: Instant) {
        do throws(LineProblem) {
            for batch in try board.readEdgeEvents(slot: slot, at: now) { take(batch, of: slot, at: now) }
        } catch {
            lineFailed(slot, error)
        }
    }

    func take(_ batch: EdgeBatch, of slot: Int, at now: Instant) {
        inbox.append(.sensor(slot, .edges(batch.events, lostBefore: batch.lostBefore), lostIsExact: batch.lostIsExact))
        // After a gap the edges do not tell the level: it is read again.
        if batch.lostBefore > 0 { readLevel(of: slot, at: now) }
    }

    func configureLine(_ slot: Int, _ settings: LineSettings, at now: Instant) {
        let sensor = agent.sensorSettings(slot: slot)
        guard let reference = sensor.line else { preconditionFailure("a sensor without a line asks for one") }
        do throws(LineProblem) {
            let isActive = try board.configure(
                slot: slot, reference: reference, settings: settings, consumer: "godwit:\(sensor.id)", at: now)
            inbox.append(.sensor(slot, .lineReady(isActive: isActive), lostIsExact: true))
        } catch {
            lineFailed(slot, error)
        }
        let key = Reactor.Key(Source.firstLine + UInt64(slot))
        lineGeneration += 1
        // A new request may come back under the number of the old one: it is registered anew each time.
        if let descriptor = board.descriptor(slot: slot) {
            reactor.set(key, descriptor: descriptor, generation: lineGeneration, writable: false)
        } else {
            reactor.remove(key)
        }
    }

    func readLevel(of slot: Int, at now: Instant) {
        do throws(LineProblem) {
            let isActive = try board.level(slot: slot, at: now)
            inbox.append(.sensor(slot, .level(isActive: isActive), lostIsExact: true))
        } catch {
            lineFailed(slot, error)
        }
    }

    func releaseLine(_ slot: Int) {
        board.release(slot: slot)
        reactor.remove(Reactor.Key(Source.firstLine + UInt64(slot)))
    }

    private func lineFailed(_ slot: Int, _ problem: LineProblem) {
        releaseLine(slot)
        inbox.append(.sensor(slot, .lineFailed(problem.noReading), lostIsExact: true))
    }

    /// Outputs have slots of their own behind those of the sensors.
    static let firstOutputSlot = 1 << 20

    func releaseOutput(_ index: Int) { board.release(slot: Self.firstOutputSlot + index) }

    func configureOutput(_ index: Int, _ settings: LineSettings, at now: Instant) {
        let output = agent.outputSettings(slot: index)
        do throws(LineProblem) {
            _ = try board.configure(
                slot: Self.firstOutputSlot + index, reference: output.line, settings: settings,
                consumer: "godwit:\(output.id)", at: now)
            inbox.append(.output(index, .ready))
        } catch {
            board.release(slot: Self.firstOutputSlot + index)
            inbox.append(.output(index, .failed(error.noReading)))
        }
    }
}
